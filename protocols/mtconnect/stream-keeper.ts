import type { Clock } from '../clock.ts';
import { describeError, type MillwattError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { AgentClient } from './agent-client.ts';
import { silentError } from './agent-error.ts';
import { AgentStream } from './agent-stream.ts';
import type { MtconnectDocument } from './mtconnect-document.ts';
import type { Moment } from './moment.ts';

/** A stream is silent for good after so many heartbeats left out. */
export const HEARTBEATS_MISSED = 3;
/** A heartbeat may come so much late before values are no longer sure, real ms. */
const HEARTBEAT_LATE_MS = 2000;
/** A stream that ends as often as this right after it began is given up for polling. */
const SHORT_STREAMS_MAX = 3;
const SHORT_STREAM_MS = 3000;
/** A poll waits no longer than this for a stream to begin, real ms. */
const OPENING_MS_MAX = 1000;

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
  #opening: { sinceMs: number } | undefined;
  #openedMs = 0;
  #shortStreams = 0;
  #givenUp: string | undefined;

  constructor(options: StreamKeeperOptions) {
    this.#options = options;
  }

  /** Why the agent is polled although it should stream. */
  get givenUp(): string | undefined {
    return this.#givenUp;
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
   * Asks for a stream. Agents that begin their answer only when they have something to say may leave it open for a
   * heartbeat: after `waitMs` it is waited for beside the polls, as the same silence as any.
   */
  async open(path: string, waitMs: number): Promise<void> {
    const { client, heartbeatMs, timeoutMs, real, log, source } = this.#options;
    const opening = { sinceMs: real.monotonicMs() };
    this.#opening = opening;
    const opened = client
      .open(path, heartbeatMs + timeoutMs)
      .then((answer) => {
        if (this.#opening === opening) this.#take(answer);
        else if (answer.kind === 'multipart') answer.body.destroy();
      })
      .finally(() => {
        if (this.#opening === opening) this.#opening = undefined;
      });
    let timer: NodeJS.Timeout | undefined;
    let isLate = false;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(
        () => {
          isLate = true;
          resolve();
        },
        Math.min(OPENING_MS_MAX, waitMs),
      );
    });
    // What fails later is found out by the next poll, which sees neither a stream nor one that is being opened.
    opened.catch((error: unknown) => {
      if (isLate) log.info({ source, reason: describeError(error) }, 'no stream began');
    });
    try {
      await Promise.race([opened, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the stream without telling anyone. */
  drop(): void {
    this.#opening = undefined;
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
      this.#giveUp('it does not answer with a stream');
      if (answer.document.kind === 'streams') onDocument(answer.document, answer.received);
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
    this.#shortStreams = lastedMs < SHORT_STREAM_MS ? this.#shortStreams + 1 : 0;
    if (this.#shortStreams >= SHORT_STREAMS_MAX) this.#giveUp('its streams end as soon as they begin');
  }

  #giveUp(reason: string): void {
    const { log, source } = this.#options;
    this.#givenUp = reason;
    log.warn({ source }, `the agent is polled, because ${reason}`);
  }
}
