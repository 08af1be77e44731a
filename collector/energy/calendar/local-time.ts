import { MINUTE_MS } from '../hour-account.ts';
import { CIVIL_DAY_MS, formatDay, pad } from './civil-date.ts';
import type { OffsetSpan, Zone } from './zone.ts';

/** No clock was ever further from UTC than this. */
const OFFSET_MAX_MS = 16 * 3_600_000;

/** What a clock on the wall shows. */
export interface LocalTime {
  /** Days since 1970-01-01 of the date it shows. */
  dayNumber: number;
  /** Time of day it shows, ms, 0..86,399,999. */
  dayMs: number;
  /** Local time minus UTC, ms. */
  offsetMs: number;
}

/** What a clock of the zone shows at a wall time (UTC), ms. */
export function localAt(zone: Zone, atMs: number): LocalTime {
  const [span] = zone.spansBetween(atMs, atMs + 1);
  const offsetMs = span?.offsetMs ?? 0;
  const dayNumber = Math.floor((atMs + offsetMs) / CIVIL_DAY_MS);
  return { dayNumber, dayMs: atMs + offsetMs - dayNumber * CIVIL_DAY_MS, offsetMs };
}

/**
 * The first moment at which the clocks of the zone have come as far as a local time, or beyond it. So a local time that
 * the clocks show twice is its first showing; one that they skip is the moment of the change; and later local times
 * never come before earlier ones, which keeps days and shifts in order whatever is done to the clocks.
 *
 * (Moving a skipped 02:30 on to 03:30, as some calendars do, would put it after 03:00.)
 *
 * @param dayNumber days since 1970-01-01
 * @param minute minutes after that day's midnight; may be negative or beyond 1440
 * @returns wall ms (UTC)
 */
export function momentOf(zone: Zone, dayNumber: number, minute: number): number {
  const localMs = dayNumber * CIVIL_DAY_MS + minute * MINUTE_MS;
  const span = spansNear(zone, localMs).find(({ toMs, offsetMs }) => toMs + offsetMs > localMs);
  return span === undefined ? localMs : Math.max(span.fromMs, localMs - span.offsetMs);
}

/** How often the clocks of a zone show a local time, and when. */
export interface Reading {
  /** `once`, or `twice` where clocks were put back, or `skipped` where they were put forward over it. */
  shown: 'once' | 'twice' | 'skipped';
  /** Wall ms (UTC): when it is shown first; where it is skipped, the moment of the change. */
  atMs: number;
  /** When it is shown again; null unless `twice`. */
  againMs: number | null;
}

/** Reads a local time that somebody wrote down without an offset, such as a job mark of an MES. */
export function readLocal(zone: Zone, dayNumber: number, minute: number): Reading {
  const localMs = dayNumber * CIVIL_DAY_MS + minute * MINUTE_MS;
  const shown = spansNear(zone, localMs)
    .filter(({ fromMs, toMs, offsetMs }) => fromMs + offsetMs <= localMs && localMs < toMs + offsetMs)
    .map(({ offsetMs }) => localMs - offsetMs);
  const [first, second] = shown;
  if (first === undefined)
    return { shown: 'skipped', atMs: momentOf(zone, dayNumber, minute), againMs: null };
  return { shown: second === undefined ? 'once' : 'twice', atMs: first, againMs: second ?? null };
}

/** `2026-10-25T02:30+01:00`; seconds are left out. */
export function formatLocal(zone: Zone, atMs: number): string {
  const { dayNumber, dayMs, offsetMs } = localAt(zone, atMs);
  const minutes = Math.floor(dayMs / MINUTE_MS);
  return `${formatDay(dayNumber)}T${formatMinute(minutes)}${formatOffset(offsetMs)}`;
}

/** `06:30` of minutes after midnight. */
export function formatMinute(minute: number): string {
  return `${pad(Math.floor(minute / 60))}:${pad(minute % 60)}`;
}

function formatOffset(offsetMs: number): string {
  const minutes = Math.round(Math.abs(offsetMs) / MINUTE_MS);
  return `${offsetMs < 0 ? '-' : '+'}${formatMinute(minutes)}`;
}

function spansNear(zone: Zone, localMs: number): OffsetSpan[] {
  return zone.spansBetween(localMs - OFFSET_MAX_MS, localMs + OFFSET_MAX_MS);
}
