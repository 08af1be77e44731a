import type { Amendment } from '../energy/amendment.ts';
import { fateOf, isSameFate } from '../energy/amendments/column-fate.ts';
import { MINUTE_MS } from '../energy/hour-account.ts';
import { amendmentsInForce } from '../journal/amendments-in-force.ts';
import type { JournalReader } from '../journal/journal.ts';
import { rational, type Rational } from '../../protocols/telemetry/unit.ts';

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
 * What became of the readings of a component in one minute.
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
  return (
    fates.find(({ origin }) => origin === component) ??
    fates[0] ?? { origin: component, ...AS_READ, isRead: false }
  );
}

/** Readings as they were read. */
export function asRead(component: string): ReadingFate {
  return { origin: component, ...AS_READ, isRead: true };
}
