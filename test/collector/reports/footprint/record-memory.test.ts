import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { checkRecord } from '../../../../collector/footprint/record/check-record.ts';
import type { FootprintRecord } from '../../../../collector/footprint/record/footprint-record.ts';
import { stepRecord } from '../../../../collector/reports/footprint/record-subject.ts';
import type { JobSource } from '../../../../collector/reports/job-source.ts';
import { baseOf, hourOf, machineName, PLANT_FROM_MS, spansOf } from '../../../support/many-hours.ts';
import { memoryJournal, planOf } from '../job-plant.ts';
import { recordSource } from './footprint-plant.ts';

const HOUR_MS = 3_600_000;
const [MACHINES, DAYS] = [6, 60];
const MACHINE_NAMES = Array.from({ length: MACHINES }, (_, index) => machineName(index));
/** Hours that are kept would be 2.5 MB and more; what is added up is 0.2. */
const GROWTH_MAX_MB = 1;

/** Views that make each hour when it is asked for, and keep none. */
function madeViews(): JobSource['views'] {
  const endMs = PLANT_FROM_MS + DAYS * 24 * HOUR_MS;
  function* starts(fromMs: number, toMs: number): Generator<number> {
    for (let at = Math.max(fromMs, PLANT_FROM_MS); at < Math.min(toMs, endMs); at += HOUR_MS) yield at;
  }
  function* each<T>(fromMs: number, toMs: number, make: (hourMs: number) => T): Generator<T> {
    for (const hourMs of starts(fromMs, toMs)) yield make(hourMs);
  }
  const indexOf = (machine: string) => MACHINE_NAMES.indexOf(machine);
  return {
    hours: (machine, fromMs, toMs) => [
      ...each(fromMs, toMs, (hourMs) => hourOf(machine, indexOf(machine), hourMs)),
    ],
    bases: (machine, fromMs, toMs) =>
      each(fromMs, toMs, (hourMs) => baseOf(machine, indexOf(machine), hourMs)),
    states: (_, fromMs, toMs) =>
      [...starts(Math.floor(fromMs / HOUR_MS) * HOUR_MS, toMs)]
        .flatMap(spansOf)
        .filter((span) => span.fromMs < toMs && span.toMs > fromMs),
    watched: () => ({ fromMs: PLANT_FROM_MS, toMs: endMs }),
    minutes: () => [],
    snapshot: () => undefined,
    channels: () => [],
    words: () => [],
  };
}

test('a line of many hours keeps none of them', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const liveMb = () => {
    collect();
    return process.memoryUsage().heapUsed / 2 ** 20;
  };
  const source: JobSource = {
    views: madeViews(),
    plan: planOf({ machines: MACHINE_NAMES.map((machine) => ({ machine })) }),
    journal: memoryJournal(),
  };
  const from = recordSource(source, { lines: [{ id: 'all', machines: MACHINE_NAMES }] });
  const range = { fromMs: PLANT_FROM_MS, toMs: PLANT_FROM_MS + DAYS * 24 * HOUR_MS };
  const all = MACHINES * DAYS * 24;
  let [steps, early, late] = [0, 0, 0];
  let record: FootprintRecord | undefined;
  for (const made of stepRecord(from, { kind: 'line', id: 'all' }, range)) {
    if (made !== null) record = made;
    steps += 1;
    if (steps === Math.round(0.2 * all)) early = liveMb();
    if (steps === Math.round(0.95 * all)) late = liveMb();
  }
  expect(record?.evidence.hours.count).toBe(String(all));
  expect(checkRecord(record)).toEqual([]);
  expect(early).toBeGreaterThan(0);
  expect(late - early, `${early} to ${late} MB`).toBeLessThan(GROWTH_MAX_MB);
}, 120_000);
