import { MillwattError } from '../errors.ts';
import { isCount } from './ids.ts';

/** Something that happened to the agent and that a verifier must know: a clock that stepped, samples that were lost. */
export interface AgentLogEntry {
  /** Monotonic ms in the record's boot. */
  atMs: number;
  /** One short word in kebab-case: `clock-stepped`, `samples-dropped`, `epoch-opened`. */
  event: string;
  /** What else there is to know; plain values under short names. */
  detail: Record<string, string | number | boolean | null>;
}

const WORD = /^[a-z][a-z0-9-]{0,63}$/;

/** The JSON text of a `log` record's one part (docs/record-format.md, "Log"). */
export function encodeAgentLog(entries: readonly AgentLogEntry[]): string {
  return JSON.stringify({
    v: 1,
    entries: entries.map(({ atMs, event, detail }) => ({ at: atMs, event, detail })),
  });
}

/** Reads the text of a `log` record; throws an error of class `quarantine` (code `malformed-log`). */
export function decodeAgentLog(text: string): AgentLogEntry[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw malformed('is not JSON', cause);
  }
  const root = json as { v?: unknown; entries?: unknown } | null;
  if (root?.v !== 1 || !Array.isArray(root.entries)) throw malformed('is not of version 1 or has no entries');
  return (root.entries as unknown[]).map((value) => {
    const entry = value as { at?: unknown; event?: unknown; detail?: unknown } | null;
    const { at, event, detail } = entry ?? {};
    if (!isCount(at) || typeof event !== 'string' || !WORD.test(event) || !isDetail(detail))
      throw malformed('has an entry with missing or impossible fields');
    return { atMs: at, event, detail };
  });
}

function isDetail(value: unknown): value is AgentLogEntry['detail'] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(
    (entry) =>
      entry === null || (typeof entry === 'number' ? Number.isFinite(entry) : typeof entry !== 'object'),
  );
}

function malformed(what: string, cause?: unknown): MillwattError {
  return new MillwattError('quarantine', 'malformed-log', `The text of a log record ${what}.`, { cause });
}
