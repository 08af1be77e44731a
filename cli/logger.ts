import { writeSync } from 'node:fs';
import pino from 'pino';
import type { Finding } from '../config/finding.ts';
import type { Log } from '../protocols/log.ts';
import { formatLogLine } from './log-line.ts';

/** Names under which a secret could reach a log by mistake. */
const SECRET_FIELDS = ['password', 'token', 'secret', 'authorization', 'pem'];

/**
 * Lines on stdout, readable on a terminal and structured everywhere else, written before the call returns: a worker transport loses the last lines of a crash,
 * and the last lines are the ones that are needed.
 */
export function createLogger(name: string, level: string = process.env['MILLWATT_LOG'] ?? 'info'): Log {
  return pino(
    {
      name,
      level,
      base: { name },
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '[secret]',
      },
    },
    process.stdout.isTTY ? TERMINAL : pino.destination({ dest: 1, sync: true }),
  );
}

const TERMINAL = {
  write(line: string): void {
    try {
      writeSync(1, `${formatLogLine(line)}\n`);
    } catch {
      // The terminal is gone or has stopped taking lines: no reason to stop the work.
    }
  },
};

/** Says what is unwise in a configuration that is used all the same. */
export function logWarnings(log: Log, warnings: readonly Finding[]): void {
  for (const { path, message, cure } of warnings)
    log.warn({ cure }, path === '' ? message : `${path}: ${message}`);
}

/** A logger into a file, for commands that draw on the terminal. */
export function createFileLogger(name: string, file: string): Log {
  return pino(
    { name, level: 'info', base: { name } },
    pino.destination({ dest: file, sync: true, mkdir: true }),
  );
}
