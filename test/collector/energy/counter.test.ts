import { describe, expect, it } from 'vitest';
import { judgeReading, type CounterState, type CounterVerdict } from '../../../collector/energy/counter.ts';
import { defineCounter, type CounterDefinition } from '../../../collector/energy/counter-value.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';

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
    expect(judgeAll([1000, 1010, 1010, 1015])).toEqual([
      { kind: 'anchor' },
      { kind: 'rise', mwh: 10_000, glitch: false, rollover: false, moved: false },
      { kind: 'same', mwh: 0, glitch: false, rollover: false, moved: false },
      { kind: 'rise', mwh: 5000, glitch: false, rollover: false, moved: false },
    ]);
  });

  it('forgets a spike that comes back', () => {
    const verdicts = judgeAll([1000, 53_700_000, 1010]);
    expect(kinds(verdicts)).toEqual(['anchor', 'held', 'rise']);
    expect(verdicts[2]).toEqual({ kind: 'rise', mwh: 10_000, glitch: true, rollover: false, moved: false });
  });

  it('forgets a dip, even to 0 and for long', () => {
    const verdicts = judgeAll([1000, 0, 0, 0, 0, 0, 1020]);
    expect(kinds(verdicts)).toEqual(['anchor', 'held', 'held', 'held', 'held', 'held', 'rise']);
    expect(verdicts[6]).toEqual({ kind: 'rise', mwh: 20_000, glitch: true, rollover: false, moved: false });
  });

  it('never books a jump that stays: 3 readings open a new epoch', () => {
    const verdicts = judgeAll([1000, 900_000, 900_004, 900_010, 900_012]);
    expect(kinds(verdicts)).toEqual(['anchor', 'held', 'held', 'step', 'rise']);
    expect(verdicts[3]).toEqual({ kind: 'step', firstMs: 1000, mwh: 10_000 });
  });

  it('counts from 0 after a reset', () => {
    const verdicts = judgeAll([1000, 3, 8, 12, 15]);
    expect(kinds(verdicts)).toEqual(['anchor', 'held', 'held', 'reset', 'rise']);
    expect(verdicts[3]).toEqual({ kind: 'reset', firstMs: 1000, fromZeroMwh: 3000, mwh: 9000 });
  });

  it('takes a meter that goes on far below for another one, not for a reset', () => {
    expect(kinds(judgeAll([900_000, 5000, 5003, 5006]))).toEqual(['anchor', 'held', 'held', 'step']);
  });

  it('carries on over a rollover that fits, and holds one that does not', () => {
    const sixDigits = defineCounter('m', ['1', '1'], { modulus: '1000000' });
    expect(judgeAll([999_990, 4, 9], sixDigits)).toEqual([
      { kind: 'anchor' },
      { kind: 'rise', mwh: 14_000, glitch: false, rollover: true, moved: false },
      { kind: 'rise', mwh: 5000, glitch: false, rollover: false, moved: false },
    ]);
    expect(kinds(judgeAll([500_000, 4], sixDigits))).toEqual(['anchor', 'held']);
    expect(kinds(judgeAll([999_990, 4], sixDigits, null))).toEqual(['anchor', 'rise']);
    expect(kinds(judgeAll([500_000, 4], sixDigits, null))).toEqual(['anchor', 'held']);
  });

  it('measures the bound from when the value last changed: slow counters and gaps may rise at once', () => {
    const standing = Array.from({ length: 60 }, () => 1000);
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
