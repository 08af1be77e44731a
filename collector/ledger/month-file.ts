import { closeSync, existsSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MillwattError } from '../../protocols/errors.ts';

/** A month of arrival in UTC, `2026-11`: one file of the ledger. */
export type Month = string;

const FILE = /^records-(\d{4}-\d{2})\.db$/;

/** The UTC month of a wall time, ms since the Unix epoch. */
export function monthOf(wallMs: number): Month {
  return new Date(wallMs).toISOString().slice(0, 7);
}

/** The path of a month's file. */
export function monthPath(folder: string, month: Month): string {
  return join(folder, `records-${month}.db`);
}

/** The months that a ledger's folder holds, oldest first. */
export function listMonths(folder: string): Month[] {
  return readdirSync(folder)
    .map((name) => FILE.exec(name)?.[1])
    .filter((month) => month !== undefined)
    .sort();
}

/** When a month of arrival begins and ends, wall ms since the Unix epoch. */
export function monthSpan(month: Month): { fromMs: number; toMs: number } {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return { fromMs: Date.UTC(year, number - 1), toMs: Date.UTC(year, number) };
}

/** Notes beside a month's file that it is damaged: at the next start, what is sound of it is salvaged. */
export function markDamaged(path: string): void {
  closeSync(openSync(`${path}.damaged`, 'a', 0o600));
}

/** Whether a month was noted to be damaged. */
export function isMarkedDamaged(path: string): boolean {
  return existsSync(`${path}.damaged`);
}

/** The damage is seen to. */
export function unmarkDamaged(path: string): void {
  rmSync(`${path}.damaged`, { force: true });
}

/** The error of a month that turned out to be damaged while it was open. */
export function damagedMonth(message: string, cause?: unknown): MillwattError {
  return new MillwattError('crash', 'damaged-month', `A month of the ledger is damaged: ${message}.`, {
    cure: 'Start the collector again: it salvages what is sound and asks the agents for the rest.',
    cause,
  });
}
