import type { Reading } from '../telemetry/decimal.ts';
import {
  fieldOfFactor,
  fieldsOfPoint,
  usualFactorValue,
  type RegisterField,
} from '../modbus/profile/point-encoder.ts';
import type {
  DeviceDetail,
  DeviceProfile,
  ProfilePoint,
  ReadLimits,
  RegisterFactor,
  RegisterRange,
  StatusPoint,
} from '../modbus/profile/profile.ts';
import type { StatusValue } from '../modbus/profile/status-reader.ts';
import { fieldOfDetail, fieldOfIdentity, fieldOfStatus } from '../modbus/profile/word-encoder.ts';
import type { RegisterBank } from './modbus-answer.ts';

/** What a simulated device has besides measured values; each has a default. */
export interface BankSettings {
  /** What the registers of factors hold; by default 1 as a ratio, two decimals, no thousands. */
  factorValueOf?: (factor: RegisterFactor) => number;
  /** What the control says; by default a bit is clear, a number 0 and text empty. */
  statusOf?: (status: StatusPoint) => StatusValue;
  /** Added values (two tariffs) share a sum evenly; by default the first has all of it, as where no tariff is switched. */
  sumsShared?: boolean;
  /** What it tells of itself. */
  details?: Readonly<Partial<Record<DeviceDetail['is'], string>>>;
}

/** Reads of one shape are answered from one list; a client has few shapes. */
const SHAPES_MAX = 256;

/**
 * A simulated device of a profile. `valueOf` gives the raw reading of a point at the moment of the read (before scale,
 * sums and factors done: `rawReadingOf` in protocols/modbus/profile/encode.ts turns W or Wh into it); null means that the device
 * has no value. It is as strict as the profile says the device is: too many registers answer exception 3; odd requests,
 * split values, pieces of whole blocks, registers that are forbidden or not readable, and reads that touch nothing of
 * that function code, exception 2. Registers between values read as 0. An identification register that lies where
 * measured values lie answers only to its own request.
 */
export function createProfileBank(
  profile: DeviceProfile,
  valueOf: (point: ProfilePoint) => Reading | null,
  settings: BankSettings = {},
): RegisterBank {
  const { factorValueOf = usualFactorValue, statusOf = quietStatus, details = {}, sumsShared } = settings;
  const measured = profile.points.flatMap((point) =>
    fieldsOfPoint(profile, point, () => valueOf(point), factorValueOf, sumsShared),
  );
  const words = [
    ...factorFields(profile, factorValueOf),
    ...profile.statuses.map((status) => fieldOfStatus(profile, status, () => statusOf(status))),
  ];
  const told = [
    ...profile.details.map((detail) => {
      const field = fieldOfDetail(profile, detail, details[detail.is] ?? usualDetail(profile, detail));
      return { count: field.count, address: field.address, field, ...detail.block };
    }),
    // Written last: what a check looks at stands, whatever else lies there.
    ...profile.identity.map((check) => ({
      count: check.count,
      address: check.address,
      field: fieldOfIdentity(profile, check),
    })),
  ];
  const clashes = told.filter(({ field }) => measured.some((other) => isOverlap(field, other)));
  const fields = [
    ...measured,
    ...words,
    ...told.filter((one) => !clashes.includes(one)).map((one) => one.field),
  ];
  const { limits } = profile;

  const shapeOf = (functionCode: number, address: number, count: number): RegisterField[] | number => {
    if (count > limits.maxRegisters) return 3;
    if (!isAllowed(limits, address, count)) return 2;
    const alone = clashes.filter(
      (one) => one.field.functionCode === functionCode && one.address === address && one.count === count,
    );
    if (alone.length > 0) return alone.map((one) => one.field);
    const asked = { functionCode, address, count };
    const touched = fields.filter((field) => isOverlap(field, asked));
    const isSplit = touched.some(
      (field) => field.address < address || field.address + field.count > address + count,
    );
    return touched.length === 0 || (limits.wholeValues && isSplit) ? 2 : touched;
  };

  const shapes = new Map<string, RegisterField[] | number>();
  return {
    read(functionCode, address, count) {
      const key = `${functionCode}:${address}:${count}`;
      let shape = shapes.get(key);
      if (shape === undefined) {
        shape = shapeOf(functionCode, address, count);
        if (shapes.size < SHAPES_MAX) shapes.set(key, shape);
      }
      if (typeof shape === 'number') return { exception: shape };
      const registers = new Uint16Array(count);
      for (const field of shape) writeField(field, registers, address);
      return registers;
    },
    ...(profile.deviceIdentification
      ? {
          identification: new Map([
            [0, profile.vendor],
            [1, profile.models[0] ?? profile.title],
            [2, 'simulated'],
          ]),
        }
      : {}),
  };
}

/** Written apart from the read plan on purpose: the plan is tested against it. */
function isAllowed(
  { even, forbidden, readable, whole }: ReadLimits,
  address: number,
  count: number,
): boolean {
  const last = address + count - 1;
  const touches = (range: RegisterRange) => range.first <= last && range.last >= address;
  if (even && (address % 2 !== 0 || count % 2 !== 0)) return false;
  if (forbidden.some(touches)) return false;
  if (readable.length > 0 && !readable.some((range) => range.first <= address && range.last >= last))
    return false;
  return whole.filter(touches).every((range) => range.first === address && range.last === last);
}

function writeField(field: RegisterField, registers: Uint16Array, address: number): void {
  const at = field.address - address;
  if (at >= 0 && at + field.count <= registers.length) {
    field.write(registers, at);
    return;
  }
  // The read takes only some registers of the value.
  const whole = new Uint16Array(field.count);
  field.write(whole, 0);
  for (let i = 0; i < whole.length; i++)
    if (at + i >= 0 && at + i < registers.length)
      registers[at + i] = (registers[at + i] ?? 0) | (whole[i] ?? 0);
}

/** Each factor once, whichever points it multiplies. */
function factorFields(
  profile: DeviceProfile,
  factorValueOf: (factor: RegisterFactor) => number,
): RegisterField[] {
  const found = new Map<string, RegisterField>();
  for (const point of profile.points) {
    for (const factor of point.factors ?? []) {
      const field = fieldOfFactor(profile, point, factor, factorValueOf(factor));
      found.set(`${field.functionCode}:${field.address}:${factor.byte ?? ''}`, field);
    }
  }
  return [...found.values()];
}

type Place =
  | Pick<RegisterField, 'functionCode' | 'address' | 'count'>
  | { functionCode: number; address: number; count: number };

function isOverlap(a: Place, b: Place): boolean {
  return (
    a.functionCode === b.functionCode && a.address < b.address + b.count && b.address < a.address + a.count
  );
}

function quietStatus({ type }: StatusPoint): StatusValue {
  if (type === 'ascii') return '';
  return type === 'bit' ? false : 0;
}

function usualDetail(profile: DeviceProfile, { is, type }: DeviceDetail): string {
  if (type !== 'ascii') return '1001';
  return is === 'model' ? (profile.models[0] ?? profile.title) : 'SIM1001';
}
