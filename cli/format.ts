/** A power for people: 412 W, 7.06 kW; three significant digits; "-" for null. */
export function formatPower(powerW: number | null): string {
  if (powerW === null) return '-';
  const magnitude = Math.abs(powerW);
  if (magnitude < 1) return `${powerW.toFixed(magnitude < 0.05 ? 0 : 2)} W`;
  return magnitude < 1000 ? `${powerW.toPrecision(3)} W` : `${significant(powerW / 1000)} kW`;
}

/** An interval energy for people: 0.412 Wh, 18.339 kWh; "-" for null. */
export function formatEnergy(energyMwh: number | null): string {
  if (energyMwh === null) return '-';
  return Math.abs(energyMwh) < 1_000_000
    ? `${(energyMwh / 1000).toFixed(1)} Wh`
    : `${(energyMwh / 1_000_000).toFixed(3)} kWh`;
}

/** A span for people: <1 s, 42 s, 12 min, 3.2 h, 5 d. */
export function formatSpan(spanMs: number): string {
  const seconds = spanMs / 1000;
  if (seconds > 0 && seconds < 1) return '<1 s';
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${Math.round(seconds / 86_400)} d`;
}

/** A share 0..1 as whole percent; 99.7 % is never shown as 100 %. */
export function formatShare(share: number | null): string {
  if (share === null) return '-';
  const percent = share * 100;
  return `${percent > 99 && percent < 100 ? percent.toFixed(1).replace('100.0', '99.9') : Math.round(percent)} %`;
}

/** A time for people, on the clock of this process (that of the site, where a calendar is declared) and with its zone: 2026-11-22 06:30:05 +05:30. */
export function formatTime(atMs: number, zoneOffsetMin = -new Date(atMs).getTimezoneOffset()): string {
  const local = new Date(atMs + zoneOffsetMin * 60_000).toISOString();
  const minutes = Math.abs(zoneOffsetMin);
  const zone = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0'));
  return `${local.slice(0, 10)} ${local.slice(11, 19)} ${zoneOffsetMin < 0 ? '-' : '+'}${zone.join(':')}`;
}

/** How the begin of hours is told in a column: its heading, and one hour. */
export interface HourWords {
  title: string;
  say: (hourMs: number) => string;
}

/**
 * Words for hours on the clock of this process (that of the site, where a calendar is declared). The heading has the offset; where
 * it changes between these hours, each has its own, so that the two that clocks show alike in autumn are told apart.
 */
export function hourWordsOf(hoursMs: readonly number[]): HourWords {
  const offsets = new Set(hoursMs.map((hourMs) => formatTime(hourMs).slice(20)));
  const [offset = '+00:00'] = offsets;
  const plain = (hourMs: number) => formatTime(hourMs).slice(0, 16);
  return offsets.size > 1
    ? { title: 'hour', say: (hourMs) => `${plain(hourMs)} ${formatTime(hourMs).slice(20)}` }
    : { title: `hour (${offset === '+00:00' ? 'UTC' : offset})`, say: plain };
}

function significant(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
