import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';
import type { BandSet } from './band-set.ts';
import type { MachineModel } from './machine-model.ts';
import type { Decider } from './state-span.ts';

/** What power between two boundaries says: `power` is off by measured power, `none` that no band is there. */
export interface Rung {
  state: OperatingState;
  decider: Extract<Decider, 'power' | 'bands' | 'none'>;
  /** `below 50 W`, `400 W to 1500 W, calibration 2`; empty for none. */
  basis: string;
  /** A state of rest below a band of `ready`: power there tells that the drives are off. */
  belowReady: boolean;
}

/** The boundaries of one set of bands, off included, as a ladder: rung n lies above n boundaries. */
export interface Ladder {
  /** Wall ms from which it holds. */
  fromMs: number;
  /** W, rising. */
  boundariesW: number[];
  /** Where the rung above is reached, and where that below, W. */
  upW: number[];
  downW: number[];
  dwellMs: number;
  rungs: Rung[];
}

/** The ladders of a machine in order of time; the first one holds from the beginning. */
export function laddersOf(model: Pick<MachineModel, 'offBelowW' | 'bandSets'>): Ladder[] {
  const sets = [...model.bandSets];
  if ((sets[0]?.fromMs ?? Infinity) > -Infinity)
    sets.unshift({ version: 0, fromMs: -Infinity, bands: [], hysteresis: 0, dwellMs: 0 });
  return sets.map((set) => ladderOf(model.offBelowW, set));
}

function ladderOf(offBelowW: number | null, set: BandSet): Ladder {
  const boundariesW: number[] = [];
  const rungs: Rung[] = [];
  let fromW: number | null = null;
  const note = set.version === 0 ? ', bands' : `, calibration ${set.version}`;
  const add = (state: OperatingState, decider: Rung['decider'], belowW: number | null) => {
    const basis = decider === 'none' ? '' : `${rangeText(fromW, belowW)}${decider === 'bands' ? note : ''}`;
    rungs.push({ state, decider, basis, belowReady: false });
    if (belowW !== null) boundariesW.push(belowW);
    fromW = belowW;
  };
  if (offBelowW !== null) add('off', 'power', offBelowW);
  let isOpen = true;
  for (const { state, belowW } of set.bands) {
    // A band that ends where the one before it does is never reached.
    if (belowW !== null && belowW <= (fromW ?? -Infinity)) continue;
    add(state, 'bands', belowW);
    if (belowW === null) {
      isOpen = false;
      break;
    }
  }
  if (isOpen) add('unknown', 'none', null);
  const readyRung = rungs.findIndex(({ state, decider }) => state === 'ready' && decider === 'bands');
  for (const [index, rung] of rungs.entries())
    rung.belowReady =
      index < readyRung &&
      rung.decider === 'bands' &&
      (rung.state === 'standby' || rung.state === 'extendedStandby');
  return {
    fromMs: set.fromMs,
    boundariesW,
    upW: boundariesW.map((atW) => atW * (1 + set.hysteresis)),
    downW: boundariesW.map((atW) => atW * (1 - set.hysteresis)),
    dwellMs: set.dwellMs,
    rungs,
  };
}

function rangeText(fromW: number | null, belowW: number | null): string {
  if (belowW === null) return fromW === null ? 'any power' : `from ${fromW} W`;
  return fromW === null ? `below ${belowW} W` : `${fromW} W to ${belowW} W`;
}

/** The rung that a power lies on when nothing is known of before. */
export function rungAt(ladder: Ladder, powerW: number): number {
  let rung = 0;
  while (rung < ladder.boundariesW.length && powerW >= (ladder.boundariesW[rung] ?? Infinity)) rung++;
  return rung;
}
