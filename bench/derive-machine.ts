import { generateSigningKey, sha256 } from '../protocols/evidence/keys.ts';
import { sealRecord, type SealedRecord } from '../protocols/evidence/seal.ts';
import type { Channel, MeasuredChannel } from '../protocols/telemetry/channel.ts';
import { shortestFloat32 } from '../protocols/telemetry/decimal.ts';
import { encodePart } from '../protocols/telemetry/part.ts';
import type { Quantity } from '../protocols/telemetry/quantity.ts';
import { encodeSnapshot } from '../protocols/telemetry/snapshot-text.ts';

/** When the machine's first reading is, wall ms. */
export const START_MS = Date.UTC(2026, 2, 2);
const BOOT_MS = START_MS - 60_000;

const point = (
  component: string,
  quantity: Quantity,
  phase: MeasuredChannel['phase'] = 'total',
): MeasuredChannel => ({
  kind: 'measured',
  id: `m.${component}.${quantity}${phase === 'total' ? '' : `.${phase}`}`,
  machine: 'm',
  component,
  quantity,
  phase,
  source: 'meter',
  point: `${component}/${quantity}/${phase}`,
  scale: ['1', '1'],
  ...(quantity === 'activeEnergyImport' ? { counter: { behaviour: 'monotone' as const } } : {}),
});

/** Its twelve measured channels. */
export const MEASURED = [
  point('supply', 'activePower'),
  point('supply', 'activeEnergyImport'),
  point('supply', 'reactivePower'),
  point('supply', 'powerFactor'),
  ...(['l1', 'l2', 'l3'] as const).flatMap((phase) => [
    point('supply', 'current', phase),
    point('supply', 'voltage', phase),
  ]),
  point('spindle', 'activePower'),
  point('spindle', 'activeEnergyImport'),
];
const WORD: Channel = {
  kind: 'status',
  id: 'm.control.execution',
  machine: 'm',
  component: 'control',
  status: 'execution',
  source: 'meter',
  point: 'execution',
  vocabulary: 'mtconnect/Execution',
};
const SNAPSHOT = encodeSnapshot({
  v: 1,
  site: 'plant',
  agent: 'gw',
  software: { name: 'millwatt', version: '0.1.0' },
  sources: [{ id: 'meter', protocol: 'modbus-tcp', address: '127.0.0.1:502 unit 1', everyMs: 1000 }],
  channels: [...MEASURED, WORD],
});

/** A record, and the same readings as the simplest sender would write them. */
export interface Batch {
  record: SealedRecord;
  objects: string[];
}

/** A machine that is read once a second: cycles of a spindle, counters in Wh as doubles, floats as meters give them. */
export class BenchMachine {
  readonly #key = generateSigningKey();
  #seq = 0;
  #prev: string | null = null;
  #supplyWh = 123_456.7;
  #spindleWh = 4567.8;

  config(): SealedRecord {
    return this.#seal('config', SNAPSHOT, [0], 0);
  }

  /** The record of seconds [from, to) since the first reading; with their objects where somebody wants them. */
  seal(fromS: number, toS: number, withObjects: boolean): Batch {
    const timesMs: number[] = [];
    const columns = new Map<string, number[]>(MEASURED.map(({ id }) => [id, []]));
    const events: number[] = [];
    const objects: string[] = [];
    for (let second = fromS; second < toS; second++) {
      const atMs = second * 1000 + 60_000;
      if (second % 180 === 0 || second % 180 === 120) events.push(atMs);
      timesMs.push(atMs);
      const values = this.#read(second);
      for (const [index, { id }] of MEASURED.entries()) {
        const value = values[index] ?? 0;
        columns.get(id)?.push(value);
        if (!withObjects) continue;
        const time = new Date(START_MS + second * 1000).toISOString();
        objects.push(JSON.stringify({ time, channel: id, value }));
      }
    }
    const text = encodePart({
      machine: 'm',
      sampled: [{ source: 'meter', everyMs: 1000, timesMs, columns, quality: new Map() }],
      events:
        events.length === 0
          ? []
          : [
              {
                channel: WORD.id,
                source: 'meter',
                timesMs: events,
                values: events.map((atMs) => ((atMs / 1000 - 60) % 180 === 0 ? 'ACTIVE' : 'READY')),
              },
            ],
      links: [],
    });
    return { record: this.#seal('readings', text, timesMs, timesMs.length * MEASURED.length), objects };
  }

  /** In the order of `MEASURED`. */
  #read(second: number): number[] {
    const phase = second % 180;
    const noise = ((second * 2_654_435_761) % 1000) / 1000;
    const spindleW = phase < 120 ? 3000 * Math.min(1, phase / 5) + 400 * noise : 0;
    const supplyW = 1200 + spindleW * 1.1 + 30 * noise;
    this.#supplyWh += supplyW / 3600;
    this.#spindleWh += spindleW / 3600;
    const float = (value: number) => shortestFloat32(Math.fround(value));
    return [
      float(supplyW),
      Math.round(this.#supplyWh * 1000) / 1000,
      float(supplyW * 0.6),
      float(0.8 + noise / 10),
      ...[0, 1, 2].flatMap((line) => [float(supplyW / 690 + line / 10), float(230 + noise + line)]),
      float(spindleW),
      Math.round(this.#spindleWh * 1000) / 1000,
    ];
  }

  #seal(kind: 'config' | 'readings', text: string, timesMs: number[], samples: number): SealedRecord {
    const lastMs = timesMs[timesMs.length - 1] ?? 0;
    const record = sealRecord(
      {
        kind,
        site: 'plant',
        agent: 'gw',
        epoch: 'aaaaaaaaaaaa',
        seq: ++this.#seq,
        boot: 'bbbbbbbbbbbb',
        first: timesMs[0] ?? 0,
        last: lastMs,
        sealedTo: lastMs + 1,
        samples,
        config: sha256(SNAPSHOT),
        clock: { mono: 0, wall: BOOT_MS, state: 'synced' },
        prev: this.#prev,
      },
      [{ machine: kind === 'config' ? null : 'm', text }],
      this.#key,
    );
    this.#prev = record.hash;
    return record;
  }
}

/** Power times time, hour by hour, as a first script would do it with an object a reading. Returns how many hours it found. */
export function sumNaively(lines: readonly string[]): number {
  const last = new Map<string, { atMs: number; value: number }>();
  const hours = new Map<string, number>();
  for (const line of lines) {
    const { time, channel, value } = JSON.parse(line) as { time: string; channel: string; value: number };
    const atMs = Date.parse(time);
    const before = last.get(channel);
    if (before !== undefined && channel.endsWith('activePower')) {
      const hour = `${channel} ${time.slice(0, 13)}`;
      hours.set(hour, (hours.get(hour) ?? 0) + (before.value * (atMs - before.atMs)) / 3_600_000);
    }
    last.set(channel, { atMs, value });
  }
  return hours.size;
}

/** CPU seconds of the calling thread: the machine may have other things to do. */
export function threadSeconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
}
