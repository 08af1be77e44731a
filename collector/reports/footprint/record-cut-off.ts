import { sayHours } from '../../energy/use-phase/say-kwh.ts';
import type { FootprintRecord } from '../../footprint/record/footprint-record.ts';
import type { ToldProduct } from './footprint-plan.ts';
import { figureText } from './footprint-texts.ts';
import type { MachineFacts } from './gather-machine.ts';

/** What a site left out by decision. */
type ToldCutOff = ToldProduct['cutOff'];

/**
 * What was left out within the boundary: by declaration, with its share of the emissions, and what nobody read, which has no share
 * because nobody knows it.
 *
 * @param periodMs of each machine
 * @param jobsUnreadMs time of the jobs of which nobody knows the energy; null in the use phase
 */
export function recordCutOff(
  told: ToldCutOff,
  all: readonly MachineFacts[],
  periodMs: number,
  jobsUnreadMs: number | null = null,
): FootprintRecord['cutOff'] {
  const sum = (of: (facts: MachineFacts) => number) => all.reduce((total, facts) => total + of(facts), 0);
  const wantedMs = periodMs * all.length;
  const unwatchedMs = wantedMs - sum(({ span }) => span.spanMs);
  const unreadMs = jobsUnreadMs ?? sum(({ unknownMs }) => unknownMs);
  const gaps = [
    ...(unwatchedMs > 0
      ? [`${sayHours(unwatchedMs)} of the ${sayHours(wantedMs)} of the period were not watched`]
      : []),
    ...(unreadMs >= 1
      ? [`for ${sayHours(unreadMs)}${jobsUnreadMs === null ? '' : ' of its jobs'} nobody read the supply`]
      : []),
  ];
  const declared =
    told === null
      ? []
      : [`Left out by declaration, ${told.percent} % of the emissions by estimate: ${told.leaves}.`];
  const unread =
    gaps.length === 0
      ? []
      : [`${told === null ? 'No cut-off was declared. ' : ''}Not in the figures: ${gaps.join('; ')}.`];
  return {
    exemptedPercent: told?.percent ?? figureText(0, 0),
    statement: [...declared, ...unread].join(' ') || 'Nothing within the boundary was left out.',
  };
}
