import { describe, expect, it } from 'vitest';
import type { PeriodFacts } from '../../../../collector/energy/uncertainty/metering-facts.ts';
import { assessPeriod } from '../../../../collector/energy/uncertainty/period-uncertainty.ts';
import { seedRandom } from '../../../../protocols/simulator/seeded-random.ts';
import { milliwattHours } from '../../../../protocols/telemetry/unit.ts';
import { behindTransformers, known, load, period } from './metering.ts';

const DRAWS = process.env['MILLWATT_TEST_LONG'] === '1' ? 1_000_000 : 60_000;

/**
 * The two states as a simulation sees them, with limits looked up by hand: nothing here is computed by the model. Meter
 * 0.5S and transformer 0.5 at 5 % and power factor 0.5, at 20 % and 0.8: 0.5 + 0.1 x 0.75 / 1.73205 = 0.543301 %.
 */
const SIMULATED = [
  { energyMwh: 2_000_000, powerFactor: 0.5, meter: 1, ratio: 1.5, arcmin: 90 },
  { energyMwh: 6_000_000, powerFactor: 0.8, meter: 0.543301, ratio: 0.75, arcmin: 45 },
] as const;
/** 0.1 % a year over 3 years, 0.02 % a kelvin over 15 K. */
const DRIFT = 0.3;
const TEMPERATURE = 0.3;

const metering = {
  ...behindTransformers('0.5S', '0.5'),
  drift: { perYear: { value: 0.1, unit: '%' as const }, years: 3 },
  environment: { ambientDegC: { min: 15, max: 38 }, perKelvin: { value: 200, unit: 'ppm' as const } },
};

function facts(more: Partial<PeriodFacts>, ...extra: Parameters<typeof load>[2][]): PeriodFacts {
  return {
    ...period(
      metering,
      load(5, 0.5, { state: 'standby', energyMwh: milliwattHours(2_000_000), ...extra[0] }),
      load(20, 0.8, { energyMwh: milliwattHours(6_000_000), ...extra[1] }),
    ),
    ...more,
  };
}

/** Draws of [standby, processing, total] as an instrument with one set of errors a draw would show them. */
function simulate(
  seed: string,
  read: (energies: [number, number], random: ReturnType<typeof seedRandom>) => [number, number, number],
): { standby: number; processing: number; total: number } {
  const random = seedRandom('uncertainty', seed);
  const sums = [new Spread(), new Spread(), new Spread()] as const;
  for (let draw = 0; draw < DRAWS; draw++) {
    const [meter, ratio, phase, drift, temperature] = [1, 2, 3, 4, 5].map(() => random.between(-1, 1)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const [standby, processing] = SIMULATED.map((state) => {
      const angle = Math.acos(state.powerFactor);
      const shifted = angle + (phase * state.arcmin * Math.PI) / (180 * 60);
      return (
        state.energyMwh *
        (1 + (meter * state.meter) / 100) *
        (1 + (ratio * state.ratio) / 100) *
        (Math.cos(shifted) / Math.cos(angle)) *
        (1 + (drift * DRIFT) / 100) *
        (1 + (temperature * TEMPERATURE) / 100)
      );
    }) as [number, number];
    const shown = read([standby, processing], random);
    shown.forEach((value, index) => sums[index]?.add(value));
  }
  return { standby: sums[0].deviation(), processing: sums[1].deviation(), total: sums[2].deviation() };
}

/** The standard deviation of a stream (Welford). */
class Spread {
  #count = 0;
  #mean = 0;
  #squares = 0;

  add(value: number): void {
    this.#count++;
    const distance = value - this.#mean;
    this.#mean += distance / this.#count;
    this.#squares += distance * (value - this.#mean);
  }

  deviation(): number {
    return Math.sqrt(this.#squares / (this.#count - 1));
  }
}

/** A normal deviate (Box-Muller). */
function drawNormal(random: ReturnType<typeof seedRandom>): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

function expectAgreement(assessed: PeriodFacts, drawn: ReturnType<typeof simulate>): void {
  const { states, total } = assessPeriod(assessed);
  const ratios = [
    known(states.standby).standardMwh / drawn.standby,
    known(states.processing).standardMwh / drawn.processing,
    known(total).standardMwh / drawn.total,
  ];
  for (const ratio of ratios) expect(Math.abs(ratio - 1)).toBeLessThan(0.02);
}

describe('a Monte Carlo of the same machine', { timeout: 300_000 }, () => {
  it('agrees within 2 % on what the instruments do', () => {
    expectAgreement(
      facts({}),
      simulate('instruments', ([standby, processing]) => [standby, processing, standby + processing]),
    );
  });

  it('agrees within 2 % on a coarse counter with gaps and a split that does not close', () => {
    // Steps of 0.1 kWh; 900 s at 200 W and 300 s at 900 W not read; counter over power 1.02.
    const STEP = 100_000;
    const assessed = facts(
      { counterStepMwh: STEP, closure: 1.02 },
      { gap: { ms: 900_000, spreadW: 200 } },
      { gap: { ms: 300_000, spreadW: 900 } },
    );
    const drawn = simulate('counter', ([standby, processing], random) => {
      const begin = random.between(0, STEP);
      const shown = [begin, begin + standby, begin + standby + processing].map(
        (value) => Math.floor(value / STEP) * STEP,
      ) as [number, number, number];
      const split = (energyMwh: number) => energyMwh * 0.02 * random.between(-1, 1);
      return [
        shown[1] - shown[0] + split(2_000_000) + (drawNormal(random) * 200 * 900) / 3.6,
        shown[2] - shown[1] + split(6_000_000) + (drawNormal(random) * 900 * 300) / 3.6,
        shown[2] - shown[0],
      ];
    });
    expectAgreement(assessed, drawn);
  });

  it('agrees within 2 % where power is integrated without a counter', () => {
    // Changes of 20, 15 and 10 kW and of 30 and 25 kW, a reading every 10 s; 900 s at 200 W not read.
    const STEPS = [
      [20_000, 15_000, 10_000],
      [30_000, 25_000],
    ];
    const squares = STEPS.map((steps) => steps.reduce((sum, stepW) => sum + stepW ** 2, 0));
    const sampling = squares.map((stepSquaresW2) => ({ stepSquaresW2, everyMs: 10_000 }));
    const assessed = facts(
      { basis: 'power' },
      { sampling: sampling[0] ?? { stepSquaresW2: 0, everyMs: 0 }, gap: { ms: 900_000, spreadW: 200 } },
      { sampling: sampling[1] ?? { stepSquaresW2: 0, everyMs: 0 } },
    );
    const drawn = simulate('power', ([standby, processing], random) => {
      const [first, second] = STEPS.map((steps) =>
        // A change anywhere in the 10 s is taken to be in their middle.
        steps.reduce((sum, stepW) => sum + (stepW * random.between(-5, 5)) / 3.6, 0),
      ) as [number, number];
      const gap = (drawNormal(random) * 200 * 900) / 3.6;
      return [standby + first + gap, processing + second, standby + first + gap + processing + second];
    });
    expectAgreement(assessed, drawn);
  });
});
