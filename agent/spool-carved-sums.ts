import { closeSync, openSync, readSync } from 'node:fs';
import { COUNTERS } from './spool-format.ts';
import { checkOf } from './spool-meta.ts';

/** SQLite's own default; ours are never made with another. */
const PAGE_BYTES = 4096;
/** Of a row of three columns: its own header, and the serial types of name, value and sum. */
const HEADER_BYTES = 4;
/** Bytes of a whole number by its serial type. */
const NUMBER_BYTES: Readonly<Record<number, number>> = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 6 };
const DROPPED = /^dropped:[a-z-]{1,40}$/;
const MARKS = [...COUNTERS.filter((name) => !name.startsWith('records.')), 'records.', 'dropped:'].map(
  (name) => Buffer.from(name),
);

/**
 * The sums of a spool that lie in the pages of its file, found without the tree that leads to them: each proves itself by its
 * check. Of one that is there several times the largest counts: they only grow, and older ones stay behind in pages.
 */
export function carveSums(path: string): Map<string, number> {
  const sums = new Map<string, number>();
  const file = openSync(path, 'r');
  try {
    const page = Buffer.alloc(PAGE_BYTES);
    for (let at = 0; readSync(file, page, 0, PAGE_BYTES, at) === PAGE_BYTES; at += PAGE_BYTES)
      for (const mark of MARKS)
        for (let found = page.indexOf(mark); found !== -1; found = page.indexOf(mark, found + 1)) {
          const sum = sumAt(page, found);
          if (sum !== undefined) sums.set(sum.name, Math.max(sum.value, sums.get(sum.name) ?? 0));
        }
  } finally {
    closeSync(file);
  }
  return sums;
}

/** The row whose first column begins here. */
function sumAt(page: Buffer, at: number): { name: string; value: number } | undefined {
  if (at < HEADER_BYTES || page.readUInt8(at - HEADER_BYTES) !== HEADER_BYTES) return undefined;
  const [nameType, valueType, checkType] = page.subarray(at - HEADER_BYTES + 1, at);
  const end = at + Math.floor(((nameType ?? 0) - 13) / 2);
  if (end <= at || end > PAGE_BYTES) return undefined;
  const name = page.toString('latin1', at, end);
  if (!COUNTERS.includes(name) && name !== 'records.dropped' && !DROPPED.test(name)) return undefined;
  const value = readNumber(page, end, valueType ?? 0);
  const check = value === undefined ? undefined : readNumber(page, value.next, checkType ?? 0);
  return value === undefined || check?.value !== checkOf(name, value.value)
    ? undefined
    : { name, value: value.value };
}

function readNumber(page: Buffer, at: number, type: number): { value: number; next: number } | undefined {
  // 0 and 1 are told by the type alone.
  if (type === 8 || type === 9) return { value: type - 8, next: at };
  const bytes = NUMBER_BYTES[type];
  if (bytes === undefined || at + bytes > PAGE_BYTES) return undefined;
  return { value: page.readIntBE(at, bytes), next: at + bytes };
}
