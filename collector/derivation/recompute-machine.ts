import { closeHour } from '../energy/close-hour.ts';
import { accountAt } from '../energy/hour-account.ts';
import { baseOf } from '../energy/hour-base.ts';
import type { MachineModel } from '../energy/machine-model.ts';
import type { Views } from '../ledger/views.ts';
import type { MachineChange, MachineDerivation, Recomputation } from './machine-derivation.ts';

/** What a machine's hours are computed again with. */
export interface RecomputeParts {
  machine: MachineDerivation;
  model: MachineModel;
  site: string;
  views: Pick<Views, 'hourTimes'>;
  /** Writes a piece of what was computed. */
  write: (change: MachineChange) => void;
  yieldNow: () => Promise<void>;
}

/**
 * Computes a machine's hours again that do not hold from a time on, and writes them piece by piece: the last one is left in
 * the machine, to be written with the note that it is done. What is ended midway has to be begun again.
 */
export async function recomputeMachine(
  { machine, model, site, views, write, yieldNow }: RecomputeParts,
  again: Recomputation,
): Promise<void> {
  const made = new Set<number>();
  const beginMs = await machine.recompute(again, async () => {
    const piece = machine.takeSettled();
    if (piece !== undefined) {
      for (const hourMs of piece.hours.keys()) made.add(hourMs);
      write(piece);
    }
    await yieldNow();
  });
  voidOthers(machine, { model, site, views }, beginMs, made);
}

/**
 * Hours of which nothing is known any more: all that they rested on was decided to be worth nothing, or is of another
 * time. They are written over what was known of them, so that a figure that was given out is followed by its revision.
 */
function voidOthers(
  machine: MachineDerivation,
  { model, site, views }: Pick<RecomputeParts, 'model' | 'site' | 'views'>,
  fromMs: number,
  made: ReadonlySet<number>,
): void {
  for (const hourMs of views.hourTimes(model.machine, fromMs, Number.MAX_SAFE_INTEGER)) {
    if (made.has(hourMs)) continue;
    const account = accountAt([], hourMs);
    machine.putMissing(closeHour(site, model, account), baseOf(model.machine, account));
  }
}
