import type { CollectorStats } from './collector-stats.ts';

/** Something that does not heal until a person does something. Nothing is lost meanwhile. */
export interface Alarm {
  part: 'influx';
  /** What happened, as one sentence without its full stop. */
  reason: string;
  cure: string;
  /** Records of the ledger that wait for it. */
  lagRecords: number;
}

/** What a person has to see to just now. */
export function readAlarms({ influx, lagRecords }: Pick<CollectorStats, 'influx' | 'lagRecords'>): Alarm[] {
  const { state, reason, cure } = (influx ?? {}) as { state?: unknown; reason?: unknown; cure?: unknown };
  if (state !== 'halt') return [];
  return [
    { part: 'influx', reason: String(reason), cure: String(cure), lagRecords: lagRecords['influx'] ?? 0 },
  ];
}
