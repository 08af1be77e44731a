import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import { countSamples } from '../../../protocols/telemetry/part.ts';
import {
  BOOT_MS,
  HOUR_MS,
  cutParts,
  EXECUTION,
  exactFigures,
  measured,
  MACHINE,
  ThinningPlant,
  type Rows,
} from './thinning-plant.ts';

const RUNS = Number(process.env['RUNS'] ?? (process.env['MILLWATT_TEST_LONG'] === '1' ? 100_000 : 700));
const SEED = process.env['MILLWATT_TEST_SEED'];
const PATH = process.env['MILLWATT_TEST_PATH'];
const MODULUS = 1_000_000_000;
/** The end of an hour, in the middle of the plant. */
const EDGE_MS = HOUR_MS - (BOOT_MS % HOUR_MS);
const COUNTER = `${MACHINE}.supply.activeEnergyImport`;

/** A counter that waits longer than this for its next step at the end of an hour is shared by one power reading a minute. */
const WAIT_MS_MAX = 600_000;

/** What happens to the counter at a second. */
type Fault = {
  at: number;
  kind: 'reset' | 'rollover' | 'spike' | 'jump' | 'silence' | 'zeros' | 'bad';
  length: number;
};

const fault = (seconds: number): fc.Arbitrary<Fault> =>
  fc.record({
    at: fc.oneof(fc.integer({ min: 5, max: seconds - 5 }), fc.integer({ min: 570, max: 630 })),
    kind: fc.constantFrom('reset', 'rollover', 'spike', 'jump', 'silence', 'zeros', 'bad'),
    length: fc.integer({ min: 1, max: 90 }),
  });

interface Load {
  /** Where power changes: second, W. */
  steps: { at: number; powerW: number; word: string }[];
  /** Raw steps of a hundredth of a watt-hour in which the counter moves. */
  coarse: number;
  noise: number;
}

/** The hour ends in the middle of it. */
const SECONDS = 1200;
const load = fc.record({
  steps: fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: SECONDS }),
      powerW: fc.oneof(fc.constant(0), fc.integer({ min: 20, max: 12_000 })),
      word: fc.constantFrom('ACTIVE', 'READY', 'STOPPED', 'INTERRUPTED'),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  coarse: fc.constantFrom(1, 1, 1, 10, 100),
  noise: fc.constantFrom(0, 0.02, 0.1),
});

/** Seconds of a plant: rows of the meter and words of the control, jittered as polls are. */
function play({ steps, coarse, noise }: Load, faults: readonly Fault[], seed: number, phaseMs: number) {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const ordered = [...steps].sort((a, b) => a.at - b.at);
  const rows: Rows = { source: 'meter', everyMs: 1000, timesMs: [], columns: {} };
  const power: (number | null)[] = [];
  const counter: (number | null)[] = [];
  /** Times of rows that tell nothing of the track that the counter is on. */
  const offTrack = new Set<number>();
  let wattHours = MODULUS / 200;
  let offset = 0;
  let lastMs = 0;
  let lastW = 0;
  for (let second = 0; second < SECONDS; second++) {
    const atMs = second * 1000 + phaseMs + Math.floor(random() * 40);
    const stepW = ordered.findLast(({ at }) => at <= second)?.powerW ?? 300;
    const powerW = Math.round(stepW * (1 + noise * (random() - 0.5)));
    wattHours += ((lastW + powerW) / 2) * ((atMs - lastMs) / 3_600_000);
    [lastMs, lastW] = [atMs, powerW];
    const now = faults.filter(({ at, length }) => second >= at && second < at + length);
    for (const { at, kind } of faults) {
      if (at !== second) continue;
      if (kind === 'reset') wattHours = 0;
      if (kind === 'rollover') wattHours += MODULUS / 100 - (wattHours % (MODULUS / 100)) + 0.01;
      if (kind === 'jump') offset += 90_000;
    }
    if (now.some(({ kind }) => kind === 'silence')) continue;
    let raw = Math.floor((wattHours * 100) / coarse) * coarse + offset;
    if (now.some(({ kind, at }) => kind === 'spike' && second < at + 2)) raw += 200_000;
    raw %= MODULUS;
    if (now.some(({ kind }) => kind === 'zeros')) raw = 0;
    if (
      now.some(({ kind, at }) => kind === 'bad' || kind === 'zeros' || (kind === 'spike' && second < at + 2))
    )
      offTrack.add(atMs);
    rows.timesMs.push(atMs);
    power.push(powerW);
    counter.push(now.some(({ kind }) => kind === 'bad') ? null : raw);
  }
  rows.columns = {
    [`${MACHINE}.supply.activePower`]: power,
    [COUNTER]: counter,
    [`${MACHINE}.supply.voltage`]: power.map(() => 230),
  };
  const words = ordered.map(({ at, word }): [number, string] => [at * 1000 + 137, word]);
  return { rows, words, offTrack };
}

/** How long the counter waits for its next step about the end of the hour, ms: by the readings that count. */
function waitAtHourMs({ timesMs, columns }: Rows, offTrack: ReadonlySet<number>): number {
  const told = (columns[COUNTER] ?? []).flatMap((raw, row) => {
    const atMs = timesMs[row] ?? 0;
    return offTrack.has(atMs) ? [] : [{ atMs, raw }];
  });
  const next = told.findIndex(({ atMs }) => atMs >= EDGE_MS);
  let [first, last] = [next - 1, next];
  while (first > 0 && told[first - 1]?.raw === told[next - 1]?.raw) first--;
  while (last < told.length - 1 && told[last]?.raw === told[next - 1]?.raw) last++;
  return (told[last]?.atMs ?? 0) - (told[first]?.atMs ?? 0);
}

/** A silence over the end of the hour is shared by what states drew before: of that, thinned records know less. */
function isSharedByHabit(hours: readonly MachineHour[]): boolean {
  return hours.some(({ obtained }) => obtained.bridgedBy.stateMean > 0);
}

function sumOf(hours: readonly MachineHour[]): number {
  return hours.reduce((sum, { energy }) => sum + (energy.supplyMwh ?? 0), 0);
}

it('leaves the energy of every hour and the times of every state as they were, whichever prefix is thinned', () => {
  const plant = new ThinningPlant([
    measured('supply', 'activePower'),
    measured('supply', 'activeEnergyImport', { modulus: String(MODULUS) }),
    measured('supply', 'voltage'),
    EXECUTION,
  ]);
  let [before, after, shared] = [0, 0, 0];
  fc.assert(
    fc.property(
      load,
      fc.array(fault(SECONDS), { maxLength: 3 }),
      fc.integer(),
      fc.nat(999),
      fc.integer({ min: 40_000, max: 130_000 }),
      fc.float({ min: 0, max: 1, noNaN: true }),
      (machine, faults, seed, phaseMs, sealEveryMs, share) => {
        const { rows, words, offTrack } = play(machine, faults, seed, phaseMs);
        const parts = cutParts([rows], words, sealEveryMs, SECONDS * 1000);
        const thinned = Math.max(1, Math.ceil(parts.length * share));
        const one = plant.thin(parts.slice(0, thinned));
        const originals = plant.hours(parts, SECONDS * 1000);
        const hours = plant.hours([one, ...parts.slice(thinned)], SECONDS * 1000);
        before += parts.slice(0, thinned).reduce((sum, part) => sum + countSamples(part), 0);
        after += countSamples(one);
        if (waitAtHourMs(rows, offTrack) <= WAIT_MS_MAX && !isSharedByHabit(originals))
          expect(exactFigures(hours)).toEqual(exactFigures(originals));
        else {
          shared++;
          expect(sumOf(hours)).toBe(sumOf(originals));
        }
      },
    ),
    {
      numRuns: RUNS,
      ...(SEED === undefined ? {} : { seed: Number(SEED) }),
      ...(PATH === undefined ? {} : { path: PATH }),
      reporter: (details) => {
        if (!details.failed) return;

        throw new Error(
          `${fc.defaultReportMessage(details)}\n\nto try it again: MILLWATT_TEST_SEED=${details.seed} MILLWATT_TEST_PATH=${details.counterexamplePath} npx vitest run test/agent/thinning/thinned-hours.test.ts`,
        );
      },
    },
  );
  // Otherwise nothing was thinned.
  expect(after * 3).toBeLessThan(before);
  expect(shared * 3).toBeLessThan(RUNS);
}, 3_600_000);
