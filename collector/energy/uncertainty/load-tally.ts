import { OPERATING_STATES, type OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import { WATT_MS_PER_MWH, milliwattHours, watts } from '../../../protocols/telemetry/unit.ts';
import { MINUTE_MS, STATE_COUNT } from '../hour-account.ts';
import { sayFigure } from './limit.ts';
import { deriveCurrent } from './line-current.ts';
import { isNoCurrent } from './meter-load.ts';
import type { StateLoad } from './metering-facts.ts';

/** What was read of one meter in one minute; null where it was not. */
export interface MinuteLoad {
  /** Readings of active power, W: how many, their sum, sum of squares, and of squared steps from one to the next. */
  power: {
    count: number;
    sum: number;
    squares: number;
    steps: number;
    min: number;
    max: number;
    last: number;
  } | null;
  /** Means of the minute. */
  apparentVa: number | null;
  reactiveVar: number | null;
  /** Its sign does not matter. */
  powerFactor: number | null;
  /** Of a phase, A. */
  currentA: number | null;
  /** Between two lines where there are three phases, between line and neutral where there is one, V. */
  voltageV: number | null;
}

type ReadPower = NonNullable<MinuteLoad['power']>;

/** A minute counts as one of a state when the machine was in it for so long, ms: 90 %. */
const PURE_MS = 0.9 * MINUTE_MS;
/** What was read in the minutes of one state, each by the time that the state had in it. */
interface Gathered {
  /** Active and apparent energy of the same minutes, W ms and VA ms. */
  activeWms: number;
  apparentVAms: number;
  currentAms: number;
  currentMs: number;
  voltageVms: number;
  voltageMs: number;
  /** Readings of power: how many, sum, sum of squares. */
  readings: number;
  sumW: number;
  squaresW2: number;
}

interface StateGathered {
  /** Minutes that lie in the state almost wholly, and those that it shares with others. */
  pure: Gathered;
  mixed: Gathered;
  energyMwh: number;
  timeMs: number;
  gapMs: number;
  stepSquaresW2: number;
  /** Time in which power was read, and its readings. */
  sampledMs: number;
  samples: number;
}

/** What the uncertainty of a state rests on, and what has to be said of it. */
export interface GatheredLoad {
  load: StateLoad;
  /** How current and power factor were found where that was not by reading them in minutes of the state. */
  notes: string[];
}

/** Gathers the load of one meter, minute by minute, by the state in which the machine was. */
export class LoadTally {
  readonly #phases: 1 | 3;
  readonly #states: StateGathered[] = OPERATING_STATES.map(() => ({
    pure: nothingGathered(),
    mixed: nothingGathered(),
    energyMwh: 0,
    timeMs: 0,
    gapMs: 0,
    stepSquaresW2: 0,
    sampledMs: 0,
    samples: 0,
  }));
  /** Counter energy of minutes in which power was read, mWh, and what that power says of them. */
  #countedMwh = 0;
  #integralMwh = 0;
  /** The last reading of power in the minute before; null where there was none. */
  #lastW: number | null = null;

  /** @param phases how many the meter has */
  constructor(phases: 1 | 3) {
    this.#phases = phases;
  }

  /**
   * Adds minute m of an hour.
   *
   * @param timeMs time by minute x state, of the hour
   * @param measuredMs of the minute
   * @param cells energy by minute x state, of the hour, one grid a way of obtaining it
   */
  addMinute(
    minute: number,
    timeMs: ArrayLike<number>,
    measuredMs: number,
    cells: { counter: ArrayLike<number> | null; others: readonly ArrayLike<number>[] },
    read: MinuteLoad | null,
  ): void {
    const first = minute * STATE_COUNT;
    let wholeMs = 0;
    for (let state = 0; state < STATE_COUNT; state++) wholeMs += timeMs[first + state] ?? 0;
    let countedMwh = 0;
    for (let state = 0; state < STATE_COUNT; state++) {
      const sum = this.#states[state];
      if (sum === undefined) continue;
      const counted = cells.counter?.[first + state] ?? 0;
      countedMwh += counted;
      sum.energyMwh += counted;
      for (const other of cells.others) sum.energyMwh += other[first + state] ?? 0;
      const ms = timeMs[first + state] ?? 0;
      if (ms === 0) continue;
      sum.timeMs += ms;
      const share = ms / wholeMs;
      sum.gapMs += Math.max(0, wholeMs - measuredMs) * share;
      if (read === null) continue;
      gather(ms >= PURE_MS ? sum.pure : sum.mixed, ms, share, read);
      if (read.power === null) continue;
      sum.sampledMs += Math.min(measuredMs, wholeMs) * share;
      sum.samples += read.power.count * share;
      sum.stepSquaresW2 += stepsOf(read.power, this.#lastW) * share;
    }
    const power = read?.power ?? null;
    this.#lastW = power?.last ?? null;
    if (power === null || measuredMs < PURE_MS) return;
    this.#countedMwh += countedMwh;
    this.#integralMwh += ((power.sum / power.count) * measuredMs) / WATT_MS_PER_MWH;
  }

  /** Energy of all states, mWh. */
  energyMwh(): number {
    return this.#states.reduce((sum, { energyMwh }) => sum + energyMwh, 0);
  }

  /** Counter energy over integrated power, by the minute; null where either is missing. */
  closure(): number | null {
    return this.#countedMwh > 0 && this.#integralMwh > 0 ? this.#countedMwh / this.#integralMwh : null;
  }

  /** The load of each state with energy. @param visits how often each state was entered */
  close(visits: Readonly<Partial<Record<OperatingState, number>>>): GatheredLoad[] {
    const closed = OPERATING_STATES.flatMap((state, index) => {
      const sum = this.#states[index];
      return sum === undefined || sum.energyMwh <= 0
        ? []
        : [{ sum, gathered: closeState(state, sum, this.#phases, visits[state] ?? 1) }];
    });
    const loads = closed.map(({ gathered }) => gathered.load);
    return closed.map(({ sum, gathered }) =>
      isToldBy(gathered.load) ? gathered : assumeLoad(gathered, loads, isRead(sum)),
    );
  }
}

/** True where anything was read while the machine was in a state. */
function isRead({ pure, mixed, samples }: StateGathered): boolean {
  return samples > 0 || pure.currentMs + mixed.currentMs + pure.voltageMs + mixed.voltageMs > 0;
}

/** True where current and power factor of a state are known; where no current flows there is no power factor. */
function isToldBy({ currentA, powerFactor }: StateLoad): boolean {
  return currentA !== null && (powerFactor !== null || isNoCurrent(currentA));
}

/**
 * The load of a state in whose minutes current or power factor were not read, such as all of a gap: the counter tells its
 * mean power. It is taken to have the lowest power factor of the states that were read, and the current of that state in
 * proportion to power.
 */
function assumeLoad(gathered: GatheredLoad, read: readonly StateLoad[], isRead: boolean): GatheredLoad {
  const { load, notes } = gathered;
  let like: StateLoad | null = null;
  for (const one of read) {
    if (one.powerFactor === null || one.currentA === null || !(Number(one.meanPowerW) > 0)) continue;
    if (like === null || one.powerFactor < (like.powerFactor ?? 0)) like = one;
  }
  if (like === null) return gathered;
  const [likeA, likeW] = [like.currentA ?? 0, Number(like.meanPowerW)];
  const factor = `power factor ${sayFigure(like.powerFactor ?? 0)} of ${like.state}`;
  const assume = (currentA: number, assumed: string): GatheredLoad => ({
    load: { ...load, powerFactor: like.powerFactor, currentA, isAssumed: true },
    notes: [...notes, assumed],
  });
  if (load.currentA !== null)
    return assume(load.currentA, `no power factor was read in this state: ${factor} is taken for it`);
  const untold = isRead ? 'no current was read in this state' : 'nothing was read in this state';
  // Energy that the closure put into a state has no time of its own, and so no power.
  const currentA = load.meanPowerW === null ? likeA : (likeA * load.meanPowerW) / likeW;
  const proportion =
    load.meanPowerW === null
      ? ''
      : `, in proportion to its power, ${sayFigure(likeA)} A x ${sayFigure(load.meanPowerW)} W / ${sayFigure(likeW)} W =`;
  return assume(currentA, `${untold}: ${factor} and${proportion} ${sayFigure(currentA)} A are taken for it`);
}

function closeState(state: OperatingState, sum: StateGathered, phases: 1 | 3, visits: number): GatheredLoad {
  const { energyMwh, timeMs, gapMs, pure, mixed } = sum;
  const notes: string[] = [];
  const meanPowerW = timeMs === 0 ? null : (energyMwh * WATT_MS_PER_MWH) / timeMs;
  const chosen = (what: string, isIn: (one: Gathered) => boolean): Gathered => {
    if (isIn(pure) || !isIn(mixed)) return pure;
    notes.push(`${what} from minutes that ${state} shares with other states: no minute lies wholly in it`);
    return mixed;
  };
  const ofFactor = chosen('power factor', (one) => one.apparentVAms > 0);
  const powerFactor = ofFactor.apparentVAms > 0 ? Math.abs(ofFactor.activeWms) / ofFactor.apparentVAms : null;
  const ofCurrent = chosen('current', (one) => one.currentMs > 0);
  let currentA = ofCurrent.currentMs > 0 ? ofCurrent.currentAms / ofCurrent.currentMs : null;
  if (currentA === null && meanPowerW !== null) {
    const ofVoltage = chosen('voltage', (one) => one.voltageMs > 0);
    const voltageV = ofVoltage.voltageMs > 0 ? ofVoltage.voltageVms / ofVoltage.voltageMs : null;
    currentA = deriveCurrent(meanPowerW, powerFactor, voltageV, phases);
    if (currentA !== null && powerFactor !== null && voltageV !== null)
      notes.push(
        `current not read but derived: ${sayFigure(meanPowerW)} W / (${phases === 3 ? '1.732 x ' : ''}${sayFigure(voltageV)} V x ${sayFigure(powerFactor)}) = ${sayFigure(currentA)} A`,
      );
  }
  return {
    load: {
      state,
      energyMwh: milliwattHours(energyMwh),
      meanPowerW: meanPowerW === null ? null : watts(meanPowerW),
      // Means of readings may be above 1 by rounding.
      powerFactor: powerFactor === null ? null : Math.min(1, powerFactor),
      currentA,
      visits,
      ...(sum.samples === 0
        ? {}
        : { sampling: { stepSquaresW2: sum.stepSquaresW2, everyMs: sum.sampledMs / sum.samples } }),
      ...(gapMs === 0 ? {} : { gap: { ms: gapMs, spreadW: spreadOf(sum, meanPowerW, notes) } }),
    },
    notes,
  };
}

/**
 * Squared steps of power of a minute, W2. The one from the minute before to its first reading is not kept: it is taken as
 * those within the minute are on average, and at least as far as from the last reading to where this minute lies.
 */
function stepsOf({ steps, count, min, max }: ReadPower, lastW: number | null): number {
  const meanStep = count > 1 ? steps / (count - 1) : 0;
  const apartW = lastW === null ? 0 : Math.max(0, min - lastW, lastW - max);
  return steps + Math.max(meanStep, apartW * apartW);
}

/** The standard deviation of the state's power, W; where power was not read in it, all of its mean power. */
function spreadOf({ pure, mixed }: StateGathered, meanPowerW: number | null, notes: string[]): number {
  const { readings, sumW, squaresW2 } = pure.readings > 1 ? pure : mixed;
  if (readings > 1) {
    const meanW = sumW / readings;
    return Math.sqrt(Math.max(0, squaresW2 / readings - meanW * meanW) * (readings / (readings - 1)));
  }
  notes.push('power was never read in this state: its gaps count as wrong by all of its mean power');
  return meanPowerW ?? 0;
}

function gather(into: Gathered, ms: number, share: number, read: MinuteLoad): void {
  const { power, currentA, voltageV } = read;
  const meanW = power === null ? null : power.sum / power.count;
  const apparentVa = meanW === null ? null : apparentOf(read, meanW);
  if (meanW !== null && apparentVa !== null && apparentVa > 0) {
    into.activeWms += Math.abs(meanW) * ms;
    into.apparentVAms += apparentVa * ms;
  }
  if (currentA !== null) {
    into.currentAms += Math.abs(currentA) * ms;
    into.currentMs += ms;
  }
  if (voltageV !== null) {
    into.voltageVms += voltageV * ms;
    into.voltageMs += ms;
  }
  if (power === null) return;
  into.readings += power.count * share;
  into.sumW += power.sum * share;
  into.squaresW2 += power.squares * share;
}

/** Apparent power of a minute as it was read, else from reactive power, else from the power factor; null where none was read. */
function apparentOf({ apparentVa, reactiveVar, powerFactor }: MinuteLoad, powerW: number): number | null {
  if (apparentVa !== null) return Math.abs(apparentVa);
  if (reactiveVar !== null) return Math.hypot(powerW, reactiveVar);
  return powerFactor === null || powerFactor === 0 ? null : Math.abs(powerW / powerFactor);
}

function nothingGathered(): Gathered {
  return {
    activeWms: 0,
    apparentVAms: 0,
    currentAms: 0,
    currentMs: 0,
    voltageVms: 0,
    voltageMs: 0,
    readings: 0,
    sumW: 0,
    squaresW2: 0,
  };
}
