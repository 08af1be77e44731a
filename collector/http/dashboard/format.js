// Figures and times for people, in the language and zone of the browser.

const number = (digits) =>
  new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits });
const WHOLE = number(0);

/** About three digits that matter. */
function threeDigits(value) {
  const size = Math.abs(value);
  return number(size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.0995 || size === 0 ? 2 : 3).format(value);
}

/** A power as [figure, unit]: 845 W, 2.35 kW. */
export function powerOf(powerW) {
  if (powerW === null || powerW === undefined) return ['–', ''];
  const rounded = Math.round(powerW);
  return Math.abs(rounded) < 1000 ? [WHOLE.format(rounded), 'W'] : [threeDigits(powerW / 1000), 'kW'];
}

export const powerText = (powerW) => powerOf(powerW).join('\u00a0').trim();

/** An energy in mWh as kWh; a dash when it is not known. */
export function energyText(energyMwh) {
  return energyMwh === null || energyMwh === undefined ? '–' : `${threeDigits(energyMwh / 1e6)}\u00a0kWh`;
}

export const percentText = (share) =>
  share === null ? '–' : `${WHOLE.format(Math.floor(share * 100 + 1e-9))}\u00a0%`;
/** A small share with one decimal: 2.4 %. */
export const fineText = (share) => `${number(1).format(share * 100)}\u00a0%`;
export const countText = (count) => WHOLE.format(count);

const HOUR_AND_MINUTE = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const WITH_SECONDS = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const SHORT_DAY = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short' });

export const timeText = (ms) => HOUR_AND_MINUTE.format(ms);
export const secondText = (ms) => WITH_SECONDS.format(ms);
export const dayText = (ms) => DAY.format(ms);
export const shortDayText = (ms) => SHORT_DAY.format(ms);
export const zoneName = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** `45 min`, `2 h 05 min`. */
export function durationText(ms) {
  const minutes = Math.round(ms / 60_000);
  return minutes < 60
    ? `${minutes} min`
    : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** Midnight of the day of a time, in the zone of the browser. */
export function startOfDay(ms) {
  const day = new Date(ms);
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

/** How long ago, in words. */
export function agoText(agoMs) {
  const seconds = Math.max(0, Math.round(agoMs / 1000));
  if (seconds < 3) return 'just now';
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} days ago`;
}

/** An element with text and a class: the shape of everything on this page. Text is never taken for markup. */
export function element(tag, className = '', text = '') {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  if (text !== '') made.textContent = text;
  return made;
}
