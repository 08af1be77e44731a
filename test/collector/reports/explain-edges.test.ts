import { expect, test } from 'vitest';
import { explainHour } from '../../../collector/reports/explain-hour.ts';
import type { ExplainedHour } from '../../../collector/reports/explained-hour.ts';
import { Bench } from '../derivation/derivation-bench.ts';
import { CHANNELS, MACHINE, PlantFeed, START_MS } from '../derivation/plant-feed.ts';
import { isConfirmed, sayingsOf, typeEquations } from './pocket-calculator.ts';

const HOUR = 3_600_000;
const EVERY_MS = 96_000;
/** 09:00 UTC; the plant is read from 09:30:07 on, every 96 s. */
const FIRST_MS = START_MS - HOUR / 2;
const BEGIN_MS = START_MS + 7000;
/** A step that slow readings place wrongly by up to 96 s: 200 W, and 4,000 W in the first 40 minutes of each hour. */
const powerAt = (atMs: number): number => (atMs % HOUR < (2 * HOUR) / 3 ? 4000 : 200);

interface Row {
  t: number;
  power: number;
  raw: number;
}

function rows(): Row[] {
  const found: Row[] = [];
  let mwh = 2_500_000;
  for (let t = BEGIN_MS; t < BEGIN_MS + 3 * HOUR; t += 1000) {
    if ((t - BEGIN_MS) % EVERY_MS === 0) found.push({ t, power: powerAt(t), raw: Math.round(mwh) });
    mwh += (powerAt(t) * 1000) / 3600;
  }
  return found;
}

async function derive(): Promise<(hourMs: number) => ExplainedHour> {
  const feed = new PlantFeed({ channels: CHANNELS, about: { meter: { serial: 'S-1' } } });
  const bench = await Bench.open();
  await bench.restart();
  const all = rows();
  const records = [feed.config()];
  for (let index = 0; index < all.length; index += 10) {
    const part = all.slice(index, index + 10);
    const columns = {
      [`${MACHINE}.supply.activePower`]: part.map(({ power }) => power),
      [`${MACHINE}.supply.activeEnergyImport`]: part.map(({ raw }) => raw),
    };
    const timesMs = part.map(({ t }) => t);
    records.push(
      feed.say({
        rows: [{ source: 'meter', everyMs: EVERY_MS, timesMs, columns }],
        words: [],
        sealedToMs: (timesMs.at(-1) ?? 0) + EVERY_MS,
      }),
    );
  }
  await bench.append(...records);
  await bench.derive();
  return (hourMs) => {
    const sources = { views: bench.views, journal: null, assess: () => 'not asked' };
    const explained = explainHour(sources, MACHINE, hourMs);
    if (explained === undefined) throw new Error('There is no such hour.');
    return explained;
  };
}

const sayingOf = (figures: readonly { label: string; saying: string }[] | undefined, label: string) =>
  figures?.find((figure) => figure.label === label)?.saying ?? '';

test('the booked energy of an hour is recomputed from what is printed, to the mWh', async () => {
  const explain = await derive();
  const all = rows();
  for (const hourMs of [FIRST_MS, FIRST_MS + HOUR, FIRST_MS + 2 * HOUR]) {
    const explained = explain(hourMs);
    const equations = sayingsOf(explained).flatMap(typeEquations);
    expect(equations.filter((one) => !isConfirmed(one))).toEqual([]);
    const figures = explained.counters[0]?.figures;
    const inside = all.filter(({ t }) => t >= hourMs && t < hourMs + HOUR);
    const [first, last] = [inside[0], inside.at(-1)];
    if (first === undefined || last === undefined) throw new Error('no readings');
    const insideMwh = figures?.find(({ label }) => label === 'inside the hour');
    expect(insideMwh?.value).toBe(last.raw - first.raw);
    expect(sayingOf(figures, 'inside the hour')).toMatch(
      /^\S+ to \S+: [\d.]+ kWh - [\d.]+ kWh = [\d.]+ kWh$/,
    );
    // The interval over each end, from the readings on its two sides.
    for (const [label, edgeMs] of [
      ['over its begin', hourMs],
      ['over its end', hourMs + HOUR],
    ] as const) {
      const from = all.findLast(({ t }) => t < edgeMs);
      const to = all.find(({ t }) => t >= edgeMs);
      const saying = sayingOf(figures, label);
      if (from === undefined || to === undefined) {
        expect(saying).toBe('');
        continue;
      }
      const clock = (atMs: number) => new Date(atMs).toISOString().slice(11, 19);
      expect(saying).toContain(`${clock(from.t)} to ${clock(to.t)}: `);
      const [rise, part] = typeEquations(saying);
      expect(Math.round((rise?.printed ?? 0) * 1e6)).toBe(to.raw - from.raw);
      // Power is drawn straight from one reading to the next; the state is unknown all the while.
      const weigh = (fromMs: number, toMs: number) => {
        const at = (ms: number) => from.power + ((to.power - from.power) * (ms - from.t)) / EVERY_MS;
        return ((at(fromMs) + at(toMs)) / 2) * (toMs - fromMs);
      };
      const here = label === 'over its begin' ? weigh(edgeMs, to.t) : weigh(from.t, edgeMs);
      const shareMwh = ((to.raw - from.raw) * here) / weigh(from.t, to.t);
      expect(Math.abs((part?.printed ?? 0) * 1e6 - shareMwh)).toBeLessThan(1);
    }
    const [sum] = typeEquations(sayingOf(figures, 'booked in the hour'));
    expect(Math.round((sum?.printed ?? 0) * 1e6)).toBe(explained.hour.energy.supplyMwh);
  }
}, 30_000);

test('a difference that slow readings explain is said to be none, with the allowance', async () => {
  const { closure, hour } = (await derive())(FIRST_MS + HOUR);
  expect(hour.reasons).not.toContain('integral-over-counter');
  const saying = sayingOf(closure, 'difference');
  expect(saying).toMatch(/; up to [\d.]+ kWh, because power is known only about every 9\d s: nothing moved$/);
  // Half of the step between two readings, all the time between them, as far as that lies in the hour.
  const [fromMs, toMs] = [FIRST_MS + HOUR, FIRST_MS + 2 * HOUR];
  const slackMwh = rows().reduce((sum, { t, power }, index, all) => {
    const next = all[index + 1];
    const ms = next === undefined ? 0 : Math.max(0, Math.min(toMs, next.t) - Math.max(fromMs, t));
    return sum + (Math.abs((next?.power ?? power) - power) / 2) * (ms / 3600);
  }, 0);
  expect(Number(/up to ([\d.]+) kWh/.exec(saying)?.[1])).toBeCloseTo(slackMwh / 1e6, 5);
  const ratio = closure.find(({ label }) => label === 'counter over power')?.value;
  expect(ratio).toBeCloseTo(hour.closure ?? 0, 5);
}, 30_000);
