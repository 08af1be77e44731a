import { MillwattError } from '../errors.ts';
import type { MeasuredChannel } from '../telemetry/channel.ts';
import { measuredChannelId } from '../telemetry/channel.ts';
import { multiply, rational, rationalOf, type Rational } from '../telemetry/unit.ts';
import {
  canonicalScale,
  functionCodeOf,
  pointName,
  type DeviceProfile,
  type ProfilePoint,
} from './profile.ts';

/** Read where the operator names nothing: as much of it as the profile has. */
const DEFAULT_POINTS = [
  'activePower',
  'activeEnergyImport',
  'activeEnergyExport',
  'voltage.l1',
  'voltage.l2',
  'voltage.l3',
  'current.l1',
  'current.l2',
  'current.l3',
  'powerFactor',
  'frequency',
];

/** A transformer ratio that the operator entered, in A or V. */
export interface TransformerRatio {
  primary: number;
  secondary: number;
}

/** What the wiring says of the place of a meter. */
export interface Wiring {
  id: string;
  machine: string;
  component: string;
  ct?: TransformerRatio | undefined;
  vt?: TransformerRatio | undefined;
}

/**
 * The profile's points that are wanted by name, each once; without names, the usual ones that the profile has.
 * Throws an error of class `refuse` (code `unknown-point`) that names what the profile offers.
 */
export function choosePoints(
  profile: DeviceProfile,
  names: readonly string[] | undefined,
  sourceId: string,
): ProfilePoint[] {
  const offered = new Map(profile.points.map((point) => [pointName(point), point]));
  if (names === undefined) {
    const usual = DEFAULT_POINTS.flatMap((name) => offered.get(name) ?? []);
    return usual.length > 0 ? usual : [...profile.points];
  }
  const wanted = [...new Set(names.map((name) => name.replace(/\.total$/, '')))];
  return wanted.map((name) => {
    const point = offered.get(name);
    if (point !== undefined) return point;
    throw new MillwattError(
      'refuse',
      'unknown-point',
      `Source ${sourceId} wants ${name}, which the profile ${profile.id} does not have.`,
      { cure: `Choose from what it has: ${[...offered.keys()].join(', ')}.` },
    );
  });
}

/** The channel that a point of a meter feeds; transformer ratios become part of its scale. */
export function channelOf(profile: DeviceProfile, point: ProfilePoint, wiring: Wiring): MeasuredChannel {
  const { num, den } = multiply(canonicalScale(point), transformerScale(point, wiring));
  return {
    kind: 'measured',
    id: measuredChannelId(wiring.machine, wiring.component, point.quantity, point.phase),
    machine: wiring.machine,
    component: wiring.component,
    quantity: point.quantity,
    phase: point.phase,
    source: wiring.id,
    point: `fc${functionCodeOf(profile, point)} ${point.address} ${point.type}`,
    scale: [num.toString(), den.toString()],
    ...(point.counter === undefined ? {} : { counter: point.counter }),
  };
}

/** Current grows with the current transformer, voltage with the voltage transformer, power and energy with both. */
function transformerScale({ quantity }: ProfilePoint, { ct, vt }: Wiring): Rational {
  const ofCurrent = ct === undefined ? rational(1n) : ratioOf(ct);
  const ofVoltage = vt === undefined ? rational(1n) : ratioOf(vt);
  if (quantity === 'current') return ofCurrent;
  if (quantity === 'voltage') return ofVoltage;
  return /Power$|Energy/.test(quantity) ? multiply(ofCurrent, ofVoltage) : rational(1n);
}

function ratioOf({ primary, secondary }: TransformerRatio): Rational {
  const below = rationalOf(secondary);
  return multiply(rationalOf(primary), rational(below.den, below.num));
}
