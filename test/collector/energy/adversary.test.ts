import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Amendment } from '../../../collector/energy/amendment.ts';
import { amendFeed } from '../../../collector/energy/amendments/amend-feed.ts';
import { closeHour } from '../../../collector/energy/close-hour.ts';
import { toBaseHour } from '../../../collector/energy/calendar/close-cells.ts';
import { sumPeriods } from '../../../collector/energy/calendar/sum-periods.ts';
import { baseOf, type HourBase } from '../../../collector/energy/hour-base.ts';
import { defineCounter } from '../../../collector/energy/counter-value.ts';
import { feedRecord } from '../../../collector/energy/feed-record.ts';
import { startFold } from '../../../collector/energy/fold-state.ts';
import { HOUR_MS, type HourAccount } from '../../../collector/energy/hour-account.ts';
import {
  advanceFold,
  isLate,
  restoreFold,
  saveFold,
  takeChangedAccounts,
  takeSettledSpans,
} from '../../../collector/energy/machine-fold.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import { unconfiguredMachine, type MachineModel } from '../../../collector/energy/machine-model.ts';
import { spanOf, type RecordFeed } from '../../../collector/energy/record-feed.ts';
import type { StateSpan } from '../../../collector/energy/state-span.ts';
import { OPERATING_STATES } from '../../../protocols/telemetry/operating-state.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { RUNS as CI_RUNS } from './calendar/calendars.ts';
import { bandSetOf, foldBases, foldHours, foldSpans, putSpans } from './fold-feed.ts';

const START_MS = Date.UTC(2026, 2, 2, 9, 20);
const MODELS: MachineModel[] = [
  unconfiguredMachine('m'),
  {
    ...unconfiguredMachine('m'),
    ratedPowerW: watts(12_000),
    offBelowW: watts(40),
    bandSets: [
      bandSetOf([
        { state: 'ready', belowW: watts(3000) },
        { state: 'processing', belowW: null },
      ]),
    ],
    quietAfterMs: 180_000,
  },
  {
    ...unconfiguredMachine('m'),
    offBelowW: watts(40),
    bandSets: [
      bandSetOf(
        [
          { state: 'standby', belowW: watts(1500) },
          { state: 'ready', belowW: watts(6000) },
          { state: 'processing', belowW: null },
        ],
        { hysteresis: 0.2, dwellMs: 90_000 },
      ),
      bandSetOf(
        [
          { state: 'ready', belowW: watts(4000) },
          { state: 'processing', belowW: null },
        ],
        { version: 1, fromMs: START_MS + 5_000_000, hysteresis: 0.1, dwellMs: 45_000 },
      ),
    ],
    stateMap: { HOLD: 'ready' },
    quietAfterMs: 1_200_000,
    bridgeMs: 400_000,
  },
];
/** Most of all the one whose states depend on what comes after them. */
const anyState = fc.constantFrom(...MODELS, ...MODELS.slice(2));
/** Whatever people may have entered about two components, one way and the other. */
const anyAmendment: fc.Arbitrary<Amendment> = fc
  .record({
    component: fc.constantFrom('supply', 'spindle'),
    from: fc.integer({ min: -10, max: 200 }),
    minutes: fc.option(fc.integer({ min: 1, max: 200 })),
    what: fc.constantFrom<
      | { kind: 'direction' }
      | { kind: 'exclude' }
      | { kind: 'step'; is: 'real' }
      | { kind: 'scale'; num: string; den: string }
      | { kind: 'component'; becomes: string }
      | { kind: 'same-meter'; meter: string; is: string }
      | { kind: 'meter-replaced'; oldLastMwh: number; newFirstMwh: number }
    >(
      { kind: 'direction' },
      { kind: 'exclude' },
      { kind: 'step', is: 'real' },
      { kind: 'scale', num: '3', den: '7' },
      { kind: 'scale', num: '40', den: '1' },
      { kind: 'component', becomes: 'spindle' },
      { kind: 'component', becomes: 'coolant' },
      { kind: 'same-meter', meter: 'b', is: 'a' },
      { kind: 'meter-replaced', oldLastMwh: 3_000_000, newFirstMwh: 1000 },
    ),
  })
  .map(({ component, from, minutes, what }): Amendment => {
    const fromMs = START_MS + from * 60_000;
    const toMs = minutes === null ? null : fromMs + minutes * 60_000;
    return { id: `${component} ${what.kind} ${from}`, machine: 'm', component, fromMs, toMs, ...what };
  });
const anyModel = fc
  .tuple(anyState, fc.oneof(fc.constant([]), fc.array(anyAmendment, { maxLength: 3 })))
  .map(([model, amendments]): MachineModel => ({ ...model, amendments }));
const COUNTERS = [
  defineCounter('a', ['1', '1'], { named: false }),
  defineCounter('b', ['1', '1'], { named: false }),
  defineCounter('c', ['1', '10'], { modulus: '5000' }),
  defineCounter('d', ['3', '1'], { stepsBack: true }),
  defineCounter('e', ['1', '1'], { behaviour: 'saturating', maximum: '3000' }),
];

/** Anything that agents could seal: overlapping, contradicting, out of order, of any cadence, with or without any channel. */
const chaos = fc.array(
  fc.record({
    agent: fc.constantFrom('gw-1', 'gw-2'),
    // On a coarse grid, so that readings of one time meet.
    fromMs: fc.integer({ min: 0, max: 150 }).map((minute) => START_MS + minute * 60_000),
    stepMs: fc.constantFrom(1000, 30_000, 60_000, 420_000),
    everyMs: fc.constantFrom(1000, 7000, 60_000, 300_000),
    unsynced: fc.boolean(),
    powers: fc.array(fc.constantFrom('supply', 'spindle'), { maxLength: 2 }),
    counters: fc.array(
      fc.record({
        component: fc.constantFrom('supply', 'spindle'),
        direction: fc.constantFrom('import' as const, 'import' as const, 'export' as const),
        definition: fc.constantFrom(...COUNTERS),
        start: fc.integer({ min: 0, max: 5000 }),
      }),
      { maxLength: 2 },
    ),
    media: fc.constantFrom('flow' as const, 'volume' as const, null),
    rows: fc.array(
      fc.record({
        powerW: fc.option(fc.integer({ min: -500, max: 15_000 })),
        rise: fc.option(fc.integer({ min: -3, max: 40 })),
        // Clocks that step: rows of one record keep their order, and may be of one time.
        jumpMs: fc.constantFrom(0, 0, 0, 0, 900_000),
      }),
      { maxLength: 12 },
    ),
    words: fc.array(
      fc.record({
        intoMs: fc.integer({ min: 0, max: 20 }).map((minute) => minute * 60_000),
        value: fc.constantFrom('ACTIVE', 'READY', 'UNAVAILABLE', 'HOLD', 'NEVER_HEARD_OF', null),
        up: fc.option(fc.boolean()),
        healed: fc.boolean(),
      }),
      { maxLength: 6 },
    ),
  }),
  { minLength: 1, maxLength: 14 },
);

type Chaos = typeof chaos extends fc.Arbitrary<infer T> ? T : never;

function feedsOf(drawn: Chaos): RecordFeed[] {
  const seqs = { 'gw-1': 0, 'gw-2': 0 };
  return drawn.map((one): RecordFeed => {
    let atMs = one.fromMs;
    const timesMs = one.rows.map(({ jumpMs }) => (atMs += one.stepMs + jumpMs));
    const words = one.words.map(({ intoMs, ...rest }) => ({ atMs: one.fromMs + intoMs, ...rest }));
    words.sort((a, b) => a.atMs - b.atMs);
    const links = words.filter(({ up }) => up !== null);
    return {
      record: { agent: one.agent, epoch: 'aaaaaaaaaaaa', seq: ++seqs[one.agent], config: 'config' },
      unsynced: one.unsynced,
      rows:
        timesMs.length === 0
          ? []
          : [
              {
                source: 'meter',
                everyMs: one.everyMs,
                timesMs,
                powers: [...new Set(one.powers)].map((component) => ({
                  component,
                  values: one.rows.map(({ powerW }) => powerW),
                })),
                counters: one.counters.map(({ component, direction, definition, start }) => {
                  let value = start;
                  const values = one.rows.map(({ rise }) => (rise === null ? null : (value += rise)));
                  return { component, direction, definition, values };
                }),
                media: {
                  flows:
                    one.media === 'flow'
                      ? [{ component: 'argon', values: one.rows.map(({ powerW }) => powerW) }]
                      : [],
                  counters:
                    one.media === 'volume'
                      ? [
                          {
                            component: 'air',
                            definition: COUNTERS[2]!,
                            values: one.rows.map(({ rise }, row) => (rise === null ? null : row * 30 + rise)),
                          },
                        ]
                      : [],
                },
              },
            ],
      words:
        words.length === 0
          ? []
          : [
              {
                channel: 'm.control.execution',
                source: 'cnc',
                status: 'execution',
                vocabulary: 'mtconnect/Execution',
                timesMs: words.map((word) => word.atMs),
                values: words.map(({ value }) => value),
              },
            ],
      links:
        links.length === 0
          ? []
          : [
              {
                source: 'cnc',
                timesMs: links.map((link) => link.atMs),
                up: links.map(({ up }) => up ?? false),
                healed: links.map(({ up, healed }) => up === true && healed),
              },
            ],
    };
  });
}

const END_MS = START_MS + 40_000_000;
/** The runs of a property; RUNS asks for another number. */
/** What agents sealed, as people amended it. */
function feedsFor(model: MachineModel, drawn: Chaos): RecordFeed[] {
  return feedsOf(drawn).map((feed) => amendFeed(feed, model.amendments));
}

const RUNS = Number(process.env['RUNS'] ?? CI_RUNS);
const LONG_MS = Math.max(120_000, RUNS * 60);
const figures = (hours: MachineHour[]) => hours.map((hour) => ({ ...hour, basis: null }));
const sum = (values: Record<string, number>) =>
  Object.values(values).reduce((total, value) => total + value, 0);

/** As the collector does it: records as they come, a checkpoint an hour, back to one when a record is late. */
function foldAsTheyCome(
  model: MachineModel,
  feeds: RecordFeed[],
): { hours: MachineHour[]; bases: HourBase[]; spans: StateSpan[] } {
  let spans: StateSpan[] = [];
  const taken = new Map<number, HourAccount>();
  const checkpoints: { hourMs: number; text: string }[] = [];
  let fold = startFold();
  const advance = (horizonMs: number) => {
    for (;;) {
      const nextMs = (Math.floor(Math.max(fold.horizonMs, START_MS) / HOUR_MS) + 1) * HOUR_MS;
      advanceFold(model, fold, Math.min(nextMs, horizonMs));
      for (const account of takeChangedAccounts(fold)) taken.set(account.hourMs, account);
      spans = putSpans(spans, takeSettledSpans(fold));
      if (nextMs > horizonMs) return;
      checkpoints.push({ hourMs: nextMs, text: saveFold(fold) });
    }
  };
  let seenMs = 0;
  feeds.forEach((feed, index) => {
    if (isLate(fold, feed)) {
      const horizonMs = fold.horizonMs;
      const fromMs = spanOf(feed)?.fromMs ?? 0;
      while ((checkpoints.at(-1)?.hourMs ?? 0) > fromMs) checkpoints.pop();
      const back = checkpoints.at(-1);
      fold = back === undefined ? startFold() : restoreFold(back.text);
      for (const again of feeds.slice(0, index + 1)) feedRecord(fold, again, fold.horizonMs);
      advance(horizonMs);
    } else feedRecord(fold, feed);
    seenMs = Math.max(seenMs, spanOf(feed)?.toMs ?? 0);
    advance(seenMs - (index % 3) * 120_000);
  });
  advance(END_MS);
  const accounts = [...taken.values()].sort((a, b) => a.hourMs - b.hourMs);
  const hours = accounts.map((account) => closeHour('site', model, account));
  return { hours, bases: accounts.map((account) => baseOf('m', account)), spans };
}

function emptyDecided(): MachineHour['decidedMs'] {
  return { off: {}, standby: {}, extendedStandby: {}, warmUp: {}, ready: {}, processing: {}, unknown: {} };
}

describe('whatever agents seal', () => {
  it(
    'sums stay sums, nothing is negative, and no more time passes than there is',
    () => {
      fc.assert(
        fc.property(chaos, anyModel, (drawn, model) => {
          for (const hour of foldHours(model, feedsFor(model, drawn), END_MS)) {
            const { supplyMwh, stateMwh, componentMwh, exportMwh } = hour.energy;
            expect(sum(stateMwh)).toBe(supplyMwh ?? 0);
            const { bridgedBy, ...obtained } = hour.obtained;
            expect(sum(obtained)).toBe(supplyMwh ?? 0);
            expect(sum(bridgedBy)).toBe(obtained.bridgedMwh);
            expect(sum(hour.timeMs)).toBe(hour.spanMs);
            for (const state of OPERATING_STATES) expect(sum(hour.decidedMs[state])).toBe(hour.timeMs[state]);
            expect(hour.spanMs).toBeLessThanOrEqual(HOUR_MS);
            expect(hour.measuredMs).toBeLessThanOrEqual(hour.spanMs);
            for (const value of [...Object.values(stateMwh), ...Object.values(componentMwh), exportMwh])
              expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
            for (const state of Object.keys(stateMwh) as (keyof typeof stateMwh)[])
              if (stateMwh[state] > 0 && state !== 'unknown') expect(hour.timeMs[state]).toBeGreaterThan(0);
          }
        }),
        { numRuns: RUNS },
      );
    },
    LONG_MS,
  );

  it(
    'gives the same hours in whatever order it comes, with checkpoints and going back to them',
    () => {
      fc.assert(
        fc.property(chaos, anyModel, fc.nat(), (drawn, model, turn) => {
          const feeds = feedsFor(model, drawn);
          const whole = foldHours(model, feeds, END_MS);
          const turned = [...feeds.slice(turn % feeds.length), ...feeds.slice(0, turn % feeds.length)];
          expect(figures(foldHours(model, [...feeds].reverse(), END_MS))).toEqual(figures(whole));
          const asTheyCome = foldAsTheyCome(model, turned);
          expect(figures(asTheyCome.hours)).toEqual(figures(whole));
          expect(asTheyCome.spans).toEqual(foldSpans(model, feeds, END_MS));
          expect(asTheyCome.bases).toEqual(foldBases(model, feeds, END_MS).map(({ base }) => base));
        }),
        { numRuns: RUNS },
      );
    },
    LONG_MS,
  );

  it('waits for the healing of an outage, though its source is told to be up in the same moment', () => {
    const atMs = (minute: number) => START_MS + minute * 60_000;
    const told = (seq: number, minutes: number[], up: boolean[], healed: boolean[] = []): RecordFeed => ({
      record: { agent: 'gw-1', epoch: 'aaaaaaaaaaaa', seq, config: 'config' },
      unsynced: false,
      rows: [],
      words: [
        {
          channel: 'm.control.execution',
          source: 'cnc',
          status: 'execution',
          vocabulary: 'mtconnect/Execution',
          timesMs: minutes.map(atMs),
          values: minutes.map(() => 'ACTIVE'),
        },
      ],
      links: [{ source: 'cnc', timesMs: minutes.slice(-up.length).map(atMs), up, healed }],
    });
    const feeds = [
      told(1, [141, 147, 148], [false, true], [false, true]),
      told(2, [147], [true]),
      told(3, [0], [false]),
    ];
    const model = MODELS[2]!;
    expect(figures(foldAsTheyCome(model, feeds).hours)).toEqual(figures(foldHours(model, feeds, END_MS)));
  });

  it(
    'keeps of every hour what sums to its record, minute by minute',
    () => {
      fc.assert(
        fc.property(chaos, anyModel, (drawn, model) => {
          for (const { hour, base } of foldBases(model, feedsFor(model, drawn), END_MS)) {
            const [whole] = sumPeriods(
              [toBaseHour(hour, base, base.marks)],
              [hour.hourMs, hour.hourMs + HOUR_MS],
              { fromMs: -Infinity, toMs: null },
            );
            expect(whole?.energy.stateMwh).toEqual(hour.energy.stateMwh);
            expect(whole?.energy.componentMwh).toEqual(hour.energy.componentMwh);
            expect(whole?.energy.exportMwh).toBe(hour.energy.exportMwh);
            expect(whole?.timeMs).toEqual(hour.timeMs);
            expect(hour.obtained).toMatchObject(whole?.obtained ?? {});
            expect(Object.keys(base.media)).toEqual(Object.keys(hour.media));
            for (const [medium, litres] of Object.entries(base.media)) {
              expect(litres.reduce((total, of) => total + of, 0)).toBe(hour.media[medium]);
              expect(litres.every((of) => Number.isSafeInteger(of) && of >= 0)).toBe(true);
            }
            const marked = new Set(base.marks.map(({ reason }) => reason));
            for (const reason of marked) expect(hour.reasons).toContain(reason);
            if (hour.measuredMs < hour.spanMs) expect(marked).toContain('gap');
          }
        }),
        { numRuns: RUNS },
      );
    },
    LONG_MS,
  );

  it(
    'says of every moment once what decided it, and hours sum up what spans say',
    () => {
      fc.assert(
        fc.property(chaos, anyModel, (drawn, model) => {
          const feeds = feedsFor(model, drawn);
          const spans = foldSpans(model, feeds, END_MS);
          for (const [index, span] of spans.entries()) {
            expect(span.toMs).toBeGreaterThan(span.fromMs);
            const next = spans[index + 1];
            if (next === undefined) continue;
            expect(next.fromMs).toBe(span.toMs);
            const { state, decider, basis } = span;
            expect(next).not.toMatchObject({ state, decider, basis });
            expect(state === 'unknown').toBe(decider === 'none');
          }
          for (const { hourMs, decidedMs } of foldHours(model, feeds, END_MS)) {
            const told = emptyDecided();
            for (const { fromMs, toMs, state, decider } of spans) {
              const ms = Math.min(toMs, hourMs + HOUR_MS) - Math.max(fromMs, hourMs);
              if (ms > 0) told[state][decider] = (told[state][decider] ?? 0) + ms;
            }
            expect(decidedMs).toEqual(told);
          }
        }),
        { numRuns: RUNS },
      );
    },
    LONG_MS,
  );

  it('takes back what was booked in an hour, when a late record shows that it was not so', () => {
    // A counter seems to begin again: three agreeing readings in the hours after it book 1 Wh in this one.
    const read = (seq: number, minute: number, value: number): RecordFeed => ({
      record: { agent: 'gw-1', epoch: 'aaaaaaaaaaaa', seq, config: 'config' },
      unsynced: false,
      rows: [
        {
          source: 'meter',
          everyMs: 1000,
          timesMs: [START_MS + minute * 60_000],
          powers: [],
          counters: [
            { component: 'spindle', direction: 'import', definition: COUNTERS[0]!, values: [value] },
          ],
        },
      ],
      words: [],
      links: [],
    });
    const model = MODELS[1]!;
    const feeds = [read(1, 0, 2), read(2, 68, 1), read(3, 84, 1), read(4, 120, 1), read(5, 140, 1)];
    const [before] = foldAsTheyCome(model, feeds).hours;
    expect(before?.energy.componentMwh['spindle']).toBeGreaterThan(0);
    // Late, from before the last and after a checkpoint: they do not agree, and nothing is booked.
    const late = read(6, 110, 0);
    const whole = foldHours(model, [...feeds, late], END_MS);
    expect(figures(foldAsTheyCome(model, [...feeds, late]).hours)).toEqual(figures(whole));
    expect(whole[0]?.energy.componentMwh['spindle']).toBeUndefined();
  });
});
