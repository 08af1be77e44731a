import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
} from 'node:fs';
import { describeError, MillwattError } from '../../protocols/errors.ts';

/** Lines that the server refused for one reason. */
export interface RefusedLines {
  lines: readonly string[];
  reason: string;
}

/** Where lines go that InfluxDB will never take. They are only a projection: the ledger still holds their readings. */
export interface Quarantine {
  /** Keeps all of them, durable, or throws (class `refuse`, codes `quarantine-full`, `quarantine-unwritable`). */
  add(refused: readonly RefusedLines[]): void;
}

/**
 * A quarantine in a file of JSON lines `{at, reason, lines}` that grows to at most `bytesMax`. The file is opened each
 * time: a person may move it away, and others may add to it.
 */
export function openQuarantineFile(path: string, bytesMax: number, nowMs: () => number): Quarantine {
  return {
    add: (refused) => {
      if (refused.length === 0) return;
      const at = new Date(nowMs()).toISOString();
      const text = refused.map(({ reason, lines }) => `${JSON.stringify({ at, reason, lines })}\n`).join('');
      try {
        const file = openSync(path, 'a+', 0o600);
        try {
          const { size } = fstatSync(file);
          if (size + Buffer.byteLength(text) > bytesMax) throw full(path, bytesMax);
          // What a full disk cut off stays a line of its own, which nobody can read.
          writeFileSync(file, size > 0 && !endsWithLineFeed(file, size) ? `\n${text}` : text);
          fdatasyncSync(file);
        } finally {
          closeSync(file);
        }
      } catch (cause) {
        if (cause instanceof MillwattError) throw cause;
        throw new MillwattError(
          'refuse',
          'quarantine-unwritable',
          `Lines that InfluxDB refuses cannot be set aside in ${path}: ${describeError(cause)}`,
          { cure: 'Make room on its disk, and let the user of the collector write there.', cause },
        );
      }
    },
  };
}

/** A line in quarantine. */
export interface QuarantinedLine {
  line: string;
  /** The server's, when it was refused last. */
  reason: string;
  /** When, ISO 8601. */
  at: string;
}

/** What is in a quarantine file, each line once, in the order in which they came; nothing where there is none. */
export function readQuarantineFile(path: string): QuarantinedLine[] {
  const kept = new Map<string, QuarantinedLine>();
  if (!existsSync(path)) return [];
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    try {
      const { at, reason, lines } = JSON.parse(text) as { at: string; reason: string; lines: string[] };
      for (const line of lines) kept.set(line, { line, reason, at });
    } catch {
      // Cut off by a full disk: its batch was given again, so its lines are in a later one.
    }
  }
  return [...kept.values()];
}

function full(path: string, bytesMax: number): MillwattError {
  return new MillwattError(
    'refuse',
    'quarantine-full',
    `InfluxDB refuses lines, and the quarantine ${path} is full (${bytesMax} bytes)`,
    {
      cure: 'See with `millwatt project --quarantine` what it refuses and why, correct that and run `millwatt project --retry`, or move the file away.',
    },
  );
}

function endsWithLineFeed(file: number, size: number): boolean {
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last[0] === 0x0a;
}
