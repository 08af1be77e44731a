/** What a simulated machine tool consists of, below its supply. */
export const LOAD_PARTS = ['spindle', 'drives', 'coolant', 'hydraulics', 'cabinet'] as const;
export type LoadPart = (typeof LOAD_PARTS)[number];
/** `supply` is the whole machine: its parts and what is lost between them and the meter. */
export type LoadComponent = 'supply' | LoadPart;

/** The machine tools that can be simulated. */
export const MACHINE_KINDS = ['mill', 'lathe', 'machiningCentre'] as const;
export type MachineKind = (typeof MACHINE_KINDS)[number];

/** What a machine does that decides its base load. */
export type Activity = 'off' | 'extendedStandby' | 'standby' | 'ready' | 'warmUp' | 'processing';

/** Shares of the rated power by part; the spindle comes on top where it turns. */
type Shares = Readonly<Record<Exclude<LoadPart, 'spindle'>, number>>;

/**
 * Base loads as shares of the rated power. The sums are kept apart (0.1 %, 3.5 %, 7 %, 13.5 %, 15 % + spindle, 27 %), so
 * that a plant without a control's word can tell the states by bands of supply power.
 */
const BASE: Readonly<Record<MachineKind, Readonly<Record<Activity, Shares>>>> = {
  mill: {
    off: { drives: 0, coolant: 0, hydraulics: 0, cabinet: 0.001 },
    extendedStandby: { drives: 0, coolant: 0, hydraulics: 0, cabinet: 0.035 },
    standby: { drives: 0.02, coolant: 0, hydraulics: 0, cabinet: 0.05 },
    ready: { drives: 0.06, coolant: 0, hydraulics: 0.02, cabinet: 0.055 },
    warmUp: { drives: 0.07, coolant: 0, hydraulics: 0.02, cabinet: 0.06 },
    processing: { drives: 0.085, coolant: 0.1, hydraulics: 0.025, cabinet: 0.06 },
  },
  lathe: {
    off: { drives: 0, coolant: 0, hydraulics: 0, cabinet: 0.001 },
    extendedStandby: { drives: 0, coolant: 0, hydraulics: 0, cabinet: 0.035 },
    standby: { drives: 0.015, coolant: 0, hydraulics: 0.01, cabinet: 0.045 },
    ready: { drives: 0.035, coolant: 0, hydraulics: 0.05, cabinet: 0.05 },
    warmUp: { drives: 0.045, coolant: 0, hydraulics: 0.05, cabinet: 0.055 },
    processing: { drives: 0.065, coolant: 0.09, hydraulics: 0.06, cabinet: 0.055 },
  },
  machiningCentre: {
    off: { drives: 0, coolant: 0, hydraulics: 0, cabinet: 0.001 },
    extendedStandby: { drives: 0, coolant: 0, hydraulics: 0, cabinet: 0.035 },
    standby: { drives: 0.02, coolant: 0, hydraulics: 0, cabinet: 0.05 },
    ready: { drives: 0.055, coolant: 0, hydraulics: 0.025, cabinet: 0.055 },
    warmUp: { drives: 0.065, coolant: 0, hydraulics: 0.025, cabinet: 0.06 },
    processing: { drives: 0.08, coolant: 0.105, hydraulics: 0.03, cabinet: 0.055 },
  },
};

/** Spindle power while cutting, lowest and highest share of the rated power. */
export const CUT_SHARES: Readonly<Record<MachineKind, readonly [low: number, high: number]>> = {
  mill: [0.1, 0.4],
  lathe: [0.14, 0.46],
  machiningCentre: [0.08, 0.38],
};

/** Lost in cables and filters, as a share of what the parts draw. */
export const LOSS_SHARE = 0.015;
/** Lost in the mains transformer at any time, as a share of the rated power. */
export const IDLE_LOSS_SHARE = 0.001;

/** Power in W of each part at an activity, the spindle at rest; in the order of LOAD_PARTS. */
export function basePowersW(kind: MachineKind, activity: Activity, ratedPowerW: number): number[] {
  const shares = BASE[kind][activity];
  return LOAD_PARTS.map((part) => (part === 'spindle' ? 0 : shares[part] * ratedPowerW));
}

/** Bands of supply power by which the states can be told: each holds below `belowW`, `processing` above all. */
export function stateBands(ratedPowerW: number): { state: Activity; belowW: number }[] {
  return [
    { state: 'off', belowW: 0.01 * ratedPowerW },
    { state: 'extendedStandby', belowW: 0.053 * ratedPowerW },
    { state: 'standby', belowW: 0.1 * ratedPowerW },
    { state: 'ready', belowW: 0.17 * ratedPowerW },
    { state: 'warmUp', belowW: 0.262 * ratedPowerW },
  ];
}
