import { collectorConfig } from './collector-config.ts';
import type { Remark } from './finding.ts';
import { salvage } from './salvage.ts';

/** A month of arrival goes eight days after its end at the earliest; less than a month can only be a slip of the unit. */
const KEEP_MS_MIN = 31 * 86_400_000;
const MAX_BYTES_MIN = 100_000_000;
const RESERVE_BYTES_MAX = 100_000_000_000;

/** What letting readings go has against itself: what goes comes never back. `raw` is `ledger` of a collector's file. */
export function checkLedger(raw: unknown): Remark[] {
  const ledger = salvage(collectorConfig.shape.ledger, raw)?.value;
  if (ledger === undefined) return [];
  const remarks: Remark[] = [];
  const error = (key: string, message: string, cure: string) =>
    remarks.push({ severity: 'error', path: ['ledger', key], message, cure });
  if (ledger.keep !== undefined && ledger.keep < KEEP_MS_MIN)
    error(
      'keep',
      'is less than a month: readings that go never come back.',
      'Write 31d or more, such as 730d; without it readings are kept for ever.',
    );
  if (ledger.maxSize !== undefined && ledger.maxSize < MAX_BYTES_MIN)
    error(
      'maxSize',
      'is less than a month of readings may need: what goes never comes back.',
      'Write 100MB or more, such as 50GB.',
    );
  if (ledger.reserve > RESERVE_BYTES_MAX)
    error(
      'reserve',
      'is more than 100GB: on a smaller disk no record would be taken.',
      'Write 100MB unless you have a reason.',
    );
  return remarks;
}
