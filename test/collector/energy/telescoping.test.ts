import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBaseHour } from '../../../collector/energy/calendar/close-cells.ts';
import { sumPeriods } from '../../../collector/energy/calendar/sum-periods.ts';
import { defineCounter } from '../../../collector/energy/counter-value.ts';
import { HOUR_MS, MINUTE_MS } from '../../../collector/energy/hour-account.ts';
import { unconfiguredMachine, type MachineModel } from '../../../collector/energy/machine-model.ts';
import type { RecordFeed } from '../../../collector/energy/record-feed.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { RUNS as CI_RUNS } from './calendar/calendars.ts';
import { bandSetOf, feedOf, foldBases, type Words } from './fold-feed.ts';

const START_MS = Date.UTC(2026, 2, 1, 21, 20);
const MODELS: MachineModel[] = [
  unconfiguredMachine('m'),
  {
    ...unconfiguredMachine('m'),
    ratedPowerW: watts(20_000),
    offBelowW: watts(30),
    bandSets: [bandSetOf([{ state: 'standby', belowW: watts(400) }])],
    tree: { spindle: 'drives' },
  },
];
/** The runs of a property; RUNS asks for another number. */
const RUNS = Number(process.env['RUNS'] ?? CI_RUNS);
const LONG_MS = Math.max(120_000, RUNS * 60);
const DIRECTIONS = ['supply', 'spindle', 'export', 'air'] as const;
type Counted = (typeof DIRECTIONS)[number];
/** One raw step, in mWh or norm litres, of each counter. */
const STEPS = ['1', '100', '10000', '100000'];

/** A plant of which four counters rise as power says; read at uneven times, with silences of up to two days. */
interface Plant {
  model: MachineModel;
  hasPower: boolean;
  steps: Record<Counted, string>;
  readings: { atMs: number; powerW: number; values: Record<Counted, number | null> }[];
  words: Words;
}

const plant: fc.Arbitrary<Plant> = fc
  .record({
    model: fc.constantFrom(...MODELS),
    hasPower: fc.boolean(),
    steps: fc.record({
      supply: fc.constantFrom(...STEPS),
      spindle: fc.constantFrom(...STEPS),
      export: fc.constantFrom(...STEPS),
      air: fc.constantFrom(...STEPS),
    }),
    polls: fc.array(
      fc.record({
        dtMs: fc.oneof(
          { weight: 12, arbitrary: fc.integer({ min: 20_000, max: 60_000 }) },
          { weight: 2, arbitrary: fc.integer({ min: 60_001, max: 9_000_000 }) },
          { weight: 1, arbitrary: fc.integer({ min: 9_000_000, max: 172_800_000 }) },
        ),
        powerW: fc.integer({ min: 0, max: 15_000 }),
        missing: fc.constantFrom(...DIRECTIONS, null, null, null, null),
      }),
      { minLength: 3, maxLength: 80 },
    ),
    words: fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        word: fc.constantFrom('ACTIVE', 'READY', 'UNAVAILABLE'),
      }),
      { maxLength: 12 },
    ),
  })
  .map(({ polls, words, steps, ...rest }): Plant => {
    let atMs = START_MS;
    let mwh = 5_000_000;
    const readings = polls.map(({ dtMs, powerW, missing }, index) => {
      atMs += dtMs;
      mwh += (powerW * dtMs) / 3600;
      const isEnd = index === 0 || index === polls.length - 1;
      const shown = (name: Counted, of: number) =>
        missing === name && !isEnd ? null : Math.floor(of / Number(steps[name]));
      const values = {
        supply: shown('supply', mwh),
        spindle: shown('spindle', mwh / 3),
        export: shown('export', mwh / 50),
        air: shown('air', mwh / 7),
      };
      return { atMs, powerW, values };
    });
    const lastMs = atMs;
    return {
      ...rest,
      steps,
      readings,
      words: words
        .map(({ at, word }): [number, string] => [Math.floor(START_MS + at * (lastMs - START_MS)), word])
        .sort((a, b) => a[0] - b[0]),
    };
  });

function feedsOf({ readings, words, steps, hasPower }: Plant): RecordFeed[] {
  const column = (name: Counted) => ({
    values: readings.map(({ values }) => values[name]),
    definition: defineCounter(name, [steps[name], '1000']),
  });
  return [
    feedOf(
      1,
      {
        timesMs: readings.map(({ atMs }) => atMs),
        everyMs: 30_000,
        powers: hasPower ? { supply: readings.map(({ powerW }) => powerW) } : {},
        imports: { supply: column('supply'), spindle: column('spindle') },
        exports: { supply: column('export') },
        volumes: { air: column('air') },
      },
      words,
    ),
  ];
}

/** Last minus first of a counter, mWh or norm litres. */
function riseOf({ readings, steps }: Plant, name: Counted): number {
  const first = readings[0]?.values[name] ?? 0;
  const last = readings[readings.length - 1]?.values[name] ?? 0;
  return (last - first) * Number(steps[name]);
}

function fold(of: Plant) {
  const endMs = of.readings[of.readings.length - 1]?.atMs ?? 0;
  return foldBases(of.model, feedsOf(of), endMs + 3 * HOUR_MS);
}

/** What all hours of a plant hold. */
function totalsOf(derived: ReturnType<typeof fold>): Record<Counted, number> {
  const total = (of: (hour: (typeof derived)[number]['hour']) => number | undefined | null) =>
    derived.reduce((sum, { hour }) => sum + (of(hour) ?? 0), 0);
  return {
    supply: total((hour) => hour.energy.supplyMwh),
    spindle: total((hour) => hour.energy.componentMwh['spindle']),
    export: total((hour) => hour.energy.exportMwh),
    air: total((hour) => hour.media['air']),
  };
}

function risesOf(of: Plant): Record<Counted, number> {
  return {
    supply: riseOf(of, 'supply'),
    spindle: riseOf(of, 'spindle'),
    export: riseOf(of, 'export'),
    air: riseOf(of, 'air'),
  };
}

describe('what counters count', () => {
  it(
    'is last minus first over any partition into minutes, states and unknown included',
    () => {
      fc.assert(
        fc.property(plant, fc.array(fc.nat({ max: 10_000 }), { maxLength: 6 }), (drawn, cuts) => {
          const derived = fold(drawn);
          expect(totalsOf(derived)).toEqual(risesOf(drawn));
          for (const { hour } of derived) {
            const { supplyMwh, stateMwh } = hour.energy;
            expect(Object.values(stateMwh).reduce((sum, mwh) => sum + mwh, 0)).toBe(supplyMwh ?? 0);
            const { stateMean, linear, profile } = hour.obtained.bridgedBy;
            expect(stateMean + linear + profile).toBe(hour.obtained.bridgedMwh);
          }
          const firstMs = derived[0]?.hour.hourMs ?? 0;
          const lastMs = (derived[derived.length - 1]?.hour.hourMs ?? 0) + HOUR_MS;
          const within = cuts.map((minutes) => firstMs + minutes * MINUTE_MS).filter((atMs) => atMs < lastMs);
          const boundaries = [...new Set([firstMs, ...within, lastMs])].sort((a, b) => a - b);
          const bases = derived.map(({ hour, base }) => toBaseHour(hour, base, base.marks));
          const sums = [...sumPeriods(bases, boundaries, { fromMs: -Infinity, toMs: null })];
          expect(sums).toHaveLength(boundaries.length - 1);
          const supplyMwh = sums.reduce((sum, { energy }) => sum + (energy.supplyMwh ?? 0), 0);
          const exportMwh = sums.reduce((sum, { energy }) => sum + energy.exportMwh, 0);
          expect([supplyMwh, exportMwh]).toEqual([riseOf(drawn, 'supply'), riseOf(drawn, 'export')]);
        }),
        { numRuns: RUNS },
      );
    },
    LONG_MS,
  );

  it(
    'is the same when readings between the first and the last are dropped',
    () => {
      fc.assert(
        fc.property(plant, fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }), (drawn, kept) => {
          const last = drawn.readings.length - 1;
          const readings = drawn.readings.filter(
            (_, row) => row === 0 || row === last || kept[row % kept.length] === true,
          );
          expect(totalsOf(fold({ ...drawn, readings }))).toEqual(risesOf(drawn));
        }),
        { numRuns: RUNS },
      );
    },
    LONG_MS,
  );

  it(
    'puts no more into an hour than the machine can draw, but for a step of the counter',
    () => {
      fc.assert(
        fc.property(plant, (drawn) => {
          const bounded = { ...drawn, model: MODELS[1]! };
          for (const { hour } of fold(bounded)) {
            const boundMwh = 20_000 * 1.2 * 1000 + Number(drawn.steps.supply);
            expect(hour.energy.supplyMwh ?? 0).toBeLessThanOrEqual(boundMwh);
          }
        }),
        { numRuns: RUNS },
      );
    },
    LONG_MS,
  );
});
