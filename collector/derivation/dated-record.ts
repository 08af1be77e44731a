import { wallTimeMs } from '../../protocols/telemetry/record.ts';
import type { LedgerRecord } from '../ledger/ledger.ts';

/** A clock that shows less was never set (2020-01-01), and one that is a day ahead of ours, when its record came, is wrong. */
const EARLIEST_MS = 1_577_836_800_000;
const AHEAD_MS = 86_400_000;

/**
 * Whether the wall times of a record can be believed. By when it came, not by now: what was once left out must stay so
 * when it is read again.
 */
export function isDated({ header, receivedMs }: Pick<LedgerRecord, 'header' | 'receivedMs'>): boolean {
  const firstMs = wallTimeMs(header, header.first);
  const lastMs = wallTimeMs(header, Math.max(header.last, header.sealedTo));
  return firstMs >= EARLIEST_MS && lastMs <= receivedMs + AHEAD_MS;
}
