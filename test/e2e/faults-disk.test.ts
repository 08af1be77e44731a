import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findFreePort } from '../support/mosquitto.ts';
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

/** Mounts a small disk of its own on the folder; false where this user may not. */
function mountSmallDisk(folder: string): boolean {
  mkdirSync(folder);
  if (process.getuid?.() !== 0) return false;
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'none', folder]);
  if (status === 0) onEnd(() => void spawnSync('umount', ['-l', folder]));
  return status === 0;
}

it('a full disk under the agent: readings are held in memory, said once, and all delivered when there is room', async (context) => {
  const folder = makeFolder();
  const disk = join(folder, 'disk');
  if (!mountSmallDisk(disk)) {
    context.skip('SKIPPED: only root may mount the small disk that this test fills');
    return;
  }
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

  const ballast = join(disk, 'ballast');
  const fill = () => {
    for (const size of [1_000_000, 64_000, 4096])
      for (let part = 0; part < 200; part += 1) {
        try {
          writeFileSync(`${ballast}-${size}-${part}`, Buffer.alloc(size));
        } catch {
          break;
        }
      }
  };
  fill();
  await agent.waitFor(/the spool cannot be written; readings are held in memory until it can/);
  const before = meter.reads();
  await eventually(() => meter.reads() > before + 20, 'the meter is read on');
  expect(messagesOf(agent, /the spool cannot be written/)).toHaveLength(1);

  for (const size of [1_000_000, 64_000, 4096])
    for (let part = 0; part < 200; part += 1) rmSync(`${ballast}-${size}-${part}`, { force: true });
  await agent.waitFor(/the spool can be written again/);
  expect(await agent.stop()).toBe(0);
  const most = 2 * meter.reads();
  const samples = await eventually(async () => {
    const view = await readAgent(httpPort);
    return view?.online === false && (view.chain?.samples ?? 0) >= most - 4 ? view.chain?.samples : undefined;
  }, `about ${most} readings are in the ledger`);
  expect(samples).toBeLessThanOrEqual(most);
}, 90_000);
