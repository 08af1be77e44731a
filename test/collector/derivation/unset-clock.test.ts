import { describe, expect, it } from 'vitest';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { Bench, isVoid } from './derivation-bench.ts';
import { MACHINE, PlantFeed, shiftOf, START_MS, type Saying } from './plant-feed.ts';

const HOUR_MS = 3_600_000;
/** The gateway comes up on 2023-05-05 of its own reckoning. */
const UNSET: Pick<Saying, 'clock' | 'aheadMs'> = {
  clock: 'unsynced',
  aheadMs: Date.UTC(2023, 4, 5) - (START_MS - 100_000),
};
const WEEK_MS = 7 * 24 * HOUR_MS;

/** Ten minutes of 3,600 W and its counter, from a time on: 10 Wh (10,000 mWh) every 10 s. */
function readings(fromMs: number, by: Pick<Saying, 'clock' | 'aheadMs'> = {}): Saying {
  const timesMs = Array.from({ length: 60 }, (_, row) => fromMs + row * 10_000);
  return {
    rows: [
      {
        source: 'meter',
        everyMs: 10_000,
        timesMs,
        columns: {
          [`${MACHINE}.supply.activePower`]: timesMs.map(() => 3600),
          [`${MACHINE}.supply.activeEnergyImport`]: timesMs.map((atMs) => atMs - START_MS + 5_000_000),
        },
      },
    ],
    words: [
      { channel: `${MACHINE}.control.execution`, source: 'cnc', timesMs: [fromMs], values: ['ACTIVE'] },
    ],
    sealedToMs: fromMs + 600_000,
    ...by,
  };
}

/** Twenty minutes without a clock, then an hour with it. */
function bootOf(feed: PlantFeed): { unset: SealedRecord[]; set: SealedRecord[] } {
  const at = (index: number) => START_MS + index * 600_000;
  return {
    unset: [feed.config(UNSET), feed.say(readings(at(0), UNSET)), feed.say(readings(at(1), UNSET))],
    set: [2, 3, 4, 5, 6, 7].map((index) =>
      feed.say(readings(at(index), index === 2 ? { clock: 'stepped' } : {})),
    ),
  };
}

/** What the same readings give with a clock that was right from the start. */
async function deriveRight() {
  const bench = await Bench.open();
  const feed = new PlantFeed();
  await bench.append(
    feed.config(),
    ...[0, 1, 2, 3, 4, 5, 6, 7].map((index) => feed.say(readings(START_MS + index * 600_000))),
  );
  return bench.derived();
}

/** Without the names of records, which differ between two agents. */
const plain = (hours: Awaited<ReturnType<typeof deriveRight>>['hours']) =>
  hours.map((hour) => ({ ...hour, basis: null }));

describe('readings of a boot whose clock was not set yet', () => {
  it('wait, and get their time from the first record of the boot whose clock was set', async () => {
    const right = await deriveRight();
    const bench = await Bench.open();
    const { unset, set } = bootOf(new PlantFeed());
    await bench.append(...unset);
    expect(await bench.derive()).toEqual([]);
    expect(bench.derivation.stats()).toMatchObject({ waitingRecords: 3, undatedRecords: 0 });
    await bench.restart();
    expect(await bench.derive()).toEqual([]);
    expect(bench.derivation.stats().waitingRecords).toBe(3);
    await bench.append(...set);
    const derived = await bench.derived();
    expect(plain(derived.hours)).toEqual(plain(right.hours));
    // 80 minutes at 3.6 kW but for the last 10 s: 479 steps of 10 Wh; nothing of it in 2023.
    expect(derived.hours.map(({ energy }) => energy.supplyMwh)).toEqual([180 * 10_000, (479 - 180) * 10_000]);
    expect(derived.hours.flatMap(({ reasons }) => reasons)).not.toContain('clock-unsynced');
    expect(derived.minutes).toEqual(right.minutes);
    expect(derived.spans).toEqual(right.spans);
    expect(derived.words.map(({ atMs, value }) => [atMs, value])).toEqual(
      right.words.map(({ atMs, value }) => [atMs, value]),
    );
    await bench.startOver();
    expect(await bench.derived()).toEqual(derived);
  });

  it('find their place after later ones, and are found there when the fold goes back', async () => {
    const right = await deriveRight();
    const feed = new PlantFeed();
    const { unset, set } = bootOf(feed);
    const bench = await Bench.open();
    // Live before backlog; a restart in between; one of the set ones last, so that the fold goes back over all.
    await bench.append(...set.slice(1));
    await bench.derive();
    await bench.append(...unset);
    await bench.derive();
    await bench.restart();
    await bench.append(...set.slice(0, 1));
    const derived = await bench.derived();
    expect(plain(derived.hours)).toEqual(plain(right.hours));
    expect(derived.minutes).toEqual(right.minutes);
    await bench.startOver();
    expect(await bench.derived()).toEqual(derived);
  });

  it('are taken by the label they have once another boot has begun, and flagged', async () => {
    const bench = await Bench.open();
    const feed = new PlantFeed();
    // Labelled three hours early: before the machine is known otherwise.
    const early: typeof UNSET = { clock: 'unsynced', aheadMs: -3 * HOUR_MS };
    await bench.append(feed.config(early), feed.say(readings(START_MS, early)));
    expect(await bench.derive()).toEqual([]);
    feed.reboot('cccccccccccc', START_MS + 700_000);
    await bench.append(feed.say(readings(START_MS + HOUR_MS)));
    const hours = await bench.derive();
    expect(hours.map(({ hourMs, reasons }) => [hourMs, reasons.includes('clock-unsynced')])).toEqual([
      [START_MS - 3.5 * HOUR_MS, true],
      [START_MS - 2.5 * HOUR_MS, false],
      [START_MS - 1.5 * HOUR_MS, false],
      [START_MS - 0.5 * HOUR_MS, false],
      [START_MS + 0.5 * HOUR_MS, false],
    ]);
    // What is not known to be of that time is in no chart.
    const power = `${MACHINE}.supply.activePower`;
    expect(bench.views.minutes(power, 0, Number.MAX_SAFE_INTEGER)[0]?.minuteMs).toBe(START_MS + HOUR_MS);
    const derived = await bench.derived();
    await bench.startOver();
    expect(await bench.derived()).toEqual(derived);
  });

  it('that were taken by their label move to their time when a record of their boot comes late', async () => {
    const feed = new PlantFeed();
    const early: typeof UNSET = { clock: 'unsynced', aheadMs: -3 * HOUR_MS };
    const records = [
      feed.config(early),
      feed.say(readings(START_MS, early)),
      feed.say(readings(START_MS + 600_000)),
    ];
    feed.reboot('cccccccccccc', START_MS + 1_300_000);
    const next = feed.say(readings(START_MS + HOUR_MS));
    const bench = await Bench.open();
    await bench.append(...records.slice(0, 2), next);
    const labelled = await bench.derive();
    expect(labelled[0]?.hourMs).toBe(START_MS - 3.5 * HOUR_MS);
    await bench.append(...records.slice(2));
    const hours = await bench.derive();
    // What was given out of the wrong hours is taken back.
    expect(hours.map((hour) => isVoid(hour))).toEqual([true, true, true, false, false]);
    expect(hours[3]?.reasons).not.toContain('clock-unsynced');
    const derived = await bench.derived();
    expect(derived.minutes.map(({ minuteMs }) => minuteMs)).toContain(START_MS);
    expect(derived.words.map(({ atMs }) => atMs)).toContain(START_MS);

    const ordered = await Bench.open();
    await ordered.append(...records, next);
    const expected = await ordered.derived();
    expect(derived).toEqual(expected);
    await bench.startOver();
    expect(await bench.derived()).toEqual(expected);
  });

  it('are not waited for beyond a week', async () => {
    const bench = await Bench.open();
    const feed = new PlantFeed();
    const early: typeof UNSET = { clock: 'unsynced', aheadMs: -3 * HOUR_MS };
    await bench.append(feed.config(early), feed.say(readings(START_MS, early)));
    bench.clock.stepTo(bench.clock.wallMs() + WEEK_MS - 1);
    expect(await bench.derive()).toEqual([]);
    bench.clock.stepTo(bench.clock.wallMs() + 1);
    expect((await bench.derive()).map(({ reasons }) => reasons.includes('clock-unsynced'))).toEqual([true]);
  });
});

describe('a clock that is days ahead', () => {
  it('dates nothing, whenever its records are read again', async () => {
    const bench = await Bench.open();
    const feed = new PlantFeed();
    // The collector's clock is 40 h past the start: this is 26 h ahead of it.
    const ahead = feed.say(readings(START_MS + 600_000, { aheadMs: 66 * HOUR_MS }));
    await bench.append(feed.config(), feed.say(readings(START_MS)), ahead);
    const derived = await bench.derived();
    expect(bench.derivation.stats().undatedRecords).toBe(1);
    bench.clock.stepTo(START_MS + 90 * HOUR_MS);
    await bench.startOver();
    expect(await bench.derived()).toEqual(derived);
  });
});

describe('a clock that is set while the gateway runs', () => {
  it('flags the hour of the readings after it, by more than two seconds only', async () => {
    const hours = async (aheadMs: number) => {
      const bench = await Bench.open();
      const feed = new PlantFeed();
      const late = shiftOf(new PlantFeed({ agent: 'gw-2', epoch: 'cccccccccccc' }), 0);
      await bench.append(
        ...late,
        feed.config(),
        feed.say(readings(START_MS)),
        feed.say(readings(START_MS + HOUR_MS, { aheadMs })),
        feed.say(readings(START_MS + 2 * HOUR_MS, { aheadMs })),
      );
      const derived = await bench.derived();
      await bench.restart();
      await bench.startOver();
      expect(await bench.derived()).toEqual(derived);
      return derived.hours.map(({ reasons }) => reasons.includes('clock-stepped'));
    };
    // 1.9 s and what two clocks may drift apart in an hour are no step.
    expect(await hours(1900)).toEqual([false, false, false]);
    expect(await hours(60_000)).toEqual([false, true, false]);
  });

  it('back by an hour, invents nothing and loses nothing: by the time of the boot the counter only counted on', async () => {
    const bench = await Bench.open();
    const feed = new PlantFeed();
    const at = (index: number) => START_MS + index * 600_000;
    // Summer time ends by hand at 11:00 of the gateway's clock: four hours of readings are labelled 09:30 to 11:00 and 10:00 to 12:30.
    const back = { aheadMs: -HOUR_MS };
    await bench.append(
      feed.config(),
      ...Array.from({ length: 24 }, (_, index) => feed.say(readings(at(index), index < 9 ? {} : back))),
    );
    const { hours, bases } = await bench.derived();
    const reasons = hours.flatMap((hour) => hour.reasons);
    expect(reasons).toEqual(expect.arrayContaining(['clock-stepped', 'conflict']));
    expect(reasons).not.toContain('counter-step');
    // 24 x 60 readings 10 Wh apart; those of the hour that was labelled twice are booked when its second labels have passed.
    expect(hours.reduce((sum, { energy }) => sum + (energy.supplyMwh ?? 0), 0)).toBe((24 * 60 - 1) * 10_000);
    const told = bases.flatMap(({ decisions }) => decisions).find(({ kind }) => kind === 'clock-stepped');
    expect(told?.saying).toContain('the clock was set between');
    expect(told?.saying).toContain('15000 W x 1.2 x 3620 s');
  });
});
