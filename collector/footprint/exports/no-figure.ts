import { MillwattError } from '../../../protocols/errors.ts';
import type { FootprintRecord } from '../record/footprint-record.ts';

/**
 * The error, of class `refuse`, of a format that needs a figure per unit where the record has none: why there is none, as the record
 * tells it, and what gives one.
 */
export function noFigurePerUnit(
  { subject, period, functionalUnit, completeness }: FootprintRecord,
  { code, what }: { code: 'no-emissions' | 'no-figure-per-unit'; what: 'emissions' | 'energy' },
): MillwattError {
  const { unit, basis } = functionalUnit;
  const lacks = `${subject.kind} ${subject.id} in ${period.name} has no ${what} per ${unit}`;
  if (unit === 'hour')
    return new MillwattError(
      'refuse',
      code,
      `${lacks}: it has no hours${basis === null ? '' : ` of the basis ${basis}`}.`,
      {
        cure: 'Choose a period in which the machine worked, or another basis of hours (footprint.hours in collector.yaml), or export the record itself (json).',
      },
    );
  const because = completeness.because.join('; ');
  return new MillwattError('refuse', code, `${lacks}: ${because}.`, {
    cure: 'Choose --from and --to whose whole windows hold all of its jobs, and tell the good parts of each job; or export the record itself (json).',
  });
}
