import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChainIndex } from '../../../collector/ledger/chain-index.ts';

const tipOf = (_agent: string, _epoch: string, seq: number) => ({ hash: `h${seq}`, sealedToMs: seq * 1000 });
const record = (seq: number, month = '2026-11') => ({
  agent: 'gw-1',
  epoch: 'e',
  key: 'k',
  seq,
  hash: `h${seq}`,
  sealedToMs: seq * 1000,
  samples: 10,
  ordinal: seq,
  month,
});

test('whatever the order of arrival, tip, gaps and membership are those of the set of numbers', () => {
  const flags = fc.array(fc.boolean(), { minLength: 40, maxLength: 40 });
  const gone = fc.array(
    fc.record({
      from: fc.integer({ min: 1, max: 40 }),
      length: fc.integer({ min: 1, max: 9 }),
      isThinned: fc.boolean(),
    }),
    { maxLength: 4 },
  );
  const arrivals = fc
    .uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1 })
    .chain((seqs) => fc.tuple(fc.constant(seqs), flags, gone));
  fc.assert(
    fc.property(arrivals, ([seqs, inDecember, told]) => {
      const index = new ChainIndex(tipOf);
      const ranges = told.map(({ from, length, isThinned }) => ({
        from,
        to: from + length - 1,
        fate: isThinned ? ('thinned' as const) : ('dropped' as const),
      }));
      const isGone = (seq: number) => ranges.some(({ from, to }) => from <= seq && seq <= to);
      for (const [place, seq] of seqs.entries())
        // What is gone is told with one record or another.
        index.add(
          record(seq, inDecember[seq - 1] === true ? '2026-12' : '2026-11'),
          ranges.filter((_, at) => at % seqs.length === place),
        );
      const head = Math.max(...seqs);
      const isSettled = (seq: number) => seqs.includes(seq) || isGone(seq);
      const lastHeld = (before: number) => Math.max(0, ...seqs.filter((seq) => seq < before));
      let firstHole = 1;
      while (firstHole <= head && isSettled(firstHole)) firstHole++;
      const contiguous = lastHeld(firstHole);
      const absent = Array.from({ length: head }, (_, i) => i + 1).filter((seq) => !isSettled(seq));
      const [summary] = index.summaries();
      expect(summary).toMatchObject({
        contiguousSeq: contiguous,
        contiguousHash: contiguous === 0 ? null : `h${contiguous}`,
        sealedToMs: contiguous === 0 ? null : contiguous * 1000,
        headSeq: head,
        records: seqs.length,
        ahead: seqs.filter((seq) => seq > contiguous).length,
        missing: absent.length,
        samples: seqs.length * 10,
      });
      // A hole is given up when the record behind it is of before the limit.
      const waitFromMs = 20_500;
      let end = contiguous;
      for (const seq of seqs.toSorted((a, b) => a - b).filter((one) => one > contiguous)) {
        const isBehindHole = absent.some((hole) => hole > end && hole < seq);
        if (isBehindHole && seq * 1000 >= waitFromMs) break;
        end = seq;
      }
      expect(index.delivered('gw-1', 'e', waitFromMs)).toEqual({
        toMs: end === 0 ? null : end * 1000,
        isWhole: end === head,
      });
      const missing = index
        .missing('gw-1', 'e', 100)
        .flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
      expect(missing).toEqual(absent);
      // Every number that was told of, once, and in order; what was both thinned and dropped was thinned.
      const goneSeqs = index
        .gone('gw-1', 'e')
        .flatMap(({ from, to, fate }) => Array.from({ length: to - from + 1 }, (_, i) => [from + i, fate]));
      const expected = Array.from({ length: 50 }, (_, i) => i + 1).filter(isGone);
      const toldOf = (seq: number) => ranges.filter(({ from, to }) => from <= seq && seq <= to);
      expect(goneSeqs).toEqual(
        expected.map((seq) => [
          seq,
          toldOf(seq).some(({ fate }) => fate === 'thinned') ? 'thinned' : 'dropped',
        ]),
      );
      for (let seq = 1; seq <= 41; seq++)
        expect(index.monthOf('gw-1', 'e', seq)).toBe(
          seqs.includes(seq) ? (inDecember[seq - 1] === true ? '2026-12' : '2026-11') : undefined,
        );
    }),
  );
});

test('what is missing is limited, lowest first', () => {
  const index = new ChainIndex(tipOf);
  for (const seq of [2, 4, 6]) index.add(record(seq));
  expect(index.missing('gw-1', 'e', 2)).toEqual([
    { from: 1, to: 1 },
    { from: 3, to: 3 },
  ]);
  expect(index.missing('gw-1', 'other', 2)).toEqual([]);
});

test('a hole before a record of a gateway without a clock is not taken for an old one', () => {
  // Records 1 to 5 of now; 7 was labelled by a clock that had not been set.
  const sealedToMs = (seq: number) => (seq === 7 ? 12 : 1_000_000 + seq);
  const index = new ChainIndex((_agent, _epoch, seq) => ({ hash: `h${seq}`, sealedToMs: sealedToMs(seq) }));
  for (const seq of [1, 2, 4, 5, 7]) index.add({ ...record(seq), sealedToMs: sealedToMs(seq) });
  // Everything of now is old enough: the hole of 3 is given up, that of 6 is not known to be.
  expect(index.delivered('gw-1', 'e', 2_000_000)).toEqual({ toMs: 1_000_005, isWhole: false });
  // At the begin of a chain nothing speaks against the label.
  const young = new ChainIndex((_agent, _epoch, seq) => ({ hash: `h${seq}`, sealedToMs: sealedToMs(seq) }));
  young.add({ ...record(7), sealedToMs: 12 });
  expect(young.delivered('gw-1', 'e', 2_000_000)).toEqual({ toMs: 12, isWhole: true });
});

test('a record that two months hold, as where a file was put back by hand, is no gap', () => {
  const index = new ChainIndex(tipOf);
  const of = { agent: 'gw-1', epoch: 'e', key: 'k' };
  const totals = { records: 0, samples: 0, firstOrdinal: 1 };
  index.addRange(of, { from: 1, to: 10, month: '2026-11' }, totals);
  index.addRange(of, { from: 5, to: 5, month: '2026-12' }, totals);
  index.addRange(of, { from: 11, to: 12, month: '2026-12' }, totals);
  index.settle();
  expect(index.summaries()).toMatchObject([{ contiguousSeq: 12, headSeq: 12, missing: 0 }]);
  expect(index.missing('gw-1', 'e', 9)).toEqual([]);
});
