import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import { SilentRequests } from './device-silence.ts';
import type { DeviceTalk } from './device-talk.ts';
import type { DeviceValues, WantedPart } from './device-values.ts';
import { ModbusExceptionError } from '../modbus-error.ts';
import type { DeviceProfile } from '../profile/profile.ts';
import { refineCost, type ReadCost, type ReadObservation } from '../plan/read-cost.ts';
import { ReadMemory, TEACHING_EXCEPTIONS } from '../plan/read-memory.ts';
import { describeRead, shiftLimits, type PlannedRead } from '../plan/read-plan.ts';
import { listDeviceValues } from '../plan/read-values.ts';

/** Round trips that are gathered before the plan is weighed again. */
const OBSERVATIONS_MAX = 32;
/** And polls between two weighings: how fast a device is does not change from minute to minute. */
const POLLS_BETWEEN_WEIGHINGS = 1000;

/** Makes the requests of each poll, learns what the device refuses, and says so. */
export class DeviceReads {
  readonly #values: DeviceValues;
  readonly #memory: ReadMemory<WantedPart>;
  readonly #hasFactors: boolean;
  readonly #cost: ReadCost;
  readonly #guardMs: number;
  readonly #source: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #observations: ReadObservation[] = [];
  #pollsToWeighing = 0;
  readonly #silent = new SilentRequests();
  /** Something was refused, or given again, and has not been told. */
  #hasNews = false;
  /** Registers whose refusal was told, by name. */
  readonly #told = new Set<string>();

  /** Throws an error of class `refuse` (code `unreadable-point`) where no legal request holds a value. */
  constructor(options: {
    source: string;
    profile: DeviceProfile;
    values: DeviceValues;
    cost: ReadCost;
    /** Added to every address of the profile. */
    shift: number;
    clock: Clock;
    log: Log;
  }) {
    const { profile, values, cost, shift } = options;
    this.#source = options.source;
    this.#values = values;
    this.#hasFactors = values.wanted.some(isFactor);
    this.#cost = cost;
    this.#guardMs = profile.timing.guardMs;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#memory = new ReadMemory(
      values.wanted,
      shiftLimits(profile.limits, shift),
      cost,
      listDeviceValues(profile, shift),
    );
  }

  /** The requests of a poll that begins now, those with factors last. */
  plan(): PlannedRead<WantedPart>[] {
    this.#values.clear();
    const plan = this.#memory.plan();
    if (!this.#hasFactors) return plan;
    // One that moves between two requests is then read after the value it moved under, and stands out.
    return plan.toSorted((a, b) => Number(a.wanted.some(isFactor)) - Number(b.wanted.some(isFactor)));
  }

  /**
   * Makes the requests, and those that what is refused leads to. Rejects with the first failure that says nothing of
   * registers, and with the refusal where the device has nothing of what is wanted.
   * @param underWayMax requests of this poll that may be under way at once
   */
  async read(plan: readonly PlannedRead<WantedPart>[], talk: DeviceTalk, underWayMax: number): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const left = this.#silent.inOrder(plan);
    let answered = 0;
    let refusal: unknown;
    const readOne = async (read: PlannedRead<WantedPart>) => {
      try {
        const registers = await talk.read(read);
        answered += 1;
        this.#values.store(read, registers);
        this.#memory.succeeded(read);
        this.#silent.answered(read);
      } catch (error) {
        const isSilence = underWayMax === 1 && talk.isSilence(error);
        const isMute = isSilence && this.#silent.strike(read, answered > 0) && answered > 0;
        if (!isRefusal(error) && !isMute) throw error;
        refusal = error;
        this.#hasNews = true;
        const parts = this.#memory.refused(read, nowMs);
        if (isMute) this.#giveUpMute(read, parts, left, talk);
        else left.unshift(...parts);
      }
    };
    const work = async () => {
      try {
        for (let read = left.shift(); read !== undefined; read = left.shift()) await readOne(read);
      } catch (error) {
        left.length = 0;
        throw error;
      }
    };
    await runTogether(work, underWayMax);
    if (answered === 0 && refusal !== undefined) throw refusal;
    const again = this.#memory.dueForRetry(nowMs);
    if (again !== undefined) await this.#retry(again, talk, nowMs);
    this.#observe(talk);
    if (this.#hasNews && this.#memory.dueForRetry(nowMs) === undefined) this.#tell(nowMs);
  }

  /** Waiting in vain takes a whole timeout of the line: once a poll is enough, the parts are for later polls. */
  #giveUpMute(
    read: PlannedRead<WantedPart>,
    parts: readonly PlannedRead<WantedPart>[],
    left: PlannedRead<WantedPart>[],
    talk: DeviceTalk,
  ): void {
    this.#silent.forget(read);
    this.#silent.suspect(parts);
    left.splice(0, left.length, ...left.filter((other) => !this.#silent.isSuspect(other)));
    talk.forgive();
  }

  /** Why a channel is not read, by channel id. */
  remarks(): ReadonlyMap<string, string> {
    const remarks = new Map<string, string>();
    for (const { value, retryAtMs } of this.#memory.unsupported()) {
      const channel = this.#values.channelOf(value);
      if (channel === undefined) continue;
      const until = this.#labelOf(retryAtMs);
      remarks.set(channel.id, `the device does not give ${describeRead(value)}; asked again at ${until}`);
    }
    return remarks;
  }

  /** Asks once more for what was refused. Whatever comes of it, the poll has its readings. */
  async #retry(again: PlannedRead<WantedPart>, talk: DeviceTalk, nowMs: number): Promise<void> {
    this.#hasNews = true;
    try {
      this.#values.store(again, await talk.read(again));
      this.#memory.succeeded(again);
    } catch {
      // A device that is silent where it used to refuse would else be asked for it, and waited for, in each poll.
      this.#memory.refused(again, nowMs);
    }
  }

  #observe(talk: DeviceTalk): void {
    if (--this.#pollsToWeighing > 0) return;
    for (const { count, roundTripMs, outcome } of talk.requests)
      if (outcome === 'ok' && roundTripMs !== null)
        this.#observations.push({ registers: count, roundTripMs: roundTripMs + this.#guardMs });
    if (this.#observations.length < OBSERVATIONS_MAX) return;
    this.#memory.useCost(refineCost(this.#cost, this.#observations));
    this.#observations = [];
    this.#pollsToWeighing = POLLS_BETWEEN_WEIGHINGS;
  }

  /** One warning a register that the device refuses, however many points need it; and a word when it is there again. */
  #tell(nowMs: number): void {
    this.#hasNews = false;
    const unsupported = this.#memory.unsupported();
    const refused = new Map<string, { points: string[]; retryAtMs: number }>();
    for (const { value, retryAtMs } of unsupported) {
      const name = describeRead(value);
      const known = refused.get(name) ?? { points: [], retryAtMs };
      known.points.push(this.#values.channelOf(value)?.id ?? '?');
      refused.set(name, known);
    }
    for (const [register, { points, retryAtMs }] of refused) {
      if (this.#told.has(register)) continue;
      this.#told.add(register);
      const retryAt = this.#labelOf(retryAtMs, nowMs);
      this.#log.warn(
        { source: this.#source, points, register, retryAt },
        `the device of source ${this.#source} does not give ${register}, so ${points.join(', ')} cannot be read; asked again at ${retryAt}`,
      );
    }
    for (const register of this.#told) {
      if (refused.has(register)) continue;
      this.#told.delete(register);
      this.#log.info(
        { source: this.#source, register },
        `the device of source ${this.#source} gives ${register} now`,
      );
    }
  }

  #labelOf(atMs: number, nowMs = this.#clock.monotonicMs()): string {
    return new Date(this.#clock.wallMs() + Math.max(0, atMs - nowMs)).toISOString();
  }
}

/** Resolves when all have ended; only then, so that none is left behind under way, rejects as the first that failed. */
async function runTogether(work: () => Promise<void>, workers: number): Promise<void> {
  if (workers === 1) return work();
  const outcomes = await Promise.allSettled(Array.from({ length: workers }, work));
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

function isFactor(part: WantedPart): boolean {
  return part.isFactor;
}

function isRefusal(error: unknown): error is ModbusExceptionError {
  return error instanceof ModbusExceptionError && TEACHING_EXCEPTIONS.includes(error.exceptionCode);
}
