import { roomCure } from './ingest/room-watch.ts';
import type { CollectorStats } from './collector-stats.ts';

/** What heals by itself should have healed by then, s. */
const RETRY_S_MAX = 600;

/** Something that does not heal until a person does something. */
export interface Alarm {
  part: 'broker' | 'influx' | 'ledger' | 'keys';
  /** What happened, as one sentence without its full stop. */
  reason: string;
  cure: string;
  /** Records of the ledger that wait for it. */
  lagRecords: number;
}

const FOREIGN_CURE =
  'Note when and from which backup the ledger was restored, for whoever asks about the overlap. Where it was not, somebody changed it: stop the collector and put back ledger/ and days.db as they were. It is told until the collector starts again.';

const DAMAGE_CURE =
  'Their agents are asked for them and the alarm ends when they have sent them; they keep what they sent for 72 h. Otherwise stop the collector, put the month that its log names back from a backup (remove the -wal and -shm beside it), delete views.db and start it; `millwatt ledger verify` names each record.';

type Told = Pick<CollectorStats, 'influx' | 'lagRecords'> &
  Partial<Pick<CollectorStats, 'room' | 'broker' | 'retention' | 'evidence' | 'keyTroubles'>> & {
    ledger?: Pick<CollectorStats['ledger'], 'damaged'>;
  };

/** What a person has to see to just now. */
export function readAlarms(stats: Told): Alarm[] {
  return [...brokerAlarms(stats), ...ledgerAlarms(stats), ...influxAlarms(stats), ...keyAlarms(stats)];
}

/** A link that was not tried yet has no reason, and is no alarm. */
function brokerAlarms({ broker }: Pick<Told, 'broker'>): Alarm[] {
  if (broker === undefined || broker.connected || broker.reason === '') return [];
  const reason = `No agent is heard. ${broker.reason.replace(/\.$/, '')}`;
  return [{ part: 'broker', reason, cure: broker.cure, lagRecords: 0 }];
}

function ledgerAlarms({
  room,
  ledger,
  retention,
  evidence,
}: Pick<Told, 'room' | 'ledger' | 'retention' | 'evidence'>): Alarm[] {
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
  return [...alarms, ...evidenceAlarms(evidence)];
}

function evidenceAlarms(evidence: Told['evidence']): Alarm[] {
  const alarms: Alarm[] = [];
  if (evidence !== undefined && evidence.cure !== '') {
    const reason = `No root of a day is signed: ${evidence.stuck}`;
    alarms.push({ part: 'ledger', reason, cure: evidence.cure, lagRecords: evidence.openRecords });
  }
  if (evidence !== undefined && evidence.stampCure !== '') {
    const reason = `The last day of the ledger has no time stamp: ${evidence.stampStuck}`;
    alarms.push({ part: 'ledger', reason, cure: evidence.stampCure, lagRecords: 0 });
  }
  if (evidence !== undefined && evidence.foreign !== '') {
    const reason = evidence.foreign.replace(/\.$/, '');
    alarms.push({ part: 'ledger', reason, cure: FOREIGN_CURE, lagRecords: 0 });
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

function keyAlarms({ keyTroubles = [] }: Pick<Told, 'keyTroubles'>): Alarm[] {
  return keyTroubles.map(({ agent, fingerprint, standing }) => {
    const confirm = `millwatt keys confirm ${agent} ${fingerprint}`;
    const isOther = standing === 'other';
    return {
      part: 'keys',
      reason: isOther
        ? `Agent ${agent} signs with key ${fingerprint}, not with the one it used before: its records are kept, and are no evidence`
        : `Agent ${agent} signs with key ${fingerprint}, which was revoked: its records are refused and wait in its spool`,
      cure: isOther
        ? `Compare it with \`millwatt keys show\` on the gateway; where it is the same: ${confirm}. Where it is not, somebody else sends in its name: millwatt keys revoke ${agent} ${fingerprint} --since now --because TEXT`
        : `Give the gateway a new key (millwatt keys rotate) and confirm that one; where it was revoked by mistake: ${confirm}`,
      lagRecords: 0,
    };
  });
}
