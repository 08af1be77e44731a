import { chmodSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WantedRecords } from '../../../collector/ingest/wanted-records.ts';
import { silentLog } from '../../../protocols/log.ts';
import { run } from '../../e2e/fault-rig.ts';
import { change, makeSite } from './made-site.ts';

const WANTED = 'wanted-records.json';

interface Said {
  ok: boolean;
  code?: string;
  files: { file: string; kind: string; version: number | null; holds: number | null; ok: boolean }[];
  faults: { code: string; file: string; says: string; cure: string }[];
}

async function check(folder: string): Promise<{ code: number | null; said: Said }> {
  const started = run(folder, ['ledger', 'check', '-c', 'collector.yaml', '--json']);
  const code = await started.exited;
  return { code, said: JSON.parse(started.output()) as Said };
}

describe('millwatt ledger check', () => {
  it('finds every file whole, and says what each holds', async () => {
    const { folder, path } = await makeSite();
    const wanted = new WantedRecords({ path: join(folder, WANTED), realMs: () => 0, log: silentLog });
    for (const seq of [7, 9])
      wanted.note({ agent: 'gw-1', epoch: 'epoch0000001', seq, hash: 'A'.repeat(43) });
    const { code, said } = await check(folder);
    expect(said.faults).toEqual([]);
    expect(code).toBe(0);
    expect(said.files).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ file: `ledger/${basename(path)}`, kind: 'month', holds: 37, ok: true }),
        expect.objectContaining({ file: 'views.db', kind: 'views', ok: true }),
        expect.objectContaining({ file: 'journal.db', kind: 'journal', holds: 2, ok: true }),
        expect.objectContaining({ file: 'collector-key.pem', kind: 'key', ok: true }),
        expect.objectContaining({ file: WANTED, kind: 'wanted', holds: 2, ok: true }),
      ]),
    );
    const people = run(folder, ['ledger', 'check', '-c', 'collector.yaml']);
    expect(await people.exited).toBe(0);
    expect(people.output()).toContain('Every file is whole.');
  });

  it('names each fault with its cure', async () => {
    const { folder, path } = await makeSite();
    const month = `ledger/${basename(path)}`;
    change(path, (db) => {
      db.exec('UPDATE chain SET samples = samples + 1');
      db.exec('DELETE FROM run');
    });
    chmodSync(join(folder, 'journal.db'), 0o644);
    change(join(folder, 'views.db'), (db) => db.exec('PRAGMA user_version = 99'));
    mkdirSync(join(folder, 'quarantine'), { recursive: true });
    writeFileSync(join(folder, 'quarantine', `${'A'.repeat(43)}.malformed-part`), 'other');
    writeFileSync(`${path}.corrupt-20260302T000000000Z`, '');
    writeFileSync(join(folder, WANTED), '{"v":1}');
    const { code, said } = await check(folder);
    expect(code).toBe(1);
    expect(said).toMatchObject({ ok: false, code: 'not-whole' });
    const found = said.faults.map(({ file, code: word }) => `${file} ${word}`);
    expect(found).toEqual(
      expect.arrayContaining([
        `${month} index-differs`,
        `${month}.corrupt-20260302T000000000Z set-aside`,
        'views.db newer',
        'journal.db rights',
        `quarantine/${'A'.repeat(43)}.malformed-part damaged`,
        `${WANTED} damaged`,
      ]),
    );
    expect(found).toHaveLength(7);
    expect(said.faults.every(({ cure }) => cure.length > 10)).toBe(true);
  });

  it('finds pages that were overwritten, files that were cut, and a key that is none', async () => {
    const { folder, path } = await makeSite();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, bytes.length - 20_000, bytes.length - 4000);
    writeFileSync(path, bytes);
    truncateSync(join(folder, 'journal.db'), Math.floor(statSync(join(folder, 'journal.db')).size / 2));
    writeFileSync(join(folder, 'collector-key.pem'), 'none');
    const { code, said } = await check(folder);
    expect(code).toBe(1);
    const broken = new Set(said.faults.map(({ file }) => file));
    expect([...broken].sort()).toEqual(['collector-key.pem', 'journal.db', `ledger/${basename(path)}`]);
  });

  it('says where there is no ledger', async () => {
    const { folder } = await makeSite();
    writeFileSync(
      join(folder, 'collector.yaml'),
      readFileSync(join(folder, 'collector.yaml'), 'utf8').replace('data: .', 'data: nowhere'),
    );
    const started = run(folder, ['ledger', 'check', '-c', 'collector.yaml', '--json']);
    expect(await started.exited).toBe(1);
    expect(started.output()).toContain('no-ledger');
  });
});
