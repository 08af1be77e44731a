import type { DayEntry } from '../../collector/evidence/days/day-entry.ts';
import type { OpenDay } from '../../collector/evidence/days/make-days.ts';
import { renderTable } from '../text-table.ts';

/** A signed day as it is listed. */
export interface ListedDay extends DayEntry {
  /** `signed`: of this ledger, as far as the days themselves tell; `replaced`: the ledger was set back after it was signed. */
  state: 'signed' | 'replaced';
  /** SHA-256 of its signed text, which a stamp is of, base64url and hex. */
  hash: string;
  digest: string;
  stamp: { at: string; authority: string } | null;
}

/** The signed days for people, the last ones last. */
export function rootsLines(days: readonly ListedDay[], open: OpenDay | undefined, width: number): string[] {
  const last = days.at(-1);
  if (last === undefined)
    return [
      'No day is signed yet. The collector signs each day (UTC) of the ledger when it has ended; `--make` does so while it is stopped.',
    ];
  const stamped = days.findLast(({ stamp }) => stamp !== null);
  const replaced = days.filter(({ state }) => state === 'replaced').length;
  return [
    ...renderTable(
      [
        { title: 'number', align: 'right' },
        { title: 'day' },
        { title: 'records', align: 'right' },
        { title: 'chains', align: 'right' },
        { title: 'state' },
        { title: 'stamped' },
        { title: 'root' },
      ],
      days.map(({ number, day, records, chains, state, stamp, root }) => [
        String(number),
        day,
        String(records),
        String(chains),
        state,
        stamp === null ? '' : stamp.at.replace(/\.\d+Z$/, 'Z'),
        root,
      ]),
      width,
    ),
    '',
    ...(open === undefined ? [] : [`${open.records} records of ${open.day} wait for the end of the day.`]),
    ...(replaced === 0
      ? []
      : [
          `${replaced} ${replaced === 1 ? 'day was' : 'days were'} signed before the ledger was set back, and later days replace ${replaced === 1 ? 'it' : 'them'}.`,
        ]),
    stamped?.stamp === null || stamped === undefined
      ? 'No day has a time stamp: when they were there is the word of the collector (evidence.timeStamp).'
      : `Day ${stamped.number} and all before it existed at ${stamped.stamp.at}, says ${stamped.stamp.authority}.`,
    `Head of the days: day ${last.number}, ${last.hash}`,
  ];
}
