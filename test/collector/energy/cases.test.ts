import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BandSet } from '../../../collector/energy/band-set.ts';
import { defineCounter } from '../../../collector/energy/counter-value.ts';
import { unconfiguredMachine, type MachineModel } from '../../../collector/energy/machine-model.ts';
import type { ReasonMark } from '../../../collector/energy/calendar/base-hour.ts';
import { bandSetOf, feedOf, foldBases, type Rows, type Words } from './fold-feed.ts';

const CASES = join(import.meta.dirname, '../../cases/energy');

/** One hand-computed case; its arithmetic.md shows how the expected figures come about. Times are seconds from the start. */
interface EnergyCase {
  about: string;
  start: string;
  /** Bands stand as in a configuration; hysteresis and dwell are 0 where the case says nothing else. */
  machine: Partial<MachineModel> & { bands?: BandSet['bands']; hysteresis?: number; dwellMs?: number };
  meters: ({
    everyS: number;
    atS: number[];
    meter?: string;
    /** Which agent read it; `gw`, who tells the words, where nothing is said. */
    agent?: string;
    scale?: [string, string];
    modulus?: string;
  } & Record<`${string}${'W' | 'Counter' | 'Export' | 'Flow' | 'Volume'}`, (number | null)[]>)[];
  words: [atS: number, word: string | null][];
  /**
   * By hour of the day, what the record must hold; what is not named is not checked, but every hour must be there. Only
   * those named where the day is, too: `2026-03-09T06`. `marks` are reasons with their minutes, all of them.
   */
  expect: ({ hour: string; marks?: ReasonMark[] } & Record<string, unknown>)[];
}

describe('the hand-computed cases', () => {
  for (const name of readdirSync(CASES)) {
    const text = readFileSync(join(CASES, name, 'case.json'), 'utf8');
    const energyCase = JSON.parse(text) as EnergyCase;
    it(`${name}: ${energyCase.about}`, () => {
      const { start, machine, meters, words, expect: expected } = energyCase;
      const startMs = Date.parse(start);
      const { bands = [], hysteresis = 0, dwellMs = 0, ...rest } = machine;
      const bandSets = [bandSetOf(bands, { hysteresis, dwellMs })];
      const model = { ...unconfiguredMachine('m'), bandSets, ...rest };
      const feeds = meters.map((meter, index) => {
        const told: Words = index === 0 ? words.map(([atS, word]) => [startMs + atS * 1000, word]) : [];
        const feed = feedOf(index + 1, rowsOf(meter, startMs), told);
        return { ...feed, record: { ...feed.record, agent: meter.agent ?? 'gw' } };
      });
      const endS = Math.max(...meters.flatMap((meter) => meter.atS));
      const derived = foldBases(model, feeds, startMs + endS * 1000 + 1);
      const isDated = expected.some(({ hour }) => hour.includes('T'));
      if (!isDated) expect(derived).toHaveLength(expected.length);
      for (const [index, { hour, marks, ...figures }] of expected.entries()) {
        const at = (hourMs: number) => new Date(hourMs).toISOString();
        const own = isDated ? derived.find(({ base }) => at(base.hourMs).startsWith(hour)) : derived[index];
        expect(at(own?.base.hourMs ?? 0)).toContain(`${isDated ? '' : 'T'}${hour}:00`);
        expect(own?.hour).toMatchObject(figures);
        if (marks !== undefined) expect(own?.base.marks).toEqual(marks);
      }
    });
  }
});

function rowsOf(meter: EnergyCase['meters'][number], startMs: number): Rows {
  const definition = defineCounter(meter.meter ?? 'meter', meter.scale ?? ['1', '1'], {
    modulus: meter.modulus,
  });
  const rows: Rows = {
    timesMs: meter.atS.map((atS) => startMs + atS * 1000),
    everyMs: meter.everyS * 1000,
    powers: {},
    imports: {},
  };
  for (const [key, values] of Object.entries(meter)) {
    const power = /^([a-z]+)W$/.exec(key)?.[1];
    const counter = /^([a-z]+)Counter$/.exec(key)?.[1];
    const exported = /^([a-z]+)Export$/.exec(key)?.[1];
    const flow = /^([a-z]+)Flow$/.exec(key)?.[1];
    const volume = /^([a-z]+)Volume$/.exec(key)?.[1];
    if (power !== undefined) rows.powers = { ...rows.powers, [power]: values as (number | null)[] };
    if (counter !== undefined)
      rows.imports = { ...rows.imports, [counter]: { values: values as (number | null)[], definition } };
    if (exported !== undefined)
      rows.exports = { ...rows.exports, [exported]: { values: values as (number | null)[], definition } };
    if (flow !== undefined) rows.flows = { ...rows.flows, [flow]: values as (number | null)[] };
    if (volume !== undefined)
      rows.volumes = { ...rows.volumes, [volume]: { values: values as (number | null)[], definition } };
  }
  return rows;
}
