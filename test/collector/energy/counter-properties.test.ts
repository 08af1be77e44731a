import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Amendment } from '../../../collector/energy/amendment.ts';
import { amendFeed } from '../../../collector/energy/amendments/amend-feed.ts';
import { defineCounter, type CounterDefinition } from '../../../collector/energy/counter-value.ts';
import type { CounterState } from '../../../collector/energy/counter-state.ts';
import type { CounterVerdict } from '../../../collector/energy/counter-verdict.ts';
import { judgeReading } from '../../../collector/energy/counter.ts';
import { HOUR_MS } from '../../../collector/energy/hour-account.ts';
import type { HourBase } from '../../../collector/energy/hour-base.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import { unconfiguredMachine, type MachineModel } from '../../../collector/energy/machine-model.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { foldBases, feedOf } from './fold-feed.ts';
import { holds, RUNS_TIMEOUT_MS } from './counter-runs.ts';

const FILE = 'counter-properties.test.ts';
const START_MS = Date.UTC(2026, 2, 2, 9, 0);
const MINUTE_MS = 60_000;
/** 12 kW rated, at most 14.4 kW: 240 Wh a minute. */
const RATED = watts(12_000);
const MAX_WH = 240;
const MODEL: MachineModel = { ...unconfiguredMachine('m'), ratedPowerW: RATED };
const PLAIN = defineCounter('meter a', ['1', '1']);
const DEFINITIONS = [
  PLAIN,
  defineCounter('meter a', ['1', '1'], { stepsBack: true }),
  defineCounter('meter b', ['1', '1'], { modulus: '5000' }),
  defineCounter('meter c', ['7', '3'], { behaviour: 'saturating', maximum: '4000' }),
];

interface Read {
  minute: number;
  raw: number;
  definition: CounterDefinition;
}

/** What a meter can do to whoever reads it, a minute apart: count, stay away, wrap, start again, jump, fall back, be another. */
const adversary = fc
  .record({
    start: fc.integer({ min: 0, max: 4000 }),
    definition: fc.constantFrom(...DEFINITIONS),
    deeds: fc.array(
      fc.oneof(
        {
          weight: 12,
          arbitrary: fc.record({ deed: fc.constant('count'), by: fc.integer({ min: 0, max: MAX_WH }) }),
        },
        {
          weight: 2,
          arbitrary: fc.record({ deed: fc.constant('silence'), by: fc.integer({ min: 1, max: 90 }) }),
        },
        {
          weight: 1,
          arbitrary: fc.record({ deed: fc.constant('reset'), by: fc.integer({ min: 0, max: 5 }) }),
        },
        {
          weight: 1,
          arbitrary: fc.record({ deed: fc.constant('jump'), by: fc.integer({ min: -3000, max: 3000 }) }),
        },
        {
          weight: 1,
          arbitrary: fc.record({ deed: fc.constant('glitch'), by: fc.integer({ min: 0, max: 60_000 }) }),
        },
        {
          weight: 1,
          arbitrary: fc.record({ deed: fc.constant('back'), by: fc.integer({ min: 1, max: 1000 }) }),
        },
        {
          weight: 1,
          arbitrary: fc.record({ deed: fc.constant('swap'), by: fc.integer({ min: 0, max: 3 }) }),
        },
      ),
      { minLength: 5, maxLength: 120 },
    ),
  })
  .map(({ start, definition, deeds }): Read[] => {
    let minute = 0;
    let shown = start;
    let own = definition;
    return deeds.map(({ deed, by }) => {
      minute++;
      if (deed === 'count') shown += by;
      else if (deed === 'silence') minute += by;
      else if (deed === 'reset') shown = by;
      else if (deed === 'jump') shown = Math.max(0, shown + by);
      else if (deed === 'back') shown = Math.max(0, shown - by);
      else if (deed === 'swap') own = DEFINITIONS[by] ?? PLAIN;
      if (own.modulus !== null) shown %= Number(own.modulus);
      if (own.maximum !== null) shown = Math.min(shown, Number(own.maximum));
      return { minute, raw: deed === 'glitch' ? by : shown, definition: own };
    });
  });

function judgeAll(reads: readonly Read[]): { verdict: CounterVerdict; state: CounterState | null }[] {
  let state: CounterState | null = null;
  return reads.map(({ minute, raw, definition }) => {
    const atMs = START_MS + minute * MINUTE_MS;
    const judged = judgeReading(state, { atMs, raw, definition, everyMs: MINUTE_MS }, RATED);
    state = judged.state;
    return { verdict: judged.verdict, state: structuredClone(state) };
  });
}

function derive(reads: readonly Read[], model = MODEL): { hour: MachineHour; base: HourBase }[] {
  const feeds = reads.map(({ minute, raw, definition }, index) =>
    feedOf(index + 1, {
      timesMs: [START_MS + minute * MINUTE_MS],
      everyMs: MINUTE_MS,
      imports: { supply: { values: [raw], definition } },
    }),
  );
  const endMs = START_MS + ((reads.at(-1)?.minute ?? 0) + 1) * MINUTE_MS;
  const amended = feeds.map((feed) => amendFeed(feed, model.amendments));
  return foldBases(model, amended, endMs);
}

const totalOf = (hours: { hour: MachineHour }[]) =>
  hours.reduce((sum, { hour }) => sum + (hour.energy.supplyMwh ?? 0), 0);

describe('whatever a meter does', () => {
  it(
    'differences telescope in every epoch',
    () => {
      holds(
        FILE,
        fc.property(adversary, (reads) => {
          let beganMwh = 0;
          let booked = 0;
          let all = 0;
          for (const { verdict, state } of judgeAll(reads)) {
            if ('mwh' in verdict) booked += verdict.mwh;
            if (verdict.kind === 'same' || verdict.kind === 'rise' || verdict.kind === 'saturated') {
              if (verdict.kind === 'saturated' && verdict.evidence.before === null)
                [beganMwh, booked] = [state?.mwh ?? 0, 0];
            } else if (verdict.kind === 'anchor' || verdict.kind === 'resumed') {
              [beganMwh, booked] = [state?.mwh ?? 0, 0];
            } else if ('mwh' in verdict) {
              // Another meter, after one that stood at its largest value, counts from here on: power has the time before.
              const isLate = verdict.kind === 'identity' && verdict.mwh === 0;
              const first = isLate ? (state?.mwh ?? 0) : (state?.mwh ?? 0) - verdict.mwh;
              [beganMwh, booked] = [first, isLate ? 0 : verdict.mwh];
            }
            if ('mwh' in verdict) all += verdict.mwh;
            if (verdict.kind === 'reset') all += verdict.fromZeroMwh;
            if (state !== null && state.held === null && verdict.kind !== 'foreign')
              expect(booked).toBe(state.mwh - beganMwh);
            expect(all).toBeGreaterThanOrEqual(0);
          }
        }),
      );
    },
    RUNS_TIMEOUT_MS,
  );

  it(
    'what is booked is what was decided, to the last mWh',
    () => {
      holds(
        FILE,
        fc.property(adversary, (reads) => {
          const booked = judgeAll(reads).reduce(
            (sum, { verdict }) =>
              sum +
              ('mwh' in verdict ? verdict.mwh : 0) +
              (verdict.kind === 'reset' ? verdict.fromZeroMwh : 0),
            0,
          );
          expect(totalOf(derive(reads))).toBe(booked);
        }),
      );
    },
    RUNS_TIMEOUT_MS,
  );

  it(
    'no hour is above the bound: what can be drawn in it, and a cadence and a step of the counter for each reading',
    () => {
      holds(
        FILE,
        fc.property(adversary, (reads) => {
          const judged = judgeAll(reads);
          for (const { hour } of derive(reads)) {
            let minutes = 60;
            for (const [index, { minute }] of reads.entries()) {
              const atMs = START_MS + minute * MINUTE_MS;
              if (atMs <= hour.hourMs || atMs > hour.hourMs + HOUR_MS + MINUTE_MS) continue;
              const stoodMs = atMs - (judged[index - 1]?.state?.changedMs ?? atMs);
              // What stood still for an hour, and nobody knew why, may catch up at once: rule E5 bounds it by all that time.
              minutes += stoodMs > HOUR_MS ? stoodMs / MINUTE_MS : 1;
            }
            const boundWh = MAX_WH * (minutes + 1) + 3 * minutes;
            expect(hour.energy.supplyMwh ?? 0).toBeLessThanOrEqual(boundWh * 1000);
          }
        }),
      );
    },
    RUNS_TIMEOUT_MS,
  );

  it(
    'every judgement is told once, with its arithmetic, in order of time',
    () => {
      const kinds = ['anchor', 'resumed', 'reset', 'step', 'step-back', 'identity'];
      holds(
        FILE,
        fc.property(adversary, (reads) => {
          const last = reads.at(-1);
          // What is decided with a last reading on the hour may be told in that hour, which has not begun.
          const isOpen = (minute: number) => minute === last?.minute && minute % 60 === 0;
          const judged = judgeAll(reads).filter(
            ({ verdict }, index) =>
              (kinds.includes(verdict.kind) ||
                ('begins' in verdict && verdict.begins) ||
                ('glitch' in verdict && verdict.evidence !== null)) &&
              !isOpen(reads[index]?.minute ?? 0),
          );
          const decisions = derive(reads).flatMap(({ base }) => base.decisions);
          const told = decisions.filter(
            ({ kind, atMs }) => kind !== 'foreign' && !isOpen((atMs - START_MS) / MINUTE_MS),
          );
          expect(told).toHaveLength(judged.length);
          for (const [index, { atMs, saying }] of decisions.entries()) {
            expect(atMs).toBeGreaterThanOrEqual(decisions[index - 1]?.atMs ?? 0);
            expect(saying).toMatch(/Wh|left out/);
            expect(saying).not.toMatch(/NaN|undefined|null|Infinity/);
          }
        }),
      );
    },
    RUNS_TIMEOUT_MS,
  );

  it(
    'a reading more changes only the hours between its neighbours, or until both judgements agree again',
    () => {
      holds(
        FILE,
        fc.property(adversary, fc.nat(), (reads, pick) => {
          const at = pick % reads.length;
          const without = reads.filter((_, index) => index !== at);
          fc.pre(at > 0 && without.length > 0);
          const judgedWith = judgeAll(reads);
          const judgedWithout = judgeAll(without);
          // From the last reading at which the counter moved: what comes after it is not booked yet.
          let first = at - 1;
          while (first > 0 && !moves(judgedWith[first]?.verdict)) first--;
          let agreed = at + 1;
          while (
            agreed < reads.length &&
            !(
              isSettled(judgedWith[agreed]) &&
              isSettled(judgedWithout[agreed - 1]) &&
              isSame(judgedWith[agreed]?.state, judgedWithout[agreed - 1]?.state)
            )
          )
            agreed++;
          const fromMs = START_MS + (reads[first]?.minute ?? 0) * MINUTE_MS;
          const toMs = START_MS + (reads[agreed]?.minute ?? Infinity) * MINUTE_MS;
          // A reading exactly on the hour may be told in either of the two.
          const outside = (hours: ReturnType<typeof derive>) =>
            hours
              .filter(({ hour: { hourMs } }) => hourMs + HOUR_MS <= fromMs || hourMs > toMs)
              .map(({ hour, base }) => ({ ...hour, basis: null, decisions: base.decisions }));
          const known = outside(derive(without));
          const more = outside(derive(reads));
          const shared = (hours: typeof known, others: typeof known) =>
            hours.filter(({ hourMs }) => others.some((other) => other.hourMs === hourMs));
          expect(shared(more, known)).toEqual(shared(known, more));
        }),
      );
    },
    RUNS_TIMEOUT_MS,
  );

  it(
    'a spike that comes back leaves no trace in totals, up or down, once or twice',
    () => {
      const rises = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 8, maxLength: 90 });
      const spikes = fc.array(
        fc.oneof(fc.integer({ min: 0, max: 9_000 }), fc.integer({ min: 60_000, max: 9_000_000 })),
        { minLength: 1, maxLength: 2 },
      );
      holds(
        FILE,
        fc.property(
          rises,
          spikes,
          fc.nat(),
          fc.constantFrom(...DEFINITIONS.slice(0, 2)),
          (by, shown, pick, definition) => {
            let raw = 10_000;
            const honest = by.map((wh, minute): Read => ({ minute, raw: (raw += wh), definition }));
            const at = 1 + (pick % (by.length - shown.length - 1));
            const spiked = honest.map((read, index) => ({ ...read, raw: shown[index - at] ?? read.raw }));
            const hours = derive(spiked);
            expect(totalOf(hours)).toBe(totalOf(derive(honest)));
            const decisions = hours.flatMap(({ base }) => base.decisions.map(({ kind }) => kind));
            expect(decisions).toEqual(['anchor', 'glitch']);
          },
        ),
      );
    },
    RUNS_TIMEOUT_MS,
  );
});

const moment = fc.integer({ min: -10, max: 200 }).map((minute) => START_MS + minute * MINUTE_MS + 30_000);
const amendment: fc.Arbitrary<Amendment> = fc
  .record({
    ends: fc.uniqueArray(moment, { minLength: 2, maxLength: 2 }),
    open: fc.boolean(),
    num: fc.integer({ min: 1, max: 5000 }),
    den: fc.integer({ min: 1, max: 5000 }),
    kind: fc.constantFrom('scale' as const, 'scale' as const, 'direction' as const),
  })
  .map(({ ends, open, num, den, kind }): Amendment => {
    const [fromMs = 0, toMs = 0] = [...ends].sort((a, b) => a - b);
    const terms = { id: 'there', machine: 'm', component: 'supply', fromMs, toMs: open ? null : toMs };
    return kind === 'scale' ? { ...terms, kind, num: `${num}`, den: `${den}` } : { ...terms, kind };
  });

function inverseOf(one: Amendment): Amendment {
  return one.kind === 'scale' ? { ...one, id: 'back', num: one.den, den: one.num } : { ...one, id: 'back' };
}

/** What an hour says but for the amendments that it names. */
function figuresOf({ hour, base }: { hour: MachineHour; base: HourBase }) {
  const reasons = hour.reasons.filter((reason) => reason !== 'amended');
  const marks = base.marks.filter(({ reason }) => reason !== 'amended');
  return { ...hour, reasons, basis: { ...hour.basis, amendments: [] }, base: { ...base, marks } };
}

describe('amendments', () => {
  it(
    'an amendment and its inverse restore every figure, in whatever order, and so does revoking it',
    () => {
      holds(
        FILE,
        fc.property(adversary, fc.array(amendment, { minLength: 1, maxLength: 3 }), (reads, entered) => {
          const before = derive(reads).map(figuresOf);
          const undone = [...entered, ...entered.map(inverseOf)];
          expect(derive(reads, { ...MODEL, amendments: undone }).map(figuresOf)).toEqual(before);
          const first = entered.slice(0, 1);
          derive(reads, { ...MODEL, amendments: first });
          expect(derive(reads).map(figuresOf)).toEqual(before);
        }),
      );
    },
    RUNS_TIMEOUT_MS,
  );

  it(
    'at the edges of an amended scale no energy is lost: each difference is taken by the scale of its later reading',
    () => {
      const rises = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 4, maxLength: 150 });
      holds(
        FILE,
        fc.property(
          rises,
          fc.uniqueArray(moment, { minLength: 2, maxLength: 2 }),
          fc.integer({ min: 1, max: 40 }),
          fc.integer({ min: 10, max: 40 }),
          (by, ends, num, den) => {
            const [fromMs = 0, toMs = 0] = [...ends].sort((a, b) => a - b);
            let raw = 10_000;
            const reads = by.map((wh, minute): Read => ({ minute, raw: (raw += wh), definition: PLAIN }));
            const scale: Amendment = {
              id: 'a',
              machine: 'm',
              component: 'supply',
              fromMs,
              toMs,
              kind: 'scale',
              num: `${num}`,
              den: `${den}`,
            };
            const shownMwh = (wh: number, factor: number) => Math.floor(wh * 1000 * factor + 0.5);
            let expected = 0;
            for (let row = 1; row < reads.length; row++) {
              const atMs = START_MS + row * MINUTE_MS;
              const factor = fromMs <= atMs && atMs < toMs ? num / den : 1;
              expected += shownMwh(reads[row]?.raw ?? 0, factor) - shownMwh(reads[row - 1]?.raw ?? 0, factor);
            }
            const derived = derive(reads, { ...MODEL, amendments: [scale] });
            // A product that ends in a half may be rounded either way by doubles; the counter is exact.
            expect(Math.abs(totalOf(derived) - expected)).toBeLessThanOrEqual(2);
            expect(new Set(derived.flatMap(({ hour }) => hour.reasons))).not.toContain('identity-change');
          },
        ),
      );
    },
    RUNS_TIMEOUT_MS,
  );
});

function moves(verdict: CounterVerdict | undefined): boolean {
  return (
    verdict !== undefined && verdict.kind !== 'same' && verdict.kind !== 'held' && verdict.kind !== 'foreign'
  );
}

/** On the track, and everything before it booked. */
function isSettled(judged: { verdict: CounterVerdict; state: CounterState | null } | undefined): boolean {
  if (judged === undefined) return false;
  return moves(judged.verdict) && judged.verdict.kind !== 'missing';
}

function isSame(a: CounterState | null | undefined, b: CounterState | null | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
