import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { silentLog } from '../../../protocols/log.ts';
import { makeTempFolder } from './temp-folder.ts';

const CHILD = fileURLToPath(new URL('./append-until-killed.ts', import.meta.url));
const KILLS = 20;

/** Appends in a child to one ledger, kills it after a while, and gives what it said was durable. */
async function appendAndKill(folder: string, epoch: string, acknowledgements: number): Promise<number[]> {
  const child = spawn(process.execPath, [CHILD, folder, epoch], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (text.split('\n').length > acknowledgements) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return text.split('\n').slice(0, -1).map(Number);
}

test(`killed ${KILLS} times while it appends, the ledger holds every acknowledged record and opens at once`, async () => {
  const folder = makeTempFolder();
  const acknowledged = new Map<string, number[]>();
  for (let kill = 0; kill < KILLS; kill++) {
    const epoch = `epoch${String(kill).padStart(7, '0')}`;
    acknowledged.set(epoch, await appendAndKill(folder, epoch, 3 + ((kill * 37) % 90)));
  }
  const ledger = await openLedger({ folder, log: silentLog });
  try {
    for (const [epoch, seqs] of acknowledged) {
      expect(seqs.length).toBeGreaterThan(0);
      const lost = seqs.filter((seq) => ledger.hashOf('gw-1', epoch, seq) === undefined);
      expect(lost, epoch).toEqual([]);
    }
    const records = ledger.readAfter(0, 1_000_000);
    expect(records.map(({ ordinal }) => ordinal)).toEqual(records.map((_, index) => index + 1));
    expect(ledger.chains().reduce((sum, chain) => sum + chain.records, 0)).toBe(records.length);
    expect(ledger.damaged().length).toBe(0);
  } finally {
    await ledger.close();
  }
}, 120_000);
