import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import type { LedgerRecord } from '../../../collector/ledger/ledger.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { asLedgerRecord } from './plant-records.ts';

interface Checkpoint {
  machine: string;
  hourMs: number;
  json: string;
}

/** What the projector needs of a ledger and of views, in memory. `cursors` survive a projector, as a file would. */
export function createMemoryLedger() {
  const records: LedgerRecord[] = [];
  const cursors = new Map<string, number>();
  const checkpoints = new Map<string, string>();
  const hours: { version: number; hour: MachineHour }[] = [];
  return {
    cursors,
    append: (sealed: SealedRecord) => records.push(asLedgerRecord(sealed, records.length + 1)),
    putHour: (hour: MachineHour) => hours.push({ version: hours.length + 1, hour }),
    ledger: {
      readAfter: (after: number, limit: number) => records.slice(after, after + limit),
      configRecord: (agent: string, hash: string) =>
        records.find(
          ({ header }) => header.kind === 'config' && header.agent === agent && header.config === hash,
        ),
      lastOrdinal: () => records.length,
    },
    views: {
      cursor: (reader: string) => cursors.get(reader) ?? 0,
      setCursor: (reader: string, ordinal: number) => void cursors.set(reader, ordinal),
      commit: (change: { reader: string; ordinal: number; checkpoints?: Iterable<Checkpoint> }) => {
        cursors.set(change.reader, change.ordinal);
        for (const { machine, json } of change.checkpoints ?? []) checkpoints.set(machine, json);
      },
      checkpointBefore: (machine: string) => {
        const json = checkpoints.get(machine);
        return json === undefined ? undefined : { hourMs: 0, json };
      },
      hoursChangedAfter: (version: number, limit: number) =>
        hours.filter((entry) => entry.version > version).slice(0, limit),
    },
  };
}
