import { systemClock, type Clock } from '../clock.ts';
import type { Driver, Poll, StatusReport } from '../driver.ts';
import { describeError, MillwattError } from '../errors.ts';
import { silentLog, type Log } from '../log.ts';
import type { Channel } from '../telemetry/channel.ts';
import type { SourceDescription } from '../telemetry/snapshot.ts';
import { AgentClient, type Answer } from './agent-client.ts';
import {
  badDocumentError,
  closedError,
  overrunError,
  refusedByAgentError,
  restartedError,
  silentError,
  timeoutError,
} from './agent-error.ts';
import { AgentStream } from './agent-stream.ts';
import { AgentTime } from './agent-time.ts';
import { chooseDevice, pathOfDevice } from './choose-device.ts';
import type { MtconnectDocument, Observation } from './mtconnect-document.ts';
import type { MtconnectSourceOptions } from './mtconnect-options.ts';
import type { Moment } from './moment.ts';
import { ObservationBook, type TimeOf } from './observation-book.ts';
import { SequenceCursor, type SequenceVerdict } from './sequence-cursor.ts';
import { wireDevice } from './wire-device.ts';

/** What the driver needs of the world. */
export interface MtconnectSurroundings {
  /** Simulated or real time: what readings are stamped with. */
  clock: Clock;
  log?: Log;
  /** Real time, for back-off and the watchdog. */
  real?: Pick<Clock, 'monotonicMs'>;
}

type StreamsDocument = Extract<MtconnectDocument, { kind: 'streams' }>;

/** Observations asked for at once, where the agent's buffer holds as many. */
const COUNT_MAX = 10_000;
/** Of agents that do not tell the size of their buffer. */
const COUNT_UNKNOWN = 500;
/** A stream is silent for good after so many heartbeats left out. */
const HEARTBEATS_MISSED = 3;
/** A heartbeat may come so much late before values are no longer sure, real ms. */
const HEARTBEAT_LATE_MS = 2000;
/** Adapters tell of things a little late, real ms. */
const LATENESS_MS = 1000;
/** The agent of ours holds its watermark back no longer than ten minutes: older words have no place any more, clock ms. */
const LATE_WORDS_MS_MAX = 570_000;
/** The agent is asked to send no more often and no less often than this, ms. */
const INTERVAL_MS = { min: 100, max: 1000 };
/** A stream that ends as often as this right after it began is given up for polling. */
const SHORT_STREAMS_MAX = 3;
const SHORT_STREAM_MS = 3000;
/** A poll waits no longer than this for a stream to begin, real ms. */
const OPENING_MS_MAX = 1000;
const REFUSALS_MAX = 3;
const REMARKS_MAX = 10;

/**
 * An MTConnect source. It learns the wiring from the agent at its first poll, reads the newest value of every measured
 * item into one row a poll, and tells every word with its own time, in the order of the agent's sequence.
 */
export function createMtconnectDriver(
  options: MtconnectSourceOptions,
  around: MtconnectSurroundings,
): Driver {
  return new MtconnectDriver(options, around);
}

class MtconnectDriver implements Driver {
  description: SourceDescription;
  channels: readonly Channel[] = [];
  readonly machines: readonly string[];
  readonly #options: MtconnectSourceOptions;
  readonly #clock: Clock;
  readonly #real: Pick<Clock, 'monotonicMs'>;
  readonly #log: Log;
  readonly #client: AgentClient;
  readonly #time: AgentTime;
  readonly #cursor = new SequenceCursor();
  readonly #book = new ObservationBook();
  #rewired: () => void = () => {};
  #itemRemarks: readonly string[] = [];
  /** The run of the agent that the wiring is of; undefined where it must be asked for. */
  #wiredRun: string | undefined;
  /** Beginning of the paths that ask about our device. */
  #path = '';
  #count = COUNT_UNKNOWN;
  #stream: AgentStream | undefined;
  /** A stream that was asked for and has not begun. */
  #opening: { sinceMs: number } | undefined;
  #streamOpenedMs = 0;
  #shortStreams = 0;
  /** Why the agent is polled although it should stream. */
  #noStream: string | undefined;
  /** What happened between two polls and must be told at the next one: a gap is an outage, however short. */
  #pending: MillwattError | undefined;
  /** Monotonic ms up to which everything was told; undefined where nothing of the past is to come. */
  #toldToMs: number | undefined;
  /** The last poll failed. */
  #isDown = false;
  #closed = false;

  constructor(options: MtconnectSourceOptions, around: MtconnectSurroundings) {
    this.#options = options;
    this.#clock = around.clock;
    this.#real = around.real ?? systemClock;
    this.#log = around.log ?? silentLog;
    this.#client = new AgentClient(options, around.clock);
    this.#time = new AgentTime(() => around.clock.speed());
    this.machines = [options.machine];
    this.description = describe(options, undefined);
  }

  onStatus(report: (status: StatusReport) => void): void {
    this.#book.onStatus(report);
  }

  onWiring(changed: () => void): void {
    this.#rewired = changed;
  }

  tellsFromMs(): number | undefined {
    const fromMs = this.#toldToMs;
    if (fromMs === undefined || this.#closed || this.#isTooLate(fromMs)) return undefined;
    return Math.max(0, fromMs - this.#latenessMs());
  }

  remarks(): readonly string[] {
    const remarks: string[] = [];
    const offsetS = Math.round(this.#time.offsetMs / 1000);
    if (offsetS !== 0)
      remarks.push(
        `The clock of the agent is ${Math.abs(offsetS)} s ${offsetS > 0 ? 'behind' : 'ahead of'} ours; the times of its words are corrected by that.`,
      );
    if (this.#noStream !== undefined)
      remarks.push(`The agent is polled, because ${this.#noStream}; mode: poll says so from the start.`);
    return [...remarks, ...this.#itemRemarks].slice(0, REMARKS_MAX);
  }

  async poll(): Promise<Poll> {
    if (this.#closed) throw closedError(this.#client.where);
    const deadlineMs = this.#real.monotonicMs() + this.#options.timeout;
    const outageFromMs = this.#isDown ? this.#toldToMs : undefined;
    const continued = this.#cursor.next !== undefined;
    try {
      const poll = await this.#pollOnce(deadlineMs);
      const isHealed = continued && outageFromMs !== undefined && !this.#isTooLate(outageFromMs);
      this.#isDown = false;
      return isHealed ? { ...poll, healed: true } : poll;
    } catch (error) {
      this.#isDown = true;
      this.#pending = undefined;
      this.#dropStream();
      throw error;
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#dropStream();
    this.#client.close();
    return Promise.resolve();
  }

  async #pollOnce(deadlineMs: number): Promise<Poll> {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) throw pending;
    const silentMs =
      this.#stream?.silentMs() ??
      (this.#opening === undefined ? undefined : this.#real.monotonicMs() - this.#opening.sinceMs);
    if (silentMs !== undefined) {
      const { heartbeat } = this.#options;
      if (silentMs <= heartbeat * HEARTBEATS_MISSED)
        return {
          atMs: this.#clock.monotonicMs(),
          readings: this.#book.readings(silentMs > heartbeat + HEARTBEAT_LATE_MS ? 'uncertain' : 'good'),
          roundTripMs: 0,
        };
      this.#stream?.fail(silentError(this.#client.where, silentMs));
      this.#dropStream();
    }
    const answer = await this.#catchUp(deadlineMs);
    if (this.#options.mode === 'stream' && this.#noStream === undefined) await this.#openStream(deadlineMs);
    const { sent, received, roundTripMs } = answer;
    return {
      atMs: Math.round((sent.monotonicMs + received.monotonicMs) / 2),
      readings: this.#book.readings('good'),
      roundTripMs,
    };
  }

  /** Reads until the agent has nothing more: its model and all values first where they are not known. */
  async #catchUp(deadlineMs: number): Promise<Answer> {
    if (this.#wiredRun === undefined) await this.#probe(deadlineMs);
    if (this.#cursor.next === undefined) return this.#begin(deadlineMs);
    for (let refusals = 0; ;) {
      const answer = await this.#ask(`/sample?from=${this.#cursor.next}&count=${this.#count}`, deadlineMs);
      const { document } = answer;
      if (document.kind === 'error' && isOutOfRange(document)) {
        // Its values of now tell whether something was lost, or is only not there yet.
        const current = await this.#askStreams('/current', deadlineMs);
        const verdict = this.#cursor.refuse(current.document.header);
        this.#obey(verdict, current.document.observations, current);
        if (verdict.kind === 'news' && verdict.caughtUp) return current;
        refusals += 1;
        if (refusals >= REFUSALS_MAX) throw refusedByAgentError(this.#client.where, document.errors);
      } else {
        const streams = this.#requireStreams(document);
        this.#noteTime(streams, answer);
        const verdict = this.#cursor.take(streams.header, streams.observations, this.#count);
        if (this.#obey(verdict, streams.observations, answer)) return answer;
      }
    }
  }

  async #probe(deadlineMs: number): Promise<void> {
    const { document } = await this.#ask('/probe', deadlineMs, '');
    if (document.kind === 'error') throw refusedByAgentError(this.#client.where, document.errors);
    if (document.kind !== 'devices')
      throw badDocumentError(this.#client.where, 'values where its devices were asked for');
    const device = chooseDevice(this.#client.where, document.devices, this.#options.device);
    const { wired, device: about, remarks } = wireDevice(device, this.#options);
    this.#path = pathOfDevice(document.devices, device);
    const { bufferSize } = document.header;
    this.#count = bufferSize === undefined ? COUNT_UNKNOWN : Math.max(1, Math.min(COUNT_MAX, bufferSize - 1));
    this.#itemRemarks = remarks;
    this.#noStream = undefined;
    this.#shortStreams = 0;
    const channels = wired.map(({ channel }) => channel);
    const description = describe(this.#options, about);
    const isSame =
      this.description.device !== undefined &&
      JSON.stringify([channels, description]) === JSON.stringify([this.channels, this.description]);
    this.#book.rewire(wired);
    if (!isSame) {
      this.channels = channels;
      this.description = description;
      for (const remark of remarks) this.#log.warn({ source: this.#options.id }, remark);
      this.#rewired();
    }
    this.#wiredRun = document.header.instanceId;
  }

  /** Takes all values of now. What they say of the past is told now: nobody was listening then. */
  async #begin(deadlineMs: number): Promise<Answer> {
    const answer = await this.#askStreams('/current', deadlineMs);
    const { header, observations } = answer.document;
    if (header.instanceId !== this.#wiredRun) {
      this.#wiredRun = undefined;
      throw restartedError(this.#client.where);
    }
    this.#noteTime(answer.document, answer);
    this.#cursor.begin(header, observations);
    const sorted = [...observations].sort((a, b) => a.sequence - b.sequence);
    this.#book.begin(
      sorted,
      this.#timeOf(answer.sent.monotonicMs, answer.received),
      answer.received.monotonicMs,
    );
    this.#toldToMs = answer.sent.monotonicMs;
    return answer;
  }

  /** Does what the sequence says. True where we are up to date; throws where something was lost. */
  #obey(
    verdict: SequenceVerdict,
    all: readonly Observation[],
    { sent, received }: { sent?: Moment; received: Moment },
  ): boolean {
    if (verdict.kind === 'news') {
      this.#tell(verdict.observations, received);
      if (verdict.caughtUp) this.#toldToMs = (sent ?? received).monotonicMs;
      return verdict.caughtUp;
    }
    // From where all was told, nothing is known until all values are read anew.
    this.#book.lose(this.#floorMs());
    this.#toldToMs = undefined;
    if (verdict.kind === 'restarted') this.#wiredRun = undefined;
    this.#log.info({ source: this.#options.id, observations: all.length }, `the agent ${verdict.kind}`);
    throw verdict.kind === 'restarted'
      ? restartedError(this.#client.where)
      : overrunError(this.#client.where, verdict.missing);
  }

  #tell(news: readonly Observation[], received: Moment): void {
    const toldToMs = this.#toldToMs;
    if (toldToMs !== undefined && this.#isTooLate(toldToMs) && this.#isDown)
      this.#book.takeEnd(news, () => received.monotonicMs);
    else this.#book.takeNews(news, this.#timeOf(this.#floorMs(), received));
  }

  /**
   * Asks for a stream from where we are. Agents that begin their answer only when they have something to say may leave it
   * open for a heartbeat; that is waited for beside the polls, as the same silence as any.
   */
  async #openStream(deadlineMs: number): Promise<void> {
    const { every, heartbeat, timeout } = this.#options;
    const interval = Math.min(INTERVAL_MS.max, Math.max(INTERVAL_MS.min, every));
    const from = this.#cursor.next;
    const path = `${this.#path}/sample?from=${from}&interval=${interval}&heartbeat=${heartbeat}&count=${this.#count}`;
    const opening = { sinceMs: this.#real.monotonicMs() };
    this.#opening = opening;
    const opened = this.#client
      .open(path, heartbeat + timeout)
      .then((answer) => {
        if (this.#opening === opening) this.#takeStream(answer);
        else if (answer.kind === 'multipart') answer.body.destroy();
      })
      .finally(() => {
        if (this.#opening === opening) this.#opening = undefined;
      });
    let isLate = false;
    const late = new Promise<void>((resolve) => {
      setTimeout(
        () => {
          isLate = true;
          resolve();
        },
        Math.min(OPENING_MS_MAX, this.#leftMs(deadlineMs)),
      ).unref();
    });
    // What fails later is found out by the next poll, which sees neither a stream nor one that is being opened.
    opened.catch((error: unknown) => {
      if (isLate)
        this.#log.info({ source: this.#options.id, reason: describeError(error) }, 'no stream began');
    });
    await Promise.race([opened, late]);
  }

  #takeStream(answer: Awaited<ReturnType<AgentClient['open']>>): void {
    if (answer.kind === 'whole') {
      this.#giveUpStreaming('it does not answer with a stream');
      if (answer.document.kind === 'streams') this.#takePart(answer.document, answer.received);
      return;
    }
    this.#streamOpenedMs = this.#real.monotonicMs();
    const stream: AgentStream = new AgentStream(
      this.#client.where,
      answer,
      { clock: this.#clock, real: this.#real },
      {
        onDocument: (document, received) => this.#takePart(document, received),
        onEnd: (error) => {
          if (this.#stream === stream) this.#stream = undefined;
          this.#noteEnd(error);
        },
      },
    );
    this.#stream = stream;
  }

  /** Takes one document of the stream. What it throws ends the stream. */
  #takePart(document: MtconnectDocument, received: Moment): void {
    const streams = this.#requireStreams(document);
    this.#noteTime(streams, { received });
    const verdict = this.#cursor.take(streams.header, streams.observations, this.#count);
    try {
      this.#obey(verdict, streams.observations, { received });
    } catch (error) {
      if (error instanceof MillwattError) this.#pending = error;
      throw error;
    }
  }

  #noteEnd(error: MillwattError): void {
    this.#log.info({ source: this.#options.id, reason: error.code }, `the stream ended: ${error.message}`);
    const lastedMs = this.#real.monotonicMs() - this.#streamOpenedMs;
    this.#shortStreams = lastedMs < SHORT_STREAM_MS ? this.#shortStreams + 1 : 0;
    if (this.#shortStreams >= SHORT_STREAMS_MAX)
      this.#giveUpStreaming('its streams end as soon as they begin');
  }

  #giveUpStreaming(reason: string): void {
    this.#noStream = reason;
    this.#log.warn({ source: this.#options.id }, `the agent is polled, because ${reason}`);
  }

  #dropStream(): void {
    this.#opening = undefined;
    this.#stream?.close();
    this.#stream = undefined;
  }

  async #askStreams(path: string, deadlineMs: number): Promise<Answer & { document: StreamsDocument }> {
    const answer = await this.#ask(path, deadlineMs);
    return { ...answer, document: this.#requireStreams(answer.document) };
  }

  #ask(path: string, deadlineMs: number, prefix: string = this.#path): Promise<Answer> {
    return this.#client.ask(prefix + path, this.#leftMs(deadlineMs));
  }

  #requireStreams(document: MtconnectDocument): StreamsDocument {
    if (document.kind === 'error') throw refusedByAgentError(this.#client.where, document.errors);
    if (document.kind === 'streams') return document;
    throw badDocumentError(this.#client.where, 'its devices where values were asked for');
  }

  #leftMs(deadlineMs: number): number {
    const leftMs = deadlineMs - this.#real.monotonicMs();
    if (leftMs <= 0) throw timeoutError(this.#client.where, this.#options.timeout);
    return leftMs;
  }

  #noteTime({ header }: StreamsDocument, { sent, received }: { sent?: Moment; received: Moment }): void {
    const { creationMs, creationResolutionMs: resolutionMs } = header;
    if (creationMs === undefined) return;
    this.#time.note({ creationMs, resolutionMs, sentMs: sent?.wallMs, receivedMs: received.wallMs });
  }

  /** Times by our clock: not before what was told already, and not after the answer came. */
  #timeOf(floorMs: number, received: Moment): TimeOf {
    return ({ timestampMs }) => {
      if (timestampMs === undefined) return received.monotonicMs;
      const ageMs = received.wallMs - (timestampMs + this.#time.offsetMs);
      return Math.max(floorMs, Math.min(received.monotonicMs, Math.round(received.monotonicMs - ageMs)));
    };
  }

  /** Monotonic ms before which nothing is told any more. */
  #floorMs(): number {
    const nowMs = this.#clock.monotonicMs();
    const toldToMs = this.#toldToMs ?? nowMs;
    return Math.max(0, toldToMs - this.#latenessMs(), nowMs - LATE_WORDS_MS_MAX);
  }

  #latenessMs(): number {
    return LATENESS_MS * Math.max(1, this.#clock.speed());
  }

  #isTooLate(fromMs: number): boolean {
    return this.#clock.monotonicMs() - fromMs > LATE_WORDS_MS_MAX;
  }
}

function isOutOfRange({ errors }: Extract<MtconnectDocument, { kind: 'error' }>): boolean {
  return errors.some(({ code }) => code === 'OUT_OF_RANGE');
}

function describe(
  { id, url, every, meter }: MtconnectSourceOptions,
  device: SourceDescription['device'],
): SourceDescription {
  return {
    id,
    protocol: 'mtconnect',
    address: url,
    everyMs: every,
    ...(meter === undefined
      ? {}
      : {
          meter: {
            ...(meter.serial === undefined ? {} : { serial: meter.serial }),
            ...(meter.class === undefined ? {} : { class: meter.class }),
          },
        }),
    ...(device === undefined ? {} : { device }),
  };
}
