import { roomCure } from './ingest/room-watch.ts';
import type { CollectorStats } from './collector-stats.ts';

/** What heals by itself should have healed by then, s. */
const RETRY_S_MAX = 600;

/** Something that does not heal until a person does something. */
export interface Alarm {
  part: 'broker' | 'influx' | 'ledger';
  /** What happened, as one sentence without its full stop. */
  reason: string;
  cure: string;
  /** Records of the ledger that wait for it. */
  lagRecords: number;
}

const DAMAGE_CURE =
  'Their agents are asked for them and the alarm ends when they have sent them; they keep what they sent for 72 h. Otherwise stop the collector, put the month that its log names back from a backup (remove the -wal and -shm beside it), delete views.db and start it; `millwatt ledger verify` names each record.';

type Told = Pick<CollectorStats, 'influx' | 'lagRecords'> &
  Partial<Pick<CollectorStats, 'room' | 'broker' | 'retention'>> & {
    ledger?: Pick<CollectorStats['ledger'], 'damaged'>;
  };

/** What a person has to see to just now. */
export function readAlarms(stats: Told): Alarm[] {
  return [...brokerAlarms(stats), ...ledgerAlarms(stats), ...influxAlarms(stats)];
}

/** A link that was not tried yet has no reason, and is no alarm. */
function brokerAlarms({ broker }: Pick<Told, 'broker'>): Alarm[] {
  if (broker === undefined || broker.connected || broker.reason === '') return [];
  const reason = `No agent is heard. ${broker.reason.replace(/\.$/, '')}`;
  return [{ part: 'broker', reason, cure: broker.cure, lagRecords: 0 }];
}

function ledgerAlarms({ room, ledger, retention }: Pick<Told, 'room' | 'ledger' | 'retention'>): Alarm[] {
  const alarms: Alarm[] = [];
  if (room?.full === true) {
    const reason = 'The disk of the ledger is full: no record is taken, agents keep theirs';
    alarms.push({ part: 'ledger', reason, cure: roomCure(room.reserveBytes), lagRecords: 0 });
  }
  const damaged = ledger?.damaged ?? 0;
  if (damaged > 0) {
    const what = damaged === 1 ? 'One record' : `${damaged} records`;
    const reason = `${what} of the ledger ${damaged === 1 ? 'is' : 'are'} damaged: nothing is derived from ${damaged === 1 ? 'it' : 'them'}`;
    alarms.push({ part: 'ledger', reason, cure: DAMAGE_CURE, lagRecords: 0 });
  }
  // What goes on by itself has no cure, and is no alarm.
  if (retention !== undefined && retention.cure !== '') {
    const reason = `Old readings cannot be let go: ${retention.stuck.replace(/\.$/, '')}`;
    alarms.push({ part: 'ledger', reason, cure: retention.cure, lagRecords: 0 });
  }
  return alarms;
}

function influxAlarms({ influx, lagRecords }: Pick<CollectorStats, 'influx' | 'lagRecords'>): Alarm[] {
  const { state, reason, cure, failingSeconds } = (influx ?? {}) as Record<string, unknown>;
  const isLong = state === 'retry' && typeof failingSeconds === 'number' && failingSeconds > RETRY_S_MAX;
  if (state !== 'halt' && !isLong) return [];
  return [
    { part: 'influx', reason: String(reason), cure: String(cure), lagRecords: lagRecords['influx'] ?? 0 },
  ];
}
