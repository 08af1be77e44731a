import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { SampleAccounts } from '../../agent/spool-accounts.ts';
import { Spool } from '../../agent/spool.ts';
import type { DemoView } from '../../cli/demo/demo-view.ts';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import type { MachineEntry } from '../../collector/http/machine-list.ts';
import { silentLog } from '../../protocols/log.ts';
import { findFreePort } from '../support/mosquitto.ts';
import { makeFolder, readAgent, run } from './fault-rig.ts';
import { eventually, type MillwattProcess } from './millwatt-process.ts';

const HOUR_MS = 3_600_000;
const MACHINES = ['mill-1', 'lathe-1', 'centre-1'];

it('shows live power at once and a day of machine-hours within a minute, and goes on where it ended', async () => {
  const folder = makeFolder();
  const port = await findFreePort();
  const start = () =>
    run(folder, ['demo', '--speed', '4000', '--port', String(port), '--data', './data', '--json']);

  const startedMs = Date.now();
  const first = start();
  await eventually(async () => {
    const machines = await readMachines(port);
    return machines.length === 3 && machines.every(({ powerW }) => powerW !== null);
  }, 'the page shows the power of every machine');
  expect(Date.now() - startedMs).toBeLessThan(15_000);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain('<html');

  await runSecondDemo();
  await eventually(
    () => {
      const view = lastView(first);
      if (view?.machines.every(({ finalHours }) => finalHours >= 20)) return true;
      throw new Error(JSON.stringify(view));
    },
    '20 final machine-hours of each machine',
    // A newcomer's calm machine takes half a minute; one that runs other tests beside may take three times as long.
    90_000,
  );
  const before = await eventually(() => readAgent(port), 'the agent is known');
  expect(before.chain?.records).toBeGreaterThan(10);
  await expectToEnd(first);
  const accountsBefore = readAccounts(join(folder, 'data', 'agent'));
  expectNothingLost(accountsBefore);

  const again = start();
  const after = await eventually(async () => {
    const view = await readAgent(port);
    return (view?.chain?.records ?? 0) > (before.chain?.records ?? 0) ? view : undefined;
  }, 'the ledger grows');
  expect(after.chain?.epoch).toBe(before.chain?.epoch);
  expect(after.key?.fingerprint).toBe(before.key?.fingerprint);
  await eventually(
    async () => (await readMachines(port)).every(({ powerW }) => powerW !== null),
    'live power after the second start',
  );
  for (const machine of MACHINES) {
    const hours = await readHours(port, machine);
    expect(hours.length, machine).toBeGreaterThanOrEqual(21);
    for (const [index, hour] of hours.entries())
      expect(hour.hourMs, machine).toBe((hours[0]?.hourMs ?? 0) + index * HOUR_MS);
  }
  await expectToEnd(again);
  const accounts = readAccounts(join(folder, 'data', 'agent'));
  expectNothingLost(accounts);
  expect(accounts.sampled).toBeGreaterThan(accountsBefore.sampled);

  const log = readFileSync(join(folder, 'data', 'demo.log'), 'utf8')
    .trim()
    .split('\n');
  const lines = log.map((line) => JSON.parse(line) as { level: number; msg: string });
  expect(lines.filter(({ level }) => level >= 50)).toEqual([]);
}, 210_000);

it('says what to do when the port of the page is taken, and when an option is wrong', async () => {
  const folder = makeFolder();
  const port = await findFreePort();
  const first = run(folder, ['demo', '--port', String(port), '--data', './one', '--json']);
  await eventually(() => lastView(first), 'the first demo runs');
  const other = run(folder, ['demo', '--port', String(port), '--data', './two']);
  expect(await other.exited).toBe(1);
  expect(other.output()).toMatch(
    new RegExp(
      `Port ${port} of 127.0.0.1 is taken.\\n  cure: Choose another port for the page: millwatt demo --port`,
    ),
  );
  const wrong = run(folder, ['demo', '--speed', 'fast']);
  expect(await wrong.exited).toBe(1);
  expect(wrong.output()).toContain('--speed "fast" is not a number');
  await expectToEnd(first);
}, 60_000);

/** Another demo beside the first: with a page and a broker port of its own, and as a person sees it. */
async function runSecondDemo(): Promise<void> {
  const folder = makeFolder();
  const port = await findFreePort();
  const demo = run(folder, ['demo', '--port', String(port), '--data', './data']);
  await demo.waitFor(new RegExp(`Page: {2}http://127\\.0\\.0\\.1:${port}`));
  expect(demo.output()).toContain('The plant is simulated');
  await demo.waitFor(/Simulated time \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d {2}catching up at 2400x/);
  await expectToEnd(demo);
  expect(demo.output()).toContain('Stopped; the next start goes on from here.');
}

async function expectToEnd(demo: MillwattProcess): Promise<void> {
  const startedMs = Date.now();
  process.kill(demo.pid, 'SIGINT');
  expect(await demo.exited).toBe(0);
  expect(Date.now() - startedMs).toBeLessThan(5000);
}

function lastView(demo: MillwattProcess): DemoView | undefined {
  const line = demo
    .output()
    .split('\n')
    .filter((text) => text.startsWith('{') && text.endsWith('}'))
    .at(-1);
  return line === undefined ? undefined : (JSON.parse(line) as DemoView);
}

async function readMachines(port: number): Promise<MachineEntry[]> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/machines`);
  return ((await response.json()) as { machines: MachineEntry[] }).machines;
}

async function readHours(port: number, machine: string): Promise<MachineHour[]> {
  const from = Date.now() - 30 * HOUR_MS;
  const response = await fetch(
    `http://127.0.0.1:${port}/api/v1/machines/${machine}/hours?from=${from}&to=${Date.now()}`,
  );
  return ((await response.json()) as { hours: MachineHour[] }).hours;
}

function readAccounts(folder: string): SampleAccounts {
  const spool = new Spool({
    folder,
    maxBytes: 1e9,
    keepMs: 1e12,
    randomBytes: () => new Uint8Array(0),
    log: silentLog,
  });
  try {
    return spool.accounts().samples;
  } finally {
    spool.close();
  }
}

function expectNothingLost(accounts: SampleAccounts): void {
  expect(accounts.sampled).toBeGreaterThan(0);
  expect(accounts.sampled).toBe(accounts.receipted + accounts.pending);
}
