import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Amendment } from '../../../collector/energy/amendment.ts';
import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import { silentLog } from '../../../protocols/log.ts';
import { makeTempFolder } from '../ledger/temp-folder.ts';
import { MACHINE, PlantFeed, powerAtW, START_MS } from './plant-feed.ts';

const CHILD = fileURLToPath(new URL('./derive-until-killed.ts', import.meta.url));
const HOUR_MS = 3_600_000;
/** More than is written in one piece where a machine is computed again. */
const HOURS = 30 * 24;
const EVERY_MS = 600_000;
/** When a child is killed: so many ms after it wrote for the nth time. */
const KILLS: readonly (readonly [commits: number, afterMs: number])[] = [
  [1, 0],
  [2, 1],
  [1, 40],
  [3, 0],
];
const AMENDMENTS: Amendment[] = [
  {
    id: 'ratio',
    machine: MACHINE,
    component: 'supply',
    fromMs: START_MS + 30 * HOUR_MS,
    toMs: START_MS + 500 * HOUR_MS,
    kind: 'scale',
    num: '8',
    den: '7',
  },
];

/** A ledger of a month: a reading every ten minutes, a record an hour. */
async function fillLedger(folder: string): Promise<void> {
  const ledger = await openLedger({ folder: `${folder}/ledger`, log: silentLog });
  const feed = new PlantFeed();
  const records = [feed.config()];
  let mwh = 1_000_000;
  for (let hour = 0; hour < HOURS; hour++) {
    const fromMs = START_MS + hour * HOUR_MS;
    const timesMs = Array.from({ length: 6 }, (_, row) => fromMs + row * EVERY_MS);
    const power = timesMs.map((atMs) => powerAtW(atMs));
    const counter = power.map((powerW) => {
      const shown = Math.round(mwh);
      mwh += (powerW * EVERY_MS) / 3600;
      return shown;
    });
    const columns = {
      [`${MACHINE}.supply.activePower`]: power,
      [`${MACHINE}.supply.activeEnergyImport`]: counter,
    };
    records.push(
      feed.say({
        rows: [{ source: 'meter', everyMs: EVERY_MS, timesMs, columns }],
        sealedToMs: fromMs + HOUR_MS,
      }),
    );
  }
  await Promise.all(
    records.map((record) => ledger.append({ ...record, receivedMs: START_MS + HOURS * HOUR_MS })),
  );
  await ledger.close();
}

/** Derives in a child; with a kill, it is ended without notice. Returns whether it was done. */
async function derive(
  folder: string,
  amendments: readonly Amendment[],
  kill?: readonly [commits: number, afterMs: number],
): Promise<boolean> {
  const wallMs = String(START_MS + HOURS * HOUR_MS);
  const child = spawn(process.execPath, [CHILD, folder, wallMs, JSON.stringify(amendments)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (kill !== undefined && text.split('\n').length > kill[0])
      setTimeout(() => child.kill('SIGKILL'), kill[1]);
  });
  await once(child, 'close');
  return text.includes('done');
}

/** All that is written of the machine, with its revisions. */
function readViews(folder: string) {
  const views = openViews({ folder });
  try {
    const all = [MACHINE, 0, Number.MAX_SAFE_INTEGER] as const;
    return {
      hours: views.hours(...all),
      bases: [...views.bases(...all)],
      spans: views.states(...all, 1_000_000),
      minutes: views.minutes(`${MACHINE}.supply.activePower`, 0, Number.MAX_SAFE_INTEGER),
    };
  } finally {
    views.close();
  }
}

test('killed at any point, at first or while an amendment makes it compute again, it ends with the same, revisions included', async () => {
  const folder = makeTempFolder();
  await fillLedger(folder);
  const undisturbed = makeTempFolder();
  cpSync(folder, undisturbed, { recursive: true });
  expect(await derive(undisturbed, [])).toBe(true);
  expect(await derive(undisturbed, AMENDMENTS)).toBe(true);
  const expected = readViews(undisturbed);
  expect(expected.hours.map(({ revision }) => revision)).toContain(2);

  const ends: boolean[] = [];
  for (const kill of KILLS) ends.push(await derive(folder, [], kill));
  await derive(folder, []);
  for (const kill of KILLS) ends.push(await derive(folder, AMENDMENTS, kill));
  expect(await derive(folder, AMENDMENTS)).toBe(true);
  // Most of them were ended midway.
  expect(ends.filter((isDone) => !isDone).length).toBeGreaterThan(KILLS.length / 2);
  expect(readViews(folder)).toEqual(expected);
}, 120_000);
