import type { FootprintRecord } from '../../record/footprint-record.ts';
import { differenceOf, sumOf } from '../pact/carbon-figures.ts';

/** What a text of the page is of, and what it says. */
export interface Leaf {
  /** Its place in the record: `activity.energyKwh`, `emissions[0].kgCo2e`; `sum.` and a name where it is a sum of two. */
  path: string;
  /** As it is printed. */
  text: string;
}

/** How truths are printed, by the last key of their path. */
const TRUTHS: Readonly<Record<string, readonly [yes: string, no: string]>> = {
  isComplete: ['complete', 'INCOMPLETE'],
  isPartial: ['PARTIAL', 'whole'],
  isOfficial: ['official', 'not official'],
  isSupplierSpecific: ['the supplier’s own', 'not the supplier’s own'],
};

/**
 * Every text, figure and truth of a record with its place, as a page prints it: what is not known has none. Behind them the
 * sums that other formats state too, of electricity and declared parts of a unit.
 */
export function leavesOfReport(record: FootprintRecord): Map<string, string> {
  const leaves = new Map<string, string>();
  collect(record, '', leaves);
  for (const { path, text } of sumsOf(record)) leaves.set(path, text);
  return leaves;
}

function collect(value: unknown, path: string, leaves: Map<string, string>): void {
  if (value === null || value === undefined) return;
  if (typeof value === 'object') {
    for (const [key, inner] of Object.entries(value))
      collect(inner, Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`, leaves);
    return;
  }
  if (typeof value === 'boolean') {
    const [yes, no] = TRUTHS[path.slice(path.lastIndexOf('.') + 1)] ?? ['yes', 'no'];
    leaves.set(placeOf(path), value ? yes : no);
  } else if (typeof value === 'string' || typeof value === 'number')
    if (value !== '') leaves.set(placeOf(path), printable(String(value)));
}

function sumsOf({ emissions: [first], upstream }: FootprintRecord): Leaf[] {
  if (upstream.length === 0 || first === undefined || first.perUnitKgCo2e === null) return [];
  const including = sumOf([first.perUnitKgCo2e, ...upstream.map((part) => part.kgCo2ePerUnit)]);
  const uptake = sumOf(upstream.map((part) => part.biogenicUptakeKgCo2ePerUnit));
  const hasUptake = upstream.some((part) => part.biogenicUptakeKgCo2ePerUnit !== '0');
  return [
    { path: 'sum.perUnitKgCo2eExcludingUptake', text: differenceOf(including, uptake) },
    ...(hasUptake ? [{ path: 'sum.perUnitKgCo2eIncludingUptake', text: including }] : []),
  ];
}

const HIDDEN = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** A path as the page writes it: signs of it that no page can show are written `\u202e`, so that no two are the same. */
export function placeOf(path: string): string {
  return path
    .toWellFormed()
    .replaceAll('\\', '\\\\')
    .replaceAll(HIDDEN, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * A text as a page can show it: of signs that control devices, which a browser drops or changes, and of those that turn the
 * direction of what follows, so that it reads as something else, it has a mark instead.
 */
export function printable(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\t\n\r\f]/g, ' ')
    .replaceAll(HIDDEN, '\u{fffd}');
}
