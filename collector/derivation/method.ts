import { sha256 } from '../../protocols/evidence/keys.ts';
import { ALGORITHM } from '../energy/close-hour.ts';
import { FOLD_LAYOUT } from '../energy/fold-state.ts';
import type { MachineModel } from '../energy/machine-model.ts';

/**
 * What a machine's hours depend on besides its records: the algorithm, the layout of its saved folds, and its model. Hours
 * of another method are computed again from the ledger, so that none depends on when the collector was restarted.
 */
export function methodOf(model: MachineModel): string {
  return sha256(JSON.stringify([ALGORITHM, FOLD_LAYOUT, model]));
}
