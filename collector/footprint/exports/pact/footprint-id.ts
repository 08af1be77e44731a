import type { FootprintRecord } from '../../record/footprint-record.ts';

/** Gives the same UUID for the same name, always. */
export type UuidOf = (name: string) => string;

/**
 * Ids of all issues of an exported record's footprint, oldest first, this one last. From version 3 on, PACT knows no version of a
 * footprint: any change makes a new one, with a new id, that names the earlier ones. The first issue has the record's id,
 * each later one an id made of that and its number, so that nobody has to remember which ids were given out.
 * A host does remember, and offers footprints under ids of its own.
 */
export function issuesOf({ id, version }: Pick<FootprintRecord, 'id' | 'version'>, uuidOf: UuidOf): string[] {
  return Array.from({ length: Number(version) }, (_, before) =>
    before === 0 ? id : uuidOf(`footprint ${id} issue ${before + 1}`),
  );
}
