import type { PendingHeader } from '../spool.ts';

/** Clocks of one run agree within this, ms: its readings get their wall time by the last one. */
const OFFSET_MS_MAX = 20;
/** An agent seals once a minute at least: where it did not, it was not watching. */
const SILENT_MS_MAX = 130_000;
/** A run is no longer than this in time ... */
const SPAN_MS_MAX = 4 * 3_600_000;
/** ... and in what has to be read and held to thin it. */
const SAMPLES_MAX = 200_000;
const RECORDS_MAX = 512;

/** Records that may be thinned into one, in order: at least `recordsMin`. */
export type ThinnableRun = readonly PendingHeader[];

/**
 * The first run among records in the order in which they were sealed: seqs that follow each other, readings of one epoch,
 * boot and config whose clocks agree, not thinned before and not passed over. Undefined where none is long enough.
 */
export function findRun(
  headers: readonly PendingHeader[],
  recordsMin: number,
  isPassedOver: (header: PendingHeader) => boolean,
): ThinnableRun | undefined {
  let run: PendingHeader[] = [];
  let samples = 0;
  for (const header of headers) {
    const usable = header.kind === 'readings' && !header.thinned && !isPassedOver(header);
    const goesOn =
      usable &&
      run.length < RECORDS_MAX &&
      samples + header.samples <= SAMPLES_MAX &&
      run.every((known, index) => (index > 0 && index < run.length - 1) || isOneRun(known, header)) &&
      run[run.length - 1]?.seq === header.seq - 1;
    if (goesOn) {
      run.push(header);
      samples += header.samples;
      continue;
    }
    if (run.length >= recordsMin) return run;
    run = usable ? [header] : [];
    samples = usable ? header.samples : 0;
  }
  return run.length >= recordsMin ? run : undefined;
}

/** Whether a record may stand in one run with its first one, and with the one before it. */
function isOneRun(known: PendingHeader, next: PendingHeader): boolean {
  return (
    known.epoch === next.epoch &&
    known.boot === next.boot &&
    known.config === next.config &&
    known.clock === next.clock &&
    Math.abs(offsetOf(known) - offsetOf(next)) <= OFFSET_MS_MAX &&
    next.mono - known.mono <= (known.seq === next.seq - 1 ? SILENT_MS_MAX : SPAN_MS_MAX)
  );
}

function offsetOf({ wall, mono }: PendingHeader): number {
  return wall - mono;
}
