/**
 * How fast readings get from sealed records into a real InfluxDB 1.x, beside the official client's batching writer on
 * the same points in the same run. Counts what is stored.
 *
 *   node bench/projector.ts [records]        (1,008 readings a record; 400 records without)
 */
import { setTimeout } from 'node:timers/promises';
import { InfluxDB, Point } from '@influxdata/influxdb-client';
import { openInfluxStore } from '../collector/influx/http-influx-store.ts';
import type { InfluxStore } from '../collector/influx/influx-store.ts';
import { startProjector } from '../collector/influx/projector.ts';
import { systemClock } from '../protocols/clock.ts';
import { generateSigningKey, sha256 } from '../protocols/evidence/keys.ts';
import { sealRecord, type SealedRecord } from '../protocols/evidence/seal.ts';
import { silentLog } from '../protocols/log.ts';
import { measuredChannelId, type MeasuredChannel } from '../protocols/telemetry/channel.ts';
import { encodePart } from '../protocols/telemetry/part.ts';
import { encodeSnapshot } from '../protocols/telemetry/snapshot-text.ts';
import type { Phase, Quantity } from '../protocols/telemetry/quantity.ts';
import { startInfluxd } from '../test/support/influxd.ts';
import { createMemoryLedger } from '../test/collector/influx/memory-ledger.ts';

const ROWS = 84;
const ROUNDS = 3;
const START_MS = Date.UTC(2026, 0, 15);
const records = Number(process.argv[2] ?? 400);
const WIRED: [Quantity, Phase][] = [
  ['activePower', 'total'],
  ['activePower', 'l1'],
  ['activePower', 'l2'],
  ['activePower', 'l3'],
  ['voltage', 'l1'],
  ['voltage', 'l2'],
  ['voltage', 'l3'],
  ['current', 'l1'],
  ['current', 'l2'],
  ['current', 'l3'],
  ['frequency', 'total'],
  ['activeEnergyImport', 'total'],
];
const samples = records * ROWS * WIRED.length;

const channels = WIRED.map(([quantity, phase]): MeasuredChannel => {
  const id = measuredChannelId('mill', 'supply', quantity, phase);
  const scale: [string, string] = quantity === 'activePower' ? ['1', '10'] : ['1', '1'];
  return {
    kind: 'measured',
    id,
    machine: 'mill',
    component: 'supply',
    quantity,
    phase,
    source: 'meter',
    point: id,
    scale,
  };
});

/** The raw reading of a channel at a row: a waving value, or a counter. */
function readingOf(channel: MeasuredChannel, row: number): number {
  if (channel.quantity === 'activeEnergyImport') return 1_000_000 + row * 2;
  return Math.round(2300 + 700 * Math.sin(row / 40 + channel.id.length)) / 10;
}

function sealAll(): SealedRecord[] {
  const key = generateSigningKey();
  const text = encodeSnapshot({
    v: 1,
    site: 'plant',
    agent: 'gateway',
    software: { name: 'millwatt', version: '0' },
    sources: [{ id: 'meter', protocol: 'modbus-tcp', address: '127.0.0.1:502 unit 1', everyMs: 1000 }],
    channels,
  });
  const common = {
    site: 'plant',
    agent: 'gateway',
    epoch: 'epoch0000001',
    boot: 'boot00000001',
    config: sha256(text),
  };
  const clock = { mono: 0, wall: START_MS, state: 'synced' as const };
  const sealed: SealedRecord[] = [];
  const add = (
    kind: 'config' | 'readings',
    machine: string | null,
    partText: string,
    timesMs: number[],
    count: number,
  ) => {
    const times = { first: timesMs[0] ?? 0, last: timesMs.at(-1) ?? 0, sealedTo: timesMs.at(-1) ?? 0 };
    const chain = { seq: sealed.length + 1, prev: sealed.at(-1)?.hash ?? null };
    sealed.push(
      sealRecord(
        { ...common, kind, ...times, samples: count, clock, ...chain },
        [{ machine, text: partText }],
        key,
      ),
    );
  };
  add('config', null, text, [], 0);
  for (let record = 0; record < records; record++) {
    const rows = Array.from({ length: ROWS }, (_, index) => record * ROWS + index);
    const timesMs = rows.map((row) => row * 1000);
    const columns = new Map(
      channels.map((channel) => [channel.id, rows.map((row) => readingOf(channel, row))]),
    );
    const part = encodePart({
      machine: 'mill',
      sampled: [{ source: 'meter', everyMs: 1000, timesMs, columns, quality: new Map() }],
      events: [],
      links: [],
    });
    add('readings', 'mill', part, timesMs, ROWS * WIRED.length);
  }
  return sealed;
}

interface Run {
  seconds: number;
  cpuSeconds: number;
  stored: number;
}

async function measure(store: InfluxStore, work: () => Promise<void>): Promise<Run> {
  await store.ensureDatabase();
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const used = process.cpuUsage(cpu);
  return { seconds, cpuSeconds: (used.user + used.system) / 1e6, stored: await countStored(store) };
}

async function countStored(store: InfluxStore): Promise<number> {
  let stored = 0;
  for (const measurement of ['power', 'energy'])
    for (const series of await store.query(`SELECT count(*) FROM ${measurement}`))
      for (const [index, column] of series.columns.entries())
        if (/^count_(?!epoch)/.test(column)) stored += Number(series.rows[0]?.[index]);
  return stored;
}

async function runProjector(store: InfluxStore, sealed: SealedRecord[]): Promise<void> {
  const { ledger, views, append } = createMemoryLedger();
  for (const record of sealed) append(record);
  const projector = startProjector({
    ledger,
    views,
    store,
    quarantine: { add: () => {} },
    site: 'plant',
    clock: systemClock,
    log: silentLog,
  });
  await projector.idle();
  await projector.stop();
}

/** The client as its documentation shows it: points into the batching writer, then close. */
async function runClient(url: string, database: string, onePointAReading: boolean): Promise<void> {
  const points = { delivered: 0, written: 0 };
  const writer = new InfluxDB({ url }).getWriteApi('', database, 'ms', {
    writeSuccess: (lines) => {
      points.delivered += lines.length;
    },
  });
  // 1.x has no /api/v2/write.
  writer.path = `/write?db=${database}&precision=ms`;
  const scaled = channels.map((channel) => ({
    channel,
    factor: Number(channel.scale[0]) / Number(channel.scale[1]),
  }));
  const groups = Object.values(
    Object.groupBy(scaled, ({ channel }) =>
      onePointAReading ? channel.id : `${channel.phase} ${channel.quantity === 'activeEnergyImport'}`,
    ),
  );
  for (let row = 0; row < records * ROWS; row++) {
    for (const group of groups) {
      const first = group?.[0]?.channel;
      if (group === undefined || first === undefined) continue;
      const point = new Point(first.quantity === 'activeEnergyImport' ? 'energy' : 'power')
        .tag('site', 'plant')
        .tag('machine', 'mill')
        .tag('component', 'supply')
        .tag('phase', first.phase)
        .timestamp(START_MS + row * 1000);
      for (const { channel, factor } of group)
        point.floatField(FIELD_NAMES[channel.quantity] ?? '', readingOf(channel, row) * factor);
      if (first.quantity === 'activeEnergyImport') point.stringField('epoch', 'epoch0000001');
      writer.writePoint(point);
      points.written++;
    }
    // Its retry buffer drops points silently, so it is given a pause to send what it has.
    if (row % 1000 === 999) await writer.flush();
  }
  await writer.close();
  // flush and close resolve while requests are under way; without this wait it would be timed without its work.
  const deadlineMs = performance.now() + 20_000;
  while (points.delivered < points.written && performance.now() < deadlineMs) await setTimeout(1);
}

const FIELD_NAMES: Partial<Record<Quantity, string>> = {
  activePower: 'p_w',
  voltage: 'u_v',
  current: 'i_a',
  frequency: 'f_hz',
  activeEnergyImport: 'import_wh',
};

const influxd = await startInfluxd();
try {
  const sealed = sealAll();
  const best = new Map<string, Run>();
  let database = 0;
  const round = async (name: string, work: (store: InfluxStore, name: string) => Promise<void>) => {
    const named = `bench${database++}`;
    const store = openInfluxStore({ url: influxd.url, version: 1, database: named }, Date.now);
    const run = await measure(store, () => work(store, named));
    const known = best.get(name);
    if (run.stored !== samples) console.log(`  ${name} stored ${run.stored} of ${samples} readings`);
    if (known === undefined || run.seconds < known.seconds) best.set(name, run);
  };
  for (let index = 0; index < ROUNDS; index++) {
    await round('millwatt projector', (store) => runProjector(store, sealed));
    await round('influxdb-client, same points', (_store, named) => runClient(influxd.url, named, false));
    await round('influxdb-client, point a reading', (_store, named) => runClient(influxd.url, named, true));
  }
  const ours = best.get('millwatt projector');
  console.log(
    `${samples} readings, best of ${ROUNDS}; ratio = readings/s of the projector over the reference\n`,
  );
  console.log('writer                              readings/s   us CPU each     stored   ratio   CPU ratio');
  for (const [name, run] of best) {
    const rate = samples / run.seconds;
    const ratio = ours === undefined ? 0 : run.seconds / ours.seconds;
    const cpuRatio = ours === undefined ? 0 : run.cpuSeconds / ours.cpuSeconds;
    console.log(
      [
        name.padEnd(34),
        Math.round(rate).toLocaleString('en').padStart(11),
        ((run.cpuSeconds / samples) * 1e6).toFixed(2).padStart(14),
        run.stored.toLocaleString('en').padStart(11),
        ratio.toFixed(2).padStart(8),
        cpuRatio.toFixed(2).padStart(11),
      ].join(''),
    );
  }
} finally {
  await influxd.stop();
}
