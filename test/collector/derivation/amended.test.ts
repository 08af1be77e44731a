import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Amendment } from '../../../collector/energy/amendment.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import { Bench, figures, isVoid } from './derivation-bench.ts';
import { MACHINE, PlantFeed, shiftOf, START_MS } from './plant-feed.ts';

const HOUR_MS = 3_600_000;
/** 09:00; the machine's first reading is at 09:30. */
const FIRST_HOUR_MS = START_MS - HOUR_MS / 2;
const hourAt = (index: number) => FIRST_HOUR_MS + index * HOUR_MS;

type Terms = Pick<Amendment, 'id' | 'fromMs'> & Partial<Pick<Amendment, 'toMs' | 'component'>>;
const terms = ({ id, fromMs, toMs = null, component = 'supply' }: Terms) => ({
  id,
  machine: MACHINE,
  component,
  fromMs,
  toMs,
});
const twice = (of: Terms): Amendment => ({ ...terms(of), kind: 'scale', num: '2', den: '1' });
const excluded = (of: Terms): Amendment => ({ ...terms(of), kind: 'exclude' });

const revisions = (hours: MachineHour[]) => hours.map(({ revision }) => revision);
const supply = (hours: MachineHour[]) => hours.map(({ energy }) => energy.supplyMwh ?? 0);

/** A shift of five hours; all but its last one are final. */
async function deriveShift(): Promise<{ bench: Bench; before: MachineHour[] }> {
  const bench = await Bench.open();
  const records = shiftOf(new PlantFeed(), 5);
  await bench.append(...records);
  const before = await bench.derive();
  expect(revisions(before)).toEqual([1, 1, 1, 1, 1, 0]);
  return { bench, before };
}

describe('an amendment that is entered while the collector runs', () => {
  it('doubles what a wrong ratio halved, from its hour on, and leaves every hour before as it was written', async () => {
    const { bench, before } = await deriveShift();
    const version = bench.views.hoursChangedAfter(0, 100).at(-1)?.version ?? 0;
    // There is a reading at 12:00:00 sharp: it ends the hour before, which must stay as it was.
    bench.book.enter(twice({ id: 'ratio', fromMs: hourAt(3) }));
    const after = await bench.derive();
    expect(revisions(after)).toEqual([1, 1, 1, 2, 2, 0]);
    expect(bench.views.hoursChangedAfter(version, 100).map(({ hour }) => hour.hourMs)).toEqual([
      hourAt(3),
      hourAt(4),
      hourAt(5),
    ]);
    expect(after.slice(0, 3)).toEqual(before.slice(0, 3));
    for (const index of [3, 4, 5]) {
      expect(after[index]?.basis.amendments).toEqual(['ratio']);
      expect(after[index]?.reasons).toContain('amended');
    }
    // Each whole hour after the first doubled to the last mWh, but for the rounding of its edges.
    expect(Math.abs((supply(after)[4] ?? 0) - 2 * (supply(before)[4] ?? 0))).toBeLessThanOrEqual(2);
    expect(bench.told).toEqual([expect.stringContaining('computed again')]);
    // Its supply is known by the amended readings only; the parts of the machine are as they were.
    expect(after[4]?.energy.componentMwh['spindle']).toBe(before[4]?.energy.componentMwh['spindle']);
  });

  it('and revoked again restores every figure, as the next revision', async () => {
    const { bench, before } = await deriveShift();
    bench.book.enter(twice({ id: 'ratio', fromMs: hourAt(1) + 600_000, toMs: hourAt(3) }));
    expect(revisions(await bench.derive())).toEqual([1, 2, 2, 1, 1, 0]);
    bench.book.revoke('ratio');
    const after = await bench.derive();
    expect(figures(after)).toEqual(figures(before));
    expect(revisions(after)).toEqual([1, 3, 3, 1, 1, 0]);
  });

  it('is found by itself at a restart, and computed once', async () => {
    const { bench, before } = await deriveShift();
    await bench.derivation.stop();
    bench.book.enter(twice({ id: 'ratio', fromMs: hourAt(4) }));
    bench.start();
    const after = await bench.derive();
    expect(revisions(after)).toEqual([1, 1, 1, 1, 2, 0]);
    expect(after.slice(0, 4)).toEqual(before.slice(0, 4));
    await bench.restart();
    expect(await bench.derive()).toEqual(after);
    expect(bench.told).toHaveLength(1);
  });

  it('holds for records that come after it as for those before', async () => {
    const records = shiftOf(new PlantFeed(), 5);
    const whole = await Bench.open();
    whole.book.enter(twice({ id: 'ratio', fromMs: hourAt(2) + 1_000_000 }));
    await whole.append(...records);
    const expected = await whole.derived();

    const bench = await Bench.open();
    await bench.append(...records.slice(0, 40));
    await bench.derive();
    bench.book.enter(twice({ id: 'ratio', fromMs: hourAt(2) + 1_000_000 }));
    await bench.derive();
    await bench.append(...records.slice(50));
    await bench.derive();
    await bench.append(...records.slice(40, 50));
    expect(await bench.derived()).toEqual(expected);
  });

  it('is noticed within a minute when no record comes', async () => {
    const { bench } = await deriveShift();
    await bench.derivation.stop();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    bench.start();
    await bench.derive();
    bench.book.enter(twice({ id: 'ratio', fromMs: hourAt(4) }));
    const revision = () => bench.views.hour(MACHINE, hourAt(4))?.revision;
    expect(revision()).toBe(1);
    vi.advanceTimersByTime(60_000);
    await vi.waitFor(() => expect(revision()).toBe(2), { timeout: 20_000 });
    // The last commit may still be under way.
    await bench.derivation.idle();
    await bench.derivation.stop();
  });

  it('of another machine costs this one nothing', async () => {
    const { bench, before } = await deriveShift();
    bench.book.enter({ ...twice({ id: 'ratio', fromMs: hourAt(1) }), machine: 'lathe-2' });
    expect(await bench.derive()).toEqual(before);
    expect(bench.told).toEqual([]);
  });

  it('that leaves out all readings of hours takes them back as a revision that knows nothing', async () => {
    const { bench, before } = await deriveShift();
    // The machine was wired to another one until 11:00; its control was, too, but words are not left out: none here.
    const fromMs = START_MS + 2 * HOUR_MS;
    const quiet = await Bench.open();
    const feed = new PlantFeed();
    const rows = (atMs: number) => ({
      rows: [
        {
          source: 'meter',
          everyMs: 10_000,
          timesMs: Array.from({ length: 360 }, (_, row) => atMs + row * 10_000),
          columns: {
            [`${MACHINE}.supply.activePower`]: Array.from({ length: 360 }, () => 1000),
          },
        },
      ],
      sealedToMs: atMs + HOUR_MS,
    });
    await quiet.append(
      feed.config(),
      ...[0, 1, 2, 3, 4].map((hour) => feed.say(rows(START_MS + hour * HOUR_MS))),
    );
    const known = await quiet.derive();
    expect(revisions(known)).toEqual([1, 1, 1, 1, 1, 0]);
    quiet.book.enter(excluded({ id: 'other', fromMs: START_MS - HOUR_MS, toMs: fromMs }));
    const left = await quiet.derive();
    expect(left.map((hour) => isVoid(hour))).toEqual([true, true, false, false, false, false]);
    expect(left[0]).toMatchObject({
      quality: 'null',
      revision: 2,
      status: 'final',
      energy: { supplyMwh: null },
      basis: { amendments: ['other'], records: [] },
    });
    expect(quiet.views.watched(MACHINE)?.fromMs).toBe(fromMs);
    const [base] = quiet.views.bases(MACHINE, hourAt(0), hourAt(1));
    expect(base?.components).toEqual({});
    const expected = await quiet.derived();
    await quiet.startOver();
    expect(await quiet.derived()).toEqual(expected);
    quiet.book.revoke('other');
    expect(figures(await quiet.derive())).toEqual(figures(known));
    expect(figures(await bench.derive())).toEqual(figures(before));
  });

  it('interrupted midway is computed again from where it began, whatever was entered meanwhile', async () => {
    const { bench } = await deriveShift();
    await bench.derivation.stop();
    bench.book.enter(twice({ id: 'early', fromMs: hourAt(1) }));
    bench.start();
    // Ended before it could write what it computed.
    const idle = bench.derivation.idle();
    const stop = bench.derivation.stop();
    await idle.catch(() => {});
    await stop;
    bench.book.revoke('early');
    bench.book.enter(twice({ id: 'late', fromMs: hourAt(4) }));
    bench.start();
    const after = await bench.derived();
    await bench.startOver();
    expect(await bench.derived()).toEqual(after);
  });

  it('opens an interval so long that checkpoints are kept a day apart, and none of before is taken up in it', async () => {
    const bench = await Bench.open();
    const records = shiftOf(new PlantFeed(), 36);
    const [late] = records.splice(31 * 12, 1);
    await bench.append(...records);
    await bench.derive();
    bench.book.enter(excluded({ id: 'bench', fromMs: hourAt(2), toMs: hourAt(34) }));
    await bench.derive();
    await bench.append(...(late === undefined ? [] : [late]));
    const derived = await bench.derived();
    await bench.startOver();
    expect(await bench.derived()).toEqual(derived);
  });
});
