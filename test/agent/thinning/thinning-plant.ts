import { dutiesOf, type ChannelDuty } from '../../../agent/thinning/channel-duties.ts';
import { MachineThinner } from '../../../agent/thinning/thin-machine.ts';
import { closeHour } from '../../../collector/energy/close-hour.ts';
import { feedHeard, feedRecord } from '../../../collector/energy/feed-record.ts';
import { startFold } from '../../../collector/energy/fold-state.ts';
import type { HourAccount } from '../../../collector/energy/hour-account.ts';
import { advanceFold, takeChangedAccounts } from '../../../collector/energy/machine-fold.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import { unconfiguredMachine, type MachineModel } from '../../../collector/energy/machine-model.ts';
import type { RecordFeed } from '../../../collector/energy/record-feed.ts';
import { RecordReader } from '../../../collector/derivation/record-reader.ts';
import { constants, zstdCompressSync } from 'node:zlib';
import { generateSigningKey, sha256 } from '../../../protocols/evidence/keys.ts';
import { sealRecord, type SealedRecord } from '../../../protocols/evidence/seal.ts';
import type { Channel } from '../../../protocols/telemetry/channel.ts';
import { countSamples, encodePart, type MachinePart } from '../../../protocols/telemetry/part.ts';
import { encodeSnapshot } from '../../../protocols/telemetry/snapshot-text.ts';
import type { ConfigSnapshot } from '../../../protocols/telemetry/snapshot.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';

export const MACHINE = 'mill-1';
export const HOUR_MS = 3_600_000;
/** Wall time of monotonic 0, 2026-03-02 09:50 UTC. */
export const BOOT_MS = Date.UTC(2026, 2, 2, 9, 50);
const KEY = generateSigningKey();
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** A measured channel of the machine; counters in Wh / 10. */
export function measured(
  component: string,
  quantity: 'activePower' | 'activeEnergyImport' | 'activeEnergyExport' | 'voltage',
  options: { source?: string; modulus?: string; stepsBack?: boolean; scale?: [string, string] } = {},
): Channel {
  const { source = 'meter', modulus, stepsBack = false } = options;
  return {
    kind: 'measured',
    id: `${MACHINE}.${component}.${quantity}`,
    machine: MACHINE,
    component,
    quantity,
    phase: 'total',
    source,
    point: `${component}/${quantity}`,
    scale: options.scale ?? (quantity.startsWith('activeEnergy') ? ['1', '100'] : ['1', '1']),
    ...(quantity.startsWith('activeEnergy')
      ? {
          counter: {
            behaviour: 'monotone' as const,
            ...(modulus === undefined ? {} : { modulus }),
            ...(stepsBack ? { stepsBack } : {}),
          },
        }
      : {}),
  };
}

/** The word of the control. */
export const EXECUTION: Channel = {
  kind: 'status',
  id: `${MACHINE}.control.execution`,
  machine: MACHINE,
  component: 'control',
  status: 'execution',
  source: 'control',
  point: 'execution',
  vocabulary: 'mtconnect/Execution',
};

/** A machine's records as they were sealed, part by part, and what they become. */
export class ThinningPlant {
  readonly snapshot: ConfigSnapshot;
  readonly duties: ReadonlyMap<string, ChannelDuty>;
  readonly model: MachineModel;
  readonly #text: string;
  readonly #reader: RecordReader;

  constructor(channels: Channel[], model: Partial<MachineModel> = {}) {
    const sources = [...new Set(channels.map(({ source }) => source))];
    this.snapshot = {
      v: 1,
      site: 'plant',
      agent: 'gw-1',
      software: { name: 'millwatt', version: '0.1.0' },
      sources: sources.map((id) => ({
        id,
        protocol: 'modbus-tcp',
        address: `127.0.0.1:502 ${id}`,
        everyMs: 1000,
        meter: { serial: `s-${id}` },
      })),
      channels,
    };
    this.#text = encodeSnapshot(this.snapshot);
    this.duties = dutiesOf(this.snapshot);
    this.model = { ...unconfiguredMachine(MACHINE), ratedPowerW: watts(15_000), ...model };
    const config = this.#seal(1, 'config', { machine: MACHINE, sampled: [], events: [], links: [] });
    this.#reader = new RecordReader({
      configRecord: () => ({ ...config, ordinal: 1, receivedMs: BOOT_MS }),
    });
  }

  /** One part of all of them. */
  thin(parts: readonly MachinePart[]): MachinePart {
    const thinner = new MachineThinner(MACHINE, this.duties);
    for (const part of parts) thinner.add(part);
    return thinner.thin(BOOT_MS);
  }

  /** The hours of parts, sealed in this order. */
  hours(parts: readonly MachinePart[], toMs: number): MachineHour[] {
    const fold = startFold();
    // The agent was watching all the while.
    for (let atMs = 0; atMs <= toMs; atMs += 60_000) feedHeard(fold, 'gw-1', BOOT_MS + atMs);
    for (const [index, part] of parts.entries()) {
      const feed = this.feed(part, index + 2);
      if (feed !== undefined) feedRecord(fold, feed);
    }
    const accounts = new Map<number, HourAccount>();
    const take = () => {
      for (const account of takeChangedAccounts(fold)) accounts.set(account.hourMs, account);
    };
    for (let atMs = 0; atMs <= toMs + 60_000; atMs += 600_000) {
      advanceFold(this.model, fold, BOOT_MS + atMs);
      take();
    }
    advanceFold(this.model, fold, BOOT_MS + toMs + 60_000);
    take();
    return [...accounts.values()]
      .sort((a, b) => a.hourMs - b.hourMs)
      .map((account) => closeHour('plant', this.model, account));
  }

  feed(part: MachinePart, seq: number): RecordFeed | undefined {
    const record = this.#seal(seq, 'readings', part);
    return this.#reader.readMachine({ ...record, ordinal: seq, receivedMs: BOOT_MS }, MACHINE);
  }

  #seal(seq: number, kind: 'config' | 'readings', part: MachinePart): SealedRecord {
    const text = kind === 'config' ? this.#text : encodePart(part);
    return sealRecord(
      {
        kind,
        site: 'plant',
        agent: 'gw-1',
        epoch: 'aaaaaaaaaaaa',
        seq,
        boot: 'bbbbbbbbbbbb',
        first: 0,
        last: 1e9,
        sealedTo: 1e9,
        samples: kind === 'config' ? 0 : countSamples(part),
        config: sha256(this.#text),
        clock: { mono: 0, wall: BOOT_MS, state: 'synced' },
        prev: seq === 1 ? null : sha256('prev'),
      },
      [{ machine: kind === 'config' ? null : MACHINE, bytes: new Uint8Array(zstdCompressSync(text, FAST)) }],
      KEY,
    );
  }
}

/** Rows of one meter, to be cut into parts. */
export interface Rows {
  source: string;
  everyMs: number;
  timesMs: number[];
  columns: Record<string, (number | null)[]>;
}

/** Cuts rows and words into the parts of records that were sealed every so often. */
export function cutParts(
  rows: readonly Rows[],
  words: readonly [atMs: number, word: string][],
  everyMs: number,
  toMs: number,
): MachinePart[] {
  const parts: MachinePart[] = [];
  for (let fromMs = 0; fromMs < toMs; fromMs += everyMs) {
    const isIn = (atMs: number) => atMs >= fromMs && atMs < fromMs + everyMs;
    const own = words.filter(([atMs]) => isIn(atMs));
    parts.push({
      machine: MACHINE,
      sampled: rows.flatMap(({ source, everyMs: cadenceMs, timesMs, columns }) => {
        const first = timesMs.findIndex(isIn);
        if (first < 0) return [];
        const last = timesMs.findLastIndex(isIn) + 1;
        return [
          {
            source,
            everyMs: cadenceMs,
            timesMs: timesMs.slice(first, last),
            columns: new Map(Object.entries(columns).map(([id, column]) => [id, column.slice(first, last)])),
            quality: new Map(),
          },
        ];
      }),
      events:
        own.length === 0
          ? []
          : [
              {
                channel: EXECUTION.id,
                source: EXECUTION.source,
                timesMs: own.map(([atMs]) => atMs),
                values: own.map(([, word]) => word),
              },
            ],
      links: [],
    });
  }
  return parts;
}

/** What thinning leaves exactly as it was, hour by hour. */
export function exactFigures(hours: readonly MachineHour[]): unknown[] {
  return hours.map(({ hourMs, energy, timeMs, media }) => ({
    hourMs,
    supplyMwh: energy.supplyMwh,
    exportMwh: energy.exportMwh,
    componentMwh: energy.componentMwh,
    timeMs,
    media,
  }));
}
