import type { FootprintRecord } from '../../record/footprint-record.ts';
import type { Line, Part } from './page-text.ts';
import { leavesOfReport, placeOf } from './report-leaves.ts';

/** A record by its places, for those who set it as a page. */
export interface RecordReader {
  record: FootprintRecord;
  /** The text at a place, marked with it; `not known` where there is none. */
  say: (path: string) => Part;
  /** The same of a hash or key. */
  code: (path: string) => Part;
  has: (path: string) => boolean;
  /** The figure at a place as a double, for plots; null where it is not known. */
  number: (path: string) => number | null;
  /** Each text of a list as a paragraph of its own. */
  list: (path: string) => Line[];
  /** Texts of a list with something between them, in one paragraph. */
  joined: (path: string, between: string) => Line;
}

/** Reads a record as its page prints it. */
export function readRecord(record: FootprintRecord): RecordReader {
  const leaves = leavesOfReport(record);
  const say = (path: string): Part => {
    const text = leaves.get(placeOf(path));
    return text === undefined ? 'not known' : { path: placeOf(path), text };
  };
  const parts = (path: string): Part[] => {
    const found: Part[] = [];
    for (let at = 0; leaves.has(`${path}[${at}]`); at++) found.push(say(`${path}[${at}]`));
    return found;
  };
  return {
    record,
    say,
    code: (path) => {
      const text = leaves.get(placeOf(path));
      return text === undefined ? 'not known' : { path: placeOf(path), text, isCode: true };
    },
    has: (path) => leaves.has(placeOf(path)),
    number: (path) => {
      const text = leaves.get(placeOf(path));
      return text === undefined ? null : Number(text);
    },
    list: (path) => parts(path).map((part) => [part]),
    joined: (path, between) => parts(path).flatMap((part, index) => (index === 0 ? [part] : [between, part])),
  };
}
