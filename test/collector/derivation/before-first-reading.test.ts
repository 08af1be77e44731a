import { describe, expect, it } from 'vitest';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { Bench, type Derived } from './derivation-bench.ts';
import { PlantFeed, shiftOf, START_MS } from './plant-feed.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Three hours of a machine; so long before its first reading, all that was said is that its control could not be reached. */
function recordsOf(beforeMs: number) {
  const atMs = START_MS - beforeMs;
  const feed = new PlantFeed({ bootMs: atMs - 10_000 });
  const config = feed.config();
  const down = feed.say({
    links: [{ source: 'cnc', timesMs: [atMs], up: [false], reasons: ['timeout'] }],
    sealedToMs: atMs + 1000,
  });
  return { down, shift: [config, ...shiftOf(feed, 3)] };
}

/** That the source was down is told of the first hour, and the record that said it is among those that the hour rests on. */
async function expectAllOfIt(bench: Bench, { isOfFirstHour }: { isOfFirstHour: boolean }): Promise<void> {
  const live = await bench.derived();
  await bench.startOver();
  const anew: Derived = await bench.derived();
  expect(live).toEqual(anew);
  expect(live.hours[0]?.reasons).toContain('source-down');
  expect(live.hours[0]?.basis.records[0]?.from).toBe(isOfFirstHour ? 2 : 4);
}

describe.each([
  { when: 'in the hour of the first reading', beforeMs: 5 * MINUTE_MS, isOfFirstHour: true },
  { when: 'half a day before the first reading', beforeMs: 12 * HOUR_MS, isOfFirstHour: false },
])('what was said $when', ({ beforeMs, isOfFirstHour }) => {
  it('is read again with a late record of the first hour', async () => {
    const bench = await Bench.open();
    const { down, shift } = recordsOf(beforeMs);
    const [late] = shift.splice(4, 1);
    await bench.append(down, ...shift);
    await bench.derive();
    if (late !== undefined) await bench.append(late);
    await expectAllOfIt(bench, { isOfFirstHour });
    expect(bench.derivation.stats().conflicts).toBe(0);
  });

  it('is read again where the past is computed by another model', async () => {
    const bench = await Bench.open();
    const { down, shift } = recordsOf(beforeMs);
    await bench.append(down, ...shift);
    await bench.derive();
    bench.model = { ...bench.model, offBelowW: watts(1000) };
    await bench.restart();
    await expectAllOfIt(bench, { isOfFirstHour });
  });

  it('is taken in where it comes last', async () => {
    const bench = await Bench.open();
    const { down, shift } = recordsOf(beforeMs);
    await bench.append(...shift);
    await bench.derive();
    await bench.append(down);
    await expectAllOfIt(bench, { isOfFirstHour });
  });
});
