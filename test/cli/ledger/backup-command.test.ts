import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { WantedRecords } from '../../../collector/ingest/wanted-records.ts';
import { silentLog } from '../../../protocols/log.ts';
import { run } from '../../e2e/fault-rig.ts';
import { eventually } from '../../e2e/millwatt-process.ts';
import { change, makeSite } from './made-site.ts';

async function ledger(folder: string, ...args: string[]) {
  const started = run(folder, ['ledger', ...args]);
  const code = await started.exited;
  return { code, output: started.output() };
}

const backup = (folder: string, to: string, ...more: string[]) =>
  ledger(folder, 'backup', '-c', 'collector.yaml', to, ...more);

/** Every name below a folder that a backup may leave. */
const left = (folder: string) => readdirSync(folder).filter((name) => name.includes('copy'));

describe('millwatt ledger backup', () => {
  it('copies everything for its owner only, says what is secret, and finds the copy whole', async () => {
    const { folder, path } = await makeSite();
    const one = { agent: 'gw-1', epoch: 'epoch0000001', seq: 7, hash: 'A'.repeat(43) };
    const wanted = join(folder, 'wanted-records.json');
    writeFileSync(wanted, JSON.stringify({ v: 1, wanted: [one] }));
    // A data folder of its own: the copy must not lie in it.
    const { code, output } = await backup(folder, '../copy-of-it', '--json').then(async (made) => {
      if (made.code !== 0) throw new Error(made.output);
      return made;
    });
    expect(code).toBe(0);
    const said = JSON.parse(output) as { folder: string; files: { file: string }[] };
    const copy = said.folder;
    try {
      expect(said.files.map(({ file }) => file).sort()).toEqual(
        [
          'collector-key.pem',
          'journal.db',
          `ledger/${basename(path)}`,
          'views.db',
          'wanted-records.json',
        ].sort(),
      );
      // What was still to be asked for is asked for by who is started from the copy.
      const restored = new WantedRecords({
        path: join(copy, 'wanted-records.json'),
        realMs: () => 0,
        log: silentLog,
      });
      expect(restored.due(() => false)).toMatchObject([{ agent: 'gw-1', epoch: 'epoch0000001', to: 7 }]);
      for (const { file } of said.files) expect(statSync(join(copy, file)).mode & 0o777).toBe(0o600);
      expect(statSync(copy).mode & 0o777).toBe(0o700);
      const rows = (file: string) => {
        const db = new DatabaseSync(file, { readOnly: true });
        const found = db.prepare('SELECT ordinal, hash FROM record ORDER BY ordinal').all();
        db.close();
        return found;
      };
      expect(rows(join(copy, `ledger/${basename(path)}`))).toEqual(rows(path));
      expect((await ledger(folder, 'backup', '--check', copy)).code).toBe(0);
      // To the same folder again: what is there is never touched.
      const again = await backup(folder, copy);
      expect(again).toMatchObject({ code: 1, output: expect.stringContaining('already there') });
      change(join(copy, `ledger/${basename(path)}`), (db) =>
        db.exec("UPDATE record SET hash = 'x' WHERE ordinal = 3"),
      );
      const spoilt = await ledger(folder, 'backup', '--check', copy);
      expect(spoilt).toMatchObject({ code: 1, output: expect.stringContaining('is not what was copied') });
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });

  it('refuses a folder inside the data, and a copy that is none', async () => {
    const { folder } = await makeSite();
    expect(await backup(folder, 'copy')).toMatchObject({
      code: 1,
      output: expect.stringContaining('inside the data folder'),
    });
    expect(left(folder)).toEqual([]);
    expect(await ledger(folder, 'backup', '--check', folder)).toMatchObject({
      code: 1,
      output: expect.stringContaining('is no backup'),
    });
  });

  it('leaves nothing when Ctrl-C stops it in the middle, and works the next time', async () => {
    const { folder } = await makeSite();
    // Large enough to be stopped in the middle.
    change(join(folder, 'views.db'), (db) =>
      db.exec('CREATE TABLE filler(bytes BLOB); INSERT INTO filler VALUES (zeroblob(150000000))'),
    );
    const name = `copy-${basename(folder)}`;
    const beside = () => readdirSync(join(folder, '..')).filter((one) => one.includes(name));
    const started = run(folder, ['ledger', 'backup', '-c', 'collector.yaml', `../${name}`, '--json']);
    await eventually(() => beside().length > 0, 'half a copy', 20_000);
    process.kill(started.pid, 'SIGINT');
    expect(await started.exited).toBe(1);
    expect(started.output()).toContain('Stopped; no backup was made.');
    expect(beside()).toEqual([]);
    const copy = join(folder, '..', name);
    try {
      expect(await backup(folder, `../${name}`, '--json')).toMatchObject({ code: 0 });
      expect(beside()).toEqual([name]);
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  }, 60_000);
});
