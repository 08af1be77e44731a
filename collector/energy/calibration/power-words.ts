/** A power in a sentence: 0.22 W, 412 W, 1.54 kW. */
export function sayPower(powerW: number): string {
  const magnitude = Math.abs(powerW);
  if (magnitude >= 1000) return `${round3(powerW / 1000)} kW`;
  return `${round3(powerW)} W`;
}

/** A span in a sentence: 42 s, 12 min, 3.2 h. */
export function saySpan(spanMs: number): string {
  if (spanMs < 1000) return `${Math.round(spanMs)} ms`;
  const seconds = spanMs / 1000;
  if (seconds < 100) return `${Number(seconds.toPrecision(2))} s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${Number((seconds / 3600).toPrecision(3))} h`;
}

/** A share in a sentence: 0.4 %, 12 %. */
export function sayShare(share: number): string {
  const percent = share * 100;
  return `${percent >= 10 || percent === 0 ? Math.round(percent) : Number(percent.toPrecision(1))} %`;
}

function round3(value: number): string {
  return String(Number(value.toPrecision(3)));
}
