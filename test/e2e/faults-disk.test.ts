import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findFreePort } from '../support/mosquitto.ts';
import { fillDisk, freeDisk, mountSmallDisk } from '../support/small-disk.ts';
import {
  makeFolder,
  messagesOf,
  onEnd,
  readAgent,
  run,
  startMeter,
  writeAgentFile,
  writeCollectorFile,
} from './fault-rig.ts';
import { eventually } from './millwatt-process.ts';

const DISK_MB = 4;

it('a full disk under the agent: readings are held in memory, said once, and all delivered when there is room', async (context) => {
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
  const collector = run(folder, ['collector', '-c', 'collector.yaml']);
  await collector.waitFor(/The page is served/);
  const agent = run(folder, ['agent', '-c', 'agent.yaml']);
  await eventually(
    async () => ((await readAgent(httpPort))?.chain?.samples ?? 0) > 10,
    'readings in the ledger',
  );

  fillDisk(disk);
  await agent.waitFor(/the spool cannot be written; readings are held in memory until it can/);
  const before = meter.reads();
  await eventually(() => meter.reads() > before + 20, 'the meter is read on');
  expect(messagesOf(agent, /the spool cannot be written/)).toHaveLength(1);

  freeDisk(disk);
  await agent.waitFor(/the spool can be written again/);
  expect(await agent.stop()).toBe(0);
  const most = 2 * meter.reads();
  const samples = await eventually(async () => {
    const view = await readAgent(httpPort);
    return view?.online === false && (view.chain?.samples ?? 0) >= most - 4 ? view.chain?.samples : undefined;
  }, `about ${most} readings are in the ledger`);
  expect(samples).toBeLessThanOrEqual(most);
}, 90_000);
