import type { Reading } from '../telemetry/decimal.ts';

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i;
const DIGITS_MAX = 40;
const NUMBER_DIGITS = 15;

/** The reading that a value writes: `12.5`, `1e3`; null for UNAVAILABLE, empty text and what is no number. Never 0 for those. */
export function readingOf(value: string | null): Reading | null {
  if (value === null || value.length > 400 || !DECIMAL.test(value)) return null;
  const number = Number(value);
  if (/^[+-]?\d+$/.test(value) && !Number.isSafeInteger(number)) {
    const digits = value.replace(/^[+-]?0*/, '');
    if (digits.length > NUMBER_DIGITS && digits.length <= DIGITS_MAX) return BigInt(value.replace(/^\+/, ''));
  }
  return Number.isFinite(number) ? number : null;
}
