import type { FootprintHead } from '../product-footprint.ts';

/** The order in which footprints are listed: by time of making, then by id. New ones come last, so that no page shifts. */
export function placeOf({ created, id }: FootprintHead): string {
  return `${created} ${id}`;
}

/**
 * A cursor that names the place after which a page begins. It holds all that it means: it is good for ever, after a restart
 * and at another collector, and what it names may be gone.
 */
export function cursorAfter(place: string): string {
  return btoa(place).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The place that a cursor names; undefined of what is no cursor of ours. */
export function placeOfCursor(cursor: string): string | undefined {
  try {
    const place = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
    return PLACE.test(place) ? place : undefined;
  } catch {
    return undefined;
  }
}

/** The place before all: its cursor is empty, as a parameter without value is. */
export const START = '';

const PLACE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [0-9a-f-]{36}$/;
