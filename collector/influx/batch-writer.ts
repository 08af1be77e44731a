import { MillwattError } from '../../protocols/errors.ts';
import type { InfluxStore, NamedLine, WriteOutcome } from './influx-store.ts';
import type { Quarantine, RefusedLines } from './quarantine-file.ts';
import { isAboutLines } from './write-outcome.ts';

/** What became of a batch: all of it is dealt with, or the whole of it is to be sent again. */
export type BatchOutcome =
  | { kind: 'done'; requests: number; quarantined: number; expired: number; reason: string }
  | Extract<WriteOutcome, { kind: 'retry' | 'halt' }>;

/** After so many single lines are found bad, a refused piece is set aside whole: its good lines are stored already. */
const SINGLES_MAX = 32;
/** So many single lines the server may stumble over in one search; of more, the server is to blame. */
const STUMBLES_MAX = 8;

/**
 * Writes lines as one request where the server takes it, and otherwise by halves until the bad lines stand alone in
 * quarantine. Sending a good line twice changes nothing, so a batch may be given again after a `retry`. What is refused and
 * cannot be set aside halts: no line may be forgotten.
 * @param searches also looks for a line that the server stumbles over each time (500), and sends less at a time where it
 *   is too slow for all of them: for a batch that failed again and again
 */
export async function writeBatch(
  store: Pick<InfluxStore, 'write'>,
  lines: readonly string[],
  quarantine: Quarantine,
  searches = false,
): Promise<BatchOutcome> {
  const done = { kind: 'done' as const, requests: 0, quarantined: 0, expired: 0, reason: '' };
  const bad: RefusedLines[] = [];
  const stumbles: RefusedLines[] = [];
  let accepted = 0;
  const pieces: (readonly string[])[] = [lines];
  for (;;) {
    const piece = pieces.pop();
    if (piece === undefined) break;
    if (piece.length === 0) continue;
    done.requests++;
    const outcome = await store.write(piece.join('\n'));
    if (outcome.kind === 'ok') {
      done.expired += outcome.expired;
      accepted += piece.length;
      continue;
    }
    if (outcome.kind === 'halt') return outcome;
    if (outcome.kind === 'retry') {
      if (!searches || outcome.suspect === undefined) return outcome;
      if (piece.length === 1) {
        const isHopeless = stumbles.length >= (accepted > 0 ? STUMBLES_MAX : 1);
        if (outcome.suspect !== 'line' || isHopeless) return outcome;
        stumbles.push({ lines: piece, reason: outcome.reason });
        continue;
      }
    } else if (outcome.kind === 'rejected' && outcome.named.length > 0 && bad.length < SINGLES_MAX) {
      const { refused, rest } = takeNamed(piece, outcome.named);
      if (refused.length > 0) {
        bad.push(...refused);
        pieces.push(rest);
        continue;
      }
    }
    const isRefused = outcome.kind !== 'retry';
    if (isRefused && (piece.length === 1 || (outcome.kind === 'rejected' && bad.length >= SINGLES_MAX))) {
      bad.push({ lines: piece, reason: outcome.reason });
    } else {
      const middle = piece.length >> 1;
      // The first half is taken next, so that lines go in the order of time.
      pieces.push(piece.slice(middle), piece.slice(0, middle));
    }
  }
  const certain = bad.filter(({ reason }) => isAboutLines(reason));
  const doubtful = bad.filter(({ reason }) => !isAboutLines(reason));
  if (accepted === 0) {
    const [stumble, doubt] = [stumbles[0], doubtful[0]];
    if (stumble !== undefined) return { kind: 'retry', afterMs: null, reason: stumble.reason };
    // One line alone may well be what is wrong.
    if (doubt !== undefined && certain.length === 0 && lines.length > 1)
      return {
        kind: 'halt',
        reason: `${doubt.reason}, to every line`,
        cure: 'Check the address, version and database under `influx`: it is not the lines that it does not like.',
      };
    return setAside(done, bad, quarantine);
  }
  // What fails alone, twice, while others are taken, is to blame itself: the others need not wait for it.
  for (const piece of [...stumbles, ...doubtful]) {
    done.requests++;
    const outcome = await store.write(piece.lines.join('\n'));
    if (outcome.kind === 'halt' || (outcome.kind === 'retry' && outcome.suspect !== 'line')) return outcome;
    if (outcome.kind === 'ok') done.expired += outcome.expired;
    else certain.push({ lines: piece.lines, reason: outcome.reason });
  }
  return setAside(done, certain, quarantine);
}

function setAside(
  done: Extract<BatchOutcome, { kind: 'done' }>,
  bad: readonly RefusedLines[],
  quarantine: Quarantine,
): BatchOutcome {
  try {
    // Only now: a batch that is given again must not be in the file twice.
    quarantine.add(bad);
  } catch (error) {
    if (!(error instanceof MillwattError)) throw error;
    return { kind: 'halt', reason: error.message, cure: error.cure };
  }
  for (const { lines, reason } of bad) {
    done.quarantined += lines.length;
    done.reason = reason;
  }
  return done;
}

/** A piece without the lines that the server named; numbers that are none of its lines are not believed. */
function takeNamed(
  piece: readonly string[],
  named: readonly NamedLine[],
): { refused: RefusedLines[]; rest: string[] } {
  const reasons = new Map(named.map(({ line, reason }) => [line - 1, reason]));
  const refused: RefusedLines[] = [];
  const rest: string[] = [];
  for (const [index, line] of piece.entries()) {
    const reason = reasons.get(index);
    if (reason === undefined) rest.push(line);
    else refused.push({ lines: [line], reason });
  }
  return { refused, rest };
}
