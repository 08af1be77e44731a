import { decodeAgentLog } from '../../protocols/telemetry/agent-log.ts';
import { isCount, isToken } from '../../protocols/telemetry/ids.ts';
import type { RecordHeader } from '../../protocols/telemetry/record.ts';
import type { GoneRange, ToldGone } from './ledger.ts';

/** Sequence numbers from..to, inclusive. */
interface Seqs {
  from: number;
  to: number;
}

/**
 * What a record says will never come: the records that it was thinned from, and those that its agent dropped, of this epoch
 * or an earlier one. Of its own epoch only records before it can be gone.
 * @param logText the text of the one part of a `log` record
 */
export function goneOf(
  header: Pick<RecordHeader, 'epoch' | 'seq' | 'thinnedFrom' | 'thinnedTo'>,
  logText?: string,
): ToldGone[] {
  const { seq, thinnedFrom, thinnedTo } = header;
  const gone: ToldGone[] = [];
  if (thinnedFrom !== undefined && thinnedTo !== undefined)
    gone.push({ from: thinnedFrom, to: thinnedTo, fate: 'thinned' });
  for (const { event, detail } of logText === undefined ? [] : decodeAgentLog(logText)) {
    const { from, to, epoch } = detail;
    if (!isCount(from) || !isCount(to) || from === 0 || from > to) continue;
    const isEarlier = event === 'earlier-records-dropped' && isToken(epoch) && epoch !== header.epoch;
    if (!isEarlier && (event !== 'records-dropped' || to >= seq)) continue;
    const of = isEarlier ? { epoch } : {};
    // For two reasons the same may be told twice; it is noted once.
    const known = gone.find((one) => one.from === from && one.epoch === of.epoch && one.fate === 'dropped');
    if (known === undefined) gone.push({ from, to, fate: 'dropped', ...of });
    else known.to = Math.max(known.to, to);
  }
  return gone;
}

/** Puts a range among others that are ascending and do not overlap; what was thinned and dropped was thinned. */
export function insertGone(ranges: GoneRange[], range: GoneRange): void {
  let first = ranges.length;
  while (first > 0 && (ranges[first - 1]?.to ?? 0) >= range.from - 1) first--;
  let end = first;
  while (end < ranges.length && (ranges[end]?.from ?? Infinity) <= range.to + 1) end++;
  const touched = ranges.slice(first, end);
  const thinned = [...touched, range].filter(({ fate }) => fate === 'thinned');
  const dropped = [...touched, range]
    .filter(({ fate }) => fate === 'dropped')
    .flatMap((one) => holesOf(one, thinned).map((hole) => ({ ...hole, fate: 'dropped' as const })));
  ranges.splice(first, touched.length, ...joined([...thinned, ...dropped]));
}

/** The parts of a range that none of some others covers, ascending. */
export function holesOf({ from, to }: Seqs, covers: readonly Seqs[]): Seqs[] {
  const holes: Seqs[] = [];
  let next = from;
  for (const cover of [...covers].sort((a, b) => a.from - b.from)) {
    if (cover.to < next) continue;
    if (cover.from > to) break;
    if (cover.from > next) holes.push({ from: next, to: cover.from - 1 });
    next = cover.to + 1;
  }
  if (next <= to) holes.push({ from: next, to });
  return holes;
}

/** Those of some ascending ranges without overlap that reach into a stretch; found by halving. */
export function reachingInto<T extends Seqs>(ranges: readonly T[], { from, to }: Seqs): T[] {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.to ?? Infinity) < from) low = middle + 1;
    else high = middle;
  }
  const found: T[] = [];
  for (let index = low; index < ranges.length; index++) {
    const range = ranges[index];
    if (range === undefined || range.from > to) break;
    found.push(range);
  }
  return found;
}

function joined(ranges: readonly GoneRange[]): GoneRange[] {
  const result: GoneRange[] = [];
  for (const { from, to, fate } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last?.fate === fate && last.to + 1 >= from) last.to = Math.max(last.to, to);
    else result.push({ from, to, fate });
  }
  return result;
}
