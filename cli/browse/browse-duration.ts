import { usageError } from '../../protocols/modbus/scan/scan-target.ts';

const TIMEOUT_MS_DEFAULT = 10_000;

/** How long one request may take, ms; throws an error of class `refuse` (code `usage`) for what is no time. */
export function chooseDuration(text: string | undefined): number {
  if (text === undefined) return TIMEOUT_MS_DEFAULT;
  const [, amount, unit] = /^(\d{1,5})\s*(ms|s)$/.exec(text) ?? [];
  const ms = Number(amount) * (unit === 's' ? 1000 : 1);
  if (!(ms >= 10 && ms <= 60_000))
    throw usageError(`--timeout ${JSON.stringify(text)} is no time.`, 'Write a time from 10ms to 60s.');
  return ms;
}
