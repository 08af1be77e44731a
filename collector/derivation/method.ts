import { sha256 } from '../../protocols/evidence/keys.ts';
import type { Amendment } from '../energy/amendment.ts';
import { ALGORITHM } from '../energy/close-hour.ts';
import { FOLD_LAYOUT } from '../energy/fold-state.ts';
import type { MachineModel } from '../energy/machine-model.ts';

/**
 * What a machine's hours depend on besides its records. Hours of another method are computed again from the ledger, so
 * that none depends on when the collector was restarted, or when somebody decided something.
 */
export interface Method {
  /** Of the algorithm, the layout of its saved folds, and the model but for its amendments. */
  hash: string;
  amendments: readonly Amendment[];
}

/** The method by which hours of a model are computed. */
export function methodOf(model: MachineModel): Method {
  const { amendments, ...rest } = model;
  return { hash: sha256(JSON.stringify([ALGORITHM, FOLD_LAYOUT, rest])), amendments };
}

/**
 * From when on what one method computed is not what the other would, wall ms: Infinity where both are the same, -Infinity
 * where they differ in more than amendments. An amendment says something of readings from its begin on and of nothing
 * before: a fold up to that moment is the same with and without it. What is booked after may reach back over it (the
 * difference of a counter over a gap), which the open hours of a checkpoint before it hold.
 */
export function outdatedFromMs(known: Method | undefined, now: Method): number {
  if (known === undefined || known.hash !== now.hash) return -Infinity;
  const before = known.amendments.map((amendment) => JSON.stringify(amendment));
  const after = now.amendments.map((amendment) => JSON.stringify(amendment));
  const kept = before.filter((text) => after.includes(text));
  // Of two that speak of the same reading the order counts.
  const isReordered = JSON.stringify(kept) !== JSON.stringify(after.filter((text) => before.includes(text)));
  const touched = [
    ...known.amendments.filter((_, index) => isReordered || !after.includes(before[index] ?? '')),
    ...now.amendments.filter((_, index) => isReordered || !before.includes(after[index] ?? '')),
  ];
  return Math.min(Infinity, ...touched.map(({ fromMs }) => fromMs));
}
