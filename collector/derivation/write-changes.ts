import type { HourBase } from '../energy/hour-base.ts';
import { HOUR_MS } from '../energy/hour-account.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { Views } from '../ledger/views.ts';
import { checkpointOf, markHour, type DeriverMemory } from './deriver-memory.ts';
import { followUp } from './hour-status.ts';
import { CHECKPOINTS_CLOSE_HOURS, type MachineChange } from './machine-derivation.ts';
import type { Recorded } from './record-intake.ts';

/** The derivation's name among the readers of the ledger. */
export const READER = 'derive';

/** What is written together. */
export interface Changes {
  /** The last record that is in it, and in everything before. */
  ordinal: number;
  machines: Iterable<readonly [machine: string, change: MachineChange]>;
  /** Hours that were made final. */
  final?: readonly MachineHour[];
  recorded?: Recorded;
}

/** Writes what changed, with the memory and the cursor that stand for it: all of it or nothing. */
export function writeChanges(views: Views, memory: DeriverMemory, changes: Changes): void {
  const hours = [...(changes.final ?? [])];
  const bases: HourBase[] = [];
  const checkpoints: { machine: string; hourMs: number; json: string }[] = [];
  const dropCheckpointsFrom: { machine: string; hourMs: number }[] = [];
  const thinCheckpointsBefore: typeof dropCheckpointsFrom = [];
  const spans: { machine: string; spans: MachineChange['spans'] }[] = [];
  const dropSpansFrom: { machine: string; fromMs: number }[] = [];
  for (const [machine, change] of changes.machines) {
    for (const hour of change.hours.values()) hours.push(followUp(views.hour(machine, hour.hourMs), hour));
    bases.push(...change.bases.values());
    for (const [hourMs, json] of change.checkpoints) checkpoints.push({ machine, hourMs, json });
    if (change.dropCheckpointsFromMs !== null)
      dropCheckpointsFrom.push({ machine, hourMs: change.dropCheckpointsFromMs });
    const newestMs = Math.max(...change.checkpoints.keys());
    if (newestMs > 0)
      thinCheckpointsBefore.push({ machine, hourMs: newestMs - CHECKPOINTS_CLOSE_HOURS * HOUR_MS });
    if (change.dropSpansFromMs !== null) dropSpansFrom.push({ machine, fromMs: change.dropSpansFromMs });
    if (change.spans.length > 0) spans.push({ machine, spans: change.spans });
  }
  for (const hour of hours) markHour(memory, hour);
  checkpoints.push(checkpointOf(memory));
  views.commit({
    reader: READER,
    ordinal: changes.ordinal,
    ...changes.recorded,
    hours,
    bases,
    checkpoints,
    dropCheckpointsFrom,
    thinCheckpointsBefore,
    dropSpansFrom,
    spans,
  });
}
