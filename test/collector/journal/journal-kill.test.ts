import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openJournal, readJournal, verifyJournal } from '../../../collector/journal/sqlite-journal.ts';
import { silentLog } from '../../../protocols/log.ts';
import { eventually } from '../../e2e/millwatt-process.ts';
import { amendment, key, makeFolder } from './journal-rig.ts';

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process that appends, and the hashes that it has acknowledged. */
function startWriter(folder: string, name: string) {
  const keyFile = join(folder, 'key.pem');
  writeFileSync(keyFile, key.exportPem(), { mode: 0o600 });
  const writer = join(import.meta.dirname, 'journal-writer.ts');
  const child = spawn(process.execPath, [writer, folder, keyFile, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  // The last line may be cut off by the kill.
  const acknowledged = () => text.split('\n').slice(0, -1);
  return {
    acknowledged,
    kill9: async () => {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
      return acknowledged();
    },
  };
}

describe('processes that append at once', () => {
  it('lose nothing that was acknowledged when they are killed, and leave one sound chain', async () => {
    const folder = makeFolder();
    const acknowledged: string[] = [];
    const steady = startWriter(folder, 'steady');
    for (let round = 0; round < 3; round++) {
      const victim = startWriter(folder, `victim-${round}`);
      await eventually(() => victim.acknowledged().length >= 5 + round, 'the victim has appended');
      acknowledged.push(...(await victim.kill9()));
    }
    const before = steady.acknowledged().length;
    await eventually(() => steady.acknowledged().length > before + 5, 'the other goes on');
    acknowledged.push(...(await steady.kill9()));

    const reader = readJournal({ folder, publicKey: key.publicKey });
    const entries = reader.entries('amendment');
    reader.close();
    expect(entries.map(({ hash }) => hash)).toEqual(expect.arrayContaining(acknowledged));
    expect(new Set(entries.map(({ by }) => by)).size).toBe(4);
    // At most the entry under way of each that was killed came without being acknowledged.
    expect(entries.length - acknowledged.length).toBeLessThanOrEqual(4);
    expect(verifyJournal({ folder, publicKey: key.publicKey })).toEqual({
      entries: entries.length,
      hash: entries.at(-1)?.hash,
    });

    const journal = openJournal({ folder, key, log: silentLog });
    expect(journal.append(amendment()).seq).toBe(entries.length + 1);
    journal.close();
  }, 60_000);
});
