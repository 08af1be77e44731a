import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { findFreePort } from '../support/mosquitto.ts';
import { fillDisk, freeDisk, mountSmallDisk } from '../support/small-disk.ts';
import {
  makeFolder,
  messagesOf,
  onEnd,
  readAgent,
  readMetrics,
  run,
  startMeter,
  writeAgentFile,
  writeCollectorFile,
} from './fault-rig.ts';
import { eventually } from './millwatt-process.ts';

const DISK_MB = 40;
const CYCLES = 20;

it('a full disk under the collector, 20 times: nothing is receipted meanwhile, pages are served, nothing is lost, nothing twice', async (context) => {
  const folder = makeFolder();
  const disk = join(folder, 'disk');
  const unmount = mountSmallDisk(disk, DISK_MB);
  if (unmount === undefined) {
    context.skip('SKIPPED: only root may mount the small disk that this test fills');
    return;
  }
  onEnd(unmount);
  const meter = await startMeter();
  const [brokerPort, httpPort] = [await findFreePort(), await findFreePort()];
  writeCollectorFile(folder, {
    broker: `{ embedded: { port: ${brokerPort} } }\nledger: { reserve: 2MB }`,
    httpPort,
    data: './disk/collector',
  });
  writeAgentFile(folder, { brokerPort, meters: { meter: meter.port } });
  let collector = run(folder, ['collector', '-c', 'collector.yaml']);
  await collector.waitFor(/The page is served/);
  const agent = run(folder, ['agent', '-c', 'agent.yaml']);
  const samples = async () => (await readAgent(httpPort))?.chain?.samples ?? 0;
  await eventually(async () => (await samples()) > 10, 'readings in the ledger');

  const isFull = async () => (await readMetrics(httpPort)).get('millwatt_ledger_disk_full') === 1;
  for (let cycle = 1; cycle <= CYCLES; cycle += 1) {
    fillDisk(disk);
    await eventually(isFull, `the disk is full, time ${cycle}`);
    const before = await samples();
    const { alarms } = (await (await fetch(`http://127.0.0.1:${httpPort}/api/v1/alarms`)).json()) as {
      alarms: { part: string; reason: string; cure: string }[];
    };
    expect(alarms).toMatchObject([{ part: 'ledger', reason: expect.stringContaining('agents keep theirs') }]);
    if (cycle === 1) {
      const reads = meter.reads();
      await eventually(() => meter.reads() > reads + 15, 'the meter is read on');
      expect(await samples()).toBe(before);
      // Killed on a full disk, it starts and serves what it has; nothing is set aside.
      await collector.kill9();
      collector = run(folder, ['collector', '-c', 'collector.yaml']);
      await collector.waitFor(/The page is served/);
      expect(await isFull()).toBe(true);
      expect(await samples()).toBe(before);
    }
    freeDisk(disk);
    await eventually(async () => !(await isFull()), 'there is room');
    if (cycle === 1 || cycle === CYCLES)
      await eventually(async () => (await samples()) > before, 'records are taken again', 40_000);
  }
  expect(messagesOf(collector, /The disk of the ledger is full/)).toHaveLength(CYCLES);
  expect(messagesOf(collector, /There is room on the disk of the ledger again/)).toHaveLength(CYCLES);

  // By the agent's own account, told every 30 s: all that it sampled is receipted, and as much is in the ledger.
  await meter.switchOff();
  await eventually(
    async () => {
      const view = await readAgent(httpPort);
      const { sampled, receipted, dropped } = view?.health?.spool.samples ?? {
        sampled: 0,
        receipted: -1,
        dropped: 0,
      };
      return dropped === 0 && sampled === receipted && sampled === view?.chain?.samples;
    },
    'all readings are in the ledger, each once',
    60_000,
  );
  expect(messagesOf(collector, /Deriving machine-hours failed/).length).toBeLessThanOrEqual(CYCLES);
  expect(messagesOf(collector, /damaged|set aside|computed again/)).toEqual([]);
  expect(await agent.stop()).toBe(0);
  expect(await collector.stop()).toBe(0);
  const checked = run(folder, ['ledger', 'check', '-c', 'collector.yaml']);
  expect(await checked.exited, checked.output()).toBe(0);
  const month = spawnSync('sh', ['-c', `ls ${disk}/collector/ledger/records-*.db`])
    .stdout.toString()
    .trim();
  const db = new DatabaseSync(month, { readOnly: true });
  const { records, distinct, head } = db
    .prepare('SELECT count(*) AS records, count(DISTINCT seq) AS "distinct", max(seq) AS head FROM record')
    .get() as { records: number; distinct: number; head: number };
  db.close();
  expect([records, distinct]).toEqual([head, head]);
}, 180_000);

it('a second collector on the same ledger is refused with a cure, and the first goes on', async () => {
  const folder = makeFolder();
  const [brokerPort, httpPort] = [await findFreePort(), await findFreePort()];
  writeCollectorFile(folder, { broker: `{ embedded: { port: ${brokerPort} } }`, httpPort });
  const first = run(folder, ['collector', '-c', 'collector.yaml']);
  await first.waitFor(/The page is served/);
  writeCollectorFile(folder, {
    broker: `{ embedded: { port: ${await findFreePort()} } }`,
    httpPort: await findFreePort(),
  });
  const second = run(folder, ['collector', '-c', 'collector.yaml']);
  expect(await second.exited).toBe(1);
  expect(second.output()).toMatch(/Another collector is using the folder/);
  expect(second.output()).toMatch(/data folder of its own/);
  expect((await fetch(`http://127.0.0.1:${httpPort}/healthz`)).status).toBe(200);
  expect(await first.stop()).toBe(0);
}, 60_000);
