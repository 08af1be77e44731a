import { holesOf, insertGone, reachingInto } from './gone-ranges.ts';
import type { ChainSummary, Delivery, GoneRange, ToldGone } from './ledger.ts';
import type { Month } from './month-file.ts';

/** Sequence numbers from..to (inclusive), all of them in one month's file. */
export interface SeqRange {
  from: number;
  to: number;
  month: Month;
}

/** What is kept of a record in memory. */
export interface IndexedRecord {
  agent: string;
  epoch: string;
  key: string;
  seq: number;
  hash: string;
  sealedToMs: number;
  samples: number;
  ordinal: number;
  month: Month;
}

/** The end of a chain's gapless part. */
export interface ChainTip {
  hash: string;
  /** Wall ms since the Unix epoch. */
  sealedToMs: number;
}

interface Chain {
  agent: string;
  epoch: string;
  key: string;
  ranges: SeqRange[];
  /** Ascending; the list that is kept under its name. */
  gone: readonly GoneRange[];
  records: number;
  samples: number;
  firstOrdinal: number;
  tipSeq: number;
  tip: ChainTip | undefined;
}

/** Which sequence numbers of which chain are here, and in which month: all that admission asks, without a disk. */
export class ChainIndex {
  readonly #chains = new Map<string, Chain>();
  /** What will never come, by chain: also of one of which nothing is here, or not yet. */
  readonly #gone = new Map<string, GoneRange[]>();
  readonly #tipOf: (agent: string, epoch: string, seq: number, month: Month) => ChainTip | undefined;

  /** @param tipOf reads a record's hash and end from disk, for a gap that was just filled */
  constructor(tipOf: (agent: string, epoch: string, seq: number, month: Month) => ChainTip | undefined) {
    this.#tipOf = tipOf;
  }

  /** Takes in one new record, and what it says will never come. */
  add(record: IndexedRecord, gone: readonly ToldGone[] = []): void {
    const { seq, month } = record;
    const chain = this.#chainOf(record, record.ordinal);
    chain.records++;
    chain.samples += record.samples;
    insertRange(chain.ranges, { from: seq, to: seq, month });
    const others = new Set<Chain>();
    for (const { epoch = record.epoch, ...range } of gone) {
      insertGone(this.#goneOf(record.agent, epoch), range);
      const other = this.#chains.get(`${record.agent}/${epoch}`);
      if (other !== undefined && other !== chain) others.add(other);
    }
    for (const other of others) this.#moveTip(other);
    const tipSeq = contiguousEnd(chain);
    if (tipSeq === seq) chain.tip = { hash: record.hash, sealedToMs: record.sealedToMs };
    else if (tipSeq !== chain.tipSeq) chain.tip = this.#readTip(chain, tipSeq);
    chain.tipSeq = tipSeq;
  }

  /** Takes in what one month's file holds of a chain; `settle` follows when every month is in. */
  addRange(
    of: { agent: string; epoch: string; key: string },
    range: SeqRange,
    totals: { records: number; samples: number; firstOrdinal: number },
  ): void {
    const chain = this.#chainOf(of, totals.firstOrdinal);
    chain.records += totals.records;
    chain.samples += totals.samples;
    chain.firstOrdinal = Math.min(chain.firstOrdinal, totals.firstOrdinal);
    insertRange(chain.ranges, range);
  }

  /** Takes in what one month's file says will never come of a chain; `settle` follows. */
  addGone({ agent, epoch }: { agent: string; epoch: string }, range: GoneRange): void {
    insertGone(this.#goneOf(agent, epoch), range);
  }

  /** Finds the tip of every chain after `addRange` and `addGone`. */
  settle(): void {
    for (const chain of this.#chains.values()) {
      chain.tipSeq = contiguousEnd(chain);
      chain.tip = chain.tipSeq === 0 ? undefined : this.#readTip(chain, chain.tipSeq);
    }
  }

  /** The month that holds a record, or undefined when it is not here. */
  monthOf(agent: string, epoch: string, seq: number): Month | undefined {
    const ranges = this.#chains.get(`${agent}/${epoch}`)?.ranges ?? [];
    return findRange(ranges, seq)?.month;
  }

  /** Sequence numbers below the largest one that are not here and may still come, ascending, at most `limit` ranges. */
  missing(agent: string, epoch: string, limit: number): { from: number; to: number }[] {
    const chain = this.#chains.get(`${agent}/${epoch}`);
    const gaps: { from: number; to: number }[] = [];
    let next = 1;
    for (const range of chain?.ranges ?? []) {
      if (gaps.length >= limit) break;
      if (chain !== undefined) gaps.push(...awaited(chain, next, range.from - 1));
      next = Math.max(next, range.to + 1);
    }
    return gaps.slice(0, limit);
  }

  /** How far a chain is here, when a hole that ended before `waitFromMs` (wall ms) is not waited for any more. */
  delivered(agent: string, epoch: string, waitFromMs: number): Delivery {
    const chain = this.#chains.get(`${agent}/${epoch}`);
    if (chain === undefined) return { toMs: null, isWhole: false };
    let end = 0;
    let isWhole = true;
    for (const { from, to } of chain.ranges) {
      isWhole = isJoined(chain, end, from) || this.#isOldHole(chain, end, from, waitFromMs);
      if (!isWhole) break;
      end = to;
    }
    const tip = end === chain.tipSeq ? chain.tip : this.#readTip(chain, end);
    return { toMs: tip?.sealedToMs ?? null, isWhole };
  }

  /** What will never come of a chain, ascending. */
  gone(agent: string, epoch: string): readonly GoneRange[] {
    return this.#gone.get(`${agent}/${epoch}`) ?? [];
  }

  summaries(): ChainSummary[] {
    return [...this.#chains.values()].map((chain) => ({
      agent: chain.agent,
      epoch: chain.epoch,
      key: chain.key,
      contiguousSeq: chain.tipSeq,
      contiguousHash: chain.tip?.hash ?? null,
      headSeq: chain.ranges.at(-1)?.to ?? 0,
      sealedToMs: chain.tip?.sealedToMs ?? null,
      records: chain.records,
      ahead: heldAfter(chain, chain.tipSeq),
      missing: missingCount(chain),
      samples: chain.samples,
      firstOrdinal: chain.firstOrdinal,
    }));
  }

  /** What is missing was read before the record behind it was sealed. */
  #isOldHole(chain: Chain, lastSeq: number, nextSeq: number, waitFromMs: number): boolean {
    const nextMs = this.#readTip(chain, nextSeq)?.sealedToMs ?? Infinity;
    if (nextMs >= waitFromMs) return false;
    // A gateway that starts without a clock labels records with a time long past: that says nothing of the hole.
    return nextMs >= (this.#readTip(chain, lastSeq)?.sealedToMs ?? -Infinity);
  }

  #chainOf(of: { agent: string; epoch: string; key: string }, firstOrdinal: number): Chain {
    const name = `${of.agent}/${of.epoch}`;
    let chain = this.#chains.get(name);
    if (chain === undefined) {
      const { agent, epoch, key } = of;
      chain = {
        agent,
        epoch,
        key,
        ranges: [],
        gone: this.#goneOf(agent, epoch),
        records: 0,
        samples: 0,
        firstOrdinal,
        tipSeq: 0,
        tip: undefined,
      };
      this.#chains.set(name, chain);
    }
    return chain;
  }

  #goneOf(agent: string, epoch: string): GoneRange[] {
    const name = `${agent}/${epoch}`;
    const known = this.#gone.get(name) ?? [];
    this.#gone.set(name, known);
    return known;
  }

  /** A record of another epoch told what of this one will never come. */
  #moveTip(chain: Chain): void {
    const tipSeq = contiguousEnd(chain);
    if (tipSeq !== chain.tipSeq) chain.tip = this.#readTip(chain, tipSeq);
    chain.tipSeq = tipSeq;
  }

  #readTip(chain: Chain, seq: number): ChainTip | undefined {
    const month = findRange(chain.ranges, seq)?.month;
    return month === undefined ? undefined : this.#tipOf(chain.agent, chain.epoch, seq, month);
  }
}

/** Puts a range that overlaps no other in its place; neighbours of the same month grow together. */
function insertRange(ranges: SeqRange[], range: SeqRange): void {
  // Nearly every record is the next one: look from the end.
  let index = ranges.length;
  while (index > 0 && (ranges[index - 1]?.from ?? 0) > range.from) index--;
  const before = ranges[index - 1];
  const after = ranges[index];
  const joinsBefore = before?.month === range.month && before.to + 1 === range.from;
  const joinsAfter = after?.month === range.month && range.to + 1 === after.from;
  if (joinsBefore && joinsAfter) {
    before.to = after.to;
    ranges.splice(index, 1);
  } else if (joinsBefore) before.to = range.to;
  else if (joinsAfter) after.from = range.from;
  else ranges.splice(index, 0, { ...range });
}

function findRange(ranges: readonly SeqRange[], seq: number): SeqRange | undefined {
  return ranges.findLast((range) => range.from <= seq && seq <= range.to);
}

/** The last record before which nothing is missing that may still come. */
function contiguousEnd(chain: Pick<Chain, 'ranges' | 'gone'>): number {
  let end = 0;
  for (const range of chain.ranges) {
    if (!isJoined(chain, end, range.from)) break;
    end = Math.max(end, range.to);
  }
  return end;
}

/** Nothing is missing between two records that may still come. */
function isJoined(chain: Pick<Chain, 'gone'>, lastSeq: number, nextSeq: number): boolean {
  return nextSeq === lastSeq + 1 || awaited(chain, lastSeq + 1, nextSeq - 1).length === 0;
}

/** What of a stretch that is not here may still come. */
function awaited({ gone }: Pick<Chain, 'gone'>, from: number, to: number): { from: number; to: number }[] {
  return from > to ? [] : holesOf({ from, to }, reachingInto(gone, { from, to }));
}

function heldAfter({ ranges }: Pick<Chain, 'ranges'>, seq: number): number {
  return ranges.reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from, seq + 1) + 1), 0);
}

function missingCount(chain: Pick<Chain, 'ranges' | 'gone'>): number {
  let count = 0;
  let next = 1;
  for (const range of chain.ranges) {
    for (const { from, to } of awaited(chain, next, range.from - 1)) count += to - from + 1;
    next = Math.max(next, range.to + 1);
  }
  return count;
}
