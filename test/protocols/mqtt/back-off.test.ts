import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BackOff } from '../../../protocols/mqtt/back-off.ts';

test('the ceiling doubles from the base to the cap and every wait stays below it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 60 }),
      (draws) => {
        const random = draws[Symbol.iterator]();
        const backOff = new BackOff({ baseMs: 1000, capMs: 60_000, random: () => random.next().value ?? 0 });
        draws.forEach((draw, failures) => {
          const ceilingMs = Math.min(60_000, 1000 * 2 ** failures);
          expect(backOff.next()).toBe(Math.floor(draw * ceilingMs));
        });
      },
    ),
  );
});

test('after a reset it begins at the base again', () => {
  const backOff = new BackOff({ baseMs: 1000, capMs: 60_000, random: () => 0.999 });
  for (let failures = 0; failures < 10; failures++) backOff.next();
  expect(backOff.next()).toBeGreaterThan(50_000);
  backOff.reset();
  expect(backOff.next()).toBeLessThan(1000);
});
