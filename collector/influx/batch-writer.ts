import type { InfluxStore, WriteOutcome } from './influx-store.ts';
import type { Quarantine } from './quarantine-file.ts';

/** What became of a batch: all of it is dealt with, or the whole of it is to be sent again. */
export type BatchOutcome =
  | { kind: 'done'; requests: number; quarantined: number; expired: number; reason: string }
  | Extract<WriteOutcome, { kind: 'retry' | 'halt' }>;

/** After so many single lines are found bad, a refused piece is set aside whole: its good lines are stored already. */
const SINGLES_MAX = 32;

/**
 * Writes lines as one request where the server takes it, and otherwise by halves until the bad lines stand alone in
 * quarantine. Sending a good line twice changes nothing, so a batch may be given again after a `retry`.
 */
export async function writeBatch(
  store: Pick<InfluxStore, 'write'>,
  lines: readonly string[],
  quarantine: Quarantine,
): Promise<BatchOutcome> {
  const done = { kind: 'done' as const, requests: 0, quarantined: 0, expired: 0, reason: '' };
  const bad: { lines: readonly string[]; reason: string }[] = [];
  const pieces: (readonly string[])[] = [lines];
  for (;;) {
    const piece = pieces.pop();
    if (piece === undefined) break;
    if (piece.length === 0) continue;
    done.requests++;
    const outcome = await store.write(piece.join('\n'));
    if (outcome.kind === 'retry' || outcome.kind === 'halt') return outcome;
    if (outcome.kind === 'ok') {
      done.expired += outcome.expired;
    } else if (piece.length === 1 || (outcome.kind === 'rejected' && bad.length >= SINGLES_MAX)) {
      bad.push({ lines: piece, reason: outcome.reason });
    } else {
      const middle = piece.length >> 1;
      // The first half is taken next, so that lines go in the order of time.
      pieces.push(piece.slice(middle), piece.slice(0, middle));
    }
  }
  // Only now: a batch that is given again must not be in the file twice.
  for (const entry of bad) {
    quarantine.add(entry.lines, entry.reason);
    done.quarantined += entry.lines.length;
    done.reason = entry.reason;
  }
  return done;
}
