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
