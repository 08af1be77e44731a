import type { MachineHour, Reason } from '../collector/energy/machine-hour.ts';

/** What the codes under "because" mean. */
const REASON_WORDS: Readonly<Record<Reason, string>> = {
  gap: 'readings are missing for a while',
  'source-down': 'a meter or control did not answer',
  'no-counter': 'there is no energy counter; energy is the sum of power over time',
  'counter-reset': 'the energy counter was set back',
  'counter-rollover': 'the energy counter reached its end and began anew',
  'counter-glitch': 'the energy counter jumped and came back',
  'counter-step': 'the energy counter rose by more than the machine can use',
  'identity-change': 'the meter is another one, or was set up anew',
  'state-unknown': 'the operating state is not known all the time',
  'integral-over-counter': 'power and energy counter do not agree',
  'children-over-supply': 'the components used more than the supply delivered',
  'clock-unsynced': 'the clock of the gateway was not set',
  conflict: 'two agents read the same channel',
};

/** A line for each reason that these hours give; none where they give none. */
export function explainReasons(hours: readonly MachineHour[]): string[] {
  const given = new Set<string>(hours.flatMap(({ reasons }) => reasons));
  return Object.entries(REASON_WORDS)
    .filter(([reason]) => given.has(reason))
    .map(([reason, words]) => `${reason}: ${words}`);
}
