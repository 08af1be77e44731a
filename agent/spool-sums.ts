import type { DatabaseSync } from 'node:sqlite';
import { COUNTERS } from './spool-format.ts';
import { checkOf } from './spool-meta.ts';

/** What a spool's sums rest on after a salvage. */
export type SumsOrigin =
  /** They could be read. */
  | 'read'
  /** They were found in a page that nothing leads to, and prove themselves. */
  | 'found'
  /** Some were lost and are counted from what is here: what was receipted and let go before is not in them any more. */
  | 'counted';

/** Sums that proved themselves; what is there already stays. */
export function addSums(
  database: DatabaseSync,
  sums: Iterable<readonly [name: string, value: number]>,
): void {
  const insert = database.prepare('INSERT OR IGNORE INTO counters (name, value, sum) VALUES (?, ?, ?)');
  for (const [name, value] of sums) insert.run(name, value, checkOf(name, value));
}

/** The sums that every spool has and this one lacks. */
export function missingSums(database: DatabaseSync): string[] {
  const known = new Set(
    database
      .prepare('SELECT name FROM counters')
      .all()
      .map((row) => String(row['name'])),
  );
  return COUNTERS.filter((name) => !known.has(name));
}

/**
 * Counts the fates that are missing from the records that are here, and from the drops that nobody was told of yet. Totals
 * follow from them when the spool is opened; where a total is known and is more, the rest counts as dropped.
 */
export function countSumsAnew(database: DatabaseSync): void {
  const sums: [string, number][] = [];
  for (const state of ['receipted', 'rejected']) {
    const row = database
      .prepare(
        'SELECT COUNT(*) AS records, COALESCE(SUM(samples), 0) AS samples FROM records WHERE state = ?',
      )
      .get(state);
    sums.push([`records.${state}`, Number(row?.['records'])], [state, Number(row?.['samples'])]);
  }
  const originals = database
    .prepare(
      'SELECT COALESCE(SUM(thinned_to - thinned_from + 1), 0) AS records FROM headers WHERE thinned_from IS NOT NULL',
    )
    .get();
  // How many samples they had stood in them alone.
  sums.push(['records.thinned', Number(originals?.['records'])], ['thinned', 0]);
  const drops = database
    .prepare('SELECT reason, SUM(samples) AS samples FROM drops GROUP BY reason HAVING SUM(samples) > 0')
    .all();
  for (const row of drops) sums.push([`dropped:${String(row['reason'])}`, Number(row['samples'])]);
  addSums(database, sums);
}
