import type { Phase, Quantity, Status } from './quantity.ts';

/** A counter's own arithmetic: what the derivation must know to take differences. */
export interface CounterTraits {
  /** The raw value at which the counter starts again at 0, as a decimal integer; absent when it never wraps. */
  modulus?: string;
  /** The raw value at which a saturating counter stops, as a decimal integer; absent means that of its type. */
  maximum?: string;
  /** It may fall a little after a power loss, because the device saves it only now and then. */
  stepsBack?: boolean;
  /** Raw steps the counter moves in, as a decimal; a coarse one is interpolated by power. */
  resolution?: string;
  /** `monotone` counts up; `saturating` stops at its largest value; `resettable` may be set to 0 by hand. */
  behaviour: 'monotone' | 'saturating' | 'resettable';
}

/** One measured point: which machine and component, what is measured, and how a raw reading becomes the unit. */
export interface MeasuredChannel {
  kind: 'measured';
  /** machine.component.quantity, with .phase where it is not `total`; unique in a site. */
  id: string;
  machine: string;
  component: string;
  quantity: Quantity;
  phase: Phase;
  /** The source (device) that feeds it. */
  source: string;
  /** The device's own name of the point: register, node id. */
  point: string;
  /** raw x num / den = value in the quantity's unit, as decimal integers; CT and VT ratios are in it. */
  scale: [num: string, den: string];
  counter?: CounterTraits;
  /** How exact the device says the point is, in its own words: class `0.5S`, domain `IEC`. */
  accuracy?: { class: string; domain?: string };
}

/** One word the control says of itself, carried as the control wrote it. */
export interface StatusChannel {
  kind: 'status';
  /** machine.component.status, with .name where it has one */
  id: string;
  machine: string;
  component: string;
  status: Status;
  /** Tells apart words of one kind and component: the condition `servo`, the timer `auto_time`. */
  name?: string;
  source: string;
  point: string;
  /** The vocabulary of the values, so that a state map can be chosen: `umati/ProductionState`, `mtconnect/Execution`. */
  vocabulary: string;
}

/** One thing that a source tells of a machine. */
export type Channel = MeasuredChannel | StatusChannel;

/** The id of a measured channel. */
export function measuredChannelId(
  machine: string,
  component: string,
  quantity: Quantity,
  phase: Phase,
): string {
  return phase === 'total'
    ? `${machine}.${component}.${quantity}`
    : `${machine}.${component}.${quantity}.${phase}`;
}

/** The id of a status channel. */
export function statusChannelId(machine: string, component: string, status: Status, name?: string): string {
  return name === undefined
    ? `${machine}.${component}.${status}`
    : `${machine}.${component}.${status}.${name}`;
}
