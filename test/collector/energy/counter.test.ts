import { describe, expect, it } from 'vitest';
import type { CounterState } from '../../../collector/energy/counter-state.ts';
import type { CounterVerdict } from '../../../collector/energy/counter-verdict.ts';
import { judgeReading } from '../../../collector/energy/counter.ts';
import {
  amendCounter,
  defineCounter,
  type CounterDefinition,
} from '../../../collector/energy/counter-value.ts';
import { rational, watts } from '../../../protocols/telemetry/unit.ts';

const WH = defineCounter('meter', ['1', '1']);

/** Reads a counter once a second; `undefined` skips a second. */
function judgeAll(
  values: (number | undefined)[],
  definition: CounterDefinition | CounterDefinition[] = WH,
  ratedPowerW: number | null = 36_000,
): CounterVerdict[] {
  let state: CounterState | null = null;
  const verdicts: CounterVerdict[] = [];
  values.forEach((raw, second) => {
    if (raw === undefined) return;
    const own = Array.isArray(definition) ? (definition[second] ?? WH) : definition;
    const judged = judgeReading(
      state,
      { atMs: second * 1000, raw, everyMs: 1000, definition: own },
      ratedPowerW === null ? null : watts(ratedPowerW),
    );
    state = judged.state;
    verdicts.push(judged.verdict);
  });
  return verdicts;
}

const kinds = (verdicts: CounterVerdict[]) => verdicts.map((verdict) => verdict.kind);

describe('judgeReading (rated 36 kW: at most 12 Wh a second, 24 Wh between two readings)', () => {
  it('takes differences, and standstill as standstill', () => {
    expect(judgeAll([1000, 1010, 1010, 1015])).toMatchObject([
      { kind: 'anchor' },
      { kind: 'rise', mwh: 10_000, glitch: false, rollover: false, moved: false },
      { kind: 'same', mwh: 0, glitch: false, rollover: false, moved: false },
      { kind: 'rise', mwh: 5000, glitch: false, rollover: false, moved: false },
    ]);
  });

  it('forgets a spike that comes back', () => {
    const verdicts = judgeAll([1000, 53_700_000, 1010]);
    expect(kinds(verdicts)).toEqual(['anchor', 'held', 'rise']);
    expect(verdicts[2]).toMatchObject({
      kind: 'rise',
      mwh: 10_000,
      glitch: true,
      rollover: false,
      moved: false,
    });
  });

  it('forgets a dip, even to 0 and for long', () => {
    const verdicts = judgeAll([1000, 0, 0, 0, 0, 0, 1020]);
    expect(kinds(verdicts)).toEqual(['anchor', 'held', 'held', 'held', 'held', 'held', 'rise']);
    expect(verdicts[6]).toMatchObject({
      kind: 'rise',
      mwh: 20_000,
      glitch: true,
      rollover: false,
      moved: false,
    });
  });

  it('never books a jump that stays: 3 readings open a new epoch', () => {
    const verdicts = judgeAll([1000, 900_000, 900_004, 900_010, 900_012]);
    expect(kinds(verdicts)).toEqual(['anchor', 'held', 'held', 'step', 'rise']);
    expect(verdicts[3]).toMatchObject({ kind: 'step', mwh: 10_000, evidence: { first: { atMs: 1000 } } });
  });

  it('counts from 0 after a reset', () => {
    const verdicts = judgeAll([1000, 3, 8, 12, 15]);
    expect(kinds(verdicts)).toEqual(['anchor', 'held', 'held', 'reset', 'rise']);
    expect(verdicts[3]).toMatchObject({ kind: 'reset', fromZeroMwh: 3000, mwh: 9000 });
  });

  it('takes a meter that goes on far below for another one, not for a reset', () => {
    expect(kinds(judgeAll([900_000, 5000, 5003, 5006]))).toEqual(['anchor', 'held', 'held', 'step']);
  });

  it('carries on over a rollover that fits, and holds one that does not', () => {
    const sixDigits = defineCounter('m', ['1', '1'], { modulus: '1000000' });
    expect(judgeAll([999_990, 4, 9], sixDigits)).toMatchObject([
      { kind: 'anchor' },
      { kind: 'rise', mwh: 14_000, glitch: false, rollover: true, moved: false },
      { kind: 'rise', mwh: 5000, glitch: false, rollover: false, moved: false },
    ]);
    expect(kinds(judgeAll([500_000, 4], sixDigits))).toEqual(['anchor', 'held']);
    expect(kinds(judgeAll([999_990, 4], sixDigits, null))).toEqual(['anchor', 'rise']);
    expect(kinds(judgeAll([500_000, 4], sixDigits, null))).toEqual(['anchor', 'held']);
  });

  it('measures the bound from when the value last changed: slow counters and gaps may rise at once', () => {
    const standing = [999, ...Array.from({ length: 60 }, () => 1000)];
    expect(kinds(judgeAll([...standing, 1700])).pop()).toBe('rise'); // 61 s x 12 Wh = 732 Wh
    expect(kinds(judgeAll([...standing, 1800])).pop()).toBe('held');
    const gap = Array.from({ length: 600 }, () => undefined);
    expect(kinds(judgeAll([1000, ...gap, 8000])).pop()).toBe('rise');
  });

  it('lets a coarse counter make its first step', () => {
    expect(kinds(judgeAll([12_345, 12_346], defineCounter('m', ['1000', '1'])))).toEqual(['anchor', 'rise']);
    expect(kinds(judgeAll([12.3, 12.4], defineCounter('m', ['1000', '1'])))).toEqual(['anchor', 'rise']);
    expect(kinds(judgeAll([12_345, 12_347], defineCounter('m', ['1000', '1'])))).toEqual(['anchor', 'held']);
  });

  it('never takes a difference across meters or scales', () => {
    const other = defineCounter('another', ['1', '1']);
    const rescaled = defineCounter('meter', ['2', '1']);
    const swapped = judgeAll([1000, 1001, 1002, 1004, 1005], [WH, other, other, other, other]);
    expect(kinds(swapped)).toEqual(['anchor', 'foreign', 'foreign', 'identity', 'rise']);
    expect(swapped[3]).toMatchObject({ mwh: 3000 });
    expect(kinds(judgeAll([1000, 1001], [WH, rescaled]))).toEqual(['anchor', 'foreign']);
  });

  it('lets a large 32-bit float take its first step', () => {
    // Floats of kWh beyond 2^24 are 2 kWh apart, though the last digit shown is that of 1 kWh.
    const kWh = defineCounter('m', ['1000', '1']);
    const steps = judgeAll([16_777_216, 16_777_216, 16_777_218, 16_777_218, 16_777_218, 16_777_218], kWh);
    expect(kinds(steps)).toEqual(['anchor', 'same', 'rise', 'same', 'same', 'same']);
    expect(steps[2]).toMatchObject({ mwh: 2_000_000 });
    // An integer that no such float holds moves in its own steps.
    expect(kinds(judgeAll([16_777_217, 16_777_219], kWh))).toEqual(['anchor', 'held']);
  });

  it('stays with one counter when two feed a channel in turn', () => {
    const other = defineCounter('another', ['1', '1']);
    const verdicts = judgeAll([1000, 70, 1002, 71, 1004, 72, 1006], [WH, other, WH, other, WH, other, WH]);
    expect(kinds(verdicts)).toEqual(['anchor', 'foreign', 'rise', 'foreign', 'rise', 'foreign', 'rise']);
  });

  it('follows a meter without a serial number to another address when it fits the track, and flags it', () => {
    const here = defineCounter('10.0.0.7', ['1', '1'], { named: false });
    const there = defineCounter('10.0.0.9', ['1', '1'], { named: false });
    const moved = judgeAll([1000, 1001, undefined, 1005, 1006], [here, here, here, there, there]);
    expect(kinds(moved)).toEqual(['anchor', 'rise', 'rise', 'rise']);
    expect(moved[2]).toMatchObject({ mwh: 4000, moved: true });
    expect(moved[3]).toMatchObject({ mwh: 1000, moved: false });
    // Another value is another meter, and without a rated power nobody can tell.
    expect(kinds(judgeAll([1000, 9000], [here, there]))).toEqual(['anchor', 'foreign']);
    expect(kinds(judgeAll([1000, 1001], [here, there], null))).toEqual(['anchor', 'foreign']);
    // Writing the serial number down later is no other meter; two serial numbers are.
    expect(kinds(judgeAll([1000, 1001], [here, WH]))).toEqual(['anchor', 'rise']);
  });

  it('lets a meter that refreshes every 10 s rise at once, whenever it is first looked at', () => {
    // 40 kW, above rated, below the bound: 111 Wh in 10 s. The first look falls anywhere between two refreshes.
    for (let phase = 0; phase < 10; phase++) {
      const polled = Array.from(
        { length: 120 },
        (_, second) => 5000 + 111 * Math.floor((second + phase) / 10),
      );
      expect(new Set(kinds(judgeAll(polled)).slice(1))).toEqual(new Set(['same', 'rise']));
      // ... nor where the gateway was away for half a minute.
      const away = polled.map((value, second) => (second > 40 && second < 73 ? undefined : value));
      expect(new Set(kinds(judgeAll(away)).slice(1))).toEqual(new Set(['same', 'rise']));
    }
  });

  it('continues from where a power loss set a meter back, and books nothing twice', () => {
    const janitza = defineCounter('meter', ['1', '1'], { stepsBack: true });
    const verdicts = judgeAll([50_000, 50_010, 47_000, 47_000, 47_000, 47_000, 47_004, 47_010], janitza);
    expect(kinds(verdicts)).toEqual(['anchor', 'rise', 'held', 'held', 'held', 'held', 'step-back', 'rise']);
    expect(verdicts[6]).toMatchObject({ mwh: 4000, evidence: { first: { mwh: 47_000_000 } } });
    // 5 min x 12 Wh a second are 3600 Wh: more than that is no step back, nor is any without the trait.
    expect(kinds(judgeAll([50_010, 46_400, 46_401, 46_402], janitza)).pop()).toBe('step');
    expect(kinds(judgeAll([50_010, 47_000, 47_001, 47_002])).pop()).toBe('step');
    // A value that comes back was false.
    expect(kinds(judgeAll([50_010, 47_000, 47_000, 47_000, 47_000, 50_020], janitza)).pop()).toBe('rise');
  });

  it('is set back across a rollover, too', () => {
    const wrapping = defineCounter('m', ['1', '1'], { stepsBack: true, modulus: '1000000' });
    const verdicts = judgeAll([999_990, 10, 20, 999_000, 999_003, 999_009], wrapping);
    expect(kinds(verdicts)).toEqual(['anchor', 'rise', 'rise', 'held', 'held', 'step-back']);
    expect(verdicts[5]).toMatchObject({ mwh: 9000, evidence: { before: { mwh: 1_000_020_000 } } });
  });

  it('counts no more at its largest value, and again after a reset', () => {
    const full = defineCounter('m', ['1', '1'], { behaviour: 'saturating', maximum: '32767' });
    const verdicts = judgeAll([32_760, 32_767, 32_767, 32_767, 3, 4, 6, 9], full);
    expect(kinds(verdicts)).toEqual([
      'anchor',
      'saturated',
      'saturated',
      'saturated',
      'held',
      'held',
      'resumed',
      'rise',
    ]);
    expect(verdicts[1]).toMatchObject({ mwh: 7000, begins: true });
    expect(verdicts[2]).toMatchObject({ mwh: 0, begins: false });
    expect(verdicts[7]).toMatchObject({ mwh: 3000 });
    // A false value that looks like the largest one, and one that was there from the first.
    expect(kinds(judgeAll([100, 32_767, 105], full))).toEqual(['anchor', 'held', 'rise']);
    expect(kinds(judgeAll([32_767, 32_767], full))).toEqual(['saturated', 'saturated']);
  });

  it('takes both readings by the scale of the later one where an amendment of the scale begins', () => {
    const amended = amendCounter(WH, rational(2n, 1n), 'meter');
    const verdicts = judgeAll([1000, 1004, 1010, 1012], [WH, WH, amended, amended]);
    expect(kinds(verdicts)).toEqual(['anchor', 'rise', 'rise', 'rise']);
    expect(verdicts.slice(1)).toMatchObject([
      { mwh: 4000, rescaled: false },
      { mwh: 12_000, rescaled: true },
      { mwh: 4000, rescaled: false },
    ]);
    // A wired change of the same size is another counter, and so is a reading held before a scale is amended.
    expect(kinds(judgeAll([1000, 1004], [WH, defineCounter('meter', ['2', '1'])]))).toEqual([
      'anchor',
      'foreign',
    ]);
    expect(kinds(judgeAll([1000, 90_000, 1005, 1006], [WH, WH, amended, amended]))).toEqual([
      'anchor',
      'held',
      'rise',
      'rise',
    ]);
  });

  it('bounds no increase of a machine nobody configured, but judges decreases', () => {
    expect(kinds(judgeAll([1000, 900_000], WH, null))).toEqual(['anchor', 'rise']);
    expect(kinds(judgeAll([1000, 10, 12, 15, 17], WH, null))).toEqual([
      'anchor',
      'held',
      'held',
      'step',
      'rise',
    ]);
  });
});
