/**
 * A time as a person writes it: `3 h 12 min`, `45 min`, `2 min 5.25 s`, `0 min`.
 *
 * @param ms at least 0
 */
export function sayTime(ms: number): string {
  const whole = Math.round(ms);
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor((whole % 3_600_000) / 60_000);
  const seconds = (whole % 60_000) / 1000;
  const parts: string[] = [];
  if (hours > 0) parts.push(`${group(hours)} h`);
  if (minutes > 0 || (seconds === 0 && hours === 0)) parts.push(`${minutes} min`);
  if (seconds > 0) parts.push(`${group(seconds)} s`);
  return parts.join(' ');
}

/** Energy in Wh with thousands apart, exact to the mWh: `1,204.5 Wh`. */
export function sayEnergy(mwh: number): string {
  return `${group(mwh / 1000)} Wh`;
}

/** A factor or a plain figure with up to six significant digits: `0.4`, `0.333333`. */
export function sayFactor(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** A figure with thousands apart and at most three decimals: `8,760`, `6.25`. */
export function group(value: number): string {
  const [whole = '', decimals] = String(Math.round(Math.abs(value) * 1000) / 1000).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${value < 0 ? '-' : ''}${grouped}${decimals === undefined ? '' : `.${decimals}`}`;
}

/**
 * A share as a pocket calculator confirms it, typed from left to right: `0.4 x 1,204.5 Wh ready = 481.8 Wh`. A quotient that
 * goes on is a fraction, `6,000 / 18,300 x ...`, and what was rounded so that all shares sum stands beside it.
 *
 * @param of what is divided, and behind its unit what it is
 */
export function sayProduct(
  weight: number,
  weightTotal: number,
  of: { mwh: number; name: string },
  mwh: number,
): string {
  const short = sayFactor(weight / weightTotal);
  const isShort = !short.includes('e') && Math.abs(Number(short) * weightTotal - weight) <= 1e-12 * weight;
  const share = isShort ? short : `${sayExact(weight)} / ${sayExact(weightTotal)}`;
  const whole = `${sayEnergy(of.mwh)}${of.name === '' ? '' : ` ${of.name}`}`;
  const roundedMwh = mwh - Math.round((weight / weightTotal) * of.mwh);
  const rounding =
    roundedMwh === 0 ? '' : ` ${roundedMwh < 0 ? '-' : '+'} ${sayEnergy(Math.abs(roundedMwh))} of rounding`;
  return `${share} x ${whole}${rounding} = ${sayEnergy(mwh)}`;
}

/** A figure with thousands apart and as many digits as a pocket calculator holds. */
function sayExact(value: number): string {
  const [whole = '', decimals] = String(Number(value.toPrecision(12))).split('.');
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${decimals === undefined ? '' : `.${decimals}`}`;
}
