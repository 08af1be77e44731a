import { unfoldPart } from '../../protocols/evidence/seal.ts';
import type { Channel } from '../../protocols/telemetry/channel.ts';
import { decodePart } from '../../protocols/telemetry/part.ts';
import { parseRecord } from '../../protocols/telemetry/record.ts';
import { decodeSnapshot } from '../../protocols/telemetry/snapshot-text.ts';
import type { Ledger, LedgerRecord } from '../ledger/ledger.ts';
import { linesOfPart, type SampleLines } from './sample-lines.ts';

/** Wirings kept at hand. */
const CACHE_MAX = 64;

/** Turns ledger records into lines, with the wiring that each record names. */
export interface RecordReader {
  /** The lines of a `readings` record; undefined when its wiring has not arrived yet. Throws (class `quarantine`) on a malformed one. */
  read(record: LedgerRecord): SampleLines | undefined;
}

/** A reader with a small cache of wirings. */
export function createRecordReader(ledger: Pick<Ledger, 'configRecord'>): RecordReader {
  const wirings = new Map<string, ReadonlyMap<string, Channel>>();

  const channelsOf = (agent: string, configHash: string): ReadonlyMap<string, Channel> | undefined => {
    const key = `${agent} ${configHash}`;
    const known = wirings.get(key);
    if (known !== undefined) return known;
    const record = ledger.configRecord(agent, configHash);
    const part = record === undefined ? undefined : parseRecord(record.bytes).parts[0];
    if (part === undefined) return undefined;
    const snapshot = decodeSnapshot(unfoldPart(part));
    const channels = new Map(snapshot.channels.map((channel) => [channel.id, channel]));
    if (wirings.size >= CACHE_MAX) wirings.clear();
    wirings.set(key, channels);
    return channels;
  };

  return {
    read: ({ bytes, header }) => {
      const channels = channelsOf(header.agent, header.config);
      if (channels === undefined) return undefined;
      const all: SampleLines = { lines: [], samples: 0, bad: 0, unknown: 0 };
      for (const part of parseRecord(bytes).parts) {
        const one = linesOfPart(decodePart(unfoldPart(part)), header, channels);
        all.lines.push(...one.lines);
        all.samples += one.samples;
        all.bad += one.bad;
        all.unknown += one.unknown;
      }
      return all;
    },
  };
}
