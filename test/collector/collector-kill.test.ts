import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { openLedger } from '../../collector/ledger/sqlite-ledger.ts';
import { silentLog } from '../../protocols/log.ts';
import { startEmbeddedBroker } from '../../protocols/mqtt/embedded-broker.ts';
import { ChainFeed } from './ledger/chain-feed.ts';
import { makeTempFolder } from './ledger/temp-folder.ts';
import { TestAgent } from './test-agent.ts';

const CHILD = fileURLToPath(new URL('./collect-until-killed.ts', import.meta.url));
const KILLS = process.env['MILLWATT_TEST_LONG'] === '1' ? 20 : 8;
const EPOCH = 'epoch0000001';

/** Starts a collector of its own process, and resolves with its key when it follows the broker. */
async function startChild(brokerUrl: string, folder: string) {
  const child = spawn(process.execPath, [CHILD, brokerUrl, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    publicKey: line.toString().trim(),
    kill: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

test(`a collector killed ${KILLS} times under load has every record that it receipted, once`, async () => {
  const broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, log: silentLog });
  onTestFinished(() => broker.close());
  const brokerUrl = `mqtt://127.0.0.1:${broker.port}`;
  const folder = makeTempFolder();
  const agent = new TestAgent({ brokerUrl });
  onTestFinished(() => agent.link.close());
  const feed = new ChainFeed({ epoch: EPOCH });
  const records = feed.take(50 * KILLS);
  const keys = new Set<string>();
  const waiting = () => {
    const [key = ''] = keys;
    const done = new Set(agent.of(key, EPOCH));
    return records.filter(({ header }) => !done.has(header.seq));
  };
  for (let kill = 0; kill < KILLS; kill++) {
    const child = await startChild(brokerUrl, folder);
    keys.add(child.publicKey);
    // More than before must be receipted before the next kill, which then falls somewhere into the load.
    const before = waiting().length;
    const target = Math.max(0, before - 3 - ((kill * 13) % 20));
    const sending = (async () => {
      for (const record of waiting()) await agent.send(record);
    })();
    await expect.poll(() => waiting().length, { timeout: 20_000, interval: 2 }).toBeLessThanOrEqual(target);
    await child.kill();
    await sending;
  }
  expect(keys.size).toBe(1);
  const [key = ''] = keys;
  const receipted = agent.of(key, EPOCH);
  expect(receipted.length).toBeGreaterThan(KILLS);
  const ledger = await openLedger({ folder: join(folder, 'ledger'), log: silentLog });
  onTestFinished(() => ledger.close());
  const hashes = new Map(records.map(({ header, hash }) => [header.seq, hash]));
  const lost = receipted.filter((seq) => ledger.hashOf('gw-1', EPOCH, seq) !== hashes.get(seq));
  expect(lost).toEqual([]);
  const stored = ledger.readAfter(0, 1000).map(({ header }) => header.seq);
  expect(new Set(stored).size).toBe(stored.length);
}, 240_000);
