import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { markDamaged, unmarkDamaged } from '../../../collector/ledger/month-file.ts';
import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { silentLog } from '../../../protocols/log.ts';
import { ChainFeed, FEED_START_MS } from './chain-feed.ts';

const SOURCE = fileURLToPath(new URL('./bad-sector.c', import.meta.url));
const READ = fileURLToPath(new URL('./open-and-read.ts', import.meta.url));
const RECORDS = 120;
const OLD = 'records-2026-11.db';
const PAGE = 8192;
/** Every page in turn with MILLWATT_TEST_LONG=1: each is two processes. */
const PAGE_STEP = process.env['MILLWATT_TEST_LONG'] === '1' ? 1 : 5;

interface Found {
  seqs: number[];
  missing: { from: number; to: number }[];
  crashes: string[];
  said: string[];
  error: string;
}

const base = mkdtempSync(join(tmpdir(), 'millwatt-bad-sectors-'));
const library = join(base, 'bad-sector.so');
const made = join(base, 'made');
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeAll(async () => {
  execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl']);
  const feed = new ChainFeed();
  const ledger = await openLedger({ folder: made, log: silentLog });
  const records = feed.take(RECORDS);
  // Half of them in November, the others in December.
  for (const [half, receivedMs] of [FEED_START_MS, FEED_START_MS + 2 * 3_600_000].entries()) {
    const some = records.slice((half * RECORDS) / 2, ((half + 1) * RECORDS) / 2);
    await Promise.all(some.map((record) => ledger.append({ ...record, receivedMs })));
  }
  await ledger.close();
});

let count = 0;
function copy(): string {
  const folder = join(base, `ledger-${++count}`);
  cpSync(made, folder, { recursive: true });
  return folder;
}

function readWith(folder: string, inode: number, from: number, to: number): Found {
  const output = execFileSync(process.execPath, [READ, folder], {
    env: {
      ...process.env,
      LD_PRELOAD: library,
      MILLWATT_BAD_INODE: String(inode),
      MILLWATT_BAD_FROM: String(from),
      MILLWATT_BAD_TO: String(to),
    },
    encoding: 'utf8',
  });
  return JSON.parse(output) as Found;
}

const holesOf = ({ missing }: Found) =>
  missing.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, index) => from + index));

describe('sectors of an old month that the disk cannot read', () => {
  test('cost the records in them: the rest is read, what is missing is asked for, and nothing is wiped', () => {
    const lost: number[] = [];
    const pages = Math.ceil(statSync(join(made, OLD)).size / PAGE);
    let late = 0;
    for (let page = 0; page < pages; page += PAGE_STEP) {
      const folder = copy();
      const path = join(folder, OLD);
      const inode = statSync(path).ino;
      const bytes = statSync(path).size;
      let found = readWith(folder, inode, page * PAGE, page * PAGE + 512);
      if (found.error !== '') {
        // It shows when it is read, and the next start salvages.
        expect(found).toMatchObject({ error: 'damaged-month', crashes: ['damaged-month'] });
        found = readWith(folder, inode, page * PAGE, page * PAGE + 512);
        late++;
      }
      expect(found.error, `page ${page + 1}`).toBe('');
      expect([...found.seqs, ...holesOf(found)].sort((a, b) => a - b)).toEqual(
        Array.from({ length: RECORDS }, (_, index) => index + 1),
      );
      lost.push(holesOf(found).length);
      const kept = readdirSync(folder).find((name) => name.startsWith(`${OLD}.corrupt-`));
      if (found.said.length === 0) continue;
      expect(found.said.join(' ')).toContain('set aside');
      expect(statSync(join(folder, kept ?? ''))).toMatchObject({ ino: inode, size: bytes });
    }
    console.log(`records lost by page: ${lost.join(' ')}; ${late} of ${lost.length} found when read`);
    expect(late).toBeGreaterThan(0);
    expect(Math.max(...lost)).toBeGreaterThan(0);
    expect(Math.max(...lost)).toBeLessThan(15);
  }, 120_000);

  test('are none where the disk reads nothing of it: the start is refused, and nothing is touched', () => {
    const folder = copy();
    const path = join(folder, OLD);
    const found = readWith(folder, statSync(path).ino, 0, 1e9);
    expect(found.error).toContain('disk I/O error');
    expect(found.seqs).toEqual([]);
    // Also where damage showed while it ran.
    markDamaged(path);
    expect(readWith(folder, statSync(path).ino, 0, 1e9).error).toBe('unreadable-ledger');
    unmarkDamaged(path);
    expect(readdirSync(folder).filter((name) => /corrupt|damaged/.test(name))).toEqual([]);
    expect(readWith(folder, 0, 0, 0).seqs).toHaveLength(RECORDS);
  });
});
