import { milliwattHours, type MilliwattHours } from '../../../protocols/telemetry/unit.ts';
import type { Amendment } from '../amendment.ts';
import type { Confirmed } from '../counter-evidence.ts';
import { amount, type CounterUnits } from '../counter-saying.ts';
import { holdsAt } from './column-fate.ts';

/** What a person decided about a jump of a counter. */
export interface AmendedJump {
  amendment: string;
  /** What was drawn between the two readings around it; null where what the amendment says cannot be. */
  mwh: MilliwattHours | null;
  /** True where another meter took over, whatever it looked like. */
  isReplaced: boolean;
  saying: string;
}

/**
 * What amendments say of the time between the last believed reading and the first one after a jump; null when none does. Of
 * several, the one entered last holds.
 */
export function amendJump(
  kind: 'identity' | 'step' | 'reset',
  evidence: Confirmed,
  component: string,
  amendments: readonly Amendment[],
  units: CounterUnits,
): AmendedJump | null {
  for (let index = amendments.length - 1; index >= 0; index--) {
    const amendment = amendments[index];
    if (amendment === undefined || amendment.component !== component) continue;
    if (amendment.kind === 'meter-replaced' && isWithin(amendment, evidence))
      return replaceMeter(amendment, evidence, units);
    if (amendment.kind === 'step' && kind === 'step' && holdsAt(amendment, evidence.first.atMs))
      return believeStep(amendment.id, evidence, units);
  }
  return null;
}

/** A meter is replaced while none is read: at a moment, or where nobody knows it so well, somewhere in a time. */
function isWithin({ fromMs, toMs }: Amendment, { before, first }: Confirmed): boolean {
  return fromMs <= first.atMs && (toMs === null ? fromMs : toMs - 1) >= before.atMs;
}

function replaceMeter(
  { id, oldLastMwh, newFirstMwh }: Extract<Amendment, { kind: 'meter-replaced' }>,
  { before, first, wrapsMwh }: Confirmed,
  units: CounterUnits,
): AmendedJump {
  // The old meter shows its last value without what it counted before it started again at 0.
  const seenMwh = before.mwh - wrapsMwh;
  const oldMwh = oldLastMwh - seenMwh;
  const newMwh = first.mwh - newFirstMwh;
  const arithmetic = `the old meter's last ${amount(oldLastMwh, units)} - ${amount(seenMwh, units)} read = ${amount(oldMwh, units)}, and the new one's ${amount(first.mwh, units)} read - ${amount(newFirstMwh, units)} at first = ${amount(newMwh, units)}`;
  if (oldMwh < 0 || newMwh < 0)
    return {
      amendment: id,
      mwh: null,
      isReplaced: true,
      saying: `a person entered a replaced meter, but no counter runs backwards: ${arithmetic}; nothing is booked across`,
    };
  const mwh = milliwattHours(oldMwh + newMwh);
  const saying = `a person entered a replaced meter: ${arithmetic}; together ${amount(mwh, units)} are booked as bridged`;
  return { amendment: id, mwh, isReplaced: true, saying };
}

function believeStep(
  amendment: string,
  { before, first, jumpMwh }: Confirmed,
  units: CounterUnits,
): AmendedJump {
  const [from, to] = [amount(before.mwh, units), amount(before.mwh + jumpMwh, units)];
  if (jumpMwh < 0)
    return {
      amendment,
      mwh: null,
      isReplaced: false,
      saying: `a person called the step real, but ${from} fell to ${amount(first.mwh, units)}: nothing is booked across`,
    };
  return {
    amendment,
    mwh: jumpMwh,
    isReplaced: false,
    saying: `a person called the step real: ${to} - ${from} = ${amount(jumpMwh, units)} are booked as bridged`,
  };
}

/**
 * The amendment whose beginning or end lies between two readings that differ by an amended scale; null where it begins or
 * ends with the first of them: then all of the time between was measured by one scale.
 */
export function scaleEdgeBetween(
  fromMs: number,
  toMs: number,
  component: string,
  amendments: readonly Amendment[],
): string | null {
  const near = amendments.filter(
    (one) =>
      one.kind === 'scale' &&
      [one.fromMs, one.toMs].some((edgeMs) => edgeMs !== null && fromMs < edgeMs && edgeMs < toMs),
  );
  return (near.findLast((one) => one.component === component) ?? near.at(-1))?.id ?? null;
}
