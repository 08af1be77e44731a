import { MillwattError } from '../../protocols/errors.ts';
import type { AgentConfig } from '../agent-config.ts';
import type { Remark } from '../finding.ts';
import { isModbus } from './modbus-config.ts';
import type { Surroundings } from '../surroundings.ts';

const LISTED_MAX = 5;

/** The uncertainty of a figure rests on the class of its meter. One remark for all meters, or nobody would read any. */
export function checkMeterClasses(
  { sources }: Pick<AgentConfig, 'sources'>,
  { profileOf }: Pick<Surroundings, 'profileOf'>,
): Remark[] {
  const without = sources.filter((source) => {
    if (!isModbus(source) || source.meter?.class !== undefined) return false;
    const profile = profileOf(source.profile);
    return (
      !(profile instanceof MillwattError) && profile.kind === 'meter' && profile.accuracyClass === undefined
    );
  });
  const [first] = without;
  if (first === undefined) return [];
  const ids = without.map(({ id }) => id);
  const more = ids.length - LISTED_MAX;
  const shown = [...ids.slice(0, LISTED_MAX), ...(more > 0 ? [`${more} more`] : [])];
  return [
    {
      severity: 'warning',
      path: ['sources', sources.indexOf(first)],
      message: `no accuracy class is known of the meter${ids.length === 1 ? '' : 's'} of ${shown.join(', ')}.`,
      cure: 'Copy it from the nameplate: meter: { class: "1" }; where it shows none, meter: { class: unknown }.',
    },
  ];
}
