import type { JobRemark, ProgramMark } from './job-mark.ts';
import type { JobSegment } from './job.ts';

/** One run of a program on one channel, from its start to its end. */
export interface ProgramRun extends JobSegment {
  /** Null where the control never told the name. */
  program: string | null;
}

/** A name told so soon after the start is that of the run: controls tell execution and program one after the other. */
const NAME_SETTLES_MS = 2000;

/**
 * Runs of programs, to the millisecond at which the control told of them. An interruption belongs to the run. Another
 * name while a program runs ends the run and begins the next. A silence belongs to the run when the same program runs or
 * is held after it; else the run ended when the silence began.
 *
 * @param marks of one channel, in order of time
 * @param toMs end of what is known, wall ms
 */
export function readProgramRuns(
  marks: readonly ProgramMark[],
  toMs: number,
): { runs: ProgramRun[]; remarks: JobRemark[] } {
  const runs: ProgramRun[] = [];
  const remarks: JobRemark[] = [];
  let open: ProgramRun | null = null;
  let silentSinceMs: number | null = null;
  const close = (atMs: number) => {
    if (open === null) return;
    open.toMs = atMs;
    open.end = 'told';
    open = null;
  };
  for (const { atMs, channel, run, program } of marks) {
    if (run === 'unknown') {
      if (open !== null) silentSinceMs ??= atMs;
      continue;
    }
    if (open !== null && silentSinceMs !== null) {
      const goesOn =
        run !== 'ended' && (program === null || open.program === null || program === open.program);
      const name = jobOfProgram(open.program);
      remarks.push(
        goesOn
          ? {
              code: 'silence-bridged',
              atMs: silentSinceMs,
              channel,
              job: name,
              saying: `The control was silent and then went on with ${name}: the silence belongs to it.`,
            }
          : {
              code: 'ended-by-silence',
              atMs: silentSinceMs,
              channel,
              job: name,
              saying: `The control was silent and did not go on with ${name}: it ended when the silence began.`,
            },
      );
      if (!goesOn) close(silentSinceMs);
    }
    silentSinceMs = null;
    if (run === 'ended') {
      close(atMs);
      continue;
    }
    if (open !== null && program !== null && program !== open.program) {
      if (open.program === null || atMs - open.fromMs <= NAME_SETTLES_MS) open.program = program;
      else close(atMs);
    }
    if (open === null && run === 'running') {
      open = { fromMs: atMs, toMs: atMs, channel, end: 'open', program };
      runs.push(open);
    }
  }
  const last: ProgramRun | undefined = runs.findLast(({ end }) => end === 'open');
  if (last !== undefined) last.toMs = Math.max(last.fromMs, silentSinceMs ?? toMs);
  return { runs, remarks };
}

/** The id of the job that a program is where nobody told one. */
export function jobOfProgram(program: string | null): string {
  return program === null ? 'program without a name' : `program ${program}`;
}
