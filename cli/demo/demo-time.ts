import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../protocols/clock.ts';

const HOUR_MS = 3_600_000;

/**
 * Where simulated time begins: a full hour about 24 hours ago, or where the last run of this demo ended when that was
 * later, so that a second start continues the same ledger.
 */
export function readDemoOriginMs(folder: string, nowMs: number): number {
  const dayAgoMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS - 24 * HOUR_MS;
  return Math.min(nowMs, Math.max(dayAgoMs, lastTimeMs(folder) ?? 0));
}

/** Notes how far simulated time has come. */
export function rememberDemoTime(folder: string, clock: Clock): void {
  const file = fileOf(folder);
  writeFileSync(`${file}.new`, JSON.stringify({ simulatedMs: clock.wallMs() }));
  renameSync(`${file}.new`, file);
}

function lastTimeMs(folder: string): number | undefined {
  try {
    const { simulatedMs } = JSON.parse(readFileSync(fileOf(folder), 'utf8')) as { simulatedMs: unknown };
    return typeof simulatedMs === 'number' ? simulatedMs : undefined;
  } catch {
    return undefined;
  }
}

function fileOf(folder: string): string {
  return join(folder, 'demo-time.json');
}
