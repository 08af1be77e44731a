import type { LongKind } from './kinds.ts';
import { addRun, doneOf, rateOf, readRecord, recordOf, saveRecord, type LongRecord } from './long-record.ts';
import type { PieceEnd } from './long-piece.ts';

/** About so long is a piece, s: what an interruption costs at most, and seldom enough to start a test. */
const PIECE_SECONDS = 120;
/** So many failures end a slice: it is time to look. */
const FAILURES_MAX = 3;

/** What a slice needs of the world around it. */
export interface SliceSurroundings {
  recordPath: string;
  commit: string;
  /** Names the code a kind tries. */
  codeOf: (kind: LongKind) => string;
  run: (kind: LongKind, piece: { from: number; to: number }) => Promise<PieceEnd>;
  /** Real monotonic time, ms. */
  nowMs: () => number;
  /** Today, UTC: 2026-11-22. */
  today: () => string;
  /** One line for whoever watches. */
  say: (line: string) => void;
}

/** What a slice did. */
export interface SliceEnd {
  kind: string;
  done: number;
  failed: number;
  seconds: number;
  /** Why it ended. */
  why: 'reached' | 'time' | 'interrupted' | 'failures';
}

/** The kind of which the least share is done; undefined when all is done. */
export function furthestBehind(kinds: readonly LongKind[], record: LongRecord): LongKind | undefined {
  const share = (kind: LongKind) => {
    const own = record.kinds[kind.name];
    return own === undefined ? 0 : doneOf(own) / kind.wanted;
  };
  const open = kinds.filter((kind) => share(kind) < 1);
  return open.sort((a, b) => share(a) - share(b))[0];
}

/** Runs pieces of a kind until its time is over or enough is done; each piece that ends is in the record at once. */
export async function runSlice(
  kind: LongKind,
  minutes: number,
  around: SliceSurroundings,
): Promise<SliceEnd> {
  const { recordPath, commit, say } = around;
  const code = around.codeOf(kind);
  const before = recordOf(readRecord(recordPath), kind);
  const lastRun = before.runs.at(-1);
  if (lastRun !== undefined && lastRun.code !== code)
    say(
      `${kind.name}: the code it tries has changed since ${lastRun.commit.slice(0, 7)}; what is done now is recorded under ${commit.slice(0, 7)}.`,
    );
  const startedMs = around.nowMs();
  const endMs = startedMs + minutes * 60_000;
  const end: SliceEnd = { kind: kind.name, done: 0, failed: 0, seconds: 0, why: 'time' };
  let pieceSeconds = 0;
  for (;;) {
    const known = recordOf(readRecord(recordPath), kind);
    const missing = kind.wanted - doneOf(known);
    const leftSeconds = (endMs - around.nowMs()) / 1000;
    const count = pieceCount(kind, rateOf(known), missing, leftSeconds);
    if (missing <= 0) end.why = 'reached';
    if (missing <= 0 || count === 0 || leftSeconds < pieceSeconds / 2) break;
    const from = known.next;
    const pieceStartedMs = around.nowMs();
    const result = await around.run(kind, { from, to: from + count });
    pieceSeconds = (around.nowMs() - pieceStartedMs) / 1000;
    if (result.kind === 'interrupted') {
      end.why = 'interrupted';
      break;
    }
    // Read anew: another kind may have been written meanwhile.
    const record = readRecord(recordPath);
    const own = recordOf(record, kind);
    own.next = from + count;
    if (result.kind === 'passed') {
      const { done, seconds, figures } = result;
      addRun(own, { commit, code, date: around.today(), done, seconds, figures });
      end.done += done;
    } else {
      const { message, command, output } = result;
      own.failures.push({ commit, date: around.today(), message, command });
      end.failed += 1;
      say(`${output}\n${kind.name} failed: ${message}\n  the same again: ${command}`);
    }
    saveRecord(recordPath, record);
    say(progressOf(kind.name, own, (endMs - around.nowMs()) / 1000));
    if (end.failed >= FAILURES_MAX) {
      end.why = 'failures';
      break;
    }
  }
  end.seconds = Math.round((around.nowMs() - startedMs) / 1000);
  return end;
}

/** How many units the next piece has; 0 when there is no time for one. */
function pieceCount(kind: LongKind, rate: number | undefined, missing: number, leftSeconds: number): number {
  const least = Math.min(kind.pieceMin ?? 1, missing);
  if (kind.minutesMin !== undefined) return missing;
  if (rate === undefined) return leftSeconds > 0 ? Math.min(kind.firstPiece, missing) : 0;
  const fits = Math.floor(rate * Math.min(PIECE_SECONDS, leftSeconds));
  return fits >= least ? Math.max(1, Math.min(fits, missing)) : 0;
}

function progressOf(
  name: string,
  own: { wanted: number; unit: string } & Parameters<typeof doneOf>[0],
  leftSeconds: number,
): string {
  const done = doneOf(own);
  const rate = rateOf(own);
  const missing = Math.max(0, own.wanted - done);
  const parts = [
    `${name} ${count(done)} of ${count(own.wanted)} ${own.unit} (${((100 * done) / own.wanted).toFixed(1)} %)`,
  ];
  if (rate !== undefined)
    parts.push(
      `${rate >= 10 ? count(Math.round(rate)) : rate.toFixed(2)} a second`,
      `all in ${minutesOf(missing / rate)}`,
    );
  parts.push(`this slice ends in ${minutesOf(Math.max(0, leftSeconds))}`);
  if (own.failures.length > 0) parts.push(`${own.failures.length} failed`);
  return parts.join(', ');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function minutesOf(seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
