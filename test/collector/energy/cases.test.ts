import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BandSet } from '../../../collector/energy/band-set.ts';
import { defineCounter } from '../../../collector/energy/counter-value.ts';
import { unconfiguredMachine, type MachineModel } from '../../../collector/energy/machine-model.ts';
import { bandSetOf, feedOf, foldHours, type Rows, type Words } from './fold-feed.ts';

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
    scale?: [string, string];
    modulus?: string;
  } & Record<`${string}W` | `${string}Counter`, (number | null)[]>)[];
  words: [atS: number, word: string | null][];
  /** By hour of the day, what the record must hold; what is not named is not checked. */
  expect: ({ hour: string } & Record<string, unknown>)[];
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
        return feedOf(index + 1, rowsOf(meter, startMs), told);
      });
      const endS = Math.max(...meters.flatMap((meter) => meter.atS));
      const hours = foldHours(model, feeds, startMs + endS * 1000 + 1);
      expect(hours).toHaveLength(expected.length);
      for (const [index, { hour, ...figures }] of expected.entries()) {
        expect(new Date(hours[index]?.hourMs ?? 0).toISOString()).toContain(`T${hour}:00`);
        expect(hours[index]).toMatchObject(figures);
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
    if (power !== undefined) rows.powers = { ...rows.powers, [power]: values as (number | null)[] };
    if (counter !== undefined)
      rows.imports = { ...rows.imports, [counter]: { values: values as (number | null)[], definition } };
  }
  return rows;
}
