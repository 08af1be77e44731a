import { describe, expect, it } from 'vitest';
import { assert, integer, array, property } from 'fast-check';
import { energyOfReadings, type MainReading } from '../../../collector/diagnostics/main-readings.ts';
import { reconcile, type MeteredPart } from '../../../collector/diagnostics/reconcile.ts';
import {
  nothing,
  rectangular,
  UNCERTAINTY_SOURCES,
} from '../../../collector/energy/uncertainty/contribution.ts';
import { stateUncertainty } from '../../../collector/energy/uncertainty/uncertainty-statement.ts';

const FROM_MS = Date.UTC(2026, 2, 1);
const DAY_MS = 86_400_000;
const KWH = 1_000_000;

/** A meter that may be wrong by so many percent: u = energy x percent / root 3, U = 2 u. */
function part(id: string, energyMwh: number, percent: number, about: Partial<MeteredPart> = {}): MeteredPart {
  return {
    id,
    energyMwh,
    bridgedMwh: 0,
    uncoveredMs: 0,
    meter: id,
    uncertainty: stateUncertainty(
      energyMwh,
      UNCERTAINTY_SOURCES.map((source) =>
        source === 'meter'
          ? rectangular(source, energyMwh, { percent, isQualified: true, note: '' })
          : nothing(source, ''),
      ),
    ),
    ...about,
  };
}

const compare = (
  main: MeteredPart,
  machines: MeteredPart[],
  unmetered: { name: string; powerW: number }[] = [],
) => reconcile({ fromMs: FROM_MS, toMs: FROM_MS + DAY_MS, main, machines, unmetered });

describe('a reconciliation', () => {
  it('agrees within the uncertainty of the meters', () => {
    // 100 - (60 + 39.5) = 0.5 kWh. U: 100 x 1 % x 2 / 1.732 = 1.1547; 60: 0.69282; 39.5: 0.456107;
    // root of 1.3333 + 0.48 + 0.208033 = 1.421748 kWh.
    const result = compare(part('hall', 100 * KWH, 1), [
      part('mill', 60 * KWH, 1),
      part('lathe', 39.5 * KWH, 1),
    ]);
    expect(result).toMatchObject({
      verdict: 'within-uncertainty',
      machinesMwh: 99.5 * KWH,
      differenceMwh: 0.5 * KWH,
      remainingMwh: 0.5 * KWH,
      missing: [],
    });
    expect(result.expandedMwh).toBeCloseTo(1_421_748, -1);
    expect(result.lines.map(({ saying }) => saying)).toEqual([
      '100 kWh',
      '60 kWh',
      '39.5 kWh',
      '60 kWh + 39.5 kWh = 99.5 kWh',
      '100 kWh - 99.5 kWh = 0.5 kWh, 0.5 % of the main meter',
      expect.stringMatching(
        /^root of the squares of 1\.154701 kWh, 0\.69282 kWh, 0\.456107 kWh = 1\.4217\d+ kWh$/,
      ),
      expect.stringMatching(/^0\.5 kWh - 0 kWh = 0\.5 kWh; 1\.4217\d+ kWh \+ 0 kWh = 1\.4217\d+ kWh may be$/),
    ]);
  });

  it('explains a difference by an unmetered load', () => {
    // 200 W x 24 h = 4.8 kWh of the 5 kWh.
    const result = compare(
      part('hall', 100 * KWH, 1),
      [part('mill', 95 * KWH, 0.5)],
      [{ name: 'light', powerW: 200 }],
    );
    expect(result).toMatchObject({
      verdict: 'explained',
      differenceMwh: 5 * KWH,
      estimatedMwh: 4.8 * KWH,
      remainingMwh: 0.2 * KWH,
    });
    expect(result.lines).toContainEqual({
      label: 'light, unmetered',
      mwh: 4_800_000,
      saying: '200 W x 24 h = 4.8 kWh, estimated',
    });
  });

  it('explains it by time that was not covered, give or take all of it', () => {
    // 45 kWh in 18 h, 6 h unknown: 45 / 18 x 6 = 15 kWh; 60 - 45 - 15 = 0.
    const result = compare(part('hall', 60 * KWH, 1), [
      part('mill', 45 * KWH, 1, { uncoveredMs: 6 * 3_600_000 }),
    ]);
    expect(result).toMatchObject({
      verdict: 'explained',
      estimatedMwh: 15 * KWH,
      boundMwh: 15 * KWH,
      remainingMwh: 0,
    });
    // The same of the main meter: 45 kWh in 18 h there, and 60 kWh in the machines.
    const other = compare(part('hall', 45 * KWH, 1, { uncoveredMs: 6 * 3_600_000 }), [
      part('mill', 60 * KWH, 1),
    ]);
    expect(other).toMatchObject({ verdict: 'explained', estimatedMwh: -15 * KWH, remainingMwh: 0 });
  });

  it('bounds what bridges may have put on the wrong side of an end', () => {
    const apart = [part('mill', 95 * KWH, 0.5)];
    expect(compare(part('hall', 100 * KWH, 0.5), apart).verdict).toBe('unexplained');
    const bridged = [part('mill', 95 * KWH, 0.5, { bridgedMwh: 5 * KWH })];
    expect(compare(part('hall', 100 * KWH, 0.5), bridged)).toMatchObject({
      verdict: 'explained',
      boundMwh: 5 * KWH,
    });
  });

  it('does not judge what it does not know, and names it', () => {
    const missing = [{ fact: 'accuracy class of the meter', remedy: 'Copy it.' }];
    const unknown = part('mill', 95 * KWH, 1, {
      uncertainty: { kind: 'unknown', energyMwh: 95 * KWH, missing },
    });
    const result = compare(part('hall', 100 * KWH, 1), [unknown]);
    expect(result).toMatchObject({ verdict: 'unknown', missing: [{ id: 'mill', facts: missing }] });
    const gone = part('mill', 0, 1, { energyMwh: null, uncertainty: null, uncoveredMs: DAY_MS });
    expect(compare(part('hall', 100 * KWH, 1), [gone])).toMatchObject({ verdict: 'unknown', machinesMwh: 0 });
  });

  it('adds what one meter measured for two machines linearly', () => {
    // One meter: 0.5 + 0.5 = 1 kWh x 2 / root 3, beside the main meter's nothing.
    const both = ['a', 'b'].map((id) => part(id, 50 * KWH, 1, { meter: 'one' }));
    expect(compare(part('hall', 100 * KWH, 0), both).expandedMwh).toBe(1_154_701);
  });

  it('leaves nothing over: main = machines + estimates + remaining, whatever the figures', () => {
    const energy = integer({ min: 1, max: 1e12 });
    assert(
      property(
        energy,
        array(energy, { minLength: 1, maxLength: 6 }),
        integer({ min: 0, max: 1e6 }),
        (main, machines, powerW) => {
          const result = compare(
            part('hall', main, 1),
            machines.map((mwh, index) => part(`m${index}`, mwh, 1, { uncoveredMs: (mwh % 20) * 3_600_000 })),
            [{ name: 'light', powerW }],
          );
          expect(result.machinesMwh + result.estimatedMwh + (result.remainingMwh ?? 0)).toBe(main);
          expect(['within-uncertainty', 'explained', 'unexplained']).toContain(result.verdict);
        },
      ),
    );
  });
});

describe('readings of a bill', () => {
  const reading = (day: number, kwh: number, about: Partial<MainReading> = {}): MainReading => ({
    atMs: FROM_MS + day * DAY_MS,
    withinMs: 60_000,
    shownMwh: Math.round(kwh * KWH),
    stepMwh: KWH,
    errorPercent: 2,
    ...about,
  });

  it('give the energy between the two nearest, with display and moment in its uncertainty', () => {
    const read = energyOfReadings(
      'grid',
      [reading(31, 1744), reading(0, 1000), reading(60, 2500)],
      FROM_MS,
      FROM_MS + 30 * DAY_MS,
    );
    // 744 kWh in 31 days of 24 h = 1 kW. Meter 2 %: 14.88 / root 3 = 8.590972. Display: 1 / root 6 = 0.408248.
    // Moments: 1 kW x root(1 + 1) x 1 min = 0.023570 kWh / root 3 = 0.013608. u = 8.600677, U = 17.201354 kWh.
    expect(read).toMatchObject({
      fromMs: FROM_MS,
      toMs: FROM_MS + 31 * DAY_MS,
      energyMwh: 744 * KWH,
      saying: '1,744 kWh - 1,000 kWh = 744 kWh',
      uncertainty: { kind: 'known' },
    });
    expect(read?.uncertainty?.kind === 'known' ? read.uncertainty.expandedMwh : 0).toBeCloseTo(
      17_201_354,
      -1,
    );
  });

  it('of the day only, may be wrong by half a day of power at either end', () => {
    const coarse = [reading(0, 1000, { withinMs: DAY_MS / 2 }), reading(31, 1744, { withinMs: DAY_MS / 2 })];
    const read = energyOfReadings('grid', coarse, FROM_MS, FROM_MS + 31 * DAY_MS);
    // 1 kW x 12 h x root 2 = 16.970563 kWh, / root 3 = 9.797959; with 8.590972 and 0.408248: u = 13.037311, U = 26.074621.
    expect(read?.uncertainty?.kind === 'known' ? read.uncertainty.expandedMwh : 0).toBeCloseTo(
      26_074_621,
      -2,
    );
  });

  it('say what is missing: the error of the meter, a second reading, a display that rises', () => {
    const untold = [reading(0, 1000, { errorPercent: null }), reading(31, 1744, { errorPercent: null })];
    expect(energyOfReadings('grid', untold, FROM_MS, FROM_MS + 31 * DAY_MS)?.uncertainty?.kind).toBe(
      'unknown',
    );
    expect(energyOfReadings('grid', [reading(0, 1000)], FROM_MS, FROM_MS + DAY_MS)).toBeUndefined();
    expect(
      energyOfReadings('grid', [reading(0, 1000), reading(1, 900)], FROM_MS, FROM_MS + DAY_MS),
    ).toBeUndefined();
  });
});
