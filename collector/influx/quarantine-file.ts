import { appendFileSync, statSync } from 'node:fs';

/** Where lines go that InfluxDB will never take. They are only a projection: the ledger still holds their readings. */
export interface Quarantine {
  /** Keeps lines with the server's reason; never throws. */
  add(lines: readonly string[], reason: string): void;
}

/**
 * A quarantine in a file of JSON lines `{at, reason, lines}` that grows to at most `bytesMax`; what comes later is only
 * counted by the caller.
 */
export function openQuarantineFile(path: string, bytesMax: number, nowMs: () => number): Quarantine {
  let bytes = sizeOf(path);
  return {
    add: (lines, reason) => {
      const entry = `${JSON.stringify({ at: new Date(nowMs()).toISOString(), reason, lines })}\n`;
      if (bytes + entry.length > bytesMax) return;
      try {
        appendFileSync(path, entry, { mode: 0o600 });
        bytes += entry.length;
      } catch {
        // A full disk must not stop the good lines; the count in the metrics still tells.
      }
    },
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
