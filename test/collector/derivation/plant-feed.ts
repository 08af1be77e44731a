import { sha256, generateSigningKey, type SigningKey } from '../../../protocols/evidence/keys.ts';
import { dutiesOf } from '../../../agent/thinning/channel-duties.ts';
import { sealThinned } from '../../../agent/thinning/seal-thinned.ts';
import { MachineThinner } from '../../../agent/thinning/thin-machine.ts';
import { goneOf } from '../../../collector/ledger/gone-ranges.ts';
import type { GoneRange } from '../../../collector/ledger/ledger.ts';
import { sealRecord, unfoldPart, type SealedRecord } from '../../../protocols/evidence/seal.ts';
import type { Channel } from '../../../protocols/telemetry/channel.ts';
import { countSamples, decodePart, encodePart, type MachinePart } from '../../../protocols/telemetry/part.ts';
import { parseRecord, type ClockState } from '../../../protocols/telemetry/record.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../protocols/telemetry/snapshot-text.ts';
import type { ConfigSnapshot, SourceDescription } from '../../../protocols/telemetry/snapshot.ts';

export const MACHINE = 'mill-1';
/** 2026-03-02 09:30 UTC. */
export const START_MS = Date.UTC(2026, 2, 2, 9, 30);

/** Rows of one meter, wall times. */
export interface MeterRows {
  source: string;
  everyMs: number;
  timesMs: number[];
  columns: Record<string, (number | bigint | null)[]>;
}

/** What one record is to say. */
export interface Saying {
  rows?: MeterRows[];
  words?: {
    channel: string;
    source: string;
    timesMs: number[];
    values: (string | number | boolean | null)[];
  }[];
  links?: { source: string; timesMs: number[]; up: boolean[]; reasons: string[] }[];
  sealedToMs: number;
  clock?: ClockState;
  /** By how much the agent's wall clock is ahead of the true time, ms. */
  aheadMs?: number;
}

/** An agent that seals records of one machine, as a real one does: a config snapshot first, then readings, in one chain. */
export class PlantFeed {
  readonly agent: string;
  readonly #key: SigningKey = generateSigningKey();
  readonly #epoch: string;
  #snapshot: string;
  /** Wall time at which the boot's monotonic clock was 0. */
  #bootMs: number;
  #boot = 'bbbbbbbbbbbb';
  #seq = 0;
  #prev: string | null = null;

  constructor(
    options: {
      agent?: string;
      epoch?: string;
      channels?: Channel[];
      bootMs?: number;
      /** What is said of every source, beyond its address. */
      about?: Partial<SourceDescription>;
    } = {},
  ) {
    this.agent = options.agent ?? 'gw-1';
    this.#epoch = options.epoch ?? 'aaaaaaaaaaaa';
    this.#bootMs = options.bootMs ?? START_MS - 100_000;
    this.#snapshot = encodeSnapshot(snapshotOf(this.agent, options.channels ?? CHANNELS, options.about));
  }

  /** The gateway starts again: its monotonic clock is 0 at a wall time. */
  reboot(boot: string, bootMs: number): void {
    this.#boot = boot;
    this.#bootMs = bootMs;
  }

  /** The agent's file is another one from here on: a new config snapshot. */
  rewire(channels: Channel[], about: Partial<SourceDescription>): SealedRecord {
    this.#snapshot = encodeSnapshot(snapshotOf(this.agent, channels, about));
    return this.config();
  }

  /** The record with the config snapshot. */
  config(by: Pick<Saying, 'clock' | 'aheadMs'> = {}): SealedRecord {
    return this.#seal('config', [{ machine: null, text: this.#snapshot }], [], 0, {
      sealedToMs: this.#bootMs + 1000,
      ...by,
    });
  }

  /** A record of readings of the machine. */
  say(saying: Saying): SealedRecord {
    const mono = (timesMs: readonly number[]) => timesMs.map((atMs) => atMs - this.#bootMs);
    const part: MachinePart = {
      machine: MACHINE,
      sampled: (saying.rows ?? []).map(({ source, everyMs, timesMs, columns }) => ({
        source,
        everyMs,
        timesMs: mono(timesMs),
        columns: new Map(Object.entries(columns)),
        quality: new Map(),
      })),
      events: (saying.words ?? []).map(({ channel, source, timesMs, values }) => ({
        channel,
        source,
        timesMs: mono(timesMs),
        values,
      })),
      links: (saying.links ?? []).map((link) => ({ ...link, timesMs: mono(link.timesMs) })),
    };
    const timesMs = [...part.sampled, ...part.events, ...part.links].flatMap((group) => group.timesMs);
    const parts = timesMs.length === 0 ? [] : [{ machine: MACHINE, text: encodePart(part) }];
    return this.#seal('readings', parts, timesMs, countSamples(part), saying);
  }

  /** What a full spool keeps of records that follow each other, as an agent thins and seals it. */
  thin(originals: readonly SealedRecord[]): SealedRecord & { gone: GoneRange[] } {
    const [first, last] = [originals[0], originals.at(-1)];
    if (first === undefined || last === undefined) throw new Error('nothing to thin');
    const thinner = new MachineThinner(MACHINE, dutiesOf(decodeSnapshot(this.#snapshot)));
    for (const { bytes } of originals)
      for (const part of parseRecord(bytes).parts) thinner.add(decodePart(unfoldPart(part)));
    const { header, hash } = last;
    const { sealedTo } = header;
    const offsetMs = header.clock.wall - header.clock.mono;
    const clock = { ...header.clock, mono: sealedTo, wall: sealedTo + offsetMs };
    const sealed = sealThinned(
      [thinner.thin(offsetMs)],
      { first: first.header, last: { ...header, clock, hash } },
      { site: 'plant', agent: this.agent, key: this.#key },
      { epoch: this.#epoch, seq: this.#seq, hash: this.#prev, config: header.config },
      sealedTo,
    );
    if (sealed === undefined) throw new Error('does not fit into one record');
    this.#seq++;
    this.#prev = sealed.hash;
    return { ...sealed, gone: goneOf(sealed.header) };
  }

  #seal(
    kind: 'config' | 'readings',
    parts: { machine: string | null; text: string }[],
    monoMs: number[],
    samples: number,
    { sealedToMs, clock: state = 'synced', aheadMs = 0 }: Saying,
  ): SealedRecord {
    const sealedTo = sealedToMs - this.#bootMs;
    const sealed = sealRecord(
      {
        kind,
        site: 'plant',
        agent: this.agent,
        epoch: this.#epoch,
        seq: ++this.#seq,
        boot: this.#boot,
        first: monoMs.length === 0 ? sealedTo : Math.min(...monoMs),
        last: monoMs.length === 0 ? sealedTo : Math.max(...monoMs),
        sealedTo,
        samples,
        config: sha256(this.#snapshot),
        clock: { mono: 0, wall: this.#bootMs + aheadMs, state },
        prev: this.#prev,
      },
      parts,
      this.#key,
    );
    this.#prev = sealed.hash;
    return sealed;
  }
}

const measured = (component: string, quantity: 'activePower' | 'activeEnergyImport'): Channel => ({
  kind: 'measured',
  id: `${MACHINE}.${component}.${quantity}`,
  machine: MACHINE,
  component,
  quantity,
  phase: 'total',
  source: 'meter',
  point: `${component}/${quantity}`,
  scale: quantity === 'activePower' ? ['1', '1'] : ['1', '1000'],
  ...(quantity === 'activePower' ? {} : { counter: { behaviour: 'monotone' as const } }),
});

/** Supply with power and counter (raw mWh), spindle with power only, and what the control says. */
export const CHANNELS: Channel[] = [
  measured('supply', 'activePower'),
  measured('supply', 'activeEnergyImport'),
  measured('spindle', 'activePower'),
  {
    kind: 'status',
    id: `${MACHINE}.control.execution`,
    machine: MACHINE,
    component: 'control',
    status: 'execution',
    source: 'cnc',
    point: 'exec',
    vocabulary: 'mtconnect/Execution',
  },
];

/** What an agent says of these channels and their sources. */
export function snapshotOf(
  agent: string,
  channels: Channel[],
  about: Partial<SourceDescription> = {},
): ConfigSnapshot {
  const sources = [...new Set(channels.map((channel) => channel.source))];
  return {
    v: 1,
    site: 'plant',
    agent,
    software: { name: 'millwatt', version: '0.1.0' },
    sources: sources.map((id) => ({
      id,
      protocol: 'modbus-tcp',
      address: `127.0.0.1:502 ${id}`,
      everyMs: 10_000,
      ...about,
    })),
    channels,
  };
}

/** What the plant really does, as functions of time: 2 kW, 8 kW in every third quarter of an hour. */
export function powerAtW(atMs: number): number {
  return Math.floor(atMs / 900_000) % 3 === 0 ? 8000 : 2000;
}

/** Records of a shift: rows every 10 s, a record every five minutes; the counter integrates the power in mWh. */
export function shiftOf(
  feed: PlantFeed,
  hours: number,
  options: { holeMs?: [from: number, to: number]; fromMs?: number } = {},
): SealedRecord[] {
  const fromMs = options.fromMs ?? START_MS;
  const records = [feed.config()];
  let mwh = 1_000_000;
  for (let at = fromMs; at < fromMs + hours * 3_600_000; at += 300_000) {
    const timesMs: number[] = [];
    const power: number[] = [];
    const counter: number[] = [];
    for (let t = at; t < at + 300_000; t += 10_000) {
      const lost = options.holeMs !== undefined && t >= options.holeMs[0] && t < options.holeMs[1];
      if (!lost) {
        timesMs.push(t);
        power.push(powerAtW(t));
        counter.push(Math.round(mwh));
      }
      mwh += (powerAtW(t) * 10_000) / 3600;
    }
    const columns = {
      [`${MACHINE}.supply.activePower`]: power,
      [`${MACHINE}.supply.activeEnergyImport`]: counter,
      [`${MACHINE}.spindle.activePower`]: power.map((watts) => watts / 4),
    };
    const changes = [0, 150_000].map((offset) => at + offset);
    records.push(
      feed.say({
        rows: timesMs.length === 0 ? [] : [{ source: 'meter', everyMs: 10_000, timesMs, columns }],
        words: [
          {
            channel: `${MACHINE}.control.execution`,
            source: 'cnc',
            timesMs: changes,
            values: changes.map((t) => (powerAtW(t) > 5000 ? 'ACTIVE' : 'READY')),
          },
        ],
        sealedToMs: at + 300_000,
      }),
    );
  }
  return records;
}
