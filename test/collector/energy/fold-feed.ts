import type { BandSet } from '../../../collector/energy/band-set.ts';
import type { CounterDefinition, PlainReading } from '../../../collector/energy/counter-value.ts';
import { closeHour } from '../../../collector/energy/close-hour.ts';
import { baseOf, type HourBase } from '../../../collector/energy/hour-base.ts';
import {
  advanceFold,
  isLate,
  takeChangedAccounts,
  takeSettledSpans,
} from '../../../collector/energy/machine-fold.ts';
import type { StateSpan } from '../../../collector/energy/state-span.ts';
import { feedRecord } from '../../../collector/energy/feed-record.ts';
import { startFold } from '../../../collector/energy/fold-state.ts';
import type { RecordFeed } from '../../../collector/energy/record-feed.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import type { MachineModel } from '../../../collector/energy/machine-model.ts';

export interface Rows {
  timesMs: number[];
  everyMs?: number;
  source?: string;
  powers?: Record<string, (number | null)[]>;
  imports?: Record<string, { values: (PlainReading | null)[]; definition: CounterDefinition }>;
  exports?: Record<string, { values: (PlainReading | null)[]; definition: CounterDefinition }>;
  /** Of media: Nm3/h, and counters of Nm3. */
  flows?: Record<string, (number | null)[]>;
  volumes?: Record<string, { values: (PlainReading | null)[]; definition: CounterDefinition }>;
}

/** Bands as they stand in a configuration; without hysteresis and dwell where nothing else is said. */
export function bandSetOf(bands: BandSet['bands'], traits: Partial<BandSet> = {}): BandSet {
  return { version: 0, fromMs: -Infinity, bands, hysteresis: 0, dwellMs: 0, ...traits };
}

export type Words = [atMs: number, word: string | number | boolean | null][];

/** One record's worth of readings of one meter, and words of its control. */
export function feedOf(
  seq: number,
  rows: Rows | null,
  words: Words = [],
  vocabulary = 'mtconnect/Execution',
): RecordFeed {
  const counters = (of: Rows['imports'], direction: 'import' | 'export') =>
    Object.entries(of ?? {}).map(([component, { values, definition }]) => ({
      component,
      direction,
      values,
      definition,
    }));
  return {
    record: { agent: 'gw', epoch: 'aaaaaaaaaaaa', seq, config: 'config' },
    unsynced: false,
    rows:
      rows === null
        ? []
        : [
            {
              source: rows.source ?? 'meter',
              everyMs: rows.everyMs ?? 1000,
              timesMs: rows.timesMs,
              powers: Object.entries(rows.powers ?? {}).map(([component, values]) => ({ component, values })),
              counters: [...counters(rows.imports, 'import'), ...counters(rows.exports, 'export')],
              media: {
                flows: Object.entries(rows.flows ?? {}).map(([component, values]) => ({ component, values })),
                counters: counters(rows.volumes, 'import'),
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
              vocabulary,
              timesMs: words.map(([atMs]) => atMs),
              values: words.map(([, word]) => word),
            },
          ],
    links: [],
  };
}

/** The spans of a set of records, everything fed before the fold moves. */
export function foldSpans(model: MachineModel, feeds: RecordFeed[], horizonMs: number): StateSpan[] {
  const fold = startFold();
  for (const feed of feeds) feedRecord(fold, feed);
  advanceFold(model, fold, horizonMs);
  return takeSettledSpans(fold);
}

/** Puts spans in the place of all from the first one's begin on, as the views do. */
export function putSpans(known: readonly StateSpan[], taken: readonly StateSpan[]): StateSpan[] {
  const fromMs = taken[0]?.fromMs ?? Infinity;
  const before = known.filter((span) => span.fromMs < fromMs);
  return [...before.map((span) => ({ ...span, toMs: Math.min(span.toMs, fromMs) })), ...taken];
}

/** The hours of a set of records, in whatever order they come: everything is fed before the fold moves. */
export function foldHours(model: MachineModel, feeds: RecordFeed[], horizonMs: number): MachineHour[] {
  return foldBases(model, feeds, horizonMs).map(({ hour }) => hour);
}

/** The same with what is kept beside each hour. */
export function foldBases(
  model: MachineModel,
  feeds: RecordFeed[],
  horizonMs: number,
): { hour: MachineHour; base: HourBase }[] {
  const fold = startFold();
  for (const feed of feeds) {
    if (isLate(fold, feed)) throw new Error('a feed before the beginning');
    feedRecord(fold, feed);
  }
  advanceFold(model, fold, horizonMs);
  return takeChangedAccounts(fold).map((account) => ({
    hour: closeHour('site', model, account),
    base: baseOf(model.machine, account),
  }));
}
