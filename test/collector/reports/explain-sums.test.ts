import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  nothing,
  rectangular,
  UNCERTAINTY_SOURCES,
} from '../../../collector/energy/uncertainty/contribution.ts';
import { stateUncertainty } from '../../../collector/energy/uncertainty/uncertainty-statement.ts';
import { sayMeanPower } from '../../../collector/reports/explain-sums.ts';
import { sayStatement } from '../../../collector/reports/explain-uncertainty.ts';
import { isConfirmed, typeEquations } from './pocket-calculator.ts';

const mwh = fc.integer({ min: 100_000, max: 100_000_000 });

function expectConfirmed(saying: string): void {
  const equations = typeEquations(saying);
  expect(equations).toHaveLength(1);
  expect(equations.filter((one) => !isConfirmed(one))).toEqual([]);
}

it('an energy x its percent is what is printed, to the last digit', () => {
  fc.assert(
    fc.property(mwh, fc.double({ min: 0.5, max: 60, noNaN: true }), (energyMwh, percent) => {
      const parts = UNCERTAINTY_SOURCES.map((source) =>
        source === 'meter'
          ? rectangular(source, energyMwh, { percent, isQualified: true, note: '' })
          : nothing(source, ''),
      );
      const figure = sayStatement('the hour', stateUncertainty(energyMwh, parts));
      expectConfirmed(figure?.saying ?? '');
    }),
    { numRuns: 1000 },
  );
});

it('an energy over its time is what is printed, to the last digit', () => {
  fc.assert(
    fc.property(mwh, fc.integer({ min: 1000, max: 3_600_000 }), (energyMwh, ms) => {
      expectConfirmed(sayMeanPower(energyMwh, ms));
    }),
    { numRuns: 1000 },
  );
});
