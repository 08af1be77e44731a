import {
  canonicalScale,
  functionCodeOf,
  pointName,
  type DeviceProfile,
  type ProfilePoint,
} from '../profile/profile.ts';
import { makePointReader } from '../profile/point-reader.ts';
import { planReads, type PlannedRead, type WantedRegisters } from '../plan/read-plan.ts';
import { toNumber } from '../../telemetry/unit.ts';
import type { IdentifyTalk } from './identify-talk.ts';

/** A value that a device gave under a profile, in the canonical unit of its quantity. */
export interface SeenValue {
  point: ProfilePoint;
  /** Null: the device has no value, or does not answer for it. */
  value: number | null;
  /** The device says that it has no such register. */
  isRefused: boolean;
}

/** What the voltages and the frequency of a profile look like on a device. */
export interface Plausibility {
  seen: SeenValue[];
  voltages: number;
  /** Voltages that are nothing a mains has. */
  oddVoltages: number;
  /** `none`: the profile has no frequency. */
  frequency: 'plausible' | 'odd' | 'none';
  /** At least two values that do not depend on each other are what a mains has, and the frequency, where there is one, too. */
  isPlausible: boolean;
}

const FREQUENCY_HZ = { least: 45, most: 65 };
const PHASE_VOLTAGE_V = { least: 80, most: 300 };
const LINE_VOLTAGE_V = { least: 80, most: 700 };
/** Phases of one mains do not differ by more than this. */
const PHASE_SPREAD = 1.25;

interface Part extends WantedRegisters {
  index: number;
  part: number;
}

/** The points that show whether a profile fits: phase voltages, or those between phases where it has no others. */
export function voltagePoints(profile: DeviceProfile): ProfilePoint[] {
  const ofPhases = (phases: readonly string[]) =>
    profile.points.filter(
      ({ quantity, phase, scaleFrom }) =>
        quantity === 'voltage' && phases.includes(phase) && scaleFrom === undefined,
    );
  const phases = ofPhases(['l1', 'l2', 'l3']);
  return phases.length > 0 ? phases : ofPhases(['l12', 'l23', 'l31']);
}

/** The frequency of the mains; that of a drive is its output, and stands at 0 with the motor. */
export function frequencyPoint({ kind, points }: DeviceProfile): ProfilePoint | undefined {
  if (kind === 'drive') return undefined;
  return points.find(({ quantity, scaleFrom }) => quantity === 'frequency' && scaleFrom === undefined);
}

/** The legal requests that read these points. */
export function requestsOf(profile: DeviceProfile, points: readonly ProfilePoint[]): PlannedRead<Part>[] {
  const wanted = points.flatMap((point, index) =>
    makePointReader(profile, point).parts.map((part, i): Part => ({ ...part, index, part: i })),
  );
  // Holes may not exist on a device that is not what the profile describes.
  return planReads(wanted, { ...profile.limits, maxGap: 0 });
}

/** Reads points of a profile from a device that may be another. */
export async function seePoints(
  talk: IdentifyTalk,
  profile: DeviceProfile,
  points: readonly ProfilePoint[],
): Promise<SeenValue[]> {
  const readers = points.map((point) => makePointReader(profile, point));
  const slices = readers.map(({ parts }) =>
    parts.map((): { registers: Uint16Array; offset: number } | null => null),
  );
  const refused = new Set<number>();
  for (const read of requestsOf(profile, points)) {
    const answer = await talk.readCovered(read);
    for (const { index, part, address } of read.wanted) {
      const ofPoint = slices[index];
      if ('registers' in answer && ofPoint !== undefined)
        ofPoint[part] = { registers: answer.registers, offset: address - read.address };
      if ('exception' in answer) refused.add(index);
    }
  }
  return points.map((point, index) => {
    const value = readers[index]?.read(slices[index] ?? []).value ?? null;
    return {
      point,
      value: value === null ? null : Number(value) * toNumber(canonicalScale(point)),
      isRefused: refused.has(index),
    };
  });
}

/** Reads the voltages and, where they are those of a mains, the frequency, and judges them. */
export async function seePlausibility(talk: IdentifyTalk, profile: DeviceProfile): Promise<Plausibility> {
  const voltages = await seePoints(talk, profile, voltagePoints(profile));
  const frequency = frequencyPoint(profile);
  const isWorthAsking = voltages.some(isMainsVoltage);
  const seen =
    frequency === undefined || !isWorthAsking
      ? voltages
      : [...voltages, ...(await seePoints(talk, profile, [frequency]))];
  return judgePlausibility(profile, seen);
}

/** Judges what was seen of a profile's voltages and frequency. Pure. */
export function judgePlausibility(profile: DeviceProfile, seen: readonly SeenValue[]): Plausibility {
  const voltages = seen.filter(({ point }) => point.quantity === 'voltage');
  const good = voltages.filter(isMainsVoltage).map(({ value }) => value ?? 0);
  const hertz = seen.find(({ point }) => point.quantity === 'frequency')?.value ?? null;
  const frequency =
    frequencyPoint(profile) === undefined
      ? 'none'
      : hertz !== null && isWithin(hertz, FREQUENCY_HZ)
        ? 'plausible'
        : 'odd';
  const isOneMains = good.length > 0 && Math.max(...good) <= PHASE_SPREAD * Math.min(...good);
  // A device that answers every request with the same number has no three voltages.
  const isAllAlike = new Set(good).size === 1;
  return {
    seen: [...seen],
    voltages: good.length,
    oddVoltages: voltages.length - good.length,
    frequency,
    isPlausible:
      isOneMains && (frequency === 'plausible' || (frequency === 'none' && good.length >= 3 && !isAllAlike)),
  };
}

function isMainsVoltage({ point: { phase }, value }: SeenValue): boolean {
  return value !== null && isWithin(value, phase.length === 3 ? LINE_VOLTAGE_V : PHASE_VOLTAGE_V);
}

function isWithin(value: number, { least, most }: { least: number; most: number }): boolean {
  return value >= least && value <= most;
}

/** What tells two profiles apart by their values: where voltages and frequency lie, and how. */
export function valueTraits(profile: DeviceProfile): string {
  const frequency = frequencyPoint(profile);
  const points = [...voltagePoints(profile), ...(frequency === undefined ? [] : [frequency])];
  const place = (point: ProfilePoint) =>
    [
      pointName(point),
      functionCodeOf(profile, point),
      point.address,
      point.type,
      point.scale,
      point.wordOrder ?? profile.wordOrder,
    ].join(' ');
  return `${profile.byteOrder} ${points.map(place).join(', ')}`;
}
