import { systemClock, type Clock } from '../clock.ts';
import type { Driver, Poll, StatusReport } from '../driver.ts';
import { MillwattError } from '../errors.ts';
import { silentLog, type Log } from '../log.ts';
import { saySpan } from '../say-span.ts';
import type { Channel } from '../telemetry/channel.ts';
import type { SourceDescription } from '../telemetry/snapshot.ts';
import { AgentClient, type Answer } from './agent-client.ts';
import {
  closedError,
  overrunError,
  refusedByAgentError,
  restartedError,
  timeoutError,
} from './agent-error.ts';
import { LearnedWiring } from './learned-wiring.ts';
import type { MtconnectDocument } from './mtconnect-document.ts';
import type { MtconnectSourceOptions } from './mtconnect-options.ts';
import type { Moment } from './moment.ts';
import { ObservationBook } from './observation-book.ts';
import { askDevices, askStreams, isRefusal, requireStreams } from './require-answer.ts';
import { SequenceCursor, type SequenceVerdict } from './sequence-cursor.ts';
import { HEARTBEATS_MISSED, StreamKeeper } from './stream-keeper.ts';
import { ToldTime } from './told-time.ts';

/** What the driver needs of the world. */
export interface MtconnectSurroundings {
  /** Simulated or real time: what readings are stamped with. */
  clock: Clock;
  log?: Log;
  /** Real time, for back-off and the watchdog. */
  real?: Pick<Clock, 'monotonicMs'>;
}

/** Observations asked for at once, where the agent's buffer holds as many. */
const COUNT_MAX = 10_000;
/** Of agents that do not tell the size of their buffer. */
const COUNT_UNKNOWN = 500;
/** The agent is asked to send no more often and no less often than this, ms. */
const INTERVAL_MS = { min: 100, max: 1000 };
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
  readonly machines: readonly string[];
  readonly #options: MtconnectSourceOptions;
  readonly #clock: Clock;
  readonly #real: Pick<Clock, 'monotonicMs'>;
  readonly #log: Log;
  readonly #client: AgentClient;
  readonly #wiring: LearnedWiring;
  readonly #cursor = new SequenceCursor();
  readonly #book = new ObservationBook();
  readonly #told: ToldTime;
  readonly #stream: StreamKeeper;
  #rewired: () => void = () => {};
  /** The run of the agent that the wiring is of; undefined where it must be asked for. */
  #wiredRun: string | undefined;
  #count = COUNT_UNKNOWN;
  /** What happened between two polls and must be told at the next one: a gap is an outage, however short. */
  #pending: MillwattError | undefined;
  /** The last poll failed. */
  #isDown = false;
  /** Something was lost since the last poll that succeeded; before the first, everything was. */
  #isLost = true;
  #closed = false;

  constructor(options: MtconnectSourceOptions, around: MtconnectSurroundings) {
    this.#options = options;
    this.#clock = around.clock;
    this.#real = around.real ?? systemClock;
    this.#log = around.log ?? silentLog;
    this.#client = new AgentClient(options, around.clock);
    this.#wiring = new LearnedWiring(options);
    this.#told = new ToldTime(around.clock);
    this.#stream = new StreamKeeper({
      source: options.id,
      client: this.#client,
      heartbeatMs: options.heartbeat,
      timeoutMs: options.timeout,
      clock: this.#clock,
      real: this.#real,
      log: this.#log,
      onDocument: (document, received) => this.#takePart(document, received),
    });
    this.machines = [options.machine];
  }

  get description(): SourceDescription {
    return this.#wiring.description;
  }

  get channels(): readonly Channel[] {
    return this.#wiring.channels;
  }

  onStatus(report: (status: StatusReport) => void): void {
    this.#book.onStatus(report);
  }

  onWiring(changed: () => void): void {
    this.#rewired = changed;
  }

  tellsFromMs(): number | undefined {
    return this.#closed ? undefined : this.#told.tellsFromMs();
  }

  remarks(): readonly string[] {
    const remarks: string[] = [];
    const { offsetMs, lagMs } = this.#told;
    if (Math.round(offsetMs / 1000) !== 0)
      remarks.push(
        `The clock of the agent is ${saySpan(offsetMs)} ${offsetMs > 0 ? 'behind' : 'ahead of'} ours; the times of its words are corrected by that.`,
      );
    if (Math.round(lagMs / 60_000) !== 0)
      remarks.push(
        `The times of its words are ${saySpan(lagMs)} ${lagMs > 0 ? 'behind' : 'ahead of'} the clock of the agent: set clock and time zone of the adapter, or let the agent ignore its timestamps; outages cannot be healed before.`,
      );
    const { givenUp } = this.#stream;
    if (givenUp !== undefined)
      remarks.push(`The agent is polled, because ${givenUp}; mode: poll says so from the start.`);
    return [...remarks, ...this.#wiring.remarks].slice(0, REMARKS_MAX);
  }

  async poll(): Promise<Poll> {
    if (this.#closed) throw closedError(this.#client.where);
    const deadlineMs = this.#real.monotonicMs() + this.#options.timeout;
    const outageFromMs = this.#isDown ? this.#told.toMs : undefined;
    if (outageFromMs !== undefined && this.#told.isTooLate(outageFromMs)) this.#beginAnew();
    try {
      const poll = await this.#pollOnce(deadlineMs);
      // Words whose times are wrong have no place in the time between.
      const isPlaced =
        outageFromMs !== undefined && !this.#told.isTooLate(outageFromMs) && this.#told.lagMs === 0;
      const isHealed = !this.#isLost && isPlaced;
      this.#isDown = false;
      this.#isLost = false;
      return isHealed ? { ...poll, healed: true } : poll;
    } catch (error) {
      this.#isDown = true;
      this.#pending = undefined;
      // An agent or a line too slow for a long answer would otherwise never get on.
      if (error instanceof MillwattError && error.code === 'timeout')
        this.#count = Math.min(this.#count, COUNT_UNKNOWN);
      this.#stream.drop();
      throw error;
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#stream.drop();
    this.#client.close();
    return Promise.resolve();
  }

  async #pollOnce(deadlineMs: number): Promise<Poll> {
    this.#throwPending();
    const quality = this.#stream.look();
    if (quality !== undefined)
      return {
        atMs: this.#clock.monotonicMs(),
        readings: this.#book.readings(quality),
        roundTripMs: 0,
      };
    const { sent, received, roundTripMs } = await this.#catchUp(deadlineMs);
    if (this.#options.mode === 'stream' && !this.#stream.isGivenUp()) {
      await this.#stream.open(this.#streamPath(), this.#leftMs(deadlineMs));
      this.#throwPending();
    }
    return {
      atMs: Math.round((sent.monotonicMs + received.monotonicMs) / 2),
      readings: this.#book.readings('good'),
      roundTripMs,
    };
  }

  #throwPending(): void {
    if (this.#pending !== undefined) throw this.#pending;
  }

  /** From where all was told, nothing is known until all values are read anew. */
  #lose(): void {
    this.#isLost = true;
    this.#cursor.forget();
    this.#book.lose(this.#told.floorMs());
    this.#told.forget();
  }

  /** What happened since the last answer has no place in records any more: only what holds now is of use. */
  #beginAnew(): void {
    this.#isLost = true;
    this.#wiredRun = undefined;
    this.#cursor.forget();
    this.#told.forget();
  }

  #streamPath(): string {
    const { every, heartbeat } = this.#options;
    const interval = Math.min(INTERVAL_MS.max, Math.max(INTERVAL_MS.min, every));
    return `${this.#wiring.path}/sample?from=${this.#cursor.next}&interval=${interval}&heartbeat=${heartbeat}&count=${this.#count}`;
  }

  /** Reads until the agent has nothing more: its model and all values first where they are not known. */
  async #catchUp(deadlineMs: number): Promise<Answer> {
    if (this.#wiredRun === undefined) await this.#probe(deadlineMs);
    if (this.#cursor.next === undefined) return this.#begin(deadlineMs);
    for (let refusals = 0; ;) {
      const answer = await this.#client.ask(
        `${this.#wiring.path}/sample?from=${this.#cursor.next}&count=${this.#count}`,
        this.#leftMs(deadlineMs),
      );
      const { document } = answer;
      if (isRefusal(document)) {
        // Its values of now tell whether something was lost, or is only not there yet.
        const current = await this.#askCurrent(deadlineMs);
        const verdict = this.#cursor.refuse(current.document.header);
        if (this.#obey(verdict, current.received, current.sent.monotonicMs)) return current;
        refusals += 1;
        // It may be that much at once which it refuses.
        this.#count = Math.min(this.#count, COUNT_UNKNOWN);
        if (refusals >= REFUSALS_MAX) {
          this.#lose();
          throw refusedByAgentError(this.#client.where, document.errors);
        }
      } else {
        const { header, observations } = requireStreams(this.#client.where, document);
        this.#told.noteHeader(header, answer);
        const verdict = this.#cursor.take(header, observations, this.#count);
        if (this.#obey(verdict, answer.received, answer.sent.monotonicMs)) return answer;
      }
    }
  }

  async #probe(deadlineMs: number): Promise<void> {
    const { header, devices } = await askDevices(this.#client, this.#leftMs(deadlineMs));
    const isNew = this.#wiring.learn(this.#client.where, devices);
    this.#count =
      header.bufferSize === undefined
        ? COUNT_UNKNOWN
        : Math.max(1, Math.min(COUNT_MAX, header.bufferSize - 1));
    this.#stream.retry();
    this.#book.rewire(this.#wiring.wired);
    if (isNew) {
      for (const remark of this.#wiring.remarks) this.#log.warn({ source: this.#options.id }, remark);
      this.#rewired();
    }
    this.#wiredRun = header.instanceId;
  }

  /** Takes all values of now. What they say of the past is told now: nobody was listening then. */
  async #begin(deadlineMs: number): Promise<Answer> {
    const answer = await this.#askCurrent(deadlineMs);
    const { header, observations } = answer.document;
    if (header.instanceId !== this.#wiredRun) {
      this.#wiredRun = undefined;
      throw restartedError(this.#client.where);
    }
    const { sent, received } = answer;
    this.#told.noteHeader(header, answer);
    this.#cursor.begin(header, observations);
    const sorted = [...observations].sort((a, b) => a.sequence - b.sequence);
    this.#book.begin(sorted, this.#told.timeOf(sent.monotonicMs, received), received.monotonicMs);
    this.#told.reach(sent.monotonicMs);
    return answer;
  }

  /**
   * Does what the sequence says. True where we are up to date, with what happened before `askedMs` (monotonic); throws
   * where something was lost.
   */
  #obey(verdict: SequenceVerdict, received: Moment, askedMs: number): boolean {
    if (verdict.kind === 'news') {
      if (!this.#isDown && verdict.caughtUp) this.#told.noteNews(verdict.observations, received);
      this.#book.takeNews(verdict.observations, this.#told.timeOf(this.#told.floorMs(), received));
      if (verdict.caughtUp) this.#told.reach(askedMs);
      return verdict.caughtUp;
    }
    this.#lose();
    if (verdict.kind === 'overrun') throw overrunError(this.#client.where, verdict.missing);
    this.#wiredRun = undefined;
    throw restartedError(this.#client.where);
  }

  /** Takes one document of the stream. What it throws ends the stream. */
  #takePart(document: MtconnectDocument, received: Moment): void {
    const { header, observations } = requireStreams(this.#client.where, document);
    this.#told.noteHeader(header, { received });
    const writtenMs = this.#told.writtenMs(header, received, HEARTBEATS_MISSED * this.#options.heartbeat);
    try {
      this.#obey(this.#cursor.take(header, observations, this.#count), received, writtenMs);
    } catch (error) {
      if (error instanceof MillwattError) this.#pending = error;
      throw error;
    }
  }

  #askCurrent(deadlineMs: number): ReturnType<typeof askStreams> {
    return askStreams(this.#client, `${this.#wiring.path}/current`, this.#leftMs(deadlineMs));
  }

  #leftMs(deadlineMs: number): number {
    const leftMs = deadlineMs - this.#real.monotonicMs();
    if (leftMs <= 0) throw timeoutError(this.#client.where, this.#options.timeout);
    return leftMs;
  }
}
