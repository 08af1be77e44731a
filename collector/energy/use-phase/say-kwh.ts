/** Energy in kWh, exact to the mWh: `1,234.5 kWh`. @param mwh whole mWh */
export function sayKwh(mwh: number): string {
  return `${groupDigits(mwh / 1e6, 6)} kWh`;
}

/** Energy of a year to what a pocket calculator finds from power and hours as they are printed: `3,703.70 kWh`. */
export function sayYearKwh(mwh: number): string {
  return `${groupDigits(mwh / 1e6, mwh < 1e6 ? 4 : 2)} kWh`;
}

/** Time in hours with up to six decimals, a few ms: `8,760 h`. */
export function sayHours(ms: number): string {
  return `${groupDigits(ms / 3_600_000, 6)} h`;
}

/** Power in W or, from 10 kW, kW, to a tenth of a watt. */
export function sayWatts(powerW: number): string {
  return Math.abs(powerW) >= 10_000 ? `${groupDigits(powerW / 1000, 4)} kW` : `${groupDigits(powerW, 1)} W`;
}

/** Making a format costs far more than using it. */
const FORMATS = Array.from(
  { length: 7 },
  (_, maximumFractionDigits) => new Intl.NumberFormat('en-US', { maximumFractionDigits }),
);

/** A figure with thousands apart and at most so many decimals, 0 to 6. */
export function groupDigits(value: number, decimals: number): string {
  return FORMATS[decimals]?.format(value) ?? String(value);
}
