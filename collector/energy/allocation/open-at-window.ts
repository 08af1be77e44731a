import type { CountMark, JobRemark, ProgramMark } from './job-mark.ts';
import { jobOfProgram } from './program-runs.ts';

/**
 * What programs and counters say within a window. What a control said of its program before counts from the window's
 * start, so that a program that runs over its edge is cut there, and its parts are those counted within. Of counters,
 * what they showed before is where counting begins.
 *
 * @param marks in order of time, with the last of each path before the window
 */
export function openAtWindow(
  marks: readonly (ProgramMark | CountMark)[],
  fromMs: number,
): { marks: (ProgramMark | CountMark)[]; remarks: JobRemark[] } {
  const before = new Map<string, ProgramMark>();
  const counts: CountMark[] = [];
  const within: (ProgramMark | CountMark)[] = [];
  for (const mark of marks) {
    if (mark.atMs >= fromMs) within.push(mark);
    else if (mark.kind === 'program') before.set(mark.channel, mark);
    else counts.push(mark);
  }
  const opened = [...before.values()].map((mark) => ({ ...mark, atMs: fromMs }));
  return {
    marks: [...counts, ...opened, ...within],
    remarks: opened
      .filter(({ run }) => run === 'running')
      .map(({ channel, program }) => ({
        code: 'cut-at-window',
        atMs: fromMs,
        channel,
        job: jobOfProgram(program),
        saying: `${jobOfProgram(program)} ran when the first window began: it is counted from there, with the parts counted within.`,
      })),
  };
}
