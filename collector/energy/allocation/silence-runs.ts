import type { CountMark, ProgramMark } from './job-mark.ts';

/** A word so soon after a silence is what the control is found to say: an agent that starts tells all of them anew. */
const TOLD_ANEW_MS = 300_000;

/**
 * Programs of which nothing was heard for a time: their agent was away, and no source could be said to be. From the begin
 * of a silence they are unknown. After it, what was said before holds again only where nothing is told anew.
 *
 * @param marks in order of time
 * @param silences in order and apart, wall ms
 */
export function silenceRuns(
  marks: readonly (ProgramMark | CountMark)[],
  silences: readonly { fromMs: number; toMs: number }[],
): (ProgramMark | CountMark)[] {
  const added: ProgramMark[] = [];
  const channels = new Set(marks.flatMap((mark) => (mark.kind === 'program' ? [mark.channel] : [])));
  for (const channel of channels) {
    const own = marks.filter(
      (mark): mark is ProgramMark => mark.kind === 'program' && mark.channel === channel,
    );
    let next = 0;
    for (const { fromMs, toMs } of silences) {
      while (next < own.length && own[next]!.atMs <= fromMs) next++;
      const before = own[next - 1];
      if (before === undefined || before.run === 'unknown') continue;
      // What was told meanwhile was heard.
      if ((own[next]?.atMs ?? Infinity) < toMs) continue;
      added.push({ ...before, atMs: fromMs, run: 'unknown' });
      if ((own[next]?.atMs ?? Infinity) > toMs + TOLD_ANEW_MS) added.push({ ...before, atMs: toMs });
    }
  }
  return [...marks, ...added].sort((a, b) => a.atMs - b.atMs);
}
