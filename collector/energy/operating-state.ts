import { decideState, type Decision } from './decide-state.ts';
import { judgeWords, type Verdict } from './judge-words.ts';
import type { MachineModel } from './machine-model.ts';
import { laddersOf, rungAt } from './power-ladder.ts';
import type { StatusWord } from './status-word.ts';

/** The part of a machine's model that states are told by. */
export type StateModel = Pick<MachineModel, 'offBelowW' | 'bandSets' | 'stateMap'>;

const SILENT: Verdict = { kind: 'silent', basis: '' };

/**
 * The state of a machine at one moment, when nothing is known of the time before: by the bands that hold then, without
 * hysteresis and dwell, and what decided it. For what is live; hours and spans are told by the fold.
 *
 * @param now.atMs the moment, wall ms
 * @param now.supplyPowerW measured power of the whole machine, W; null when it is not known just now
 * @param now.fresh whether the words still hold: their source is up and was heard of lately
 */
export function classifyState(
  model: StateModel,
  now: { atMs: number; supplyPowerW: number | null; statuses: readonly StatusWord[]; fresh: boolean },
): Decision {
  const verdict = now.fresh ? judgeWords(model.stateMap, now.statuses) : SILENT;
  const ladder = laddersOf(model).findLast(({ fromMs }) => fromMs <= now.atMs);
  const rung =
    now.supplyPowerW === null || ladder === undefined
      ? null
      : (ladder.rungs[rungAt(ladder, now.supplyPowerW)] ?? null);
  return decideState(rung, verdict, model.offBelowW !== null);
}
