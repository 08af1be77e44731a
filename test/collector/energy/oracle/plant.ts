import * as fc from 'fast-check';
import type { Amendment } from '../../../../collector/energy/amendment.ts';
import { defineCounter, type CounterDefinition } from '../../../../collector/energy/counter-value.ts';
import type { RecordFeed } from '../../../../collector/energy/record-feed.ts';
import { feedOf } from '../fold-feed.ts';

/** A Monday, 09:20 UTC. */
export const START_MS = Date.UTC(2026, 2, 2, 9, 20);
/** Twice what it ever draws: every difference that is honest fits, and no fault does. */
export const RATED_W = 30_000;

/** What happens to a counter between two readings, or at one. */
export type Fault = 'none' | 'glitch' | 'reset' | 'swap';

/** One reading of the supply's meter: what was shown, and what the author of the plant knows of it. */
export interface Reading {
  atMs: number;
  powerW: number | null;
  /** Raw steps as they were read. */
  raw: number;
  /** It shows nonsense. */
  isFalse: boolean;
  /** The counter began again at 0 since the reading before. */
  isReset: boolean;
  /** Another meter, since the reading before. */
  meter: number;
  state: 'ready' | 'processing' | 'unknown';
}

/** A plant of which everything is known. */
export interface Plant {
  everyMs: number;
  /** One raw step, mWh. */
  stepMwh: number;
  modulus: number | null;
  readings: Reading[];
  knowsStates: boolean;
  scales: { num: number; den: number; fromMs: number; toMs: number }[];
}

const poll = fc.record({
  powerW: fc.integer({ min: 2000, max: 15_000 }),
  isBusy: fc.boolean(),
  /** Readings with this power and state. */
  count: fc.integer({ min: 1, max: 25 }),
  /** Readings that are missing after them. */
  holes: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { weight: 1, arbitrary: fc.integer({ min: 100, max: 200 }) },
  ),
  fault: fc.constantFrom<Fault>('none', 'none', 'none', 'glitch', 'reset', 'swap'),
  glitch: fc.integer({ min: 0, max: 3 }),
});

/** Plants with rollovers, resets, glitches, swapped meters, gaps, unknown states and amended scales; faults have time to be told apart. */
export const plants: fc.Arbitrary<Plant> = fc
  .record({
    everyMs: fc.constantFrom(30_000, 60_000),
    offsetMs: fc.integer({ min: 0, max: 29_999 }),
    stepMwh: fc.constantFrom(1, 10, 100),
    hasModulus: fc.boolean(),
    hasPower: fc.boolean(),
    knowsStates: fc.boolean(),
    hasFaults: fc.boolean(),
    start: fc.integer({ min: 0, max: 3 }),
    polls: fc.array(poll, { minLength: 3, maxLength: 14 }),
    scale: fc.option(
      fc.record({
        num: fc.integer({ min: 1, max: 4 }),
        den: fc.integer({ min: 3, max: 4 }),
        from: fc.double({ min: -0.1, max: 1, noNaN: true }),
        length: fc.double({ min: 0, max: 1, noNaN: true }),
        onReading: fc.boolean(),
      }),
    ),
  })
  .map((drawn): Plant => {
    const { everyMs, stepMwh, polls, hasFaults, knowsStates } = drawn;
    // More than is drawn in the longest gap (50 kWh), so that one wrap is all there can be; little enough to wrap time and again.
    const modulus = drawn.hasModulus ? 60_000_000 / stepMwh : null;
    let atMs = START_MS + drawn.offsetMs;
    let mwh = 40_000_000 * (1 + drawn.start);
    let meter = 0;
    const readings: Reading[] = [];
    const show = (of: number) => {
      const raw = Math.floor(of / stepMwh);
      return modulus === null ? raw : raw % modulus;
    };
    for (const { powerW, isBusy, count, holes, fault, glitch } of polls) {
      for (let row = 0; row < count; row++) {
        // Shortly before it wraps, a reset looks like a rollover, and shortly after that like a rise: nobody could tell.
        const beforeRaw = readings[readings.length - 1]?.raw ?? 0;
        const isClear =
          modulus === null ||
          ((modulus - beforeRaw) * stepMwh > 5_000_000 && beforeRaw * stepMwh > 5_000_000);
        const isAt = hasFaults && count >= 16 && row === 8 && isClear;
        const isReset = isAt && fault === 'reset';
        const isFalse = isAt && fault === 'glitch';
        if (isReset) mwh = (powerW * everyMs) / 3600 / 3;
        else if (isAt && fault === 'swap') {
          meter++;
          mwh = 7_000_000 * (glitch + 1);
        }
        readings.push({
          atMs,
          powerW: drawn.hasPower ? powerW : null,
          raw: isFalse ? Math.floor([0, 1, 900_000_000, 77_000_000_000][glitch]! / stepMwh) : show(mwh),
          isFalse,
          isReset,
          meter,
          state: knowsStates ? (isBusy ? 'processing' : 'ready') : 'unknown',
        });
        mwh += (powerW * everyMs) / 3600;
        atMs += everyMs;
      }
      mwh += (powerW * everyMs * holes) / 3600;
      atMs += everyMs * holes;
    }
    const lastMs = readings[readings.length - 1]!.atMs;
    const newEpochsMs = readings.flatMap(({ atMs, isReset, meter }, index) =>
      isReset || meter !== (readings[index - 1]?.meter ?? meter) ? [atMs] : [],
    );
    const scales = [drawn.scale].flatMap((scale) => {
      if (scale === null) return [];
      const at = (share: number) => Math.round(START_MS + share * (lastMs - START_MS));
      const nearest = (ms: number) =>
        scale.onReading ? (readings.find((one) => one.atMs >= ms)?.atMs ?? ms) : ms;
      const fromMs = nearest(at(scale.from));
      const toMs = nearest(at(scale.from + scale.length));
      // Where a new epoch is not confirmed yet, the rules do not say which scale its first readings have.
      const isSettled = [fromMs, toMs].every((edgeMs) =>
        newEpochsMs.every((ms) => Math.abs(ms - edgeMs) > 4 * everyMs),
      );
      return toMs > fromMs && isSettled ? [{ num: scale.num, den: scale.den, fromMs, toMs }] : [];
    });
    return { everyMs, stepMwh, modulus, readings, knowsStates, scales };
  });

/** The plant's amendments. */
export function amendmentsOf({ scales }: Plant): Amendment[] {
  return scales.map(({ num, den, fromMs, toMs }, index) => ({
    id: `scale-${index}`,
    machine: 'm',
    component: 'supply',
    kind: 'scale',
    num: String(num),
    den: String(den),
    fromMs,
    toMs,
  }));
}

/** What agents seal of the plant, so many readings a record; each with words where the state changes. */
export function feedsOf({ readings, everyMs, stepMwh, modulus }: Plant, size: number): RecordFeed[] {
  const definitions = new Map<number, CounterDefinition>();
  const feeds: RecordFeed[] = [];
  const add = (own: Reading[]) => {
    const meter = own[0]!.meter;
    let definition = definitions.get(meter);
    if (definition === undefined) {
      const traits = modulus === null ? {} : { modulus: String(modulus) };
      definition = defineCounter(`serial ${meter}`, [String(stepMwh), '1000'], traits);
      definitions.set(meter, definition);
    }
    const hasPower = own[0]!.powerW !== null;
    feeds.push(
      feedOf(
        feeds.length + 1,
        {
          timesMs: own.map(({ atMs }) => atMs),
          everyMs,
          powers: hasPower ? { supply: own.map(({ powerW }) => powerW) } : {},
          imports: { supply: { values: own.map(({ raw }) => raw), definition } },
        },
        own.flatMap(({ atMs, state }): [number, string][] => {
          if (state === 'unknown') return [];
          return [[atMs, state === 'processing' ? 'ACTIVE' : 'READY']];
        }),
      ),
    );
  };
  let own: Reading[] = [];
  for (const reading of readings) {
    if (own.length === size || (own.length > 0 && own[0]!.meter !== reading.meter)) {
      add(own);
      own = [];
    }
    own.push(reading);
  }
  add(own);
  return feeds;
}
