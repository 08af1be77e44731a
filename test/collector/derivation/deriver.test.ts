import { describe, expect, it, vi } from 'vitest';
import { unconfiguredMachine } from '../../../collector/energy/machine-model.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { Bench, figures } from './derivation-bench.ts';
import { CHANNELS, MACHINE, PlantFeed, powerAtW, shiftOf, START_MS, type Saying } from './plant-feed.ts';
import { milliwattHours, watts } from '../../../protocols/telemetry/unit.ts';

const HOUR_MS = 3_600_000;
const FIRST_HOUR_MS = START_MS - 30 * 60_000;

/** Energy by the plant's own law between two times, mWh. */
function energyMwh(fromMs: number, toMs: number): number {
  let mwh = 0;
  for (let at = fromMs; at < toMs; at += 10_000) mwh += (powerAtW(at) * 10_000) / 3600;
  return mwh;
}

describe('the derivation', () => {
  it('gives each hour its energy by state, and minutes for the charts', async () => {
    const bench = await Bench.open();
    await bench.append(...shiftOf(new PlantFeed(), 3));
    const hours = await bench.derive();
    expect(hours.map((hour) => hour.hourMs)).toEqual([0, 1, 2, 3].map((n) => FIRST_HOUR_MS + n * HOUR_MS));
    const second = hours[1];
    expect(second?.spanMs).toBe(HOUR_MS);
    expect(second?.measuredMs).toBe(HOUR_MS);
    expect(
      Math.abs((second?.energy.supplyMwh ?? 0) - energyMwh(START_MS + HOUR_MS / 2, START_MS + 1.5 * HOUR_MS)),
    ).toBeLessThan(2);
    // 10:00 to 10:15 and 10:45 to 11:00 of every hour run at 8 kW or not, as the law says; power changes between readings.
    const processingMs = second?.timeMs.processing ?? 0;
    expect(processingMs).toBeGreaterThan(0);
    expect(processingMs + (second?.timeMs.ready ?? 0)).toBe(HOUR_MS);
    expect(second?.meanPowerW.processing).toBeGreaterThan(7800);
    expect(second?.meanPowerW.ready).toBeLessThan(2100);
    expect(second?.quality).toBe('measured');
    expect(second?.energy.residualMwh).toBe(
      (second?.energy.supplyMwh ?? 0) - (second?.energy.componentMwh['spindle'] ?? 0),
    );
    const chart = bench.views.series(`${MACHINE}.supply.activePower`, START_MS, START_MS + 600_000, 60_000);
    expect(chart).toHaveLength(10);
    expect(bench.views.minute(`${MACHINE}.supply.activePower`, START_MS)).toMatchObject({
      count: 6,
      sum: 6 * powerAtW(START_MS),
      lastMs: START_MS + 50_000,
    });
    expect(bench.derivation.stats()).toMatchObject({
      records: 37,
      malformedParts: 0,
      rewinds: 0,
      failures: 0,
    });
  });

  it('computes all hours again when a machine is configured otherwise, as if it had always been so', async () => {
    const records = () => shiftOf(new PlantFeed(), 5);
    const bench = await Bench.open();
    await bench.append(...records());
    const before = await bench.derive();
    expect(before.filter((hour) => hour.status === 'final').length).toBeGreaterThan(2);
    const changed = {
      ...bench.model,
      ratedPowerW: watts(20_000),
      stateMap: { READY: 'standby' as const },
      bandSets: [
        {
          version: 0,
          fromMs: -Infinity,
          bands: [{ state: 'ready' as const, belowW: null }],
          hysteresis: 0.05,
          dwellMs: 3000,
        },
      ],
    };

    const fresh = await Bench.open();
    fresh.model = changed;
    await fresh.restart();
    await fresh.append(...records());
    const expected = figures(await fresh.derive());
    expect(expected).not.toEqual(figures(before));
    expect(fresh.told).toEqual([]);

    bench.model = changed;
    await bench.restart();
    const after = await bench.derive();
    expect(figures(after)).toEqual(expected);
    // The figures of hours that were final have changed, and say so; the others are as provisional as they were.
    expect(after.map((hour) => [hour.status, hour.revision])).toEqual(
      before.map((hour) => [hour.status, hour.status === 'final' ? 2 : 0]),
    );
    expect(bench.told.filter((message) => message.includes('computed again'))).toHaveLength(1);
    // Minutes are not of the model, and counted once.
    expect(bench.views.minute(`${MACHINE}.supply.activePower`, START_MS)?.count).toBe(6);

    await bench.restart();
    expect(await bench.derive()).toEqual(after);
    expect(bench.told.filter((message) => message.includes('computed again'))).toHaveLength(1);
  });

  it('writes states in pieces where it computes very many again, without a hole or a figure of another kind', async () => {
    const bench = await Bench.open();
    const feed = new PlantFeed();
    const channel = `${MACHINE}.control.execution`;
    const records = [feed.config()];
    // A word a second for 16 hours.
    for (let fromMs = START_MS; fromMs < START_MS + 16 * HOUR_MS; fromMs += HOUR_MS) {
      const timesMs = Array.from({ length: 3600 }, (_, second) => fromMs + second * 1000);
      const values = timesMs.map((_, second) => (second % 2 === 0 ? 'ACTIVE' : 'READY'));
      records.push(
        feed.say({ words: [{ channel, source: 'cnc', timesMs, values }], sealedToMs: fromMs + HOUR_MS }),
      );
    }
    await bench.append(...records);
    const before = await bench.derive();
    const commit = vi.spyOn(bench.views, 'commit');
    bench.model = { ...bench.model, stateMap: { READY: 'standby' as const } };
    await bench.restart();
    const after = await bench.derive();
    const written = commit.mock.calls.map(([{ spans = [] }]) =>
      [...spans].reduce((sum, { spans: own }) => sum + own.length, 0),
    );
    expect(Math.max(...written)).toBeLessThan(45_000);
    const spans = bench.views.states(MACHINE, 0, Number.MAX_SAFE_INTEGER, 100_000);
    expect(spans).toHaveLength(16 * 3600 - 1);
    expect(
      spans.every(({ fromMs, toMs }, row) => toMs === (spans[row + 1]?.fromMs ?? toMs) && toMs > fromMs),
    ).toBe(true);
    expect(after.map(({ timeMs }) => timeMs.standby)).toEqual(before.map(({ timeMs }) => timeMs.ready));
    const final = before.filter(({ status }) => status === 'final');
    expect(after.filter(({ revision }) => revision === 2)).toHaveLength(final.length);
  });

  it('goes on after it was configured otherwise as if it had always been so, late records included', async () => {
    const records = shiftOf(new PlantFeed(), 5);
    const late = records.slice(20, 23);
    const last = records.slice(45);
    const rest = records.filter((record) => !late.includes(record) && !last.includes(record));
    const changed = { ...unconfiguredMachine(MACHINE), stateMap: { READY: 'standby' as const } };
    const fresh = await Bench.open();
    fresh.model = changed;
    await fresh.restart();
    await fresh.append(...records);
    const expected = figures(await fresh.derive());

    const bench = await Bench.open();
    await bench.append(...rest);
    await bench.derive();
    bench.model = changed;
    await bench.restart();
    await bench.append(...last);
    await bench.derive();
    await bench.append(...late);
    expect(figures(await bench.derive())).toEqual(expected);
  });

  it('computes all hours again when another algorithm wrote them, and reads none of its folds', async () => {
    const bench = await Bench.open();
    await bench.append(...shiftOf(new PlantFeed(), 5));
    const expected = figures(await bench.derive());
    await bench.derivation.stop();
    // As a release with another algorithm and another layout of folds leaves the views.
    const { views } = bench;
    const own = JSON.parse(views.checkpointBefore('~derive', 0)?.json ?? '') as { methods: unknown };
    const spoilt = views.hours(MACHINE, 0, Number.MAX_SAFE_INTEGER).map((hour) => ({
      ...hour,
      energy: { ...hour.energy, supplyMwh: milliwattHours(1) },
      basis: { ...hour.basis, algorithm: 'millwatt-energy/0' },
    }));
    views.commit({
      reader: 'derive',
      ordinal: views.cursor('derive'),
      hours: spoilt,
      checkpoints: [
        { machine: '~derive', hourMs: 0, json: JSON.stringify({ ...own, methods: [[MACHINE, 'of old']] }) },
        ...spoilt.map(({ hourMs }) => ({ machine: MACHINE, hourMs, json: '{"v":0}' })),
      ],
    });
    bench.start();
    expect(figures(await bench.derive())).toEqual(expected);
    expect(bench.derivation.stats().failures).toBe(0);
  });

  it('gives the same figures in any order of arrival, in any batches, and over restarts', async () => {
    const records = () =>
      shiftOf(new PlantFeed(), 5, { holeMs: [START_MS + 4_000_000, START_MS + 9_000_000] });
    const whole = await Bench.open();
    await whole.append(...records());
    const expected = figures(await whole.derive());
    expect(expected).toHaveLength(6);
    const states = (bench: Bench) => bench.views.states(MACHINE, 0, Number.MAX_SAFE_INTEGER, 1000);
    const expectedStates = states(whole);
    expect(expectedStates[0]?.fromMs).toBe(START_MS);
    expect(new Set(expectedStates.map(({ decider }) => decider))).toContain('control');
    for (const [index, span] of expectedStates.entries())
      expect(span.fromMs).toBe(expectedStates[index - 1]?.toMs ?? START_MS);
    expect(expected.some((hour) => hour.obtained.bridgedMwh > 0)).toBe(true);

    const [config, ...rest] = records();
    const orders: { name: string; records: SealedRecord[] }[] = [
      { name: 'backwards', records: [...(config === undefined ? [] : [config]), ...rest.toReversed()] },
      { name: 'live before backlog', records: [...rest.slice(40), ...records().slice(0, 41)] },
      {
        name: 'every third first',
        records: [...records()].sort((a, b) => (a.header.seq % 3) - (b.header.seq % 3)),
      },
    ];
    for (const order of orders) {
      for (const size of [3, 100]) {
        const bench = await Bench.open();
        for (let at = 0; at < order.records.length; at += size) {
          await bench.append(...order.records.slice(at, at + size));
          await bench.derive();
          if (at % 4 === 3) await bench.restart();
        }
        expect(figures(await bench.derive()), `${order.name}, ${size} at a time`).toEqual(expected);
        expect(states(bench), `states, ${order.name}, ${size} at a time`).toEqual(expectedStates);
        const minute = bench.views.minute(`${MACHINE}.supply.activePower`, START_MS + 600_000);
        expect(minute).toEqual(whole.views.minute(`${MACHINE}.supply.activePower`, START_MS + 600_000));
        expect(bench.derivation.stats().failures).toBe(0);
      }
    }
  });

  it('makes an hour final once its data is whole, and revises it when late data changes a figure', async () => {
    const bench = await Bench.open();
    const records = shiftOf(new PlantFeed(), 3);
    const late = records.splice(14, 1);
    await bench.append(...records);
    expect((await bench.derive()).map((hour) => hour.status)).toEqual([
      'final',
      'provisional',
      'provisional',
      'provisional',
    ]);
    await bench.append(...late);
    const healed = await bench.derive();
    expect(healed.map((hour) => [hour.status, hour.finalBy, hour.revision])).toEqual([
      ['final', 'watermark', 1],
      ['final', 'watermark', 1],
      ['final', 'watermark', 1],
      ['provisional', null, 0],
    ]);

    // Another gateway that served the machine turns out to have had a spindle counter reading of the second hour.
    const other = new PlantFeed({ agent: 'gw-2', epoch: 'cccccccccccc' });
    const at = START_MS + HOUR_MS;
    const spindle: Saying = {
      rows: [
        {
          source: 'meter',
          everyMs: 10_000,
          timesMs: [at + 5000],
          columns: { [`${MACHINE}.spindle.activePower`]: [9999] },
        },
      ],
      sealedToMs: at + 6000,
    };
    await bench.append(other.config(), other.say(spindle));
    const revised = await bench.derive();
    expect(revised.map((hour) => hour.revision)).toEqual([1, 2, 1, 0]);
    expect(revised[1]?.energy.supplyMwh).toBe(healed[1]?.energy.supplyMwh);
    expect(revised[1]?.energy.componentMwh['spindle']).toBeGreaterThan(
      healed[1]?.energy.componentMwh['spindle'] ?? 0,
    );
    expect(revised[1]?.basis.records.map(({ agent }) => agent)).toContain('gw-2');
  });

  it('keeps hours open whose energy a counter has yet to tell, though everything was delivered: for seven days', async () => {
    const bench = await Bench.open();
    const feed = new PlantFeed();
    // The meter goes at 10:40 and is back at 13:10; its gateway watches all the while.
    const holeMs: [number, number] = [START_MS + 70 * 60_000, START_MS + 220 * 60_000];
    const records = shiftOf(feed, 6, { holeMs });
    const statuses = async () =>
      (await bench.derive()).map(({ status, revision }) => `${status} ${revision}`);
    await bench.append(...records.slice(0, 1 + 3.5 * 12));
    expect(await statuses()).toEqual(['final 1', 'provisional 0', 'provisional 0', 'provisional 0']);
    await bench.restart();
    expect(await statuses()).toEqual(['final 1', 'provisional 0', 'provisional 0', 'provisional 0']);
    await bench.append(...records.slice(1 + 3.5 * 12));
    const told = await bench.derive();
    // None of them was given out before it was known.
    expect(told.map(({ status, revision }) => `${status} ${revision}`)).toEqual([
      'final 1',
      'final 1',
      'final 1',
      'final 1',
      'final 1',
      'final 1',
      'provisional 0',
    ]);
    expect(told[2]?.obtained.bridgedMwh).toBe(told[2]?.energy.supplyMwh);
    expect(told[2]?.energy.supplyMwh).toBeGreaterThan(0);
  });

  it('waits no longer than seven days for a counter', async () => {
    const bench = await Bench.open();
    const holeMs: [number, number] = [START_MS + 70 * 60_000, Infinity];
    await bench.append(...shiftOf(new PlantFeed(), 5, { holeMs }));
    expect((await bench.derive()).map(({ finalBy }) => finalBy)).toEqual([
      'watermark',
      null,
      null,
      null,
      null,
      null,
    ]);
    bench.clock.stepTo(START_MS + 8 * 24 * HOUR_MS);
    expect((await bench.derive()).map(({ finalBy }) => finalBy)).toEqual([
      'watermark',
      ...Array.from({ length: 5 }, () => 'seven-days'),
    ]);
  });

  it('makes hours final after a restart as it would have before, though no record comes', async () => {
    const bench = await Bench.open();
    const records = shiftOf(new PlantFeed(), 3);
    const commit = bench.views.commit.bind(bench.views);
    // Ended between the hours and the note that they are final.
    vi.spyOn(bench.views, 'commit').mockImplementation((change) => {
      const finals = [...(change.hours ?? [])].filter(({ status }) => status === 'final');
      if (finals.length > 0) throw new Error('ended');
      commit(change);
    });
    await bench.append(...records);
    await expect(bench.derive()).rejects.toThrow('ended');
    vi.restoreAllMocks();
    bench.clock.stepTo(START_MS + 30 * 24 * HOUR_MS);
    await bench.restart();
    expect((await bench.derive()).map(({ finalBy }) => finalBy)).toEqual([
      'watermark',
      'watermark',
      'watermark',
      'seven-days',
    ]);
  });

  it('makes an hour final after seven days, with the reason', async () => {
    const bench = await Bench.open();
    const records = shiftOf(new PlantFeed(), 2);
    records.splice(5, 1);
    await bench.append(...records);
    expect((await bench.derive()).map((hour) => hour.status)).toEqual([
      'provisional',
      'provisional',
      'provisional',
    ]);
    bench.clock.stepTo(START_MS + 7 * 24 * HOUR_MS + HOUR_MS);
    expect((await bench.derive()).map((hour) => hour.finalBy)).toEqual([
      'seven-days',
      // Nothing of this one is missing, and what is missing before it is not waited for any more.
      'watermark',
      null,
    ]);
  });

  it('does not wait for ever for records that never come', async () => {
    const bench = await Bench.open();
    const feed = new PlantFeed();
    const records = shiftOf(feed, 2);
    // Dropped by a full spool: nobody has it any more.
    records.splice(5, 1);
    await bench.append(...records);
    const weekLaterMs = START_MS + 8 * 24 * HOUR_MS;
    bench.clock.stepTo(weekLaterMs + 3 * HOUR_MS);
    const at = (ms: number): Saying => ({
      rows: [
        {
          source: 'meter',
          everyMs: 10_000,
          timesMs: [ms, ms + 10_000],
          columns: {
            [`${MACHINE}.supply.activePower`]: [1000, 1000],
            [`${MACHINE}.supply.activeEnergyImport`]: [ms - START_MS, ms - START_MS + 2778].map(
              (sum) => sum + 1e9,
            ),
          },
        },
      ],
      sealedToMs: ms + 20_000,
    });
    await bench.append(feed.say(at(weekLaterMs)), feed.say(at(weekLaterMs + 2 * HOUR_MS)));
    const hours = await bench.derive();
    const hour = hours.find(({ hourMs }) => hourMs === weekLaterMs - 30 * 60_000);
    expect(hour).toMatchObject({ status: 'final', finalBy: 'watermark' });
  });

  it('waits for the config snapshot that readings rest on', async () => {
    const bench = await Bench.open();
    const [config, ...rest] = shiftOf(new PlantFeed(), 1);
    await bench.append(...rest);
    expect(await bench.derive()).toEqual([]);
    expect(bench.derivation.stats().waitingRecords).toBe(12);
    await bench.restart();
    if (config !== undefined) await bench.append(config);
    expect((await bench.derive()).map((hour) => hour.energy.supplyMwh !== null)).toEqual([true, true]);
    expect(bench.derivation.stats().waitingRecords).toBe(0);
  });

  it('leaves out readings that no wall time can be told of, and flags a clock that was never set', async () => {
    const bench = await Bench.open();
    const lost = new PlantFeed({ bootMs: 0, epoch: 'dddddddddddd' });
    await bench.append(...shiftOf(lost, 1, { fromMs: 10_000_000 }));
    expect(await bench.derive()).toEqual([]);
    expect(bench.derivation.stats().undatedRecords).toBe(13);

    const feed = new PlantFeed({ agent: 'gw-2', epoch: 'eeeeeeeeeeee' });
    const row = (at: number, mwh: number) => ({
      rows: [
        {
          source: 'meter',
          everyMs: 10_000,
          timesMs: [at],
          columns: {
            [`${MACHINE}.supply.activePower`]: [1000],
            [`${MACHINE}.supply.activeEnergyImport`]: [mwh],
          },
        },
      ],
      sealedToMs: at + 1,
      clock: 'unsynced' as const,
    });
    const unset = { clock: 'unsynced' as const };
    await bench.append(
      feed.config(unset),
      feed.say(row(START_MS, 0)),
      feed.say(row(START_MS + 10_000, 2778)),
    );
    expect(await bench.derive()).toEqual([]);
    expect(bench.derivation.stats().waitingRecords).toBe(3);
    // Nobody set it for a week.
    bench.clock.stepTo(bench.clock.wallMs() + 7 * 24 * HOUR_MS);
    const [hour] = await bench.derive();
    expect(hour?.reasons).toContain('clock-unsynced');
    expect(hour?.energy.supplyMwh).toBe(2778);
  });

  it('keeps what a silent control said only while its agent is watching', async () => {
    const bench = await Bench.open();
    const feed = new PlantFeed();
    const [minuteMs, quietFor] = [60_000, 40];
    const word = {
      channel: `${MACHINE}.control.execution`,
      source: 'cnc',
      timesMs: [START_MS],
      values: ['ACTIVE'],
    };
    await bench.append(feed.config(), feed.say({ words: [word], sealedToMs: START_MS + 1 }));
    for (let minute = 1; minute <= quietFor; minute++)
      await bench.append(feed.say({ sealedToMs: START_MS + minute * minuteMs }));
    // Then the gateway loses power for two hours.
    const backMs = START_MS + 160 * minuteMs;
    await bench.append(feed.say({ words: [{ ...word, timesMs: [backMs] }], sealedToMs: backMs + minuteMs }));
    const expected = {
      // 40 minutes watched, and the 5 minutes after which a word is stale.
      processing: (quietFor + 5) * minuteMs,
      unknown: (160 - quietFor - 5) * minuteMs,
    };
    const sum = (hours: MachineHour[], state: 'processing' | 'unknown') =>
      hours.reduce((total, hour) => total + hour.timeMs[state], 0);
    const hours = await bench.derive();
    expect({ processing: sum(hours, 'processing'), unknown: sum(hours, 'unknown') }).toEqual(expected);
    await bench.restart();
    const againMs = backMs + minuteMs;
    await bench.append(feed.say({ words: [{ ...word, timesMs: [againMs] }], sealedToMs: againMs + 1 }));
    expect(sum(await bench.derive(), 'processing')).toBe(expected.processing + minuteMs);
  });

  it('lets a control say nothing more once the agent is wired without it', async () => {
    const bench = await Bench.open();
    const before = new PlantFeed({ agent: 'gw-1', epoch: 'aaaaaaaaaaaa' });
    const after = new PlantFeed({
      agent: 'gw-1',
      epoch: 'bbbbbbbbbbbb',
      channels: CHANNELS.filter(({ kind }) => kind === 'measured'),
    });
    const rows = (fromMs: number): NonNullable<Saying['rows']> => [
      {
        source: 'meter',
        everyMs: 10_000,
        timesMs: Array.from({ length: 180 }, (_, row) => fromMs + row * 10_000),
        columns: { [`${MACHINE}.supply.activePower`]: Array.from({ length: 180 }, () => 2000) },
      },
    ];
    const channel = `${MACHINE}.control.execution`;
    const halfHourMs = HOUR_MS / 2;
    await bench.append(
      before.config(),
      before.say({
        rows: rows(START_MS),
        words: [{ channel, source: 'cnc', timesMs: [START_MS], values: ['ACTIVE'] }],
        sealedToMs: START_MS + halfHourMs,
      }),
      after.config(),
      after.say({ rows: rows(START_MS + halfHourMs), sealedToMs: START_MS + HOUR_MS }),
    );
    const hours = await bench.derive();
    expect(hours.map(({ timeMs }) => [timeMs.processing, timeMs.unknown])).toEqual([
      [halfHourMs, 0],
      [0, halfHourMs - 10_000],
    ]);
  });

  it('counts words through an outage after which everything was told, as soon as that is known', async () => {
    const channel = `${MACHINE}.control.execution`;
    const at = (seconds: number) => START_MS + seconds * 1000;
    const say = (feed: PlantFeed, atS: number, value: string) =>
      feed.say({
        words: [{ channel, source: 'cnc', timesMs: [at(atS)], values: [value] }],
        sealedToMs: at(atS) + 1,
      });
    const link = (feed: PlantFeed, atS: number, reason: string) =>
      feed.say({
        links: [{ source: 'cnc', timesMs: [at(atS)], up: [reason === 'healed'], reasons: [reason] }],
        sealedToMs: at(atS) + 1,
      });
    const bench = await Bench.open();
    const feed = new PlantFeed();
    await bench.append(feed.config(), say(feed, 0, 'ACTIVE'), link(feed, 100, 'timeout'));
    await bench.append(feed.say({ sealedToMs: at(500) }));
    await bench.derive();
    const spans = () =>
      bench.views
        .states(MACHINE, 0, Number.MAX_SAFE_INTEGER, 100)
        .map(({ fromMs, toMs, basis }) => [(fromMs - START_MS) / 1000, (toMs - START_MS) / 1000, basis]);
    expect(spans()).toEqual([]);
    // The word of the outage comes after it, and before its end is told.
    await bench.append(say(feed, 300, 'READY'), link(feed, 550, 'healed'), say(feed, 600, 'READY'));
    await bench.append(feed.say({ sealedToMs: at(1300) }));
    const hours = await bench.derive();
    expect(spans()).toEqual([
      [0, 300, `${channel}=ACTIVE`],
      [300, 600, `${channel}=READY`],
    ]);
    expect(hours[0]?.decidedMs).toMatchObject({
      processing: { control: 300_000 },
      ready: { control: 300_000 },
    });
    expect(hours[0]?.reasons).not.toContain('source-down');
  });
});
