import { HOUR_MS } from '../energy/hour-account.ts';
import type { HourBase } from '../energy/hour-base.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import { sayKwh } from '../energy/use-phase/say-kwh.ts';
import type { MinuteRollup, Views } from '../ledger/views.ts';
import { explainEdges } from './explain-edges.ts';
import { sayDifference, sayTotal } from './explain-sums.ts';
import {
  asRead,
  counterOf,
  fateOfHour,
  isSameReading,
  type AmendedHour,
  type ReadingFate,
} from './reading-fate.ts';
import type { CounterSight, ExplainedCounter, ExplainedMeter, Figure } from './explained-hour.ts';

const DAY_MS = 86_400_000;
/** A last reading this close to the hour's end needs no further one to explain the hour. */
const CLOSE_MS = 120_000;

/**
 * What the counter of a component showed before, in and after an hour: minutes keep the last reading, which is the meter's
 * own at its time. Null where no such counter was read.
 */
export function explainCounter(
  views: Pick<Views, 'minutes'>,
  hour: MachineHour,
  about: {
    component: string;
    meters: readonly ExplainedMeter[];
    base: HourBase;
    amended: AmendedHour;
  },
): ExplainedCounter | null {
  const { component } = about;
  const { machine, hourMs } = hour;
  // Where what readings mean changes within the hour, those under the component's own name are shown.
  const whole = fateOfHour(component, about.amended.known, about.amended.amendments, hourMs);
  const fate = whole ?? asRead(component);
  const channel = counterOf(machine, fate);
  const endMs = hourMs + HOUR_MS;
  const before = sightOf(views.minutes(channel, hourMs - DAY_MS, hourMs).at(-1));
  const last = sightOf(views.minutes(channel, hourMs, endMs).at(-1));
  const isClose = last !== null && endMs - last.atMs <= CLOSE_MS;
  const after = isClose ? null : sightOf(views.minutes(channel, endMs, endMs + DAY_MS)[0]);
  if (last === null && (before === null || after === null)) return null;
  const sights: Figure[] = [
    ...sayReading('before the hour', before),
    ...sayReading('last in the hour', last),
    ...sayReading('after the hour', after),
  ];
  return {
    component,
    channel,
    before,
    last,
    after,
    figures: [
      ...sights,
      ...sayRises({ before, last, after }, wrapsOf(channel, about), fate),
      ...sayBooked(hour, about, last, whole),
    ],
  };
}

function sightOf(minute: MinuteRollup | undefined): CounterSight | null {
  // Canonical energy is Wh; whole mWh as everything that is booked.
  return minute === undefined ? null : { atMs: minute.lastMs, mwh: Math.round(minute.last * 1000) };
}

function sayReading(label: string, sight: CounterSight | null): Figure[] {
  if (sight === null) return [];
  return [
    {
      label,
      value: sight.mwh,
      unit: 'mWh',
      saying: sayKwh(sight.mwh),
      atMs: sight.atMs,
    },
  ];
}

/** How much the counter had shown each time when it started again at 0 in the hour, mWh. */
function wrapsOf(
  channel: string,
  { component, meters, base: { decisions } }: Parameters<typeof explainCounter>[2],
): number[] {
  const meter = meters.find((one) => one.channel === channel && one.modulus !== null);
  if (meter === undefined) return [];
  const mwh = Math.round((Number(meter.modulus) * Number(meter.scale[0]) * 1000) / Number(meter.scale[1]));
  return decisions
    .filter((one) => one.kind === 'rollover' && one.component === component && one.direction === 'import')
    .map(() => mwh);
}

function sayRises(
  { before, last, after }: Pick<ExplainedCounter, 'before' | 'last' | 'after'>,
  wraps: readonly number[],
  { factor: { num, den } }: ReadingFate,
): Figure[] {
  const rise = (label: string, from: CounterSight | null, to: CounterSight | null): Figure[] => {
    if (from === null || to === null) return [];
    const isWrapped = wraps.length > 0 && to === last;
    const mwh = to.mwh - from.mwh + (isWrapped ? wraps.reduce((sum, wrap) => sum + wrap, 0) : 0);
    const difference = isWrapped
      ? `${[to.mwh, ...wraps].map(sayKwh).join(' + ')} - ${sayKwh(from.mwh)} = ${sayKwh(mwh)}, as it starts again at ${sayKwh(wraps[0] ?? 0)}`
      : sayDifference(to.mwh, from.mwh);
    const isAmended = num !== den && mwh >= 0;
    const trueMwh = Math.round((mwh * Number(num)) / Number(den));
    const amended = `${sayKwh(mwh)} x ${num}${den === 1n ? '' : ` / ${den}`} = ${sayKwh(trueMwh)} as amended`;
    return [
      {
        label,
        value: isAmended ? trueMwh : mwh,
        unit: 'mWh',
        saying: isAmended
          ? `${difference}; ${amended}`
          : mwh < 0
            ? `${difference}: it fell, which is no energy; see what was decided`
            : difference,
      },
    ];
  };
  return [...rise('it rose by', before, last), ...rise('and up to the reading after', last ?? before, after)];
}

/** What is booked: the parts of the intervals at both ends and the difference between them. */
function sayBooked(
  { hourMs, energy, obtained, basis }: MachineHour,
  { component, meters, base, amended }: Parameters<typeof explainCounter>[2],
  last: CounterSight | null,
  fate: ReadingFate | null,
): Figure[] {
  const mwh = energy.componentMwh[component];
  if (mwh === undefined) return [];
  const parts =
    component === 'supply'
      ? ` (${sayKwh(obtained.counterMwh)} read, ${sayKwh(obtained.bridgedMwh)} bridged, ${sayKwh(obtained.integratedMwh)} from power)`
      : '';
  const isKnown = amended.amendments.length === basis.amendments.length;
  const isPlain = isKnown && fate !== null && isSameReading(fate, asRead(component));
  const note = isPlain ? '' : '; readings above are as they were read, before amendments';
  const edges = base.edges?.[component] ?? [];
  const decisions = base.decisions.filter((one) => one.component === component && one.direction === 'import');
  const booked = (saying: string): Figure => ({
    label: 'booked in the hour',
    value: mwh,
    unit: 'mWh',
    saying,
  });
  if (edges.length === 0 && decisions.every(({ kind }) => kind !== 'anchor'))
    return [
      booked(
        `${sayKwh(mwh)}${parts}; the hour begins and ends between two readings, each side gets its part${note}`,
      ),
    ];
  const integratedMwh = Array.from(base.components[component]?.integrated ?? []).reduce(
    (sum, one) => sum + one,
    0,
  );
  const wraps = meters.some((one) => one.component === component && one.modulus !== null);
  const { figures, terms } = explainEdges({
    hourMs,
    edges,
    decisions,
    last: isPlain ? last : null,
    remark: `${wraps ? ', counted on where it starts again at 0' : ''}${isPlain ? '' : `, as amended${sayFactor(fate)}`}`,
    countedMwh: mwh - integratedMwh,
  });
  return [...figures, booked(`${sayTotal([...terms, integratedMwh])}${parts}${note}`)];
}

function sayFactor(fate: ReadingFate | null): string {
  if (fate === null || fate.factor.num === fate.factor.den) return '';
  const { num, den } = fate.factor;
  return `: what was read x ${num}${den === 1n ? '' : ` / ${den}`}`;
}
