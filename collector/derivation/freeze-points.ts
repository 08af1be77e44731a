import { HOUR_MS } from '../energy/hour-account.ts';
import { restoreFold, settledSinceMs } from '../energy/machine-fold.ts';
import type { FrozenMachine } from '../ledger/frozen-store.ts';
import type { Views } from '../ledger/views.ts';
import type { DeriverMemory } from './deriver-memory.ts';
import type { MachineDerivation } from './machine-derivation.ts';

/** So much before the edge readings stay: a fold that begins anew, by another method, warms up on them. */
const MARGIN_MS = 6 * HOUR_MS;
/** Old checkpoints are a day apart. */
const CHECKPOINT_EVERY_MS = 24 * HOUR_MS;

/**
 * How far the hours of each machine can be frozen: up to a checkpoint, the first one after `aboutMs` (wall ms) where
 * that is final and settled, else the last one that is.
 */
export function freezePoints(
  from: {
    views: Pick<Views, 'checkpointBefore' | 'machines'>;
    memory: Pick<DeriverMemory, 'frozen' | 'methods' | 'provisional'>;
    machines: ReadonlyMap<string, Pick<MachineDerivation, 'settledMs'>>;
    /** The last record that is in the hours. */
    ordinal: number;
  },
  aboutMs: number,
): FrozenMachine[] {
  const { views, memory, machines, ordinal } = from;
  const { frozen, methods, provisional } = memory;
  return views.machines().flatMap((machine) => {
    const method = methods.get(machine);
    const newest = views.checkpointBefore(machine, Number.MAX_SAFE_INTEGER);
    if (method === undefined || newest === undefined) return [];
    const settledMs = machines.get(machine)?.settledMs ?? settledSinceMs(restoreFold(newest.json));
    const limitMs = Math.min(settledMs, ...(provisional.get(machine) ?? []));
    const wantedMs = aboutMs + MARGIN_MS;
    const point = views.checkpointBefore(machine, Math.min(limitMs, wantedMs + CHECKPOINT_EVERY_MS));
    if (point === undefined || point.hourMs <= frozen.toMs(machine)) return [];
    return [
      {
        machine,
        goneMs: point.hourMs - MARGIN_MS,
        toMs: point.hourMs,
        ordinal,
        method: JSON.stringify(method),
        checkpoint: point.json,
        late: frozen.late().filter((one) => one.machine === machine),
      },
    ];
  });
}
