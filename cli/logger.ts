import pino from 'pino';
import type { Log } from '../protocols/log.ts';

/** Names under which a secret could reach a log by mistake. */
const SECRET_FIELDS = ['password', 'token', 'secret', 'authorization', 'pem'];

/**
 * Structured lines on stdout, written before the call returns: a worker transport loses the last lines of a crash,
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
    pino.destination({ dest: 1, sync: true }),
  );
}

/** A logger into a file, for commands that draw on the terminal. */
export function createFileLogger(name: string, file: string): Log {
  return pino(
    { name, level: 'info', base: { name } },
    pino.destination({ dest: file, sync: true, mkdir: true }),
  );
}
