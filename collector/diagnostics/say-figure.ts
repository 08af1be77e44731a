/** A figure with its unit for a sentence, at most four significant digits: `1234 W`, `0.3333`. */
export function say(value: number, unit = ''): string {
  const text = String(Number(value.toPrecision(4)));
  return unit === '' ? text : `${text} ${unit}`;
}

/** A share in percent: `12.5 %`. */
export function sayPercent(share: number): string {
  return `${String(Number((100 * share).toPrecision(3)))} %`;
}
