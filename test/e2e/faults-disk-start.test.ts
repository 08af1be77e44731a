import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readWaiting } from '../../agent/waiting-records.ts';
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

const DISK_MB = 4;
/** Of an agent that is killed: what it had read and not yet committed, at two readings every 200 ms. */
const UNDURABLE_MAX = 12;

it.for([
  { end: 'stopped', undurable: 4 },
  { end: 'killed', undurable: UNDURABLE_MAX },
])(
  'an agent that was $end starts on a full disk: it says so once, delivers what waited, holds what it reads, and goes on when there is room',
  { timeout: 90_000 },
  async ({ end, undurable }, context) => {
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
    writeCollectorFile(folder, { broker: `{ embedded: { port: ${brokerPort} } }`, httpPort });
    writeAgentFile(folder, { brokerPort, meters: { meter: meter.port }, data: './disk/agent' });
    const collect = async () => {
      const collector = run(folder, ['collector', '-c', 'collector.yaml']);
      await collector.waitFor(/The page is served/);
      return collector;
    };
    const samples = async () => (await readAgent(httpPort))?.chain?.samples ?? 0;
    const readOn = async (reads: number) => {
      const before = meter.reads();
      await eventually(() => meter.reads() > before + reads, 'the meter is read');
    };

    const first = await collect();
    const before = run(folder, ['agent', '-c', 'agent.yaml']);
    await eventually(async () => (await samples()) > 10, 'readings in the ledger');
    expect(await first.stop()).toBe(0);
    await readOn(20);
    if (end === 'stopped') expect(await before.stop()).toBe(0);
    else await before.kill9();
    const waiting = readWaiting(join(disk, 'agent'))?.samples ?? 0;
    expect(waiting).toBeGreaterThan(20);

    fillDisk(disk);
    await collect();
    const known = await samples();
    const agent = run(folder, ['agent', '-c', 'agent.yaml']);
    const refusal = /the spool cannot be written; readings are held in memory until it can/;
    await agent.waitFor(refusal);
    expect(agent.output()).toMatch(/Make room on the disk of the data folder/);
    await eventually(async () => (await samples()) >= known + waiting, 'what waited is delivered meanwhile');
    await readOn(20);
    expect(messagesOf(agent, refusal)).toHaveLength(1);
    expect(messagesOf(agent, /the spool can be written again/)).toHaveLength(0);
    expect((await readMetrics(httpPort)).get('millwatt_agent_spool_failing{agent="gateway-1"}')).toBe(1);

    freeDisk(disk);
    await agent.waitFor(/the spool can be written again/);
    // It is open to others again, `doctor` among them; what the collector has is known to be there.
    await eventually(
      () => (readWaiting(join(disk, 'agent'))?.samples ?? Infinity) < waiting,
      'the receipts of before are written, and the spool can be read',
    );
    expect(await agent.stop()).toBe(0);
    const most = 2 * meter.reads();
    const all = await eventually(async () => {
      const count = await samples();
      return (await readAgent(httpPort))?.online === false && count >= most - undurable ? count : undefined;
    }, `about ${most} readings are in the ledger`);
    expect(all).toBeLessThanOrEqual(most);
  },
);
