import { assert, nat, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlausibilityCode } from '../../../collector/diagnostics/plausibility-finding.ts';
import {
  meteredMill,
  MINUTE_MS,
  minutesOf,
  momentsOf,
  scanMinutes,
  START_MS,
  type Moment,
} from './plant-minutes.ts';

const MINUTES = 240;
const RUNS = process.env['MILLWATT_TEST_LONG'] === '1' ? 2000 : 60;
const FAULT_MS = START_MS + 120 * MINUTE_MS;

/** A fault that a plant can have: what the meter shows from then on, what must be found by when, and what else may be. */
interface Fault {
  name: string;
  apply: (moment: Moment, before: Moment) => Moment;
  finds: PlausibilityCode;
  /** What follows from it and is found as well. */
  also?: PlausibilityCode[];
  withinMinutes: number;
}

const swap = (values: number[], change: (values: number[]) => number[]) => change([...values]);

const FAULTS: Fault[] = [
  {
    name: 'a gateway that serves its last values for ever',
    apply: (moment, before) => ({ ...before, atMs: moment.atMs, state: moment.state }),
    finds: 'source-frozen',
    // It may freeze in the middle of a jump, where watts and amperes are not of one instant.
    also: [
      'counter-still',
      'still-while-processing',
      'power-against-volt-ampere',
      'power-over-apparent',
      'power-over-rated',
    ],
    withinMinutes: 1,
  },
  {
    name: 'a counter that stands',
    apply: (moment, before) => ({ ...moment, importWh: before.importWh }),
    finds: 'counter-still',
    withinMinutes: 30,
  },
  {
    name: 'the transformer of one phase turned round',
    apply: (moment) => {
      const powerW = swap(moment.powerW, ([a = 0, b = 0, c = 0]) => [a, -b, c]);
      const factor = swap(moment.factor, ([a = 0, b = 0, c = 0]) => [a, -b, c]);
      return { ...moment, powerW, factor, totalW: powerW.reduce((sum, value) => sum + value, 0) };
    },
    finds: 'transformer-turned',
    withinMinutes: 60,
  },
  {
    name: 'a fuse in the voltage path of one phase blown',
    apply: (moment) => {
      const { voltageV, powerW, apparentVa } = moment;
      const lost = { powerW: [0, ...powerW.slice(1)], apparentVa: [0, ...apparentVa.slice(1)] };
      return {
        ...moment,
        ...lost,
        voltageV: [0, ...voltageV.slice(1)],
        totalW: lost.powerW.reduce((sum, value) => sum + value, 0),
      };
    },
    finds: 'voltage-lost',
    withinMinutes: 1,
  },
  {
    name: 'a shorted transformer',
    apply: (moment) => {
      const powerW = [...moment.powerW.slice(0, 2), 0];
      return {
        ...moment,
        powerW,
        currentA: [...moment.currentA.slice(0, 2), 0],
        apparentVa: [...moment.apparentVa.slice(0, 2), 0],
        totalW: powerW.reduce((sum, value) => sum + value, 0),
      };
    },
    finds: 'phase-without-current',
    withinMinutes: 90,
  },
  {
    name: 'a power factor in percent',
    apply: (moment) => ({ ...moment, factor: moment.factor.map((value) => 100 * value) }),
    finds: 'power-factor-impossible',
    withinMinutes: 1,
  },
  {
    name: 'the ratio left out of the amperes',
    apply: (moment) => ({ ...moment, currentA: moment.currentA.map((value) => value / 10) }),
    finds: 'power-against-volt-ampere',
    withinMinutes: 60,
  },
  {
    name: 'the ratio left out of the apparent power',
    apply: (moment) => ({ ...moment, apparentVa: moment.apparentVa.map((value) => value / 10) }),
    finds: 'power-over-apparent',
    // The total factor is worked out of the apparent power here.
    also: ['power-factor-impossible'],
    withinMinutes: 60,
  },
  {
    name: 'a total that leaves one phase out',
    apply: (moment) => ({ ...moment, totalW: (moment.powerW[0] ?? 0) + (moment.powerW[1] ?? 0) }),
    finds: 'phases-not-total',
    withinMinutes: 60,
  },
  {
    name: 'mains voltage 13 % too high',
    apply: (moment) => ({
      ...moment,
      voltageV: moment.voltageV.map((value) => 1.13 * value),
      currentA: moment.currentA.map((value) => value / 1.13),
    }),
    finds: 'voltage-outside',
    withinMinutes: 1,
  },
  {
    name: 'the neutral displaced',
    apply: (moment) => ({
      ...moment,
      voltageV: swap(moment.voltageV, ([a = 0, b = 0, c = 0]) => [0.93 * a, b, 1.02 * c]),
      currentA: swap(moment.currentA, ([a = 0, b = 0, c = 0]) => [a / 0.93, b, c / 1.02]),
    }),
    finds: 'voltage-unbalanced',
    withinMinutes: 1,
  },
  {
    name: 'a control that says off while the machine runs',
    apply: (moment) => ({ ...moment, state: 'off' }),
    finds: 'energy-while-off',
    withinMinutes: 60,
  },
  {
    name: 'everything six times as large',
    apply: (moment) => ({
      ...moment,
      powerW: moment.powerW.map((value) => 6 * value),
      currentA: moment.currentA.map((value) => 6 * value),
      apparentVa: moment.apparentVa.map((value) => 6 * value),
      totalW: 6 * moment.totalW,
    }),
    finds: 'power-over-rated',
    withinMinutes: 90,
  },
];

function* withFault(seed: number, fault: Fault): Iterable<Moment> {
  let before: Moment | undefined;
  for (const moment of momentsOf(seed, MINUTES)) {
    if (moment.atMs < FAULT_MS) before = moment;
    yield moment.atMs < FAULT_MS || before === undefined ? moment : fault.apply(moment, before);
  }
}

describe('a plausible plant', () => {
  it('never gives a finding, whatever it does and however its registers lag', () => {
    assert(
      property(nat(), (seed) => {
        expect(scanMinutes(meteredMill(), minutesOf(momentsOf(seed, MINUTES)))).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('a fault', () => {
  for (const fault of FAULTS)
    it(`${fault.name}: ${fault.finds}, within its time, and nothing else`, () => {
      assert(
        property(nat(), (seed) => {
          const findings = scanMinutes(meteredMill(), minutesOf(withFault(seed, fault)));
          const codes = new Set(findings.map(({ code }) => code));
          for (const consequence of fault.also ?? []) codes.delete(consequence);
          expect([...codes]).toEqual([fault.finds]);
          const first = findings.find(({ code }) => code === fault.finds);
          expect(first?.fromMs).toBeGreaterThanOrEqual(FAULT_MS - MINUTE_MS);
          expect(first?.fromMs).toBeLessThanOrEqual(FAULT_MS + fault.withinMinutes * MINUTE_MS);
        }),
        { numRuns: RUNS / 4 },
      );
    });
});
