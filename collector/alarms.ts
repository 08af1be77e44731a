import { roomCure } from './ingest/room-watch.ts';
import type { CollectorStats } from './collector-stats.ts';

/** Something that does not heal until a person does something. Nothing is lost meanwhile. */
export interface Alarm {
  part: 'influx' | 'ledger';
  /** What happened, as one sentence without its full stop. */
  reason: string;
  cure: string;
  /** Records of the ledger that wait for it. */
  lagRecords: number;
}

/** What a person has to see to just now. */
export function readAlarms(
  stats: Pick<CollectorStats, 'influx' | 'lagRecords'> & Partial<Pick<CollectorStats, 'room'>>,
): Alarm[] {
  return [...ledgerAlarms(stats), ...influxAlarms(stats)];
}

function ledgerAlarms({ room }: Partial<Pick<CollectorStats, 'room'>>): Alarm[] {
  if (room?.full !== true) return [];
  const reason = 'The disk of the ledger is full: no record is taken, agents keep theirs';
  return [{ part: 'ledger', reason, cure: roomCure(room.reserveBytes), lagRecords: 0 }];
}

function influxAlarms({ influx, lagRecords }: Pick<CollectorStats, 'influx' | 'lagRecords'>): Alarm[] {
  const { state, reason, cure } = (influx ?? {}) as { state?: unknown; reason?: unknown; cure?: unknown };
  if (state !== 'halt') return [];
  return [
    { part: 'influx', reason: String(reason), cure: String(cure), lagRecords: lagRecords['influx'] ?? 0 },
  ];
}
