import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { startInfluxd, type Influxd } from '../support/influxd.ts';
import { findFreePort } from '../support/mosquitto.ts';
import { requireTool } from '../support/tools.ts';
import {
  makeFolder,
  onEnd,
  readAgent,
  readMetrics,
  run,
  startMeter,
  writeAgentFile,
  writeCollectorFile,
} from './fault-rig.ts';
import { eventually } from './millwatt-process.ts';

/** Every record of a ledger, by its place in the chain. */
function recordsOf(dataFolder: string): { seq: number; hash: string }[] {
  const ledger = join(dataFolder, 'ledger');
  return readdirSync(ledger)
    .filter((name) => /^records-.*\.db$/.test(name))
    .flatMap((name) => {
      const db = new DatabaseSync(join(ledger, name), { readOnly: true });
      const rows = db.prepare('SELECT seq, hash FROM record').all() as { seq: number; hash: string }[];
      db.close();
      return rows.map(({ seq, hash }) => ({ seq, hash }));
    })
    .sort((a, b) => a.seq - b.seq);
}

/** Every point of a measurement, by its time: the fields that are set. */
async function pointsOf(influxd: Influxd, measurement: string): Promise<string[]> {
  const series = await influxd.execute(`SELECT * FROM "${measurement}"`, 'millwatt');
  return series
    .flatMap(({ columns, values }) =>
      values.map((row) => columns.map((name, column) => `${name}=${String(row[column])}`).join(' ')),
    )
    .sort();
}

/** What is left of an hour when it does not matter when it was computed. */
function figuresOf(hours: readonly MachineHour[]) {
  return hours.map((hour) => ({ ...hour, status: '', finalBy: null, revision: 0 }));
}

const withInfluxd = requireTool('influxd') !== undefined;

it.each([
  { agentIs: 'runs on', influx: false },
  { agentIs: 'is stopped meanwhile and starts later', influx: withInfluxd },
])(
  'a ledger that is restored from a backup asks an agent that $agentIs for what it lost: every record once, the same hours, InfluxDB ($influx) as it was',
  async ({ agentIs, influx }) => {
    const folder = makeFolder();
    const meter = await startMeter();
    const influxd = influx ? await startInfluxd() : undefined;
    if (influxd !== undefined) onEnd(() => influxd.stop());
    const [brokerPort, httpPort] = [await findFreePort(), await findFreePort()];
    writeCollectorFile(folder, {
      broker: `{ embedded: { port: ${brokerPort} } }`,
      httpPort,
      ...(influxd === undefined ? {} : { influxUrl: influxd.url }),
    });
    writeAgentFile(folder, { brokerPort, meters: { meter: meter.port } });
    const data = join(folder, 'collector');
    const collect = async () => {
      const collector = run(folder, ['collector', '-c', 'collector.yaml']);
      await collector.waitFor(/The page is served/);
      return collector;
    };
    const startAgent = () => run(folder, ['agent', '-c', 'agent.yaml']);
    const samples = async () => (await readAgent(httpPort))?.chain?.samples ?? 0;
    const hours = async () => {
      const response = await fetch(
        `http://127.0.0.1:${httpPort}/api/v1/machines/mill-1/hours?from=${new Date(Date.now() - 7_200_000).toISOString()}&to=${new Date(Date.now() + 3_600_000).toISOString()}`,
      );
      return figuresOf(((await response.json()) as { hours: MachineHour[] }).hours);
    };
    const isProjected = async () =>
      ((await readMetrics(httpPort)).get('millwatt_reader_lag_records{reader="influx"}') ?? 0) === 0;
    const points = async () =>
      influxd === undefined
        ? {}
        : { power: await pointsOf(influxd, 'power'), energy: await pointsOf(influxd, 'energy') };

    const first = await collect();
    let agent = startAgent();
    await eventually(async () => (await samples()) > 20, 'readings in the ledger');
    const backup = run(folder, ['ledger', 'backup', '-c', 'collector.yaml', 'copy', '--json']);
    expect(await backup.exited, backup.output()).toBe(0);
    const copied = recordsOf(join(folder, 'copy'));
    expect(copied.length).toBeGreaterThan(2);

    // It goes on, is receipted, and falls idle: no meter answers any more.
    const before = await samples();
    await eventually(async () => (await samples()) > before + 40, 'more readings in the ledger');
    await meter.switchOff();
    await eventually(async () => (await samples()) >= 2 * meter.reads() - 2, 'all of it');
    if (agentIs !== 'runs on') expect(await agent.stop()).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await eventually(isProjected, 'all of it in InfluxDB');
    const lost = await hours();
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.reduce((sum, { energy }) => sum + (energy.supplyMwh ?? 0), 0)).toBeGreaterThan(0);
    const projected = await points();
    if (influxd !== undefined) expect(projected.power?.length).toBeGreaterThan(30);
    expect(await first.stop()).toBe(0);
    const all = recordsOf(data);
    expect(all.length).toBeGreaterThan(copied.length + 2);

    rmSync(data, { recursive: true });
    cpSync(join(folder, 'copy'), data, { recursive: true });
    const second = await collect();
    if (agentIs !== 'runs on') {
      // Without it, what the backup did not hold stays away, and nobody says otherwise.
      expect(recordsOf(data).length).toBeLessThan(all.length);
      agent = startAgent();
    }
    await eventually(
      async () => ((await readAgent(httpPort))?.chain?.headSeq ?? 0) >= (all.at(-1)?.seq ?? Infinity),
      'its head',
      50_000,
    );
    await eventually(async () => {
      const chain = (await readAgent(httpPort))?.chain;
      return chain?.contiguousSeq === chain?.headSeq;
    }, 'no hole');
    const named = (list: Awaited<ReturnType<typeof hours>>) =>
      list.map(({ hourMs, energy }) => `${hourMs}: ${energy.supplyMwh}`).join(', ');
    await eventually(async () => named(await hours()) === named(lost), `hours of ${named(lost)} mWh`);
    for (const hour of lost)
      expect((await hours()).find(({ hourMs }) => hourMs === hour.hourMs)?.energy).toEqual(hour.energy);
    await eventually(isProjected, 'all of it in InfluxDB again');
    expect(await points()).toEqual(projected);
    expect(await second.stop()).toBe(0);
    expect(await agent.stop()).toBe(0);
    const restored = recordsOf(data);
    expect(restored.slice(0, all.length)).toEqual(all);
    expect(new Set(restored.map(({ seq }) => seq)).size).toBe(restored.length);
  },
  150_000,
);
