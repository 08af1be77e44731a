const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** A size for people: 812 B, 4.1 MB, 27 GB. */
export function sayBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : Number(value.toPrecision(2))} ${UNITS[unit]}`;
}
