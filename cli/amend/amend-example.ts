import type { DecisionKind } from '../../collector/energy/counter-decision.ts';
import type { Amendment } from '../../collector/energy/amendment.ts';
import { HOUR_MS } from '../../collector/energy/hour-account.ts';
import type { HourBase } from '../../collector/energy/hour-base.ts';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import type { AmendmentBody } from '../../collector/journal/amendment-body.ts';
import { sayFactor } from '../../collector/journal/amendment-saying.ts';
import { formatSpan } from '../format.ts';
import { partOfHour, type HourPart } from './hour-part.ts';
import { displayedMwh } from '../../collector/journal/displayed-energy.ts';

const MWH_PER_KWH = 1_000_000;
/** A step is believed after some readings that agree. */
const CONFIRMED_AFTER_MS = 900_000;
/** So long may nothing be read while a meter is replaced. */
export const SILENCE_MS = 7 * 86_400_000;
const JUMPS: readonly DecisionKind[] = ['identity', 'reset', 'step', 'amended'];

/** What the example is taken from, as it was derived so far. */
export interface ExampleSources {
  /** Machine-hours that the amendment touches, in order. */
  hours: readonly MachineHour[];
  /** Their decisions about counters, and the minutes of those that are touched in part. */
  bases: readonly (Pick<HourBase, 'decisions'> & Partial<Pick<HourBase, 'hourMs' | 'components'>>)[];
  /** Amendments of the machine that hold already. */
  inForce?: readonly Amendment[];
}

/**
 * The arithmetic of an amendment on the newest hour that lies in its time, or that it touches, as lines for people; none where nothing was derived yet. Later
 * digits may differ: the collector splits, rounds and closes anew.
 */
export function exampleOf(
  body: AmendmentBody,
  { hours, bases, inForce = [] }: ExampleSources,
  sayTime: (atMs: number) => string,
): string[] {
  if (body.kind === 'meter-replaced' || body.kind === 'step') return decisionLines(body, bases, sayTime);
  if (body.kind === 'same-meter')
    return [
      'The difference of the counter under its two names is booked, and not cut where the name changes.',
    ];
  const withEnergy = hours.filter(({ energy }) => energy.componentMwh[body.component] !== undefined);
  const partOf = ({ hourMs }: MachineHour) =>
    partOfHour(
      hourMs,
      body,
      bases.find((base) => base.hourMs === hourMs),
    );
  const hour = withEnergy.findLast((one) => partOf(one).ms === HOUR_MS) ?? withEnergy.at(-1);
  if (hour === undefined) return [];
  const part = partOf(hour);
  const counted = hours.length === 1 ? 'It touches 1 hour so far' : `It touches ${hours.length} hours so far`;
  const which = hour === hours.at(-1) ? 'the newest' : part.ms === HOUR_MS ? 'the newest whole one' : 'that';
  const cut = part.ms < HOUR_MS && body.kind !== 'scale';
  return [
    `${counted}; in ${which}, ${sayTime(hour.hourMs)}, ${hourArithmetic(body, hour, part)}${
      cut ? ` Only ${formatSpan(part.ms)} of this hour lie in the time: less than that changes.` : ''
    }`,
    ...othersInHour(body, hour, inForce),
  ];
}

/** Whether the figure of an hour is already what other amendments make of it. */
function othersInHour(
  { component }: AmendmentBody,
  { hourMs, basis }: MachineHour,
  inForce: readonly Amendment[],
): string[] {
  const named = (ids: readonly string[], one: string, many: string) =>
    `amendment${ids.length === 1 ? '' : 's'} ${ids.join(', ')} ${ids.length === 1 ? one : many}`;
  const others = inForce
    .filter(
      (other) =>
        (other.component === component || (other.kind === 'component' && other.becomes === component)) &&
        other.fromMs < hourMs + HOUR_MS &&
        (other.toMs ?? Infinity) > hourMs,
    )
    .map(({ id }) => id);
  const counted = others.filter((id) => basis.amendments.includes(id));
  const pending = others.filter((id) => !basis.amendments.includes(id));
  const revoked = basis.amendments.filter((id) => !inForce.some((other) => other.id === id));
  return [
    ...(counted.length === 0 ? [] : [`In this figure ${named(counted, 'counts', 'count')} already.`]),
    ...(pending.length === 0
      ? []
      : [`In this figure ${named(pending, 'does', 'do')} not count yet: it will be another one.`]),
    ...(revoked.length === 0
      ? []
      : [
          `In this figure ${named(revoked, 'still counts and was', 'still count and were')} revoked: it will be another one.`,
        ]),
  ];
}

function hourArithmetic(
  body: AmendmentBody & { kind: 'scale' | 'direction' | 'component' | 'exclude' },
  { energy }: MachineHour,
  part: HourPart,
): string {
  const { component } = body;
  const mwh = energy.componentMwh[component] ?? 0;
  switch (body.kind) {
    case 'scale':
      return scaleArithmetic(body, mwh, part);
    case 'direction':
      return component === 'supply'
        ? `import becomes ${kwh(energy.exportMwh)} (was ${kwh(mwh)}) and export ${kwh(mwh)} (was ${kwh(energy.exportMwh)}). Where no register counts the other way, power is integrated instead.`
        : `the import of ${component}, ${kwh(mwh)}, becomes export.`;
    case 'component': {
      const before = energy.componentMwh[body.becomes];
      return before === undefined
        ? `the ${kwh(mwh)} of ${component} become those of ${body.becomes}, which has none so far.`
        : `the ${kwh(mwh)} of ${component} become readings of ${body.becomes}, which has ${kwh(before)} of its own.`;
    }
    case 'exclude':
      return `${kwh(mwh)} of ${component} rest on these readings; a counter difference over what is left out is bridged.`;
  }
}

/** Where only a part of the hour lies in the time, only its energy is multiplied. */
function scaleArithmetic(
  body: AmendmentBody & { kind: 'scale' },
  mwh: number,
  { ms, share }: HourPart,
): string {
  const factor = Number(body.num) / Number(body.den);
  if (ms === HOUR_MS)
    return `${body.component} becomes about ${kwh(mwh)} x ${sayFactor(body)} = ${kwh(mwh * factor)}.`;
  const lie = `of which ${formatSpan(ms)} lie in the time`;
  if (share === null) return `${lie}, that part of ${kwh(mwh)} of ${body.component} x ${sayFactor(body)}.`;
  const inside = Math.round(mwh * share);
  return `${lie}, ${body.component} becomes about ${kwh(mwh - inside)} + ${kwh(inside)} x ${sayFactor(body)} = ${kwh(mwh - inside + inside * factor)}.`;
}

/** What was decided about the counter at the time, which the amendment overrules, and what is booked instead. */
function decisionLines(
  body: AmendmentBody & { kind: 'meter-replaced' | 'step' },
  bases: ExampleSources['bases'],
  sayTime: (atMs: number) => string,
): string[] {
  const endMs = (body.toMs ?? body.fromMs) + (body.kind === 'step' ? CONFIRMED_AFTER_MS : SILENCE_MS);
  const decided = bases
    .flatMap(({ decisions }) => decisions)
    .find(
      ({ component, direction, kind, atMs }) =>
        component === body.component &&
        direction === 'import' &&
        (body.kind === 'step' ? kind === 'step' : JUMPS.includes(kind)) &&
        atMs >= body.fromMs &&
        atMs < endMs,
    );
  if (decided === undefined || decided.beforeMwh === null || decided.nowMwh === null)
    return [
      body.kind === 'step'
        ? 'No step of its counter was found in this time so far: nothing changes unless late readings bring one.'
        : 'No other meter was found after this time so far: nothing changes until readings of one are there.',
    ];
  const { beforeMwh, nowMwh } = decided;
  const soFar = `So far, at ${sayTime(decided.atMs)}: ${decided.saying}`;
  if (body.kind === 'step')
    return [
      soFar,
      nowMwh < beforeMwh
        ? 'Mind: the counter fell, and a fall is no energy: nothing will be booked across.'
        : `Then ${kwh(nowMwh)} - ${kwh(beforeMwh)} = ${kwh(nowMwh - beforeMwh)} more are booked, as bridged.`,
    ];
  const oldMwh = (displayedMwh(body.oldLast, body.unit) ?? 0) - beforeMwh;
  const newMwh = nowMwh - (displayedMwh(body.newFirst, body.unit) ?? 0);
  return [
    soFar,
    `Old meter: ${body.oldLast} ${body.unit} - ${kwh(beforeMwh)} = ${kwh(oldMwh)}; new one: ${kwh(nowMwh)} - ${body.newFirst} ${body.unit} = ${kwh(newMwh)}.`,
    oldMwh < 0 || newMwh < 0
      ? 'Mind: no counter runs backwards. Nothing will be booked across: check both displays, their unit and their transformer ratio.'
      : `Then ${kwh(oldMwh)} + ${kwh(newMwh)} = ${kwh(oldMwh + newMwh)} more are booked, as bridged.`,
  ];
}

/** As many digits as are exact, at most six: 3.2 kWh. */
function kwh(mwh: number): string {
  return `${Number((mwh / MWH_PER_KWH).toFixed(6))} kWh`;
}
