import { MillwattError } from '../../../../protocols/errors.ts';
import type { FootprintRecord, Instant } from '../../record/footprint-record.ts';

/** Three years later, on the same day and time; of 29 February, 28 February. */
export function threeYearsAfter(instant: Instant): Instant {
  const date = new Date(instant);
  const day = date.getUTCDate();
  date.setUTCFullYear(date.getUTCFullYear() + 3);
  if (date.getUTCDate() !== day) date.setUTCDate(0);
  return date.toISOString();
}

/**
 * How long a footprint may be used: from the end of its period to the time that was declared, else as long as PACT allows,
 * which is three years. Throws an error of class `refuse` (code `bad-validity`) when what was declared is outside of that.
 */
export function validityOf(
  { period }: Pick<FootprintRecord, 'period'>,
  validUntil?: Instant,
): { from: Instant; to: Instant } {
  const last = threeYearsAfter(period.to);
  const to = validUntil ?? last;
  const time = Date.parse(to);
  if (!(time > Date.parse(period.to) && time <= Date.parse(last)))
    throw new MillwattError(
      'refuse',
      'bad-validity',
      `A footprint of a period that ended on ${period.to} cannot be valid until ${to}.`,
      {
        cure: `Take a time after the period and not after ${last}.`,
      },
    );
  return { from: period.to, to };
}
