import type { WriteOutcome } from './influx-store.ts';

/** No server may make us wait longer than this, ms. */
const RETRY_AFTER_MAX_MS = 600_000;

/** What of an HTTP answer decides; `bodyComplete` is false when the connection broke inside the body. */
export interface WriteAnswer {
  status: number;
  retryAfter: string | null;
  body: string;
  bodyComplete: boolean;
}

/** What became of a write, by the server's answer. @param nowMs wall time, for a Retry-After that is a date */
export function classifyWrite(answer: WriteAnswer, nowMs: number): WriteOutcome {
  const { status } = answer;
  if (status === 204) return { kind: 'ok', expired: 0 };
  const reason = `InfluxDB answered ${status}${answer.body === '' ? '' : `: ${readMessage(answer.body)}`}`;
  if (status >= 200 && status < 300) {
    // 1.x says 200, and 3.x 201, when it took the request but not all of it.
    if (!answer.bodyComplete) return { kind: 'retry', afterMs: null, reason: `${reason} and broke off` };
    return /error/i.test(answer.body) ? rejection(reason) : { kind: 'ok', expired: 0 };
  }
  if (status === 400 || status === 422) {
    if (!answer.bodyComplete) return { kind: 'retry', afterMs: null, reason: `${reason} and broke off` };
    return rejection(reason);
  }
  if (status === 413) return { kind: 'too-large', reason };
  if (status === 408 || status === 429 || status >= 500)
    return { kind: 'retry', afterMs: readRetryAfter(answer.retryAfter, nowMs), reason };
  return { kind: 'halt', reason, cure: CURES[status] ?? 'Check the address and version under `influx`.' };
}

const CURES: Readonly<Record<number, string>> = {
  401: 'Check the user name and password or the token under `influx`.',
  403: 'Give the account or token the right to write this database or bucket.',
  404: 'Create the database or bucket, and check `influx.version` against the server.',
};

function rejection(reason: string): WriteOutcome {
  // The good lines of such a request are stored; the others are older than the database keeps.
  const expired = /beyond retention policy dropped=(\d+)/.exec(reason)?.[1];
  return expired === undefined ? { kind: 'rejected', reason } : { kind: 'ok', expired: Number(expired) };
}

/** Retry-After in ms, given in seconds or as a date; null when there is none, at most ten minutes. */
export function readRetryAfter(text: string | null, nowMs: number): number | null {
  if (text === null || text.trim() === '') return null;
  const afterMs = /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isFinite(afterMs) ? Math.min(Math.max(afterMs, 0), RETRY_AFTER_MAX_MS) : null;
}

/** The message inside an error body, as one short line. */
function readMessage(body: string): string {
  let message = body;
  try {
    const json = JSON.parse(body) as { error?: unknown; message?: unknown };
    const found = json.error ?? json.message;
    if (typeof found === 'string') message = found;
  } catch {
    // Not JSON: a proxy's page, perhaps.
  }
  return message.replace(/\s+/g, ' ').trim().slice(0, 300);
}
