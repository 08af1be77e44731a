import { decimalOfText } from '../../protocols/telemetry/decimal.ts';
import { UNITS } from '../../protocols/telemetry/unit.ts';

/** Units in which the display of a meter shows energy. */
export const DISPLAY_UNITS = ['Wh', 'kWh', 'MWh'] as const;

/**
 * What a display shows, in whole mWh: 12345.6 kWh is 12,345,600,000 mWh, exactly. Undefined for what is no positive decimal of
 * at most 20 characters, is finer than a mWh, or larger than can be counted.
 */
export function displayedMwh(shown: string, unit: string): number | undefined {
  const factor = DISPLAY_UNITS.some((name) => name === unit) ? UNITS[unit]?.factor : undefined;
  if (factor === undefined || !/^\d{1,15}(\.\d{1,9})?$/.test(shown)) return undefined;
  const { mantissa, exponent } = decimalOfText(shown);
  const dividend = mantissa * factor.num * 1000n;
  const divisor = 10n ** BigInt(-exponent) * factor.den;
  const mwh = Number(dividend / divisor);
  return dividend % divisor === 0n && Number.isSafeInteger(mwh) ? mwh : undefined;
}
