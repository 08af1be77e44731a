import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';
import type { Status } from '../../protocols/telemetry/quantity.ts';
import type { MachineModel } from './machine-model.ts';
import { stateOfWord } from './state-words.ts';

/** A word that a control says of itself, as it wrote it. */
export interface StatusWord {
  status: Status;
  vocabulary: string;
  value: string | number | boolean | null;
}

/** The part of a machine's model that states are told by. */
export type StateModel = Pick<MachineModel, 'offBelowW' | 'bands' | 'stateMap'>;

/** Which status may decide, strongest first; program and part count say nothing of the state. */
const DECIDING: readonly Status[] = ['warmUp', 'emergencyStop', 'execution', 'mode'];

/**
 * The state of a machine: off by measured power first, then the warm-up flag, then what the control says, then power
 * bands; else unknown. Never off because a link is down.
 *
 * @param now.supplyPowerW measured power of the whole machine, W; null when it is not known just now
 * @param now.fresh whether the words still hold: their source is up and was heard of lately
 */
export function classifyState(
  model: StateModel,
  now: { supplyPowerW: number | null; statuses: readonly StatusWord[]; fresh: boolean },
): OperatingState {
  const said = now.fresh ? stateOfWords(model, now.statuses) : null;
  return combineState(model, now.supplyPowerW, said);
}

/** What the words say, by their order of strength; null when they say nothing. */
export function stateOfWords(
  model: Pick<StateModel, 'stateMap'>,
  statuses: readonly StatusWord[],
): OperatingState | null {
  for (const deciding of DECIDING) {
    for (const { status, vocabulary, value } of statuses) {
      if (status !== deciding || value === null) continue;
      const word = String(value);
      const state = stateOfWord(vocabulary, word, model.stateMap);
      if (state !== null) return state;
      // A flag in a vocabulary we do not know still is a flag.
      if (status === 'warmUp' && (value === true || value === 1)) return 'warmUp';
    }
  }
  return null;
}

/** The state from measured power and what the words say. */
export function combineState(
  model: Pick<StateModel, 'offBelowW' | 'bands'>,
  supplyPowerW: number | null,
  said: OperatingState | null,
): OperatingState {
  if (supplyPowerW !== null && model.offBelowW !== null && supplyPowerW < model.offBelowW) return 'off';
  if (said !== null) return said;
  if (supplyPowerW === null) return 'unknown';
  for (const band of model.bands) {
    if (band.belowW === null || supplyPowerW < band.belowW) return band.state;
  }
  return 'unknown';
}
