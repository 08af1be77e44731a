import type { z } from 'zod';

/** A part of a configuration that could be read. `whole` is false where something wrong in it was left out or replaced by its default. */
export interface Salvaged<T> {
  value: T;
  whole: boolean;
}

/**
 * Reads as much of a part as its declaration allows, so that the checks that look beyond a single value can run even
 * where another value is wrong, and everything is reported at once. Undefined where nothing can be made of it.
 */
export function salvage<T extends z.ZodType>(schema: T, raw: unknown): Salvaged<z.output<T>> | undefined {
  const first = schema.safeParse(raw);
  if (first.success) return { value: first.data, whole: true };
  const rest = structuredClone(raw);
  for (const issue of first.error.issues) {
    const path = issue.path.filter((step) => typeof step !== 'symbol');
    if (issue.code === 'unrecognized_keys') for (const key of issue.keys) removeAt(rest, [...path, key]);
    else removeAt(rest, path);
  }
  const second = schema.safeParse(rest);
  return second.success ? { value: second.data, whole: false } : undefined;
}

function removeAt(root: unknown, path: (string | number)[]): void {
  let holder = root;
  for (const step of path.slice(0, -1)) {
    if (typeof holder !== 'object' || holder === null) return;
    holder = (holder as Record<string | number, unknown>)[step];
  }
  const last = path.at(-1);
  if (last === undefined || typeof holder !== 'object' || holder === null) return;
  // An entry of a list keeps its place, so that paths of later entries stay true.
  if (Array.isArray(holder)) holder[Number(last)] = undefined;
  else Reflect.deleteProperty(holder, last);
}

/** The value behind a key of the raw file, or undefined. */
export function ownValue(raw: unknown, key: string): unknown {
  return typeof raw === 'object' && raw !== null && Object.hasOwn(raw, key)
    ? (raw as Record<string, unknown>)[key]
    : undefined;
}

/** The raw list behind a key, empty where it is none. */
export function ownList(raw: unknown, key: string): unknown[] {
  const value = ownValue(raw, key);
  return Array.isArray(value) ? value : [];
}
