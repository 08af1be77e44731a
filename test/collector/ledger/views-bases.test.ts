import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import type { HourBase } from '../../../collector/energy/hour-base.ts';
import { STATE_COUNT } from '../../../collector/energy/hour-account.ts';
import type { StateSpan } from '../../../collector/energy/state-span.ts';
import { openViews, readViews } from '../../../collector/ledger/sqlite-views.ts';
import type { MinuteRollup } from '../../../collector/ledger/views.ts';
import type { ConfigSnapshot } from '../../../protocols/telemetry/snapshot.ts';
import { makeTempFolder } from './temp-folder.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 1);

function open(folder = makeTempFolder()) {
  const views = openViews({ folder });
  onTestFinished(() => views.close());
  return views;
}

/** An hour of work in every minute, of two components. */
function base(machine: string, index: number, mwh = 1000): HourBase {
  const cells = (value: (cell: number) => number) =>
    Array.from({ length: 60 * STATE_COUNT }, (_, cell) => (cell % STATE_COUNT === 5 ? value(cell) : 0));
  const energy = (scale: number) => ({
    counter: cells((cell) => mwh * scale + ((cell * 7919 + index * 31) % 997)),
    integrated: null,
    bridged: null,
  });
  return {
    machine,
    hourMs: START_MS + index * HOUR_MS,
    timeMs: cells(() => 60_000),
    measuredMs: Array.from({ length: 60 }, () => 60_000),
    components: { supply: energy(40), spindle: energy(11) },
    exportMwh: null,
    media: {},
    marks: [],
    decisions: [],
  };
}

function minute(channel: string, index: number): MinuteRollup {
  const minuteMs = START_MS + index * 60_000;
  return {
    channel,
    minuteMs,
    count: 3,
    min: 1,
    max: 3,
    sum: 6,
    last: 3,
    lastMs: minuteMs + 59_000,
    squares: 14,
    steps: 2,
  };
}

test('bases come back in order of time whatever order they came in, of one machine, in a half-open window', () => {
  const folder = makeTempFolder();
  const views = open(folder);
  const all = [2, 0, 3, 1].map((index) => base('mill', index));
  views.commit({ reader: 'derive', ordinal: 1, bases: [...all, base('lathe', 1)] });
  views.commit({ reader: 'derive', ordinal: 2, bases: [base('mill', 1, 7)] });
  const expected = [base('mill', 0), base('mill', 1, 7), base('mill', 2)];
  expect([...views.bases('mill', START_MS, START_MS + 3 * HOUR_MS)]).toEqual(expected);
  expect([...views.bases('mill', START_MS + 1, START_MS + 2 * HOUR_MS)]).toEqual([base('mill', 1, 7)]);
  expect([...views.bases('drill', 0, Number.MAX_SAFE_INTEGER)]).toEqual([]);
  // Another process reads the same, and a base that goes while it reads is left out.
  const reader = readViews({ folder });
  onTestFinished(() => reader.close());
  expect([...reader.bases('mill', START_MS, START_MS + 3 * HOUR_MS)]).toEqual(expected);
});

test('a commit that fails takes bases and snapshots back with it', () => {
  const views = open();
  views.commit({ reader: 'derive', ordinal: 1, bases: [base('mill', 0)] });
  function* failing(): Iterable<HourBase> {
    yield base('mill', 0, 9);
    throw new Error('derivation broke');
  }
  expect(() => views.commit({ reader: 'derive', ordinal: 2, bases: failing() })).toThrow('derivation broke');
  expect([...views.bases('mill', 0, Number.MAX_SAFE_INTEGER)]).toEqual([base('mill', 0)]);
});

test('a base whose bytes were damaged is named, with what to do', () => {
  const folder = makeTempFolder();
  const views = open(folder);
  views.commit({ reader: 'derive', ordinal: 1, bases: [base('mill', 0), base('mill', 1)] });
  const db = new DatabaseSync(join(folder, 'views.db'));
  db.prepare('UPDATE base SET bytes = substr(bytes, 1, length(bytes) - 9) WHERE hour_ms = ?').run(
    START_MS + HOUR_MS,
  );
  db.close();
  const read = views.bases('mill', 0, Number.MAX_SAFE_INTEGER)[Symbol.iterator]();
  expect(read.next().value).toEqual(base('mill', 0));
  expect(() => read.next()).toThrow(expect.objectContaining({ code: 'damaged-views' }));
});

test('minutes of a channel come in order, of a half-open window, with squares and steps', () => {
  const views = open();
  const channel = 'mill.supply.activePower';
  views.commit({
    reader: 'derive',
    ordinal: 1,
    minutes: [
      minute(channel, 2),
      minute(channel, 0),
      minute('mill.spindle.activePower', 1),
      minute(channel, 1),
    ],
  });
  expect(views.minutes(channel, START_MS, START_MS + 120_000)).toEqual([
    minute(channel, 0),
    minute(channel, 1),
  ]);
  expect(views.minutes(channel, START_MS + 1, START_MS + 120_001)).toEqual([
    minute(channel, 1),
    minute(channel, 2),
  ]);
  expect(views.minutes('lathe.supply.activePower', 0, Number.MAX_SAFE_INTEGER)).toEqual([]);
});

test('config snapshots are kept by their hash', () => {
  const views = open();
  const snapshot: ConfigSnapshot = {
    v: 1,
    site: 'plant',
    agent: 'gw',
    software: { name: 'millwatt', version: '0.1.0' },
    sources: [],
    channels: [],
  };
  views.commit({ reader: 'derive', ordinal: 1, snapshots: [{ hash: 'abc', snapshot }] });
  expect(views.snapshot('abc')).toEqual(snapshot);
  expect(views.snapshot('abd')).toBeUndefined();
});

test('a machine was watched from its first stretch of a state to the end of its last', () => {
  const views = open();
  const span = (fromMs: number, toMs: number, state: StateSpan['state']): StateSpan => ({
    fromMs,
    toMs,
    state,
    decider: 'control',
    basis: '',
  });
  expect(views.watched('mill')).toBeUndefined();
  const write = (...spans: StateSpan[]) =>
    views.commit({ reader: 'derive', ordinal: 1, spans: [{ machine: 'mill', spans }] });
  write(span(1000, 2000, 'ready'), span(2000, 9000, 'off'));
  expect(views.watched('mill')).toEqual({ fromMs: 1000, toMs: 9000 });
  expect(views.watched('lathe')).toBeUndefined();
  // A past that is computed again may begin later and end sooner.
  views.commit({
    reader: 'derive',
    ordinal: 2,
    dropSpansFrom: [{ machine: 'mill', fromMs: 0 }],
    spans: [{ machine: 'mill', spans: [span(3000, 4000, 'ready'), span(4000, 6000, 'off')] }],
  });
  expect(views.watched('mill')).toEqual({ fromMs: 3000, toMs: 6000 });
  views.commit({ reader: 'derive', ordinal: 3, dropSpansFrom: [{ machine: 'mill', fromMs: 5000 }] });
  expect(views.watched('mill')).toEqual({ fromMs: 3000, toMs: 5000 });
});

test('of checkpoints that lie far back, the first of each day stays', () => {
  const views = open();
  const hours = Array.from({ length: 60 }, (_, index) => START_MS + (index + 5) * HOUR_MS);
  views.commit({
    reader: 'derive',
    ordinal: 1,
    checkpoints: [
      ...hours.map((hourMs) => ({ machine: 'mill', hourMs, json: String(hourMs) })),
      { machine: 'lathe', hourMs: START_MS + 6 * HOUR_MS, json: 'other' },
      { machine: 'lathe', hourMs: START_MS + 7 * HOUR_MS, json: 'other' },
    ],
  });
  const beforeMs = START_MS + 50 * HOUR_MS;
  views.commit({
    reader: 'derive',
    ordinal: 2,
    thinCheckpointsBefore: [{ machine: 'mill', hourMs: beforeMs }],
  });
  const kept = new Set(hours.map((hourMs) => views.checkpointBefore('mill', hourMs)?.hourMs));
  expect([...kept].map((hourMs) => ((hourMs ?? 0) - START_MS) / HOUR_MS)).toEqual([
    5,
    24,
    48,
    ...Array.from({ length: 15 }, (_, index) => 50 + index),
  ]);
  expect(views.checkpointBefore('lathe', START_MS + 9 * HOUR_MS)?.hourMs).toBe(START_MS + 7 * HOUR_MS);
});

test('a year of bases takes less than 2 kB an hour on disk', () => {
  const folder = makeTempFolder();
  const views = open(folder);
  const hours = 2000;
  const bytes = () => statSync(join(folder, 'views.db')).size;
  const emptyBytes = bytes();
  function* year(): Iterable<HourBase> {
    for (let index = 0; index < hours; index++) yield base('mill', index, 1000 + (index % 500));
  }
  views.commit({ reader: 'derive', ordinal: 1, bases: year() });
  views.close();
  expect((bytes() - emptyBytes) / hours).toBeLessThan(2000);
});
