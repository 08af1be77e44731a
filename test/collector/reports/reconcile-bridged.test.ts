import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS, STATE_COUNT } from '../../../collector/energy/hour-account.ts';
import { edgeBridgedMwh } from '../../../collector/reports/reconcile-bridged.ts';
import type { PeriodSource } from '../../../collector/reports/period-source.ts';
import { START_MS } from '../diagnostics/plant-minutes.ts';
import { baseOfHour, measuredHour } from '../diagnostics/plant-views.ts';

/** Minutes of the plant in which 100 mWh each were spread over a gap. */
type Gap = (minute: number) => boolean;

/** Four hours of 6 Wh, 100 mWh a minute. */
function plantWith(isGap: Gap, isDead: Gap = () => false): Pick<PeriodSource, 'views'> {
  const hours = [0, 1, 2, 3].map((hour) => measuredHour(START_MS + hour * HOUR_MS, 6000));
  const bases = hours.map((hour, place) => {
    const base = baseOfHour(hour);
    const counter = Array.from(base.components['supply']?.counter ?? []);
    const minuteOf = (cell: number) => place * 60 + Math.floor(cell / STATE_COUNT);
    return {
      ...base,
      measuredMs: Array.from(base.measuredMs, (ms, minute) => (isDead(place * 60 + minute) ? 0 : ms)),
      components: {
        supply: {
          counter: counter.map((mwh, cell) => (isGap(minuteOf(cell)) ? 0 : mwh)),
          integrated: null,
          bridged: counter.map((mwh, cell) => (isGap(minuteOf(cell)) ? mwh : 0)),
        },
      },
    };
  });
  const within = <T extends { hourMs: number }>(all: readonly T[], fromMs: number, toMs: number) =>
    all.filter(({ hourMs }) => hourMs >= fromMs && hourMs < toMs);
  const views = {
    hours: (_: string, fromMs: number, toMs: number) => within(hours, fromMs, toMs),
    bases: (_: string, fromMs: number, toMs: number) => within(bases, fromMs, toMs),
    watched: () => ({ fromMs: START_MS, toMs: START_MS + 4 * HOUR_MS }),
  };
  return { views: views as unknown as PeriodSource['views'] };
}

const edges = (source: Pick<PeriodSource, 'views'>, fromMinute = 0, toMinute = 240) =>
  edgeBridgedMwh(source, 'mill', START_MS + fromMinute * MINUTE_MS, START_MS + toMinute * MINUTE_MS);
const between = (from: number, to: number) => (minute: number) => minute >= from && minute < to;

describe('energy that was spread over gaps at the ends of a time', () => {
  it('leaves out a gap in the middle: that is measured in sum', () => {
    expect(edges(plantWith(between(90, 150)))).toBe(0);
  });

  it('counts the gaps that reach beyond either end, to the minute', () => {
    const plant = plantWith((minute) => minute < 10 || between(90, 150)(minute) || minute >= 230);
    // 10 minutes and 10 minutes of 100 mWh
    expect(edges(plant)).toBe(2000);
    // From the fifth minute 5; the end lies 4 minutes into the last gap.
    expect(edges(plant, 5, 234)).toBe(900);
    // From and to the middle of the gap in the middle: 20 + 10 minutes of it.
    expect(edges(plant, 130, 240)).toBe(2000 + 1000);
    expect(edges(plant, 20, 80)).toBe(0);
  });

  it('goes on over minutes of which nothing is known, and over whole hours, and counts nothing twice', () => {
    expect(edges(plantWith(between(170, 235), between(235, 240)))).toBe(6500);
    expect(edges(plantWith(() => true))).toBe(24_000);
    expect(
      edges(
        plantWith(() => true),
        60,
        61,
      ),
    ).toBe(100);
  });
});
