import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { LedgerWorkerData } from '../../../collector/ledger/ledger-worker.ts';
import { markDamaged } from '../../../collector/ledger/month-file.ts';
import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import { verifyLedger } from '../../../collector/ledger/verify-ledger.ts';
import { silentLog } from '../../../protocols/log.ts';
import { Bench, figures } from '../derivation/derivation-bench.ts';
import { MACHINE, PlantFeed } from '../derivation/plant-feed.ts';
import { InProcessWriter } from '../ledger/in-process-writer.ts';
import { makeTempFolder } from '../ledger/temp-folder.ts';

const CHILD = fileURLToPath(new URL('./work-until-killed.ts', import.meta.url));
/** Ten of each work in turn; more with MILLWATT_TEST_LONG=1. */
const KILLS = process.env['MILLWATT_TEST_LONG'] === '1' ? 600 : 30;
const FROM_MS = Date.UTC(2026, 2, 28);
const HOUR_MS = 3_600_000;
const EVERY_MS = 300_000;
const NOW_MS = FROM_MS + 14 * 24 * HOUR_MS;
const MARCH = 'ledger/records-2026-03.db';

/** Works in a process of its own, and kills it (-9) so long after it began, ms, or when it is done. Whether it was by then. */
async function workAndKill(folder: string, afterMs: number | 'done'): Promise<boolean> {
  const child = spawn(process.execPath, [CHILD, folder, String(NOW_MS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (afterMs !== 'done' || said.includes('done')) resolve();
    });
    child.on('close', () => resolve());
  });
  if (afterMs !== 'done') await wait(afterMs);
  child.kill('SIGKILL');
  await once(child, 'close');
  return said.includes('done');
}

function faultsOf(folder: string): number {
  const steps = verifyLedger({ folder, isKnownKey: () => true, readEnd: () => undefined, faultsMax: 9 });
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value.faults;
  }
}

async function stateOf(folder: string) {
  // Without a thread: it is opened often.
  const startWriter = (data: LedgerWorkerData) => new InProcessWriter(data);
  const ledger = await openLedger({ folder: join(folder, 'ledger'), log: silentLog, startWriter });
  const views = openViews({ folder });
  const state = {
    chains: ledger.chains(),
    hashes: ledger.readAfter(0, 10_000).map(({ hash, ordinal }) => [ordinal, hash]),
    damaged: ledger.damaged().length,
    hours: figures(views.hours(MACHINE, 0, Number.MAX_SAFE_INTEGER)),
  };
  const pruned = ledger.months().map((month) => month.isPruned);
  views.close();
  await ledger.close();
  return { state, pruned };
}

const WORKS: [string, (folder: string) => void][] = [
  ['is let go', () => {}],
  [
    'is upgraded',
    (folder) => {
      const db = new DatabaseSync(join(folder, MARCH));
      db.exec('DROP TABLE run; DROP TABLE gone; PRAGMA user_version = 1;');
      db.close();
    },
  ],
  ['is salvaged', (folder) => markDamaged(join(folder, MARCH))],
];

test(`killed ${KILLS} times while a month is let go, upgraded or salvaged, records, chains and hours are what they were`, async () => {
  const feed = new PlantFeed({ bootMs: FROM_MS - 60_000 });
  const bench = await Bench.open();
  bench.clock.stepTo(FROM_MS);
  await bench.append(feed.config());
  const appended: Promise<void>[] = [];
  for (let beginMs = FROM_MS; beginMs < NOW_MS; beginMs += 3 * HOUR_MS) {
    const timesMs = Array.from({ length: (3 * HOUR_MS) / EVERY_MS }, (_, row) => beginMs + row * EVERY_MS);
    const columns = {
      [`${MACHINE}.supply.activePower`]: timesMs.map((atMs) => 900 + (((atMs / EVERY_MS) * 7919) % 997)),
      [`${MACHINE}.supply.activeEnergyImport`]: timesMs.map((atMs) => (atMs - FROM_MS) / 3),
    };
    const toMs = beginMs + 3 * HOUR_MS;
    bench.clock.stepTo(toMs);
    appended.push(
      bench.append(
        feed.say({ rows: [{ source: 'meter', everyMs: EVERY_MS, timesMs, columns }], sealedToMs: toMs }),
      ),
    );
  }
  await Promise.all(appended);
  await bench.derive();
  await bench.close();
  const expected = (await stateOf(bench.folder)).state;
  expect(expected.hours.length).toBeGreaterThan(300);
  const ends = new Map<string, number>();
  // How long it takes here and now, so that the kills come in all of it.
  const whole = makeTempFolder();
  cpSync(bench.folder, whole, { recursive: true });
  const startedMs = performance.now();
  await workAndKill(whole, 'done');
  // Starting the process takes some of it, and several at once take longer.
  const longestMs = performance.now() - startedMs;
  const killOnce = async (kill: number) => {
    const [what, prepare] = WORKS[kill % WORKS.length]!;
    const folder = makeTempFolder();
    cpSync(bench.folder, folder, { recursive: true });
    prepare(folder);
    const afterMs = Math.round(longestMs * ((kill * 0.381_966) % 1));
    const done = await workAndKill(folder, afterMs);
    const left = await stateOf(folder);
    expect(left.state, `a month ${what}, killed after ${afterMs} ms`).toEqual(expected);
    expect(faultsOf(join(folder, 'ledger')), what).toBe(0);
    const end = `${what}: ${done ? 'done' : left.pruned[0] === true ? 'let go, not said' : 'not let go'}`;
    ends.set(end, (ends.get(end) ?? 0) + 1);
  };
  // One of each work at a time: they mostly wait for the disk.
  for (let kill = 0; kill < KILLS; kill += WORKS.length)
    await Promise.all(WORKS.map((_, work) => killOnce(kill + work)));
  console.log(Object.fromEntries(ends));
}, 3_600_000);
