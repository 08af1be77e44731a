import {
  functionCodeOf,
  pointName,
  type DeviceProfile,
  type ProfilePoint,
  type RegisterFunction,
  type RegisterType,
} from '../../protocols/modbus/profile/profile.ts';

/** f32 and f64, two tariffs added; f32 in input registers with a factor elsewhere; i32 low word first; i64 and 4 quadrants. */
export const PROFILES = ['siemens/pac3200', 'eastron/sdm630', 'carlo-gavazzi/em340', 'schneider/iem3000'];

const TABLE_REGISTERS = 65_536;

/** A device as foreign servers show it. */
export interface RegisterImage {
  /** All holding registers, then all input registers, each 2 bytes, most significant first. */
  readonly bytes: Buffer;
  /** What each point must read, by its name, before any scale. */
  readonly readings: ReadonlyMap<string, number>;
}

/**
 * Registers of a device with a value of its own for every point, so that one taken for another is seen. Written without
 * our own encoder on purpose: what it and our decoder have wrong alike would not be seen.
 */
export function imageOf(profile: DeviceProfile): RegisterImage {
  const bytes = Buffer.alloc(TABLE_REGISTERS * 4);
  const readings = new Map<string, number>();
  const put = (functionCode: RegisterFunction, address: number, registers: Buffer) =>
    registers.copy(bytes, 2 * (address + (functionCode === 4 ? TABLE_REGISTERS : 0)));

  for (const { functionCode, address, oneOf } of profile.identity) {
    const [known] = oneOf ?? [];
    if (known !== undefined) put(functionCode, address, registersOf('u16', known, false));
  }
  for (const [place, point] of profile.points.entries()) {
    const functionCode = functionCodeOf(profile, point);
    const isLittle = (point.wordOrder ?? profile.wordOrder) === 'little';
    let reading = 0;
    for (const [share, address] of [point.address, ...(point.plus ?? [])].entries()) {
      const value = valueOf(point, place) + share * 1e9;
      put(functionCode, address, registersOf(point.type, value, isLittle));
      reading += value;
    }
    for (const factor of point.factors ?? []) {
      if (factor.as !== 'thousands') throw new Error(`no image of a factor as ${factor.as} yet`);
      put(factor.functionCode ?? functionCode, factor.address, registersOf(factor.type, 1, isLittle));
      reading *= 1000;
    }
    readings.set(pointName(point), reading);
  }
  return { bytes, readings };
}

/** Fits the type, is exact in it, and differs from every other point's in every register that counts. */
export function valueOf(point: ProfilePoint, place: number): number {
  if (point.quantity === 'powerFactor') return point.type === 'i16' ? -500 - place : 0.5 + place / 1000;
  if (point.type === 'u16' || point.type === 'i16') return 100 * place + 7;
  // Above 32 bits, so that the upper words matter.
  if (point.type === 'f64') return 1e10 * (place + 1) + 0.0625;
  if (point.type === 'i64') return 1e10 * (place + 1) + 7;
  const size = 1000 * place + (point.type === 'f32' ? 12.5 : 123_456);
  const maySink = point.counter === undefined && !point.type.startsWith('u') && place % 2 === 1;
  return maySink ? -size : size;
}

/** The registers of a value as Node's Buffer knows them, words turned round where the device does. */
export function registersOf(type: RegisterType, value: number, isLittle: boolean): Buffer {
  const bytes = Buffer.alloc(Number(type.slice(1)) / 8);
  if (type === 'f32') bytes.writeFloatBE(value);
  else if (type === 'f64') bytes.writeDoubleBE(value);
  else if (type === 'i64') bytes.writeBigInt64BE(BigInt(value));
  else if (type === 'u64') bytes.writeBigUInt64BE(BigInt(value));
  else if (type.startsWith('i')) bytes.writeIntBE(value, 0, bytes.length);
  else bytes.writeUIntBE(value, 0, bytes.length);
  return isLittle ? bytes.swap16().reverse() : bytes;
}
