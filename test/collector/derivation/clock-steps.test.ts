import { rmSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Clock } from '../../../protocols/clock.ts';
import { generateSigningKey } from '../../../protocols/evidence/keys.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { encodeSnapshot } from '../../../protocols/telemetry/snapshot-text.ts';
import { openSealer, openSpool } from '../../agent/spool-rig.ts';
import { makeMemoryFolder } from '../../support/memory-folder.ts';
import { Bench } from './derivation-bench.ts';
import { CHANNELS, MACHINE, snapshotOf, START_MS } from './plant-feed.ts';

/*
 * T8: clocks that step, stand, run fast, or were never set, through the real sealer, spool, ledger and derivation. What is
 * injected is the clock of the agent. The counter of the meter counts true time, so that what must come out is its last
 * reading minus its first, whatever the clock says.
 */

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const EVERY_MS = 10 * SECOND_MS;
/** Below the 15 kW of the machine; so much is 1 mWh in 1 ms. */
const POWER_W = 3600;

/** Both clocks of a gateway: the wall clock may be set, or run fast; the monotonic one stands while the computer sleeps. */
class GatewayClock implements Clock {
  #monoMs = 100_000;
  #wallMs: number;
  ratePpm = 0;

  constructor(wallMs: number) {
    this.#wallMs = wallMs;
  }

  wallMs = () => Math.floor(this.#wallMs);
  monotonicMs = () => this.#monoMs;
  speed = () => 1;

  pass(ms: number): void {
    this.#monoMs += ms;
    this.#wallMs += ms * (1 + this.ratePpm / 1e6);
  }

  /** Somebody sets the wall clock. */
  step(byMs: number): void {
    this.#wallMs += byMs;
  }
}

type Deed =
  | { do: 'read'; forMs: number }
  | { do: 'step'; byMs: number }
  /** Nothing runs: neither is a meter read. */
  | { do: 'freeze'; forMs: number }
  /** The computer sleeps: its monotonic clock stands, the wall clock is right when it wakes. */
  | { do: 'suspend'; forMs: number }
  | { do: 'slew'; ppm: number };

const SEED = Number(process.env['MILLWATT_TEST_SEED'] ?? Date.now() % 2 ** 31);
const parameters = {
  seed: SEED,
  numRuns: Number(process.env['RUNS'] ?? 25),
  ...(process.env['MILLWATT_TEST_PATH'] === undefined ? {} : { path: process.env['MILLWATT_TEST_PATH'] }),
};

/** A gateway that lives through deeds; every record that it sealed, and what its counter rose by, mWh. */
function live(startWallMs: number, deeds: readonly Deed[]) {
  const clock = new GatewayClock(startWallMs);
  const folder = makeMemoryFolder('spool');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const spool = openSpool(folder);
  onTestFinished(() => spool.close());
  const sealed: SealedRecord[] = [];
  const snapshot = encodeSnapshot(snapshotOf('gw1', CHANNELS));
  const sealer = openSealer(spool, clock, [MACHINE], {
    maker: { site: 'plant', agent: 'gw1', key: generateSigningKey() },
    wiring: {
      snapshot,
      channelOf: new Map(CHANNELS.map(({ id, source }) => [id, { machine: MACHINE, source }])),
      machinesOf: new Map(CHANNELS.map(({ source }) => [source, [MACHINE]])),
    },
    // Real time is that of the gateway: nothing here is fast.
    timers: { nowMs: clock.monotonicMs },
    onSealed: (records) => void sealed.push(...records),
  });
  let trueMs = 0;
  const shown: number[] = [];
  const pass = (ms: number) => {
    trueMs += ms;
    clock.pass(ms);
  };
  const read = () => {
    const mwh = 5_000_000 + trueMs;
    shown.push(mwh);
    const readings = [
      { channel: `${MACHINE}.supply.activePower`, value: POWER_W, quality: 'good' as const },
      { channel: `${MACHINE}.supply.activeEnergyImport`, value: mwh, quality: 'good' as const },
    ];
    sealer.addPoll('meter', { atMs: clock.monotonicMs(), roundTripMs: 1, readings }, EVERY_MS);
    sealer.sealDue();
  };
  for (const deed of deeds) {
    if (deed.do === 'step') clock.step(deed.byMs);
    else if (deed.do === 'slew') clock.ratePpm = deed.ppm;
    else if (deed.do === 'freeze') pass(deed.forMs);
    else if (deed.do === 'suspend') {
      trueMs += deed.forMs;
      clock.step(deed.forMs);
    } else
      for (let at = 0; at < deed.forMs; at += EVERY_MS) {
        read();
        pass(EVERY_MS);
      }
  }
  sealer.sealAll();
  return { sealed, drawnMwh: (shown.at(-1) ?? 0) - (shown[0] ?? 0) };
}

/** What is derived of the records, and held against the counter: nothing lost, nothing twice, nothing below zero. */
async function expectExact({ sealed, drawnMwh }: ReturnType<typeof live>) {
  const bench = await Bench.open();
  bench.clock.stepTo(Date.UTC(2027, 0, 1));
  await bench.append(...sealed);
  const hours = await bench.derive();
  const supply: number[] = hours.map(({ energy }) => energy.supplyMwh ?? 0);
  expect(
    Math.min(...supply, ...hours.flatMap(({ energy }) => Object.values(energy.stateMwh))),
  ).toBeGreaterThanOrEqual(0);
  expect(supply.reduce((sum, mwh) => sum + mwh, 0)).toBe(drawnMwh);
  return hours;
}

const read = (minutes: number): Deed => ({ do: 'read', forMs: minutes * 60_000 });
const step = (byMs: number): Deed => ({ do: 'step', byMs });

describe('a counter under clocks that step (T8)', () => {
  it.each([
    ['1 s ahead', [step(SECOND_MS)]],
    ['1 s back', [step(-SECOND_MS)]],
    ['3 s back', [step(-3 * SECOND_MS)]],
    ['an hour ahead', [step(HOUR_MS)]],
    ['an hour back', [step(-HOUR_MS)]],
    ['a day ahead', [step(DAY_MS)]],
    ['a day back, until that day is over', [step(-DAY_MS), read(24 * 60)]],
    ['an hour ahead, and right again', [step(HOUR_MS), read(20), step(-HOUR_MS)]],
    ['an hour back, and right again', [step(-HOUR_MS), read(20), step(HOUR_MS)]],
    ['a day back, and right again', [step(-DAY_MS), read(20), step(DAY_MS)]],
    ['frozen for 10 min', [{ do: 'freeze', forMs: 600_000 }]],
    ['asleep for 6 h', [{ do: 'suspend', forMs: 6 * HOUR_MS }]],
    ['500 ppm fast', [{ do: 'slew', ppm: 500 }, read(180)]],
    ['500 ppm slow', [{ do: 'slew', ppm: -500 }, read(180)]],
    [
      'a second smeared over a day',
      [{ do: 'slew', ppm: -1e6 / 86_400 }, read(24 * 60), { do: 'slew', ppm: 0 }],
    ],
  ] satisfies [string, Deed[]][])('%s', async (_, deeds) => {
    await expectExact(live(START_MS, [read(90), ...deeds, read(90)]));
  });

  it('set from 1970 once the network is there: the hours are those of a clock that was right', async () => {
    const bootMs = 40_000;
    const hours = await expectExact(live(bootMs, [read(20), step(START_MS - bootMs), read(90)]));
    const [first] = hours;
    expect(first?.hourMs).toBe(START_MS - HOUR_MS / 2);
    expect(hours.flatMap(({ reasons }) => reasons)).not.toContain('clock-unsynced');
  });

  it('back to 1970 in the middle of a boot, and right again', async () => {
    await expectExact(live(START_MS, [read(60), step(-START_MS), read(20), step(START_MS), read(60)]));
  });

  it.each([
    ['Europe/London', '2026-03-29T01:00Z'],
    ['Europe/London', '2026-10-25T01:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T15:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T15:30Z'],
  ])('summer time of %s changes at %s: the clock on the wall is no clock of ours', async (zone, at) => {
    const before = process.env['TZ'];
    process.env['TZ'] = zone;
    onTestFinished(() => {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    });
    const changeMs = Date.parse(at);
    expect(new Date(changeMs - 1).getTimezoneOffset()).not.toBe(new Date(changeMs).getTimezoneOffset());
    const fromMs = Math.floor(changeMs / HOUR_MS - 2) * HOUR_MS;
    const hours = await expectExact(live(fromMs, [read(240)]));
    expect(hours.map(({ energy }) => energy.supplyMwh)).toEqual([
      HOUR_MS,
      HOUR_MS,
      HOUR_MS,
      HOUR_MS - EVERY_MS,
    ]);
  });

  it('an hour back is flagged, and says what it rests on', async () => {
    const hours = await expectExact(live(START_MS, [read(90), step(-HOUR_MS), read(90)]));
    expect(hours.flatMap(({ reasons }) => reasons)).toContain('clock-stepped');
    expect(hours.flatMap(({ reasons }) => reasons)).not.toContain('counter-step');
  });

  it('any steps in any order', async () => {
    // In the end the clock shows a time that no reading was given yet: what waits is settled then.
    const pastAll = step(9 * DAY_MS);
    const deed = fc.oneof(
      fc.integer({ min: -DAY_MS, max: DAY_MS }).map(step),
      fc.integer({ min: -5000, max: 5000 }).map(step),
      fc.integer({ min: 1, max: 30 }).map(read),
      fc.integer({ min: 1, max: 600_000 }).map((forMs): Deed => ({ do: 'freeze', forMs })),
      fc.integer({ min: 1, max: 6 * HOUR_MS }).map((forMs): Deed => ({ do: 'suspend', forMs })),
      fc.integer({ min: -500, max: 500 }).map((ppm): Deed => ({ do: 'slew', ppm })),
    );
    const lives = fc.asyncProperty(fc.array(deed, { maxLength: 8 }), async (deeds) => {
      await expectExact(live(START_MS, [read(10), ...deeds, read(1), pastAll, read(10)]));
    });
    await fc.assert(lives, {
      ...parameters,
      asyncReporter: async ({ failed, seed, counterexamplePath, errorInstance, counterexample }) => {
        if (!failed) return;
        throw new Error(
          `${JSON.stringify(counterexample)}: to try it again: MILLWATT_TEST_SEED=${seed} MILLWATT_TEST_PATH=${counterexamplePath} npx vitest run test/collector/derivation/clock-steps.test.ts`,
          { cause: errorInstance },
        );
      },
    });
  }, 120_000);
});
