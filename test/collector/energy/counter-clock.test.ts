import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BootTime } from '../../../collector/energy/boot-time.ts';
import type { CounterReading, CounterState } from '../../../collector/energy/counter-state.ts';
import { defineCounter } from '../../../collector/energy/counter-value.ts';
import { judgeReading } from '../../../collector/energy/counter.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';

/*
 * A counter that never fell, read by a gateway that restarts while its wall clock is set to and fro. However the labels
 * overlap, no more is booked than it counted, and nothing below zero.
 */

const SECOND_MS = 1000;
const METER = defineCounter('meter', ['1', '1000']);
const RATED = watts(15_000);
const NOON_MS = Date.UTC(2026, 4, 4, 12);

/** A piece of one boot with one setting of the clock. */
interface Run {
  boot: number;
  epoch: number;
  /** Wall time less true time, s. */
  offsetS: number;
  readings: number;
  /** Nothing is read before it, s. */
  pauseS: number;
  /** Below the 15 kW of the machine. */
  powerW: number;
}

/** Readings of a counter that counts true time, in the order in which they were made; one a second. */
function readingsOf(runs: readonly Run[], startMwh = 5_000_000): CounterReading[] {
  const readings: CounterReading[] = [];
  let [trueMs, mwh, seq] = [0, startMwh, 0];
  for (const { boot, epoch, offsetS, readings: count, pauseS, powerW } of runs) {
    const pass = (seconds: number) => {
      trueMs += seconds * SECOND_MS;
      mwh += Math.round((powerW * seconds) / 3.6);
    };
    pass(pauseS);
    for (let index = 0; index < count; index++) {
      const bootTime: BootTime = {
        agent: 'gw1',
        boot: `gw1 boot${boot}`,
        epoch: `epoch${epoch}`,
        seq: ++seq,
        monoMs: trueMs - boot * 10_000_000,
      };
      const atMs = NOON_MS + trueMs + offsetS * SECOND_MS;
      readings.push({ atMs, bootTime, raw: mwh, everyMs: SECOND_MS, definition: METER });
      pass(1);
    }
  }
  return readings;
}

/** What is booked of readings as the fold hands them on: by their labels, of two of one time the lower seq. */
function book(readings: readonly CounterReading[]): { mwh: number; kinds: string[] } {
  const inOrder = [...readings].sort(
    (a, b) => a.atMs - b.atMs || (a.bootTime?.seq ?? 0) - (b.bootTime?.seq ?? 0),
  );
  let state: CounterState | null = null;
  let mwh = 0;
  const kinds: string[] = [];
  let lastMs = -Infinity;
  for (const reading of inOrder) {
    if (reading.atMs === lastMs) continue;
    lastMs = reading.atMs;
    const judged = judgeReading(state, reading, RATED);
    ({ state } = judged);
    const { verdict } = judged;
    kinds.push(verdict.kind);
    if ('mwh' in verdict) {
      expect(verdict.mwh).toBeGreaterThanOrEqual(0);
      mwh += verdict.mwh;
    }
    if (verdict.kind === 'reset') mwh += verdict.fromZeroMwh;
  }
  return { mwh, kinds };
}

function countedMwh(readings: readonly CounterReading[]): number {
  return Number(readings.at(-1)?.raw ?? 0) - Number(readings[0]?.raw ?? 0);
}

const run = (over: Partial<Run>): Run => ({
  boot: 0,
  epoch: 0,
  offsetS: 0,
  readings: 20,
  pauseS: 0,
  powerW: 3600,
  ...over,
});

describe('a counter under a clock that is set (E6)', () => {
  it('after a restart and a step back, readings that come by label after later ones are not booked again', () => {
    const readings = readingsOf([
      run({}),
      run({ boot: 1, offsetS: -25, pauseS: 2 }),
      run({ boot: 1, offsetS: 0 }),
    ]);
    const { mwh } = book(readings);
    expect(mwh).toBeLessThanOrEqual(countedMwh(readings));
    expect(mwh).toBeGreaterThan(countedMwh(readings) / 2);
  });

  it('a boot that is labelled before an earlier one: each of the two is booked, and what lies between once', () => {
    const readings = readingsOf([
      run({ offsetS: 60 }),
      run({ boot: 1, offsetS: 0 }),
      run({ boot: 1, offsetS: 0, readings: 60 }),
    ]);
    expect(book(readings).mwh).toBeLessThanOrEqual(countedMwh(readings));
  });

  it('after a step of nobody knows what, earlier readings are still known to be booked', () => {
    const readings = readingsOf([
      run({ offsetS: 0 }),
      // More than a machine of 15 kW can draw: never booked.
      run({ boot: 1, pauseS: 1, powerW: 900_000, readings: 4 }),
      run({ boot: 1, powerW: 3600 }),
    ]);
    const again = readings.slice(0, 20).map((reading) => ({ ...reading, atMs: reading.atMs + 100_000 }));
    expect(book([...readings, ...again]).mwh).toBe(book(readings).mwh);
  });

  it('a real fall after a restart is still a step, and is counted on from', () => {
    const before = readingsOf([run({})]);
    const after = readingsOf([run({ boot: 1, pauseS: 30 })], 4_000_000).map((reading, index) => ({
      ...reading,
      bootTime: { agent: 'gw1', boot: 'gw1 boot1', epoch: 'epoch0', seq: 100 + index, monoMs: index * 1000 },
    }));
    const { mwh, kinds } = book([...before, ...after]);
    expect(kinds).toContain('step');
    expect(mwh).toBe(19_000 + 19_000);
  });

  it('any restarts and steps: never more than it counted', () => {
    const offset = fc.oneof(fc.constantFrom(0, 1, -1, 3, -3, 60, -60), fc.integer({ min: -120, max: 120 }));
    const anyRun = fc.record({
      restarts: fc.boolean(),
      newSpool: fc.nat({ max: 4 }),
      offsetS: offset,
      readings: fc.integer({ min: 1, max: 30 }),
      pauseS: fc.nat({ max: 40 }),
      powerW: fc.constantFrom(0, 360, 3600, 14_400),
    });
    fc.assert(
      fc.property(fc.array(anyRun, { minLength: 1, maxLength: 8 }), (pieces) => {
        let [boot, epoch] = [0, 0];
        const runs = pieces.map(({ restarts, newSpool, ...piece }) => {
          if (restarts) boot++;
          // A new spool comes with a new process.
          if (restarts && newSpool === 0) epoch++;
          return { ...piece, boot, epoch };
        });
        const readings = readingsOf(runs);
        expect(book(readings).mwh).toBeLessThanOrEqual(countedMwh(readings));
      }),
      {
        numRuns: Number(process.env['RUNS'] ?? 1000),
        ...(process.env['MILLWATT_TEST_SEED'] === undefined
          ? {}
          : { seed: Number(process.env['MILLWATT_TEST_SEED']) }),
        ...(process.env['MILLWATT_TEST_PATH'] === undefined
          ? {}
          : { path: process.env['MILLWATT_TEST_PATH'] }),
      },
    );
  });
});
