import { CommanderError } from 'commander';
import { MillwattError } from '../protocols/errors.ts';
import { completeCommands, type ConfigSide } from './complete-commands.ts';
import { wrapLines } from './text-wrap.ts';

/** Exit codes: 1 failed, 2 the command line itself was wrong. */
const FAILED = 1;
const USAGE = 2;

/** What a command that failed leaves behind. */
export interface Failure {
  exitCode: number;
  /** For people, on stderr; empty where it is said already. */
  text: string;
  /** For scripts, on stdout with --json. */
  report: FailureReport;
}

/** The one object that a script finds where a command with --json failed. */
export interface FailureReport {
  ok: false;
  error: string;
  /** A short stable word such as `no-config`; `usage` where the command line is wrong, `defect` where it is our fault. */
  code: string;
  /** What to do about it; empty where nobody knows. */
  cure: string;
}

/** What a command was called with: cures name commands that are pasted with it. */
export interface Called {
  config: string;
  side: ConfigSide;
}

/**
 * What went wrong, and what cures it.
 * @param width columns of the terminal, endless where there is none
 * @param called with the configuration that it read, if any
 */
export function describeFailure(error: unknown, width: number, called?: Called): Failure {
  if (error instanceof CommanderError) {
    // Commander has said it, with the help.
    const message = error.message.replace(/^error: /, '');
    return {
      exitCode: error.exitCode === 0 ? 0 : USAGE,
      text: '',
      report: { ok: false, error: message, code: 'usage', cure: 'millwatt --help shows all commands.' },
    };
  }
  if (error instanceof MillwattError) {
    const { message, code } = error;
    const cure = called === undefined ? error.cure : completeCommands(error.cure, called.config, called.side);
    const lines = [
      ...wrapLines(`millwatt: ${message}`, width),
      ...(cure === '' ? [] : wrapLines(`  cure: ${cure}`, width)),
    ];
    return {
      exitCode: code === 'usage' ? USAGE : FAILED,
      text: `${lines.join('\n')}\n`,
      report: { ok: false, error: message, code, cure },
    };
  }
  // A defect of ours: the stack is what its mender needs.
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? message) : message;
  return {
    exitCode: FAILED,
    text: `millwatt: ${stack}\n`,
    report: { ok: false, error: message, code: 'defect', cure: '' },
  };
}
