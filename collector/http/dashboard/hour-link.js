// The address of one hour on this page: #mill-1/2026-11-22T06:00Z. It can be kept and sent to others.

const HOUR_MS = 3_600_000;

/** The link to an hour, which begins at a whole UTC hour. */
export const linkOf = (machine, hourMs) => `#${machine}/${new Date(hourMs).toISOString().slice(0, 16)}Z`;

/** What a link names: `{machine, hourMs}`; null where it names no hour. */
export function readLink(hash) {
  const [, machine, time] = /^#([A-Za-z0-9_.-]{1,64})\/(\d{4}-\d\d-\d\dT\d\d:\d\dZ)$/.exec(hash) ?? [];
  const atMs = Date.parse(time);
  return Number.isNaN(atMs) ? null : { machine, hourMs: Math.floor(atMs / HOUR_MS) * HOUR_MS };
}
