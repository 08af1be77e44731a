import { LOAD_PARTS, type Activity, type LoadPart } from './load-shares.ts';

/** OPC 40501-1 production state, as its state machine names it. */
export type ProductionState = 'Initializing' | 'Running' | 'Ended' | 'Interrupted' | 'Aborted';
/** OPC 40501-1 MachineOperationMode, as its enumeration names it. */
export type OperationMode = 'Manual' | 'Automatic' | 'Setup';

/**
 * A stretch of a day in which the power of every part is a straight line, with a sine on the spindle (whole periods, so
 * that it vanishes at both ends) and a slow one on the cabinet (the cooling unit). All of it has a closed integral.
 */
export interface LoadSegment {
  /** ms of the local day, [startMs, endMs). */
  startMs: number;
  endMs: number;
  activity: Activity;
  production: ProductionState;
  mode: OperationMode;
  program: string;
  /** Parts of this day finished before the segment. */
  partsBefore: number;
  /** W by part in the order of LOAD_PARTS, at the start and at the end. */
  fromW: readonly number[];
  toW: readonly number[];
  spindleRippleW: number;
  spindlePeriods: number;
  cabinetRippleW: number;
  /** 1/min at the start and at the end. */
  fromSpeed: number;
  toSpeed: number;
}

const CABINET_PERIOD_MS = 420_000;
/** 1 W for 1 ms in uWh. */
const UWH_PER_WMS = 1e6 / 3_600_000;
const SPINDLE = LOAD_PARTS.indexOf('spindle');
const CABINET = LOAD_PARTS.indexOf('cabinet');

/** Position of a part in the power lists. */
export function partIndex(part: LoadPart): number {
  return LOAD_PARTS.indexOf(part);
}

/** Power in W of part `index` at a moment of the segment, ms of the day. */
export function segmentPowerW(segment: LoadSegment, index: number, dayMs: number): number {
  const spanMs = segment.endMs - segment.startMs;
  const intoMs = dayMs - segment.startMs;
  const from = segment.fromW[index] ?? 0;
  const line = from + (((segment.toW[index] ?? 0) - from) * intoMs) / spanMs;
  if (index === SPINDLE && segment.spindleRippleW !== 0)
    return line + segment.spindleRippleW * Math.sin((2 * Math.PI * segment.spindlePeriods * intoMs) / spanMs);
  if (index === CABINET)
    return line + segment.cabinetRippleW * Math.sin((2 * Math.PI * dayMs) / CABINET_PERIOD_MS);
  return line;
}

/**
 * Energy of part `index` from the segment's start to a moment in it, ms of the day: the exact integral, cut to whole uWh.
 * Whole numbers, so that sums over segments and days never lose a digit and a counter never falls by a rounding.
 */
export function segmentEnergyUwh(segment: LoadSegment, index: number, dayMs: number): number {
  const spanMs = segment.endMs - segment.startMs;
  const intoMs = dayMs - segment.startMs;
  const from = segment.fromW[index] ?? 0;
  let energyWms = intoMs * (from + (((segment.toW[index] ?? 0) - from) * intoMs) / (2 * spanMs));
  if (index === SPINDLE && segment.spindleRippleW !== 0) {
    const rate = (2 * Math.PI * segment.spindlePeriods) / spanMs;
    energyWms += (segment.spindleRippleW / rate) * (1 - Math.cos(rate * intoMs));
  } else if (index === CABINET && segment.cabinetRippleW !== 0) {
    const rate = (2 * Math.PI) / CABINET_PERIOD_MS;
    energyWms +=
      (segment.cabinetRippleW / rate) * (Math.cos(rate * segment.startMs) - Math.cos(rate * dayMs));
  }
  return Math.floor(energyWms * UWH_PER_WMS);
}
