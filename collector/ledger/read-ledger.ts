import { existsSync } from 'node:fs';
import { MillwattError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import { listMonths, monthPath } from './month-file.ts';
import { MonthReader } from './month-reader.ts';
import type { Ledger, LedgerRecord } from './ledger.ts';

/** A ledger that is only looked at; its collector may be running in another process. */
export interface LedgerView extends Pick<Ledger, 'readMachine' | 'configRecord'> {
  /** How many records `readMachine` would hand on. */
  countMachine(machine: string, fromMs: number, toMs: number): number;
  close(): void;
}

/** Opens a ledger read-only. Throws an error of class `refuse` (code `no-ledger`) where there is none. */
export function readLedger(options: { folder: string; log: Log }): LedgerView {
  const { folder, log } = options;
  const months = existsSync(folder) ? listMonths(folder) : [];
  if (months.length === 0)
    throw new MillwattError('refuse', 'no-ledger', `There is no ledger in ${folder}.`, {
      cure: 'Give the configuration of a collector that has run, and run this on its computer.',
    });
  return new OpenedLedger(months.map((month) => new MonthReader(monthPath(folder, month), log)));
}

class OpenedLedger implements LedgerView {
  /** Oldest month first. */
  readonly #months: readonly MonthReader[];

  constructor(months: readonly MonthReader[]) {
    this.#months = months;
  }

  countMachine(machine: string, fromMs: number, toMs: number): number {
    return this.#months.reduce((sum, month) => sum + month.ordinalsOf(machine, fromMs, toMs).length, 0);
  }

  *readMachine(machine: string, fromMs: number, toMs: number): Iterable<LedgerRecord> {
    for (const month of this.#months) {
      for (const ordinal of month.ordinalsOf(machine, fromMs, toMs)) {
        const record = month.recordAt(ordinal);
        if (record !== undefined) yield record;
      }
    }
  }

  configRecord(agent: string, configHash: string): LedgerRecord | undefined {
    for (const month of this.#months.toReversed()) {
      const record = month.configRecord(agent, configHash);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  close(): void {
    for (const month of this.#months) month.close();
  }
}
