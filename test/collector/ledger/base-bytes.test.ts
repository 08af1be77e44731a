import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HourBase } from '../../../collector/energy/hour-base.ts';
import { STATE_COUNT } from '../../../collector/energy/hour-account.ts';
import { decodeBase, encodeBase } from '../../../collector/ledger/base-bytes.ts';

const CELLS = 60 * STATE_COUNT;
const HOUR_MS = 3_600_000;

const cells = (length: number) =>
  fc.array(fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: -9e9, max: 9e15 })), {
    minLength: length,
    maxLength: length,
  });
const grid = fc.option(cells(CELLS));
const base = fc.record({
  machine: fc.constantFrom('m', 'mill-1'),
  hourMs: fc.integer({ min: 0, max: 500_000 }).map((hour) => hour * HOUR_MS),
  timeMs: cells(CELLS),
  measuredMs: cells(60),
  components: fc.dictionary(
    fc.constantFrom('supply', 'spindle', 'cabinet'),
    fc.record({ counter: grid, integrated: grid, bridged: grid }),
    { noNullPrototype: true },
  ),
  exportMwh: fc.option(cells(60)),
  media: fc.dictionary(fc.constant('compressedAir'), cells(60), { noNullPrototype: true }),
  marks: fc.array(
    fc.record({
      reason: fc.constantFrom('gap' as const, 'amended' as const),
      fromMinute: fc.nat(59),
      toMinute: fc.nat(60),
    }),
  ),
  decisions: fc.array(
    fc.record({
      atMs: fc.nat(),
      component: fc.constant('supply'),
      direction: fc.constantFrom('import' as const, 'export' as const),
      kind: fc.constantFrom('glitch' as const, 'step' as const),
      beforeMwh: fc.option(fc.nat()),
      nowMwh: fc.option(fc.nat()),
      boundMwh: fc.option(fc.nat()),
      bookedMwh: fc.nat(),
      amendment: fc.option(fc.string()),
      saying: fc.string({ unit: 'grapheme' }),
    }),
    { maxLength: 3 },
  ),
});

describe('the stored base of an hour', () => {
  it('comes back as it was, cell by cell', () => {
    fc.assert(
      fc.property(base, (one) => {
        expect(decodeBase(encodeBase(one))).toEqual(one);
      }),
      { numRuns: 100 },
    );
  });

  it('tells nothing obtained from obtained zero, and no minutes from none that hold anything', () => {
    const empty: HourBase = {
      machine: 'm',
      hourMs: 0,
      timeMs: Array.from({ length: CELLS }, () => 0),
      measuredMs: [],
      components: {
        supply: { counter: null, integrated: Array.from({ length: CELLS }, () => 0), bridged: null },
      },
      exportMwh: null,
      media: {},
      marks: [],
      decisions: [],
    };
    expect(decodeBase(encodeBase(empty))).toEqual(empty);
  });

  it('takes less than 1.5 kB for an hour of one state and two counters that moved in every minute', () => {
    const busy = (perMinute: number) =>
      Array.from({ length: CELLS }, (_, cell) =>
        cell % STATE_COUNT === 5 ? perMinute + ((cell * 7919) % 997) : 0,
      );
    const minutes = Array.from({ length: 60 }, () => 60_000);
    const bytes = encodeBase({
      machine: 'mill-1',
      hourMs: 490_000 * HOUR_MS,
      timeMs: busy(60_000),
      measuredMs: minutes,
      components: {
        supply: { counter: busy(51_234), integrated: null, bridged: null },
        spindle: { counter: busy(21_234), integrated: null, bridged: null },
      },
      exportMwh: null,
      media: {},
      marks: [],
      decisions: [],
    });
    expect(bytes.length).toBeLessThan(1500);
  });

  it('is refused where its bytes were damaged', () => {
    const bytes = encodeBase({
      machine: 'm',
      hourMs: 0,
      timeMs: [1, 2],
      measuredMs: [],
      components: {},
      exportMwh: null,
      media: {},
      marks: [],
      decisions: [],
    });
    expect(() => decodeBase(bytes.slice(0, -3))).toThrow();
    expect(() => decodeBase(new Uint8Array(40))).toThrow();
  });
});
