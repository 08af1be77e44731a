import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RecordReader } from '../../collector/derivation/record-reader.ts';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { readLedger } from '../../collector/ledger/read-ledger.ts';
import { silentLog } from '../../protocols/log.ts';
import { findFreePort } from '../support/mosquitto.ts';
import {
  makeFolder,
  readAgent,
  readMetrics,
  run,
  startMeter,
  writeAgentFile,
  writeCollectorFile,
} from './fault-rig.ts';
import { eventually } from './millwatt-process.ts';

/*
 * T8 with real processes: the wall clock of a running agent is set with Debian's faketime, its monotonic clock is real. The
 * meter counts 1 Wh at every read.
 */

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
const [LIBRARY] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
/** Where it is missing, the tests are skipped, but for CI. */
const IS_SKIPPED = LIBRARY === undefined && process.env['MILLWATT_REQUIRE_TOOLS'] !== '1';
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A collector on the computer's time, and an agent whose wall clock a test sets. */
async function startLine(offsetS: number) {
  const folder = makeFolder();
  const meter = await startMeter();
  const [brokerPort, httpPort] = [await findFreePort(), await findFreePort()];
  writeCollectorFile(folder, { broker: `{ embedded: { port: ${brokerPort} } }`, httpPort });
  writeAgentFile(folder, { brokerPort, meters: { meter: meter.port } });
  const file = join(folder, 'faketime');
  const set = (seconds: number) => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}\n`);
  set(offsetS);
  const collector = run(folder, ['collector', '-c', 'collector.yaml']);
  await collector.waitFor(/The page is served/);
  const agent = run(folder, ['agent', '-c', 'agent.yaml'], {
    LD_PRELOAD: LIBRARY,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  });
  const read = async (count: number) => {
    const until = meter.reads() + count;
    await eventually(() => meter.reads() >= until, `${count} readings more`);
  };
  const hours = async () => {
    const [from, to] = [-3 * DAY_S, 3 * DAY_S].map((s) => new Date(Date.now() + s * 1000).toISOString());
    const response = await fetch(
      `http://127.0.0.1:${httpPort}/api/v1/machines/mill-1/hours?from=${from}&to=${to}`,
    );
    return ((await response.json()) as { hours: MachineHour[] }).hours;
  };
  /** Ends the agent, waits until all of it is derived, and holds what is derived against what the counter showed. */
  const expectExact = async () => {
    expect(await agent.stop()).toBe(0);
    await eventually(async () => {
      const metrics = await readMetrics(httpPort);
      return (
        (await readAgent(httpPort))?.online === false &&
        metrics.get('millwatt_reader_lag_records{reader="derive"}') === 0
      );
    }, 'everything is derived');
    await pause(500);
    const derived = await hours();
    expect(await collector.stop()).toBe(0);
    const shown = counterOf(join(folder, 'collector/ledger'));
    const supply = derived.map(({ energy }) => energy.supplyMwh ?? 0);
    expect(Math.min(...supply)).toBeGreaterThanOrEqual(0);
    expect(supply.reduce<number>((sum, mwh) => sum + mwh, 0)).toBe(
      (Math.max(...shown) - Math.min(...shown)) * 1000,
    );
    expect(shown.length).toBeGreaterThan(30);
    return derived;
  };
  return { set, read, collector, httpPort, expectExact };
}

/** All that the counter of the supply showed, Wh. */
function counterOf(folder: string): number[] {
  const ledger = readLedger({ folder, log: silentLog });
  const reader = new RecordReader(ledger);
  const shown = ledger
    .readAfter(0, 1e6)
    .flatMap((record) => reader.readMachine(record, 'mill-1')?.rows ?? [])
    .flatMap(({ counters }) => counters)
    .flatMap(({ values }) => values)
    .filter((value) => value !== null);
  ledger.close();
  return shown.map(Number);
}

it.skipIf(IS_SKIPPED)(
  'the clock of a running agent is set back by an hour and ahead by a day: told, flagged, nothing lost, nothing twice',
  async () => {
    expect(LIBRARY, 'apt-get install faketime').toBeDefined();
    const { set, read, collector, httpPort, expectExact } = await startLine(0);
    const offsetS = async () => Math.round(((await readAgent(httpPort))?.clockOffsetMs ?? NaN) / 1000);
    await read(20);
    await eventually(async () => (await offsetS()) === 0, 'the clock is right');
    for (const byS of [-HOUR_S, DAY_S - 60]) {
      set(byS);
      await read(20);
      await eventually(async () => (await offsetS()) === byS, `the clock is ${byS} s off`);
      set(0);
      await read(20);
    }
    expect(collector.output()).toMatch(
      /The clock of agent gateway-1 is \d+ (?:min|h) (ahead of|behind) the collector's/,
    );
    expect((await readMetrics(httpPort)).has('millwatt_agent_clock_offset_seconds{agent="gateway-1"}')).toBe(
      true,
    );
    const hours = await expectExact();
    expect(hours.flatMap(({ reasons }) => reasons)).toContain('clock-stepped');
    expect(hours.flatMap(({ reasons }) => reasons)).not.toContain('counter-step');
  },
  120_000,
);

it.skipIf(IS_SKIPPED)(
  'an agent that starts in 1970 and is set: its readings get their time, none of it in 1970',
  async () => {
    expect(LIBRARY, 'apt-get install faketime').toBeDefined();
    const { set, read, expectExact } = await startLine(60 - Math.floor(Date.now() / 1000));
    await read(20);
    set(0);
    await read(20);
    const hours = await expectExact();
    expect(hours.flatMap(({ reasons }) => reasons)).not.toContain('clock-unsynced');
  },
  120_000,
);
