import type { Clock } from '../clock.ts';
import { describeError, MillwattError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { AgentClient } from './agent-client.ts';
import { refusedByAgentError, silentError } from './agent-error.ts';
import { AgentStream } from './agent-stream.ts';
import type { MtconnectDocument } from './mtconnect-document.ts';
import type { Moment } from './moment.ts';

/** A stream is silent for good after so many heartbeats left out. */
export const HEARTBEATS_MISSED = 3;
/** A heartbeat may come so much late before values are no longer sure, real ms. */
const HEARTBEAT_LATE_MS = 2000;
/** Streams that end right after they began, or do not begin, are given up for polling after so many in a row. */
const SHORT_STREAMS_MAX = 3;
const SHORT_STREAM_MS = 3000;
/** A poll waits no longer than this for a stream to begin, real ms. */
const OPENING_MS_MAX = 1000;
/** What was given up is tried again after so long, real ms: it may have been the network. */
const GIVEN_UP_MS = 3_600_000;

/** What a keeper works with. */
export interface StreamKeeperOptions {
  /** Source, for the log. */
  source: string;
  client: AgentClient;
  /** Longest silence that the agent is asked for, real ms. */
  heartbeatMs: number;
  timeoutMs: number;
  clock: Clock;
  real: Pick<Clock, 'monotonicMs'>;
  log: Log;
  /** Takes each document; what it throws ends the stream. */
  onDocument: (document: MtconnectDocument, received: Moment) => void;
}

/** Keeps one stream: opens it, watches over its silence, and knows when an agent is better polled. */
export class StreamKeeper {
  readonly #options: StreamKeeperOptions;
  #stream: AgentStream | undefined;
  /** A stream that was asked for and has not begun. */
  #opening: { sinceMs: number; abort: AbortController } | undefined;
  #openedMs = 0;
  #shortStreams = 0;
  #givenUp: { reason: string; atMs: number } | undefined;

  constructor(options: StreamKeeperOptions) {
    this.#options = options;
  }

  /** Why the agent is polled although it should stream. */
  get givenUp(): string | undefined {
    return this.#givenUp?.reason;
  }

  /** True where the agent is to be polled for now. */
  isGivenUp(): boolean {
    if (this.#givenUp === undefined) return false;
    if (this.#options.real.monotonicMs() - this.#givenUp.atMs < GIVEN_UP_MS) return true;
    this.retry();
    return false;
  }

  /** Tries streams again with an agent that was given up. */
  retry(): void {
    this.#givenUp = undefined;
    this.#shortStreams = 0;
  }

  /**
   * How sure values are: `good` while the stream speaks, `uncertain` where it is late; undefined where there is none. One
   * that was silent for three heartbeats is ended here.
   */
  look(): 'good' | 'uncertain' | undefined {
    const silentMs = this.#silentMs();
    if (silentMs === undefined) return undefined;
    const { heartbeatMs, client } = this.#options;
    if (silentMs <= heartbeatMs + HEARTBEAT_LATE_MS && silentMs <= heartbeatMs * HEARTBEATS_MISSED)
      return 'good';
    if (silentMs <= heartbeatMs * HEARTBEATS_MISSED) return 'uncertain';
    this.#stream?.fail(silentError(client.where, silentMs));
    this.drop();
    return undefined;
  }

  /**
   * Asks for a stream; never rejects, because what was read before stands without one. Agents that begin their answer only
   * when they have something to say may leave it open for a heartbeat: after `waitMs` it is waited for beside the polls, as
   * the same silence as any.
   */
  async open(path: string, waitMs: number): Promise<void> {
    const { client, heartbeatMs, timeoutMs, real } = this.#options;
    const abort = new AbortController();
    const opening = { sinceMs: real.monotonicMs(), abort };
    this.#opening = opening;
    const opened = client
      .open(path, heartbeatMs + timeoutMs, abort.signal)
      .then((answer) => {
        if (this.#opening === opening) this.#take(answer);
        else if (answer.kind === 'multipart') answer.body.destroy();
      })
      .catch((error: unknown) => {
        if (this.#opening === opening) this.#noteFailure(error);
      })
      .finally(() => {
        if (this.#opening === opening) this.#opening = undefined;
      });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.min(OPENING_MS_MAX, waitMs));
    });
    await Promise.race([opened, late]);
    clearTimeout(timer);
  }

  /** Ends the stream without telling anyone. */
  drop(): void {
    const opening = this.#opening;
    this.#opening = undefined;
    opening?.abort.abort();
    this.#stream?.close();
    this.#stream = undefined;
  }

  #silentMs(): number | undefined {
    if (this.#stream !== undefined) return this.#stream.silentMs();
    if (this.#opening === undefined) return undefined;
    return this.#options.real.monotonicMs() - this.#opening.sinceMs;
  }

  #take(answer: Awaited<ReturnType<AgentClient['open']>>): void {
    const { client, clock, real, onDocument } = this.#options;
    if (answer.kind === 'whole') {
      const { document } = answer;
      if (document.kind === 'error') throw refusedByAgentError(client.where, document.errors);
      this.#giveUp('it does not answer with a stream');
      onDocument(document, answer.received);
      return;
    }
    this.#openedMs = real.monotonicMs();
    const stream: AgentStream = new AgentStream(
      client.where,
      answer,
      { clock, real },
      {
        onDocument,
        onEnd: (error) => {
          if (this.#stream === stream) this.#stream = undefined;
          this.#noteEnd(error);
        },
      },
    );
    this.#stream = stream;
  }

  #noteEnd(error: MillwattError): void {
    const { log, source, real } = this.#options;
    log.info({ source, reason: error.code }, `the stream ended: ${error.message}`);
    const lastedMs = real.monotonicMs() - this.#openedMs;
    if (lastedMs < SHORT_STREAM_MS) this.#noteShort('its streams end as soon as they begin');
    else this.#shortStreams = 0;
  }

  #noteFailure(error: unknown): void {
    const { log, source } = this.#options;
    log.info({ source, reason: describeError(error) }, 'no stream began');
    const code = error instanceof MillwattError ? ` (${error.code})` : '';
    this.#noteShort(`its streams do not begin${code}`);
  }

  #noteShort(reason: string): void {
    this.#shortStreams += 1;
    if (this.#shortStreams >= SHORT_STREAMS_MAX && this.#givenUp === undefined) this.#giveUp(reason);
  }

  #giveUp(reason: string): void {
    const { log, source, real } = this.#options;
    this.#givenUp = { reason, atMs: real.monotonicMs() };
    log.warn({ source }, `the agent is polled, because ${reason}`);
  }
}
