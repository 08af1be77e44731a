import type { NamedLine, WriteOutcome } from './influx-store.ts';

/** No server may make us wait longer than this, ms. */
const RETRY_AFTER_MAX_MS = 600_000;

/** What of an HTTP answer decides; `bodyComplete` is false when the connection broke inside the body. */
export interface WriteAnswer {
  status: number;
  retryAfter: string | null;
  body: string;
  bodyComplete: boolean;
  /** Where a redirect points. */
  location?: string | null;
}

/** What became of a write, by the server's answer. @param nowMs wall time, for a Retry-After that is a date */
export function classifyWrite(answer: WriteAnswer, nowMs: number): WriteOutcome {
  const { status, body, bodyComplete } = answer;
  if (status === 204) return { kind: 'ok', expired: 0 };
  const reason = `InfluxDB answered ${status}${body === '' ? '' : `: ${readMessage(body)}`}`;
  if (status === 413) return { kind: 'too-large', reason };
  const decidesByBody = (status >= 200 && status < 300) || status === 400 || status === 422;
  if (decidesByBody) {
    if (!bodyComplete) return { kind: 'retry', afterMs: null, reason: `${reason} and broke off` };
    if (isForeign(body)) return { kind: 'halt', reason, cure: FOREIGN_CURE };
    // 1.x says 200, and 3.x 201, when it took the request but not all of it.
    if (status < 300 && !/error/i.test(body)) return { kind: 'ok', expired: 0 };
    return rejection(reason, body);
  }
  if (status === 408 || status === 429 || status >= 500) {
    const retry = { kind: 'retry' as const, afterMs: readRetryAfter(answer.retryAfter, nowMs), reason };
    if (status === 500) return { ...retry, suspect: 'line' };
    return status === 408 || status === 504 ? { ...retry, suspect: 'size' } : retry;
  }
  if (status >= 300 && status < 400)
    return {
      kind: 'halt',
      reason: `InfluxDB answered ${status}, a redirect${answer.location ? ` to ${originOf(answer.location)}` : ''}`,
      cure: 'Redirects are not followed, because they would carry the password elsewhere: give the final address as `influx.url`.',
    };
  const cure = CURES[status] ?? 'Check the address and version under `influx`.';
  const isMissing = status === 404 && /(database|bucket).*not found/i.test(reason);
  return { kind: 'halt', reason, cure, ...(isMissing ? { isMissing } : {}) };
}

const CURES: Readonly<Record<number, string>> = {
  401: 'Check the user name and password or the token under `influx`; a secret in a file is read again by itself.',
  403: 'Give the account or token the right to write this database or bucket.',
  404: 'Create the database or bucket, and check `influx.version` against the server.',
};
const FOREIGN_CURE = 'Something else than InfluxDB answers there, a proxy perhaps: check `influx.url`.';

/** Whether a refusal speaks of lines: what was written, and not how it was asked. */
export function isAboutLines(reason: string): boolean {
  return /partial write|pars(e|ing)|field type|conflict|points?\b|line/i.test(reason);
}

function rejection(reason: string, body: string): WriteOutcome {
  // The good lines of such a request are stored; the others are older than the database keeps.
  const expired = /beyond retention policy dropped=(\d+)/.exec(reason)?.[1];
  return expired === undefined
    ? { kind: 'rejected', reason, named: namedLines(body) }
    : { kind: 'ok', expired: Number(expired) };
}

/** The lines that 3.x names, one or a list; none where it names none that can be. */
function namedLines(body: string): NamedLine[] {
  const { data } = readJson(body) as { data?: unknown };
  const named: NamedLine[] = [];
  for (const one of Array.isArray(data) ? (data as unknown[]) : [data]) {
    const { line_number: line, error_message: said } = (one ?? {}) as Record<string, unknown>;
    if (typeof line !== 'number' || !Number.isSafeInteger(line) || line < 1) continue;
    named.push({ line, reason: shorten(typeof said === 'string' ? said : 'no reason given') });
  }
  return named;
}

/** Whether a body is nothing that InfluxDB says: a page, or bytes. */
function isForeign(body: string): boolean {
  // oxlint-disable-next-line no-control-regex -- they are what tells
  return /^\s*</.test(body) || /[\u0000-\u0008\u000e-\u001f\ufffd]/.test(body);
}

/** Retry-After in ms, given in seconds or as a date; null when there is none, at most ten minutes. */
export function readRetryAfter(text: string | null, nowMs: number): number | null {
  if (text === null || text.trim() === '') return null;
  const afterMs = /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isFinite(afterMs) ? Math.min(Math.max(afterMs, 0), RETRY_AFTER_MAX_MS) : null;
}

/** The message inside an error body, as one short line. */
function readMessage(body: string): string {
  const { error, message } = readJson(body) as { error?: unknown; message?: unknown };
  const found = error ?? message;
  // Not JSON: a proxy's page, perhaps.
  return shorten(typeof found === 'string' ? found : body);
}

function readJson(body: string): object {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null ? json : {};
  } catch {
    return {};
  }
}

/** A place without what may be a secret in it. */
function originOf(location: string): string {
  return URL.canParse(location) ? new URL(location).origin : 'another path';
}

function shorten(text: string): string {
  // What a stranger says must not move the cursor of a terminal.
  return text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, 300);
}
