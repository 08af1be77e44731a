import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Amendment } from '../../../collector/energy/amendment.ts';
import { amendFeed } from '../../../collector/energy/amendments/amend-feed.ts';
import type { BandSet } from '../../../collector/energy/band-set.ts';
import type { CounterDecision } from '../../../collector/energy/counter-decision.ts';
import { defineCounter } from '../../../collector/energy/counter-value.ts';
import { unconfiguredMachine, type MachineModel } from '../../../collector/energy/machine-model.ts';
import type { ReasonMark } from '../../../collector/energy/calendar/base-hour.ts';
import type { CounterTraits } from '../../../protocols/telemetry/channel.ts';
import { bandSetOf, feedOf, foldBases, type Rows, type Words } from './fold-feed.ts';

const CASES = join(import.meta.dirname, '../../cases/energy');

/** In a case, a power may be one number for all readings. A counter that shows the same until it refreshes: so much more every so many seconds, first at `firstS`. */
interface Stairs {
  from: number;
  rise: number;
  everyS: number;
  firstS: number;
}

/** One hand-computed case; its arithmetic.md shows how the expected figures come about. Times are seconds from the start. */
interface EnergyCase {
  about: string;
  start: string;
  /** Bands stand as in a configuration; hysteresis and dwell are 0 where the case says nothing else. */
  machine: Partial<MachineModel> & { bands?: BandSet['bands']; hysteresis?: number; dwellMs?: number };
  meters: ({
    everyS: number;
    /** Or from the first to the last second, `everyS` apart. */
    atS: number[] | { from: number; to: number };
    meter?: string;
    /** Which agent read it; `gw`, who tells the words, where nothing is said. */
    agent?: string;
    scale?: [string, string];
    modulus?: string;
    /** How its counters behave beside that, as a profile says it. */
    traits?: Partial<CounterTraits>;
  } & Record<
    `${string}${'W' | 'Counter' | 'Export' | 'Flow' | 'Volume'}`,
    (number | null)[] | number | Stairs
  >)[];
  /** What people decided afterwards. */
  amendments?: ({ fromS: number; toS: number | null } & Record<string, unknown>)[];
  words: [atS: number, word: string | null][];
  /**
   * By hour of the day, what the record must hold; what is not named is not checked, but every hour must be there. Only
   * those named where the day is, too: `2026-03-09T06`. `marks` are reasons with their minutes, all of them, and `decisions`
   * what was decided about counters, all of it.
   */
  expect: ({ hour: string; marks?: ReasonMark[]; decisions?: Partial<CounterDecision>[] } & Record<
    string,
    unknown
  >)[];
}

describe('the hand-computed cases', () => {
  for (const name of readdirSync(CASES)) {
    const text = readFileSync(join(CASES, name, 'case.json'), 'utf8');
    const energyCase = JSON.parse(text) as EnergyCase;
    it(`${name}: ${energyCase.about}`, () => {
      const { start, machine, meters, words, amendments = [], expect: expected } = energyCase;
      const startMs = Date.parse(start);
      const { bands = [], hysteresis = 0, dwellMs = 0, ...rest } = machine;
      const bandSets = [bandSetOf(bands, { hysteresis, dwellMs })];
      const decided = amendments.map((one, index) => amendmentOf(one, index, startMs));
      const model = { ...unconfiguredMachine('m'), bandSets, amendments: decided, ...rest };
      const feeds = meters.map((meter, index) => {
        const told: Words = index === 0 ? words.map(([atS, word]) => [startMs + atS * 1000, word]) : [];
        const feed = feedOf(index + 1, rowsOf(meter, startMs), told);
        const record = { ...feed.record, agent: meter.agent ?? 'gw' };
        return amendFeed({ ...feed, record }, decided);
      });
      const endS = Math.max(...meters.flatMap(secondsOf));
      const derived = foldBases(model, feeds, startMs + endS * 1000 + 1);
      const isDated = expected.some(({ hour }) => hour.includes('T'));
      if (!isDated) expect(derived).toHaveLength(expected.length);
      for (const [index, { hour, marks, decisions, ...figures }] of expected.entries()) {
        const at = (hourMs: number) => new Date(hourMs).toISOString();
        const own = isDated ? derived.find(({ base }) => at(base.hourMs).startsWith(hour)) : derived[index];
        expect(at(own?.base.hourMs ?? 0)).toContain(`${isDated ? '' : 'T'}${hour}:00`);
        expect(own?.hour).toMatchObject(figures);
        if (marks !== undefined) expect(own?.base.marks).toEqual(marks);
        if (decisions === undefined) continue;
        expect(own?.base.decisions).toHaveLength(decisions.length);
        expect(own?.base.decisions).toMatchObject(decisions);
      }
    });
  }
});

function amendmentOf(
  { fromS, toS, ...terms }: NonNullable<EnergyCase['amendments']>[number],
  index: number,
  startMs: number,
): Amendment {
  const fromMs = startMs + fromS * 1000;
  const toMs = toS === null ? null : startMs + toS * 1000;
  return { id: `a${index + 1}`, machine: 'm', component: 'supply', fromMs, toMs, ...terms } as Amendment;
}

function secondsOf({ atS, everyS }: EnergyCase['meters'][number]): number[] {
  if (Array.isArray(atS)) return atS;
  return Array.from({ length: (atS.to - atS.from) / everyS + 1 }, (_, row) => atS.from + row * everyS);
}

function valuesOf(values: unknown, seconds: readonly number[]): (number | null)[] {
  if (Array.isArray(values)) return values as (number | null)[];
  if (typeof values === 'number') return seconds.map(() => values);
  const { from, rise, everyS, firstS } = values as Stairs;
  return seconds.map((atS) => from + rise * Math.max(0, Math.floor((atS - firstS) / everyS) + 1));
}

function rowsOf(meter: EnergyCase['meters'][number], startMs: number): Rows {
  const definition = defineCounter(meter.meter ?? 'meter', meter.scale ?? ['1', '1'], {
    modulus: meter.modulus,
    ...meter.traits,
  });
  const seconds = secondsOf(meter);
  const rows: Rows = {
    timesMs: seconds.map((atS) => startMs + atS * 1000),
    everyMs: meter.everyS * 1000,
    powers: {},
    imports: {},
  };
  for (const [key, given] of Object.entries(meter)) {
    const values = valuesOf(given, seconds);
    const power = /^([a-z]+)W$/.exec(key)?.[1];
    const counter = /^([a-z]+)Counter$/.exec(key)?.[1];
    const exported = /^([a-z]+)Export$/.exec(key)?.[1];
    const flow = /^([a-z]+)Flow$/.exec(key)?.[1];
    const volume = /^([a-z]+)Volume$/.exec(key)?.[1];
    if (power !== undefined) rows.powers = { ...rows.powers, [power]: values };
    if (counter !== undefined) rows.imports = { ...rows.imports, [counter]: { values, definition } };
    if (exported !== undefined) rows.exports = { ...rows.exports, [exported]: { values, definition } };
    if (flow !== undefined) rows.flows = { ...rows.flows, [flow]: values };
    if (volume !== undefined) rows.volumes = { ...rows.volumes, [volume]: { values, definition } };
  }
  return rows;
}
