import type { MachineModel } from '../energy/machine-model.ts';
import type { Views } from '../ledger/views.ts';
import { loadMemory } from './deriver-memory.ts';
import { MachineModels, type AmendmentBook } from './machine-models.ts';
import { methodOf, outdatedFromMs } from './method.ts';

/** By which method the stored hours of a machine were computed, and whether that is the one that holds now. */
export interface HourMethod {
  /** SHA-256 of algorithm, layout of its saved folds and model, base64url; null where none was computed. */
  sha256: string | null;
  /** The configuration, amendments or version in force now would give other hours, or nobody knows that they would not. */
  isOutdated: boolean;
}

/** Tells of a machine how its hours came about, as of when it is asked. */
export type TellMethod = (machine: string) => HourMethod;

/**
 * The one judgement of whether stored hours are those that a configuration gives; whoever hands figures on asks it. A collector that
 * runs with that configuration computes the others anew.
 *
 * @param machines as they are configured; a machine that is not among them has the model of one that nobody configured
 */
export function hourMethods(
  views: Pick<Views, 'checkpointBefore'>,
  machines: readonly MachineModel[],
  amendments: AmendmentBook,
): TellMethod {
  const models = new MachineModels(machines, amendments);
  return (machine) => {
    if (models.isStale) models.refresh();
    const { methods, outdated } = loadMemory(views);
    const known = methods.get(machine);
    const isOther = outdatedFromMs(known, methodOf(models.of(machine))) < Infinity;
    return { sha256: known?.hash ?? null, isOutdated: isOther || outdated.has(machine) };
  };
}

/** What is said of hours of another method, and what makes them those of this one. */
export const OUTDATED = {
  saying: (machine: string): string =>
    `The hours of ${machine} were computed by another configuration, other amendments or another version of millwatt than these.`,
  cure: 'Let the collector run with this configuration and version until it has computed them anew (a minute for a month), and export again.',
};
