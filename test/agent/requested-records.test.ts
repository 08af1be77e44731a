import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { RequestedRecords } from '../../agent/requested-records.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { addReading, openSealer, openSpool } from './spool-rig.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

/** A real spool of 60 records so small that the first of them are gone; the tale of their drop is taken as told. */
function rig() {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-requested-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const clock = new SteppedClock(Date.UTC(2026, 2, 2, 6));
  const spool = openSpool(folder);
  closers.push(() => spool.close());
  const sealer = openSealer(spool, clock, ['mill']);
  const seal = (records: number) => {
    for (let record = 0; record < records; record++) {
      clock.stepTo(clock.wallMs() + 1000);
      addReading(sealer, clock, 'mill', record);
      sealer.sealAll();
    }
  };
  seal(20);
  /** The spool with records 3 to 6 not kept any more, and nobody knows why. */
  const lossy = new Proxy(spool, {
    get: (target, name) => {
      if (name === 'record')
        return (epoch: string, seq: number) =>
          seq >= 3 && seq <= 6 && epoch === target.head.epoch ? undefined : target.record(epoch, seq);
      // What is gone cannot be taken back.
      if (name === 'takeBack') return () => [];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const { epoch } = spool.head;
  const receiptAll = () => spool.markReceipted(epoch, [{ from: 1, to: spool.head.seq }]);
  return { spool, requested: new RequestedRecords(lossy), epoch, seal, receiptAll };
}

const take = (requested: RequestedRecords) => requested.take(100).map(({ seq }) => seq);

test('what is not kept is told once, and only when nothing that was sealed before the first request still waits', () => {
  const { spool, requested, epoch, receiptAll } = rig();
  requested.add(epoch, [{ from: 1, to: 8 }]);
  expect(take(requested)).toEqual([1, 2, 7, 8]);
  // A thinned record or a log further on may tell of them: it waits.
  requested.add(epoch, [{ from: 3, to: 6 }]);
  expect(take(requested)).toEqual([]);
  expect(spool.untold(10)).toEqual([]);
  receiptAll();
  for (let time = 0; time < 3; time++) {
    requested.add(epoch, [{ from: 3, to: 6 }]);
    expect(take(requested)).toEqual([]);
  }
  expect(spool.untold(10)).toMatchObject([{ epoch, reason: 'not-kept', from: 3, to: 6, samples: 0 }]);
});

test('what the collector refused is not sent to it again: it is told that it will never come', () => {
  const { spool, requested, epoch } = rig();
  requested.noteRefused(epoch, 9);
  requested.add(epoch, [{ from: 8, to: 10 }]);
  expect(take(requested)).toEqual([8, 10]);
  expect(spool.untold(10)).toMatchObject([{ reason: 'rejected', from: 9, to: 9 }]);
});

test('of what lies beyond our head nothing is said, and endless requests are bounded', () => {
  const { spool, requested, epoch, receiptAll } = rig();
  receiptAll();
  for (let time = 0; time < 3; time++) {
    requested.add(epoch, [{ from: spool.head.seq + 1, to: spool.head.seq + 1_000_000 }]);
    while (requested.take(100).length > 0);
  }
  expect(spool.untold(10)).toEqual([]);
});

test('what was set aside is neither sent nor told again', () => {
  const { spool, requested, epoch } = rig();
  requested.noteSetAside(epoch, 9);
  requested.add(epoch, [{ from: 8, to: 10 }]);
  expect(take(requested)).toEqual([8, 10]);
  expect(spool.untold(10)).toEqual([]);
});

test('long gaps in several epochs that are asked for by turns are all told', () => {
  const { spool, requested } = rig();
  const epochs = ['old000000001', 'old000000002', 'old000000003'];
  spool.markReceipted(spool.head.epoch, [{ from: 1, to: spool.head.seq }]);
  for (let time = 0; time < 2; time++)
    for (const epoch of epochs) {
      requested.add(epoch, [{ from: 1, to: 1000 }]);
      expect(take(requested)).toEqual([]);
    }
  expect(spool.untold(10).map(({ epoch, from, to }) => ({ epoch, from, to }))).toEqual(
    epochs.map((epoch) => ({ epoch, from: 1, to: 1000 })),
  );
});
