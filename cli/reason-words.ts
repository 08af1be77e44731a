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
  'counter-step-back': 'the energy counter lost a few minutes, as its maker says it may after a power loss',
  'counter-saturated': 'the energy counter stands at its largest value',
  'counter-stuck': 'the energy counter stood still while power was drawn',
  'identity-change': 'the meter is another one, or was set up anew',
  'state-unknown': 'the operating state is not known all the time',
  'integral-over-counter': 'power and energy counter do not agree',
  'children-over-supply': 'the components used more than the supply delivered',
  'clock-unsynced': 'the clock of the gateway was not set',
  thinned:
    'the spool of the gateway was full: it kept what the energy rests on, and power and states less closely',
  'clock-stepped': 'the clock of the gateway was set to another time while it read',
  conflict: 'two agents read the same channel',
  amended: 'a person decided about readings of this hour (millwatt amend list)',
};

const HOURS_MAX = 3;

/**
 * A line for each reason that these hours give; none where they give none.
 * @param sayHour says `2026-11-22 06:00`, perhaps with its offset; without it no line names the hours that give its reason
 */
export function explainReasons(
  hours: readonly MachineHour[],
  sayHour?: (hourMs: number) => string,
): string[] {
  return Object.entries(REASON_WORDS).flatMap(([reason, words]) => {
    const giving = hours.filter(({ reasons }) => reasons.some((one) => one === reason));
    if (giving.length === 0) return [];
    return [`${reason}: ${words}${sayHour === undefined ? '' : ` (${nameHours(giving, sayHour)})`}`];
  });
}

/** `mill-1 2026-11-22 06:00, 07:00 and 4 more` */
function nameHours(hours: readonly MachineHour[], sayHour: (hourMs: number) => string): string {
  const named = hours.slice(0, HOURS_MAX).map(({ machine, hourMs }, index) => {
    const said = sayHour(hourMs);
    const day = said.slice(0, '2026-11-22 '.length);
    const before = hours[index - 1];
    const isSame = before?.machine === machine && sayHour(before.hourMs).startsWith(day);
    return isSame ? said.slice(day.length) : `${machine} ${said}`;
  });
  const more = hours.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
