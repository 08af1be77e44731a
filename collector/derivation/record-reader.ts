import { sha256 } from '../../protocols/evidence/keys.ts';
import { unfoldPart } from '../../protocols/evidence/seal.ts';
import { decodePart, type MachinePart, type QualityRun } from '../../protocols/telemetry/part.ts';
import { parseRecord, wallTimeMs, type RecordHeader } from '../../protocols/telemetry/record.ts';
import type { ConfigSnapshot } from '../../protocols/telemetry/snapshot.ts';
import { decodeSnapshot } from '../../protocols/telemetry/snapshot-text.ts';
import { plainReading, type PlainReading } from '../energy/counter-value.ts';
import type { RecordFeed } from '../energy/record-feed.ts';
import { readEpochEnd } from '../ledger/epoch-end.ts';
import type { Ledger, LedgerRecord } from '../ledger/ledger.ts';
import type { EpochEnd } from './agent-watch.ts';
import { mapChannels, type ChannelRole } from './channel-map.ts';
import { partTextOf, withoutOriginals } from './thinned-records.ts';

/** What a config snapshot says: the roles of channels, the sources, and the channels of words by machine. */
interface Wiring {
  roles: Map<string, ChannelRole>;
  sources: string[];
  words: Map<string, string[]>;
}

/** Takes a column of readings for the charts, raw. */
export type TakeColumn = (
  channel: string,
  timesMs: readonly number[],
  values: readonly (number | bigint | null)[],
  factor: number,
) => void;

/** Unfolds records into what the derivation needs, and keeps the channels that config snapshots defined. */
export class RecordReader {
  readonly #ledger: Pick<Ledger, 'configRecord'>;
  readonly #wirings = new Map<string, Wiring>();
  #snapshots: { hash: string; snapshot: ConfigSnapshot }[] = [];

  constructor(ledger: Pick<Ledger, 'configRecord'>) {
    this.#ledger = ledger;
  }

  /** True when the config snapshot that the record rests on is here; without it, its readings say nothing yet. */
  isReadable(header: RecordHeader): boolean {
    return this.#wiringOf(header.agent, header.config) !== undefined;
  }

  /**
   * What a record says of one machine; undefined when it has no part of it. Throws an error of class `quarantine` when
   * the part is malformed. Channels that the snapshot does not define, or that no longer mean what they did, are left out.
   */
  readMachine(
    record: LedgerRecord,
    machine: string,
    takeColumn?: TakeColumn,
    originals: Iterable<LedgerRecord> = [],
  ): RecordFeed | undefined {
    const { header } = record;
    const wiring = this.#wiringOf(header.agent, header.config);
    const text = wiring === undefined ? undefined : partTextOf(record, machine);
    if (text === undefined || wiring === undefined) return undefined;
    const { roles, sources, words } = wiring;
    const parts = [...originals].map((one) => decodePart(partTextOf(one, machine) ?? ''));
    const part = decodePart(text);
    const feed = feedOf(header, withoutOriginals(part, parts), roles, takeColumn);
    if (header.thinnedFrom !== undefined) feed.thinned = { toMs: wallTimeMs(header, lastReadMs(part)) };
    return { ...feed, wiring: { sources, channels: words.get(machine) ?? [] } };
  }

  /** Where a `log` record says that an epoch has ended; undefined when it says no such thing. */
  readEpochEnd({ header, bytes }: Pick<LedgerRecord, 'header' | 'bytes'>): EpochEnd | undefined {
    const end = readEpochEnd({ header, bytes });
    if (end === undefined) return undefined;
    const { epoch, seq } = end;
    return { epoch, seq, atMs: wallTimeMs(header, header.sealedTo) };
  }

  /** Config snapshots that were read since the last call, for whoever has to know what a channel was. */
  takeSnapshots(): { hash: string; snapshot: ConfigSnapshot }[] {
    const snapshots = this.#snapshots;
    this.#snapshots = [];
    return snapshots;
  }

  #wiringOf(agent: string, config: string): Wiring | undefined {
    const known = this.#wirings.get(config);
    if (known !== undefined) return known;
    const record = this.#ledger.configRecord(agent, config);
    const part = record === undefined ? undefined : parseRecord(record.bytes).parts[0];
    if (part === undefined) return undefined;
    const text = unfoldPart(part);
    if (sha256(text) !== config) return undefined;
    const snapshot = decodeSnapshot(text);
    const wiring = readWiring(snapshot);
    this.#snapshots.push({ hash: config, snapshot });
    // Every start of an agent may bring a snapshot; old ones are read again when they are asked for.
    if (this.#wirings.size >= 256) this.#wirings.clear();
    this.#wirings.set(config, wiring);
    return wiring;
  }
}

function readWiring(snapshot: ConfigSnapshot): Wiring {
  const words = new Map<string, string[]>();
  for (const { kind, machine, id } of snapshot.channels)
    if (kind === 'status') words.set(machine, [...(words.get(machine) ?? []), id]);
  return { roles: mapChannels(snapshot), sources: snapshot.sources.map(({ id }) => id), words };
}

function feedOf(
  header: RecordHeader,
  part: MachinePart,
  channels: ReadonlyMap<string, ChannelRole>,
  takeColumn: TakeColumn | undefined,
): RecordFeed {
  const { agent, epoch, seq, config, boot } = header;
  const offsetMs = wallTimeMs(header, 0);
  const wall = (timesMs: readonly number[]) => timesMs.map((atMs) => atMs + offsetMs);
  const feed: RecordFeed = {
    record: { agent, epoch, seq, config },
    unsynced: header.clock.state === 'unsynced',
    clock: {
      boot: `${agent} ${boot}`,
      offsetMs,
      ...(header.thinnedFrom === undefined ? {} : { thinnedFrom: header.thinnedFrom }),
    },
    rows: [],
    words: [],
    links: part.links.map(({ source, timesMs, up, reasons }) => ({
      source,
      timesMs: wall(timesMs),
      up,
      ...(reasons.includes('healed') ? { healed: reasons.map((reason) => reason === 'healed') } : {}),
    })),
  };
  for (const group of part.sampled) {
    const timesMs = wall(group.timesMs);
    const row: RecordFeed['rows'][number] = {
      source: group.source,
      everyMs: group.everyMs,
      timesMs,
      powers: [],
      counters: [],
    };
    for (const [channel, raw] of group.columns) {
      const role = channels.get(channel);
      if (role === undefined || role.kind === 'word') continue;
      const values = withoutBad(raw, group.quality.get(channel));
      takeColumn?.(channel, timesMs, values, role.factor);
      if (role.kind === 'power') {
        const { component, factor } = role;
        const inWatts =
          factor === 1 && values.every((value) => typeof value !== 'bigint')
            ? values
            : values.map((value) => (value === null ? null : Number(value) * factor));
        row.powers.push({ component, values: inWatts });
      } else if (role.kind === 'counter') {
        const { component, direction, definition } = role;
        row.counters.push({ component, direction, definition, values: plainColumn(values) });
      } else if (role.kind === 'medium') {
        const { component, definition } = role;
        row.media ??= { flows: [], counters: [] };
        row.media.counters.push({ component, definition, values: plainColumn(values) });
      }
    }
    if (row.powers.length > 0 || row.counters.length > 0 || row.media !== undefined) feed.rows.push(row);
  }
  for (const { channel, source, timesMs, values } of part.events) {
    const role = channels.get(channel);
    if (role?.kind !== 'word') continue;
    const { status, vocabulary } = role;
    feed.words.push({ channel, source, status, vocabulary, timesMs: wall(timesMs), values });
  }
  return feed;
}

function lastReadMs({ sampled }: MachinePart): number {
  return Math.max(0, ...sampled.map(({ timesMs }) => timesMs.at(-1) ?? 0));
}

/** Nearly every column is plain already. */
function plainColumn(values: readonly (number | bigint | null)[]): readonly (PlainReading | null)[] {
  return values.every((value) => typeof value !== 'bigint')
    ? values
    : values.map((value) => (value === null ? null : plainReading(value)));
}

/** Readings of quality `bad` are no readings. */
function withoutBad(
  values: (number | bigint | null)[],
  runs: readonly QualityRun[] | undefined,
): (number | bigint | null)[] {
  if (runs === undefined) return values;
  const kept = [...values];
  for (const [first, count, quality] of runs) if (quality === 'bad') kept.fill(null, first, first + count);
  return kept;
}
