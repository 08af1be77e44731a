import { MillwattError } from '../errors.ts';
import type { OperatingState } from '../telemetry/operating-state.ts';
import { DAY_MS } from './day-plan.ts';
import { createLoadDay, type LoadDay } from './load-day.ts';
import {
  partIndex,
  segmentEnergyUwh,
  segmentPowerW,
  type LoadSegment,
  type OperationMode,
  type ProductionState,
} from './load-segment.ts';
import {
  IDLE_LOSS_SHARE,
  LOAD_PARTS,
  LOSS_SHARE,
  type LoadComponent,
  type MachineKind,
} from './load-shares.ts';

/** Which machine to simulate. */
export interface LoadProfileOptions {
  /** The same seed gives the same machine for ever. */
  seed: number | string;
  kind: MachineKind;
  /** Rated power of the whole machine, W; the load stays below it. */
  ratedPowerW: number;
  /** Local time of the plant minus UTC, ms; shifts follow local time. Default 0. */
  zoneOffsetMs?: number;
}

/** What a simulated machine does at a moment. */
export interface LoadMoment {
  state: OperatingState;
  /** OPC 40501-1 words; null while the control is switched off. */
  production: ProductionState | null;
  mode: OperationMode | null;
  program: string | null;
  warmUp: boolean;
  /** Parts finished since the machine was commissioned. */
  partCount: number;
  /** Spindle speed, 1/min. */
  spindleSpeed: number;
}

/** A machine's power, energy and state as pure functions of simulated wall time (ms since the Unix epoch). */
export interface LoadProfile {
  readonly ratedPowerW: number;
  momentAt(wallMs: number): LoadMoment;
  /** Power, W; never negative. The parts sum to less than `supply`: the rest is lost on the way. */
  powerW(component: LoadComponent, wallMs: number): number;
  /** What a counter that began at 0 on commissioning shows, Wh: the integral of `powerW` in steps of 1 uWh, never falling. */
  energyWh(component: LoadComponent, wallMs: number): number;
}

/** Monday, 1 January 2024, 00:00 local: every simulated machine is commissioned then. */
export const COMMISSIONED_MS = Date.UTC(2024, 0, 1);
/** Days repeat after so many, so that a counter reading costs the same in any year. */
const CYCLE_DAYS = 28;
const MS_PER_HOUR = 3_600_000;
/** Days kept unfolded: one for now, one for yesterday, one for a reader that lags behind. */
const DAYS_KEPT = 3;

/** Creates a machine's load. Asking for a time before 2024 throws an error of class `refuse`, code `before-simulation`. */
export function createLoadProfile(options: LoadProfileOptions): LoadProfile {
  const { seed, kind, ratedPowerW, zoneOffsetMs = 0 } = options;
  const days = new Map<number, LoadDay>();
  const unfold = (dayOfCycle: number): LoadDay => {
    const known = days.get(dayOfCycle);
    if (known !== undefined) return known;
    const day = createLoadDay(kind, ratedPowerW, seed, dayOfCycle);
    if (days.size >= DAYS_KEPT) days.delete(days.keys().next().value!);
    days.set(dayOfCycle, day);
    return day;
  };
  const energyBeforeUwh = LOAD_PARTS.map(() => new Float64Array(CYCLE_DAYS + 1));
  const partsBefore = new Float64Array(CYCLE_DAYS + 1);
  for (let day = 0; day < CYCLE_DAYS; day++) {
    const { energyBeforeUwh: ofDay, partsTotal } = createLoadDay(kind, ratedPowerW, seed, day);
    energyBeforeUwh.forEach((before, part) => {
      before[day + 1] = before[day]! + ofDay[part]!.at(-1)!;
    });
    partsBefore[day + 1] = partsBefore[day]! + partsTotal;
  }

  let last: Place | undefined;
  const locate = (wallMs: number): Place => {
    if (last?.wallMs === wallMs) return last;
    const localMs = wallMs + zoneOffsetMs - COMMISSIONED_MS;
    if (!(localMs >= 0)) throw beforeSimulation(wallMs);
    const dayNumber = Math.floor(localMs / DAY_MS);
    const cycle = Math.floor(dayNumber / CYCLE_DAYS);
    const dayOfCycle = dayNumber - cycle * CYCLE_DAYS;
    const day = unfold(dayOfCycle);
    const dayMs = localMs - dayNumber * DAY_MS;
    const index = findSegment(day.segments, dayMs);
    last = { wallMs, localMs, cycle, dayOfCycle, day, dayMs, index, segment: day.segments[index]! };
    return last;
  };

  const partEnergyUwh = (part: number, at: Place): number =>
    at.cycle * energyBeforeUwh[part]![CYCLE_DAYS]! +
    energyBeforeUwh[part]![at.dayOfCycle]! +
    at.day.energyBeforeUwh[part]![at.index]! +
    segmentEnergyUwh(at.segment, part, at.dayMs);

  const sumOfParts = (valueOf: (part: number) => number): number =>
    LOAD_PARTS.reduce((sum, _, part) => sum + valueOf(part), 0);

  return {
    ratedPowerW,
    momentAt: (wallMs) => {
      const at = locate(wallMs);
      const { segment } = at;
      const on = segment.activity !== 'off';
      const share = (at.dayMs - segment.startMs) / (segment.endMs - segment.startMs);
      return {
        state: segment.activity,
        production: on ? segment.production : null,
        mode: on ? segment.mode : null,
        program: on ? segment.program : null,
        warmUp: segment.activity === 'warmUp',
        partCount: at.cycle * partsBefore[CYCLE_DAYS]! + partsBefore[at.dayOfCycle]! + segment.partsBefore,
        spindleSpeed: segment.fromSpeed + (segment.toSpeed - segment.fromSpeed) * share,
      };
    },
    powerW: (component, wallMs) => {
      const at = locate(wallMs);
      if (component !== 'supply') return segmentPowerW(at.segment, partIndex(component), at.dayMs);
      const partsW = sumOfParts((part) => segmentPowerW(at.segment, part, at.dayMs));
      return partsW * (1 + LOSS_SHARE) + IDLE_LOSS_SHARE * ratedPowerW;
    },
    energyWh: (component, wallMs) => {
      const at = locate(wallMs);
      if (component !== 'supply') return partEnergyUwh(partIndex(component), at) / 1e6;
      const partsUwh = sumOfParts((part) => partEnergyUwh(part, at));
      const idleUwh = IDLE_LOSS_SHARE * ratedPowerW * (at.localMs / MS_PER_HOUR) * 1e6;
      return (partsUwh + Math.floor(partsUwh * LOSS_SHARE) + Math.floor(idleUwh)) / 1e6;
    },
  };
}

/** Where a moment lies: the segment, and how to reach it. */
interface Place {
  wallMs: number;
  /** ms since commissioning. */
  localMs: number;
  cycle: number;
  dayOfCycle: number;
  day: LoadDay;
  dayMs: number;
  index: number;
  segment: LoadSegment;
}

/** Index of the segment that holds a moment of the day. */
function findSegment(segments: readonly LoadSegment[], dayMs: number): number {
  let low = 0;
  let high = segments.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (segments[middle]!.startMs <= dayMs) low = middle;
    else high = middle - 1;
  }
  return low;
}

function beforeSimulation(wallMs: number): MillwattError {
  return new MillwattError(
    'refuse',
    'before-simulation',
    `Simulated machines exist from 2024 on; asked for ${Number.isFinite(wallMs) ? new Date(wallMs).toISOString() : wallMs}.`,
    { cure: 'Set the origin of the simulated time to 2024 or later.' },
  );
}
