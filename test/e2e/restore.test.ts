import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { findFreePort } from '../support/mosquitto.ts';
import { makeFolder, readAgent, run, startMeter, writeAgentFile, writeCollectorFile } from './fault-rig.ts';
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

it('a ledger that is restored from a backup asks the agents for what it lost: every record once, the same hours', async () => {
  const folder = makeFolder();
  const meter = await startMeter();
  const [brokerPort, httpPort] = [await findFreePort(), await findFreePort()];
  writeCollectorFile(folder, { broker: `{ embedded: { port: ${brokerPort} } }`, httpPort });
  writeAgentFile(folder, { brokerPort, meters: { meter: meter.port } });
  const data = join(folder, 'collector');
  const collect = async () => {
    const collector = run(folder, ['collector', '-c', 'collector.yaml']);
    await collector.waitFor(/The page is served/);
    return collector;
  };
  const samples = async () => (await readAgent(httpPort))?.chain?.samples ?? 0;
  const energy = async () => {
    const response = await fetch(
      `http://127.0.0.1:${httpPort}/api/v1/machines/mill-1/hours?from=${new Date(Date.now() - 7_200_000).toISOString()}&to=${new Date(Date.now() + 3_600_000).toISOString()}`,
    );
    const { hours } = (await response.json()) as { hours: MachineHour[] };
    return hours.reduce((sum, hour) => sum + (hour.energy.supplyMwh ?? 0), 0);
  };

  const first = await collect();
  const agent = run(folder, ['agent', '-c', 'agent.yaml']);
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
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const lost = await energy();
  expect(await first.stop()).toBe(0);
  const all = recordsOf(data);
  expect(all.length).toBeGreaterThan(copied.length + 2);

  rmSync(data, { recursive: true });
  cpSync(join(folder, 'copy'), data, { recursive: true });
  const second = await collect();
  await eventually(
    async () => (await readAgent(httpPort))?.chain?.headSeq === all.at(-1)?.seq,
    'its head',
    50_000,
  );
  await eventually(async () => {
    const chain = (await readAgent(httpPort))?.chain;
    return chain?.contiguousSeq === chain?.headSeq;
  }, 'no hole');
  await eventually(async () => (await energy()) === lost, `hours of ${lost} mWh`);
  expect(await second.stop()).toBe(0);
  expect(await agent.stop()).toBe(0);
  const restored = recordsOf(data);
  expect(restored.slice(0, all.length)).toEqual(all);
  expect(new Set(restored.map(({ seq }) => seq)).size).toBe(restored.length);
}, 150_000);
