import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import type { BandSet } from '../band-set.ts';

/** Version of the method: a proposal of another one may differ on the same readings. */
export const CALIBRATION_METHOD = 1;

/** A power at which the machine stays, and what it probably is. */
export interface LevelProposal {
  state: OperatingState;
  /** Why the name may be wrong, as a sentence; empty where nothing speaks against it. */
  doubt: string;
  /** W: the middle of it, and where 5 % and 95 % of its time lie. */
  powerW: number;
  lowW: number;
  highW: number;
  timeMs: number;
  /** Share of the measured time, 0..1. */
  share: number;
  /** How often it was entered, and how long it lasted in the middle, ms. */
  stays: number;
  stayMs: number;
}

/** One thing that makes us sure or unsure, 0 (worthless) to 1 (beyond doubt), and why. */
export interface Reason {
  what: 'separation' | 'valley' | 'near' | 'halves' | 'hours' | 'interval';
  confidence: number;
  /** A sentence with its figures. */
  sentence: string;
}

/** Power at which one state ends and the next begins. */
export interface BoundaryProposal {
  powerW: number;
  /** False where the levels beside it are of one state, so that nothing hangs on it. */
  counts: boolean;
  /** The least of its reasons. */
  confidence: number;
  reasons: Reason[];
}

/** Time by power on a logarithmic axis. */
export interface HistogramProposal {
  /** Everything up to here counts as nothing, W. */
  floorW: number;
  /** log10 W of the lower edge of the first bin, and the width of a bin. */
  fromDecade: number;
  binDecades: number;
  /** Share of the measured time in each bin. */
  shares: number[];
}

/** What a calibration proposes. Plain data. */
export interface Proposal {
  method: number;
  data: {
    /** Wall ms of the first and the last reading. */
    fromMs: number;
    toMs: number;
    measuredMs: number;
    samples: number;
    /** Interval of the readings in the middle, ms. */
    everyMs: number;
    gaps: number;
    gapMs: number;
  };
  histogram: HistogramProposal;
  levels: LevelProposal[];
  boundaries: BoundaryProposal[];
  bands: BandSet['bands'];
  hysteresis: number;
  dwellMs: number;
  /** The least of the boundaries that count and of what holds for all. */
  confidence: number;
  reasons: Reason[];
  /** What the bands would make of these readings. */
  outcome: { timeMs: Partial<Record<OperatingState, number>>; changes: number };
  /** What else is worth knowing, as sentences. */
  remarks: string[];
}

/** Why nothing can be proposed, and what to do about it. */
export interface CalibrationRefusal {
  code: 'too-little' | 'no-power' | 'fed-back' | 'always-off' | 'one-level';
  message: string;
  cure: string;
}
