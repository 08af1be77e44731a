import type { MeasuredChannel } from '../../protocols/telemetry/channel.ts';
import { LINES } from './machine-minute.ts';
import type { CommissionCheckName } from './commission-result.ts';
import type { Judged } from './commission-wiring-checks.ts';

const eachOf = (quantity: string) => LINES.map((line) => `${quantity}.${line}`);

/** What the agent must read for a check, by the names that `read` in its file takes. */
const NEEDED: Readonly<Partial<Record<CommissionCheckName, readonly string[]>>> = {
  voltage: eachOf('voltage'),
  frequency: ['frequency'],
  direction: eachOf('activePower'),
  pairing: [...eachOf('voltage'), ...eachOf('current'), ...eachOf('activePower')],
  ratio: ['activePower'],
  'current-range': eachOf('current'),
  'sum-of-phases': ['activePower', ...eachOf('activePower')],
  'power-triangle': ['activePower', 'reactivePower', 'apparentPower'],
  counter: ['activePower', 'activeEnergyImport'],
};

/** A source whose profile is known. */
export interface OfferingSource {
  id: string;
  /** Everything that its profile has, by the names that `read` takes. */
  offers: readonly string[];
}

/**
 * Names, in the cure of what could not be checked because it is not read, the key of agent.yaml with all points: those read
 * now, and what is missing of them. All checks of a component have one list, which the first of them tells.
 *
 * @param channels that the source feeds
 */
export function cureByReading(
  judged: readonly (readonly [CommissionCheckName, Judged])[],
  channels: readonly Pick<MeasuredChannel, 'quantity' | 'phase'>[],
  { id, offers }: OfferingSource,
): [CommissionCheckName, Judged][] {
  const read = [
    ...new Set(
      channels.map(({ quantity, phase }) => (phase === 'total' ? quantity : `${quantity}.${phase}`)),
    ),
  ];
  const missingOf = (check: CommissionCheckName, { result }: Judged) =>
    result === 'not-checkable' ? (NEEDED[check] ?? []).filter((name) => !read.includes(name as never)) : [];
  const added = new Set(
    judged.flatMap(([check, one]) => missingOf(check, one).filter((name) => offers.includes(name))),
  );
  let isTold = false;
  return judged.map(([check, one]) => {
    const missing = missingOf(check, one);
    if (missing.length === 0) return [check, one];
    const lacking = missing.filter((name) => !offers.includes(name));
    if (lacking.length > 0)
      return [check, { ...one, cure: `The profile of ${id} has no ${lacking.join(', ')}: this stays open.` }];
    if (isTold) return [check, { ...one, cure: `With the \`read\` of ${id} as above.` }];
    isTold = true;
    const list = [...read, ...added].join(', ');
    return [check, { ...one, cure: `Write at the source ${id} in agent.yaml: read: [${list}]` }];
  });
}
