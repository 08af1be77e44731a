import { sayHours } from '../../energy/use-phase/say-kwh.ts';
import type { HourBasis } from '../../energy/use-phase/hour-basis.ts';
import type { FootprintRecord, Subject, UnitScatter } from '../../footprint/record/footprint-record.ts';
import type { MachineFacts } from './gather-machine.ts';

const BASIS_WORDS: Readonly<Record<HourBasis, string>> = {
  calendar: 'of the calendar (all time watched)',
  powered: 'with power on (standby, warm-up, ready and processing)',
  operating: 'operating (warm-up, ready and processing)',
  processing: 'processing',
};

/** What a record of a use phase says of itself: its unit, its boundary, what was allocated, and what it is not. */
export function sayUsePhase(
  kind: 'machine' | 'line' | 'model',
  { id, machines }: Pick<Subject, 'id' | 'machines'>,
  basis: HourBasis,
): { unit: string; boundary: FootprintRecord['boundary']; allocation: string; alone: string } {
  const isOne = machines.length === 1;
  const hour = {
    machine: `1 hour of ${id}`,
    line: `1 machine-hour of ${id}`,
    model: `1 hour of a machine of model ${id}`,
  }[kind];
  return {
    unit: `${hour}, ${BASIS_WORDS[basis]}`,
    boundary: {
      statement: `Electricity alone, gate to gate: what ${isOne ? 'the machine' : 'the machines'} drew from the supply, in all states.`,
      includes: [
        'electricity of the whole machine: control, drives, spindle and auxiliaries behind its meter',
      ],
      excludes: [
        'compressed air and other media',
        'tools, coolant and other consumables',
        'making and disposing of the machine',
      ],
    },
    allocation: sayAllocation(kind, machines.length),
    // A use phase may be covered whole and is the footprint of no product all the same.
    alone: `electricity of the ${isOne ? 'machine' : 'machines'} alone, not the footprint of a product: air, coolant, tools and the ${isOne ? 'machine itself' : 'machines themselves'} are in no figure`,
  };
}

function sayAllocation(kind: Subject['kind'], count: number): string {
  if (count === 1) return 'One machine with its own meter: nothing was allocated.';
  return kind === 'model'
    ? 'Each machine has its own meter: nothing was allocated. The figure per hour is their mean, weighted by their hours.'
    : 'Each machine has its own meter: their energies were added, nothing was allocated.';
}

/** Components that were read in some hours of their machine and not in others: an energy that is not known is not 0. */
export function sayPartlyRead(all: readonly Pick<MachineFacts, 'machine' | 'readHours'>[]): string[] {
  return all.flatMap(({ machine, readHours: { supply, components } }) =>
    [...components]
      .filter(([, hours]) => hours < supply)
      .map(([component, hours]) => {
        const name = all.length === 1 ? component : `${machine}.${component}`;
        const missing = supply - hours;
        return `${name} was not read in ${missing} ${missing === 1 ? 'hour' : 'hours'} of ${supply}: what it drew then is in no component, and in what no sub-meter saw.`;
      }),
  );
}

/** That hours of the calendar are those watched, where these are fewer than the period has; of all machines together. */
export function sayCalendar(all: readonly Pick<MachineFacts, 'span'>[], periodMs: number): string[] {
  const watchedMs = all.reduce((sum, { span }) => sum + span.spanMs, 0);
  const wantedMs = periodMs * all.length;
  return watchedMs >= wantedMs
    ? []
    : [
        `Hours of the basis calendar are those watched, ${sayHours(watchedMs)} of the ${sayHours(wantedMs)} of the period: kWh per hour of it are of these.`,
      ];
}

/** What the scatter of a model means for whoever takes its figure for a machine that was not metered. */
export function sayModel({
  units,
  count,
  meanKwhPerHour,
  standardDeviationKwhPerHour,
  leastKwhPerHour,
  mostKwhPerHour,
  singleExpandedPercent,
}: UnitScatter): string {
  const [first] = units;
  if (standardDeviationKwhPerHour === null)
    return `Declares a typical unit of the model by one machine, ${first?.machine ?? ''}: how units differ is not known.`;
  const single =
    singleExpandedPercent === null
      ? ''
      : ` A unit that was not metered may differ from the figure by U = ${singleExpandedPercent} % (k = 2).`;
  return (
    `Declares a typical unit of the model by ${count} machines: from ${leastKwhPerHour} to ${mostKwhPerHour} kWh/h, mean ${meanKwhPerHour}, ` +
    `standard deviation ${standardDeviationKwhPerHour}; the figure is their mean weighted by hours.${single}`
  );
}
