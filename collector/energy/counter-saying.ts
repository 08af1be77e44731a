import { BOUND_FACTOR, STEP_BACK_MS, type RiseBound } from './counter-bound.ts';
import type { Evidence, Shown } from './counter-evidence.ts';
import type { CounterVerdict } from './counter-verdict.ts';

/** Of what a counter counts: whole thousandths of `small`, millionths of `large`; bounded by `power` in `powerUnit`. */
export interface CounterUnits {
  small: string;
  large: string;
  /** The unit of a rated power. */
  power: string;
}

/** A counter of energy, in mWh. */
export const ENERGY_UNITS: CounterUnits = { small: 'Wh', large: 'kWh', power: 'W' };
/** A counter of a medium, in norm litres. */
export const MEDIUM_UNITS: CounterUnits = { small: 'Nm3', large: '1000 Nm3', power: 'Nm3/h' };

/** What was decided about a reading, in sentences that can be checked with a pocket calculator; empty where nothing was. */
export function sayVerdict(verdict: CounterVerdict, units: CounterUnits, bookedMwh: number): string {
  if (!('evidence' in verdict) || verdict.evidence === null) return '';
  const { evidence } = verdict;
  const { before, first, now, bound, readings } = evidence;
  const show = ({ mwh }: Shown) => amount(mwh, units);
  const booked = amount(bookedMwh, units);
  const last = before === null ? '' : show(before);
  switch (verdict.kind) {
    case 'anchor':
      return `first reading of ${evidence.meter}: ${show(now)}; nothing before it is known`;
    case 'earlier':
      return `the clock was set back: ${last} was shown after this ${show(now)}, under an earlier label; what was counted from here on until then is booked here`;
    case 'resumed':
      return `nothing was counted after ${last}${first === null ? '' : `, then showed ${shown(first, units)}`}: it counts again from ${show(now)}; nothing is taken across`;
    case 'silent':
      return `an amendment turned its direction, and no register counts the other way: from ${show(now)} on power is integrated instead`;
    case 'saturated':
      return `${show(now)} is the largest value that it can show: from here on it counts nothing, and power is integrated instead; ${booked} were booked up to it`;
    case 'identity':
      return `${readings} readings in a row are of ${evidence.meter === evidence.meterBefore ? 'another scale or range of the meter' : 'another meter'}: ${evidence.meterBefore} showed ${last} last, ${evidence.meter} ${shown(first, units)} first; nothing is taken across; ${sayBookedSince(evidence, units, bookedMwh)}`;
    case 'reset':
      return `${last} fell to ${shown(first, units)}: no more than can be drawn since then (${fit(bound, units)}), so it began again at 0; ${shown(first, units)} since then are estimated, what it counted between its last reading and the reset is lost; ${sayBookedSince(evidence, units, verdict.mwh)}`;
    case 'step': {
      const how = before !== null && first !== null && first.mwh < before.mwh ? 'fell' : 'rose';
      return `${last} ${how} to ${shown(first, units)} in ${time((first?.atMs ?? 0) - (before?.atMs ?? 0))} and stays there; ${fit(bound, units)}: the jump is not explained and never booked; ${sayBookedSince(evidence, units, bookedMwh)}`;
    }
    case 'step-back':
      return `${last} fell to ${shown(first, units)}, by ${amount((before?.mwh ?? 0) - (first?.mwh ?? 0), units)}: a meter that saves its counter only now and then may lose ${time(STEP_BACK_MS)} at a power loss (${fit(bound, units)}); what it lost was booked before and stays booked, what it counts from there on is new; ${sayBookedSince(evidence, units, bookedMwh)}`;
    case 'same':
    case 'rise':
      return sayOnTrack(verdict, evidence, units);
  }
}

/** What a verdict on the track came from: several things may be said of one reading. */
function sayOnTrack(
  verdict: Extract<CounterVerdict, { kind: 'same' | 'rise' }>,
  { before, first, now, bound, meter, meterBefore }: Evidence,
  units: CounterUnits,
): string {
  const [from, to, more] = [
    amount(before?.mwh ?? 0, units),
    amount(now.mwh, units),
    amount(verdict.mwh, units),
  ];
  const parts: string[] = [];
  if (verdict.glitch && first !== null)
    parts.push(
      `${from} seemed to become ${shown(first, units)} (${fit(first.bound ?? null, units)}), but then it was ${to}: what came between was false`,
    );
  if (verdict.rollover)
    parts.push(`it passed its largest value and started again at 0, and is counted on: ${from} became ${to}`);
  if (verdict.stepped)
    parts.push(
      `the clock was set between ${from} and ${first === null ? to : shown(first, units)}: by the time of the boot it only counted on`,
    );
  if (verdict.moved)
    parts.push(`${meter} goes on where ${meterBefore} stood: taken for one meter at another address`);
  if (verdict.rescaled)
    parts.push(
      'an amended scale begins or ends between two readings: both are taken by the scale of the later one',
    );
  parts.push(`${to} - ${from} = ${more} are booked; ${fit(bound, units)}`);
  return parts.join('; ');
}

/** `at most 10000 W x 1.2 x 1200 s / 3600 = 4 kWh fit`. */
function fit(bound: RiseBound | null, units: CounterUnits): string {
  if (bound === null) return 'no rated power says how much would fit';
  const { ratedPowerW, spanMs, stepMwh, mwh } = bound;
  const step = stepMwh > 0 ? ` + ${amount(stepMwh, units)} of resolution` : '';
  return `at most ${ratedPowerW} ${units.power} x ${BOUND_FACTOR} x ${spanMs / 1000} s / 3600${step} = ${amount(mwh, units)} fit`;
}

/** What was booked from the first confirmed reading on. */
export function sayBookedSince({ first, now }: Evidence, units: CounterUnits, bookedMwh: number): string {
  return `since then ${amount(now.mwh, units)} - ${shown(first, units)} = ${amount(bookedMwh, units)} are booked`;
}

function shown(first: Shown | null, units: CounterUnits): string {
  return first === null ? 'nothing' : amount(first.mwh, units);
}

/** `12.5 kWh`, or `500 Wh` below one: every digit that there is. */
export function amount(mwh: number, units: CounterUnits): string {
  return Math.abs(mwh) < 1e6
    ? `${fixed(mwh / 1e3, 3)} ${units.small}`
    : `${fixed(mwh / 1e6, 6)} ${units.large}`;
}

function fixed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.?0+$/, '');
}

/** `90 s`, `20 min`, `48 h`. */
function time(ms: number): string {
  if (ms < 120_000) return `${ms / 1000} s`;
  return ms < 7_200_000 ? `${fixed(ms / 60_000, 1)} min` : `${fixed(ms / 3_600_000, 2)} h`;
}
