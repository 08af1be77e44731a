import { describeFailure } from '../failure.ts';
import { writePrintableJson } from './browse-text.ts';

/** As a shell says of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Ended by Ctrl-C when nothing was known yet: a script reads one object all the same. */
export function sayStopped(error: unknown, nothing: object, asJson: boolean): void {
  const { report } = describeFailure(error, Infinity);
  if (asJson) process.stdout.write(writePrintableJson({ ...report, ...nothing, isComplete: false }));
  leaveStopped();
}

/** The process ends as one that Ctrl-C ended, whatever it printed. */
export function leaveStopped(): void {
  process.exitCode = INTERRUPTED;
}
