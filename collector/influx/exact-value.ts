import { decimalOf, type Reading } from '../../protocols/telemetry/decimal.ts';

const POWERS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6];

/** raw x num / den as the nearest double: 1234.5 x 1000 is 1234500, never 1234499.9999999998. */
export function scaleValue(reading: Reading, scale: readonly [num: string, den: string]): number {
  const num = Number(scale[0]);
  const den = Number(scale[1]);
  if (typeof reading === 'number') {
    if (num === den) return reading;
    // With whole numbers below 2^53 the one rounding is that of the division.
    for (const power of POWERS) {
      const whole = Math.round(reading * power);
      if (whole / power !== reading) continue;
      const above = whole * num;
      const below = power * den;
      if (Number.isSafeInteger(above) && Number.isSafeInteger(below)) return above / below;
      break;
    }
  }
  const { mantissa, exponent } = decimalOf(reading);
  return divide(mantissa * BigInt(scale[0]), BigInt(scale[1]) * 10n ** BigInt(-exponent));
}

/** The double nearest to a / b. */
function divide(a: bigint, b: bigint): number {
  const sign = a < 0n ? -1 : 1;
  const magnitude = a < 0n ? -a : a;
  const whole = magnitude / b;
  let rest = magnitude % b;
  // 60 digits after the point, and a last one that remembers that something is left: enough for every double we meet.
  let fraction = '';
  for (let digit = 0; digit < 60 && rest !== 0n; digit++) {
    rest *= 10n;
    fraction += rest / b;
    rest %= b;
  }
  return sign * Number(`${whole}.${fraction}${rest === 0n ? '' : '1'}`);
}
