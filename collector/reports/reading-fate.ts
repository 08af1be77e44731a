import type { Amendment } from '../energy/amendment.ts';
import { fateOf, isSameFate } from '../energy/amendments/column-fate.ts';
import { HOUR_MS, MINUTE_MS } from '../energy/hour-account.ts';
import { amendmentsInForce } from '../journal/amendments-in-force.ts';
import type { JournalReader } from '../journal/journal.ts';
import { rational, toNumber, type Rational } from '../../protocols/telemetry/unit.ts';

/** What became of the readings that a component's energy in a minute was derived from. */
export interface ReadingFate {
  /** The component under which they were read. */
  origin: string;
  /** What was read times this is true, in lowest terms. */
  factor: Rational;
  /** True when import and export changed places. */
  turned: boolean;
  /** False where they were left out, or where an amendment begins or ends within the minute. */
  isRead: boolean;
}

/** The amendments that an hour rests on, and the components under which anything was read in it. */
export interface AmendedHour {
  amendments: readonly Amendment[];
  known: readonly string[];
}

const AS_READ = { factor: rational(1n), turned: false } as const;

/** The amendments that hours of a machine were derived with; the journal is asked only where an hour rests on one. */
export class AmendedReadings {
  readonly #journal: Pick<JournalReader, 'entries'> | null;
  readonly #machine: string;
  #all: readonly Amendment[] | undefined;

  constructor(journal: Pick<JournalReader, 'entries'> | null, machine: string) {
    this.#journal = journal;
    this.#machine = machine;
  }

  /** Those of these ids, in the order of entry. An hour may still rest on one that was revoked since. */
  of(ids: readonly string[]): readonly Amendment[] {
    if (ids.length === 0) return [];
    this.#all ??= amendmentsInForce(this.#journal?.entries('amendment', this.#machine) ?? []);
    return this.#all.filter(({ id }) => ids.includes(id));
  }
}

/**
 * What became of the readings from which a component's energy in one minute was derived.
 *
 * @param known components under which anything is read
 */
export function fateOfReadings(
  component: string,
  known: readonly string[],
  amendments: readonly Amendment[],
  minuteMs: number,
): ReadingFate {
  const fates = known.flatMap((origin) => {
    const [first, last] = [minuteMs, minuteMs + MINUTE_MS - 1].map((atMs) =>
      fateOf({ component: origin, meter: null }, amendments, atMs),
    );
    if (first?.component !== component) return [];
    const { factor, turned } = first;
    return [{ origin, factor, turned, isRead: isSameFate(first, last ?? null) }];
  });
  // Where readings of two components are taken for those of one, its own come first.
  const own = fates.find(({ origin }) => origin === component);
  return own ?? fates[0] ?? { origin: component, ...AS_READ, isRead: false };
}

/** True where readings meet the same fate. */
export function isSameReading(a: ReadingFate, b: ReadingFate): boolean {
  return (
    a.origin === b.origin &&
    a.turned === b.turned &&
    a.isRead === b.isRead &&
    a.factor.num === b.factor.num &&
    a.factor.den === b.factor.den
  );
}

/** The fate of the readings of a component in all of an hour; null where it changes within. */
export function fateOfHour(
  component: string,
  known: readonly string[],
  amendments: readonly Amendment[],
  hourMs: number,
): ReadingFate | null {
  if (amendments.length === 0) return asRead(component);
  const first = fateOfReadings(component, known, amendments, hourMs);
  for (let atMs = hourMs; atMs < hourMs + HOUR_MS; atMs += MINUTE_MS)
    if (!isSameReading(fateOfReadings(component, known, amendments, atMs), first)) return null;
  return first;
}

/** What a power that was read is multiplied with. */
export function factorOfPower({ factor, turned }: ReadingFate): number {
  return toNumber(factor) * (turned ? -1 : 1);
}

/** Readings as they were read. */
export function asRead(component: string): ReadingFate {
  return { origin: component, ...AS_READ, isRead: true };
}

/** The counter whose readings became a component's energy: the other register where its direction was turned. */
export function counterOf(machine: string, { origin, turned }: ReadingFate): string {
  return `${machine}.${origin}.${turned ? 'activeEnergyExport' : 'activeEnergyImport'}`;
}
