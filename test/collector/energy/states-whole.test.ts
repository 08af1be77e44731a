import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeHour } from '../../../collector/energy/close-hour.ts';
import { feedHeard, feedRecord } from '../../../collector/energy/feed-record.ts';
import { startFold, type MachineFold } from '../../../collector/energy/fold-state.ts';
import { HOUR_MS } from '../../../collector/energy/hour-account.ts';
import {
  advanceFold,
  restoreFold,
  saveFold,
  takeChangedAccounts,
  takeSettledSpans,
} from '../../../collector/energy/machine-fold.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import { unconfiguredMachine, type MachineModel } from '../../../collector/energy/machine-model.ts';
import type { RecordFeed } from '../../../collector/energy/record-feed.ts';
import { joinSpans, type StateSpan } from '../../../collector/energy/state-span.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { bandSetOf, feedOf, putSpans } from './fold-feed.ts';

const START_MS = Date.UTC(2026, 2, 29, 0, 40);
const RECORD_MS = 300_000;
const RECORDS = 24;
const END_MS = START_MS + RECORDS * RECORD_MS + 1_800_000;
const BANDS = [
  { state: 'standby' as const, belowW: watts(400) },
  { state: 'ready' as const, belowW: watts(1500) },
  { state: 'processing' as const, belowW: null },
];
const MODEL: MachineModel = {
  ...unconfiguredMachine('m'),
  quietAfterMs: 400_000,
  offBelowW: watts(50),
  bandSets: [
    bandSetOf(BANDS, { hysteresis: 0.05, dwellMs: 3000 }),
    bandSetOf(BANDS.slice(1), { version: 1, fromMs: START_MS + 3_700_000, hysteresis: 0.1, dwellMs: 40_000 }),
  ],
};
const CHANNELS = ['m.a.execution', 'm.b.execution'];

const record = fc.record({
  /** W, every ten seconds; null is a value that is missing, and a record may have none. */
  powersW: fc.option(
    fc.array(fc.constantFrom(0, 10, 49, 51, 300, 390, 410, 900, 1490, 1510, 4000, -200, null), {
      minLength: 30,
      maxLength: 30,
    }),
    { freq: 5 },
  ),
  words: fc.array(
    fc.record({
      offsetMs: fc.integer({ min: 0, max: RECORD_MS - 1 }),
      channel: fc.constantFrom(...CHANNELS),
      word: fc.constantFrom('ACTIVE', 'READY', 'UNAVAILABLE', 'SOMETHING', 'ACTIVE', null),
    }),
    { maxLength: 5 },
  ),
  links: fc.array(
    fc.record({
      offsetMs: fc.integer({ min: 0, max: RECORD_MS - 1 }),
      source: fc.constantFrom('cnc', 'plc'),
      up: fc.boolean(),
      healed: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
  wired: fc.integer({ min: 0, max: 9 }),
});

/** Records of five minutes each, one after the other; some are missing altogether. */
function feedsOf(drawn: readonly (typeof record extends fc.Arbitrary<infer R> ? R : never)[]): RecordFeed[] {
  return drawn.flatMap(({ powersW, words, links, wired }, index): RecordFeed[] => {
    const fromMs = START_MS + index * RECORD_MS;
    const timesMs = Array.from({ length: 30 }, (_, row) => fromMs + row * 10_000);
    const rows = powersW === null ? null : { timesMs, everyMs: 10_000, powers: { supply: powersW } };
    const inTime = <T extends { offsetMs: number }>(told: readonly T[]) =>
      told.toSorted((a, b) => a.offsetMs - b.offsetMs);
    if (rows === null && words.length === 0 && links.length === 0) return [];
    return [
      {
        ...feedOf(index + 1, rows),
        words: CHANNELS.flatMap((channel, at) => {
          const own = inTime(words.filter((word) => word.channel === channel));
          return own.length === 0
            ? []
            : [
                {
                  channel,
                  source: at === 0 ? 'cnc' : 'plc',
                  status: 'execution' as const,
                  vocabulary: 'mtconnect/Execution',
                  timesMs: own.map(({ offsetMs }) => fromMs + offsetMs),
                  values: own.map(({ word }) => word),
                },
              ];
        }),
        links: ['cnc', 'plc'].flatMap((source) => {
          const own = inTime(links.filter((link) => link.source === source));
          return own.length === 0
            ? []
            : [
                {
                  source,
                  timesMs: own.map(({ offsetMs }) => fromMs + offsetMs),
                  up: own.map(({ up }) => up),
                  healed: own.map(({ up, healed }) => up && healed),
                },
              ];
        }),
        wiring: { sources: ['meter', 'cnc', 'plc'], channels: wired === 0 ? CHANNELS.slice(1) : CHANNELS },
      },
    ];
  });
}

/** What a collector ends up with: spans as the views put them, hours by their start. */
class Written {
  spans: StateSpan[] = [];
  readonly #hours = new Map<number, MachineHour>();

  take(fold: MachineFold): void {
    this.spans = putSpans(this.spans, takeSettledSpans(fold));
    for (const account of takeChangedAccounts(fold))
      this.#hours.set(account.hourMs, closeHour('site', unconfiguredMachine('m'), account));
  }

  get hours(): MachineHour[] {
    return [...this.#hours.values()].sort((a, b) => a.hourMs - b.hourMs);
  }
}

function whole(feeds: readonly RecordFeed[]): Written {
  const fold = startFold();
  for (const feed of feeds) feedRecord(fold, feed);
  advanceFold(MODEL, fold, END_MS);
  const written = new Written();
  written.take(fold);
  return written;
}

const days = fc.array(record, { minLength: RECORDS, maxLength: RECORDS });

describe('the states of a machine', () => {
  it('follow each other without a hole, and sum to the hours by state and by what decided', () => {
    fc.assert(
      fc.property(days, (drawn) => {
        const { spans, hours } = whole(feedsOf(drawn));
        spans.forEach(({ fromMs, toMs }, row) => {
          expect(toMs).toBeGreaterThan(fromMs);
          expect(fromMs).toBe(spans[row - 1]?.toMs ?? fromMs);
        });
        for (const { hourMs, timeMs, decidedMs, spanMs } of hours) {
          const cut = spans.map(({ fromMs, toMs, state, decider }) => ({
            state,
            decider,
            ms: Math.max(0, Math.min(toMs, hourMs + HOUR_MS) - Math.max(fromMs, hourMs)),
          }));
          const sum = (own: typeof cut) => own.reduce((total, { ms }) => total + ms, 0);
          expect(sum(cut)).toBe(spanMs);
          for (const [state, by] of Object.entries(decidedMs)) {
            const own = cut.filter((one) => one.state === state);
            expect(sum(own)).toBe(timeMs[state as keyof typeof timeMs]);
            for (const decider of ['power', 'warmUp', 'control', 'bands', 'bridged', 'none'] as const)
              expect(by[decider] ?? 0).toBe(sum(own.filter((one) => one.decider === decider)));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are a function of the records, whatever their order, and over restarts at any time', () => {
    fc.assert(
      fc.property(
        days,
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 7, max: 400 }),
        (drawn, shuffle, step) => {
          const feeds = feedsOf(drawn);
          const expected = whole(feeds);
          const shuffled = [...feeds, ...feeds].sort(
            (a, b) => ((a.record.seq * shuffle) % 17) - ((b.record.seq * shuffle) % 17),
          );
          const other = whole(shuffled);
          expect(other.spans).toEqual(expected.spans);
          expect(other.hours).toEqual(expected.hours);

          let fold = startFold();
          const written = new Written();
          for (let horizonMs = START_MS; horizonMs < END_MS; horizonMs += step * 1000) {
            fold = restoreFold(saveFold(fold));
            for (const feed of feeds) feedRecord(fold, feed, fold.horizonMs);
            feedHeard(fold, 'gw-2', horizonMs);
            advanceFold(MODEL, fold, horizonMs);
            written.take(fold);
          }
          for (const feed of feeds) feedRecord(fold, feed, fold.horizonMs);
          advanceFold(MODEL, fold, END_MS);
          written.take(fold);
          expect(joinSpans(written.spans)).toEqual(joinSpans(expected.spans));
          expect(written.hours).toEqual(expected.hours);
        },
      ),
      { numRuns: 40 },
    );
  });
});
