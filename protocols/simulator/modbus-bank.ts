import type { Reading } from '../telemetry/decimal.ts';
import { makeEncoder, type Encoder } from '../modbus/encode.ts';
import { functionCodeOf, registerCount, type DeviceProfile, type ProfilePoint } from '../modbus/profile.ts';
import type { RegisterBank } from './modbus-answer.ts';

interface Slot {
  point: ProfilePoint;
  functionCode: number;
  first: number;
  /** One past its last register. */
  end: number;
  encode: Encoder;
}

/** Reads of one shape are answered from one list; a client has few shapes. */
const SHAPES_MAX = 256;

/**
 * A simulated device of a profile. `valueOf` gives the raw reading of a point at the moment of the read (before scale:
 * `rawReadingOf` in protocols/modbus/encode.ts turns W or Wh into it); null means that the device has no value.
 * It is as strict as the profile says the device is: too many registers answer exception 3; odd requests, split values
 * and forbidden registers where the profile bars them, and reads that touch no point of that function code, exception 2.
 * Registers between points read as 0.
 */
export function createProfileBank(
  profile: DeviceProfile,
  valueOf: (point: ProfilePoint) => Reading | null,
): RegisterBank {
  const slots: Slot[] = profile.points.map((point) => ({
    point,
    functionCode: functionCodeOf(profile, point),
    first: point.address,
    end: point.address + registerCount(point.type),
    encode: makeEncoder(profile, point),
  }));
  const { limits } = profile;
  const shapes = new Map<string, Slot[] | number>();

  const shapeOf = (functionCode: number, address: number, count: number): Slot[] | number => {
    const end = address + count;
    if (count > limits.maxRegisters) return 3;
    if (limits.even && (address % 2 !== 0 || count % 2 !== 0)) return 2;
    if (limits.forbidden.some(({ first, last }) => first < end && last >= address)) return 2;
    const touched = slots.filter(
      (slot) => slot.functionCode === functionCode && slot.first < end && slot.end > address,
    );
    const isSplit = touched.some((slot) => slot.first < address || slot.end > end);
    if (touched.length === 0 || (limits.wholeValues && isSplit)) return 2;
    return touched;
  };

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
      for (const slot of shape) {
        const value = valueOf(slot.point);
        if (slot.first >= address && slot.end <= address + count)
          slot.encode(value, registers, slot.first - address);
        else {
          // The read takes only some registers of the value.
          const whole = new Uint16Array(slot.end - slot.first);
          slot.encode(value, whole, 0);
          for (let i = 0; i < whole.length; i++) {
            const at = slot.first + i - address;
            if (at >= 0 && at < count) registers[at] = whole[i] ?? 0;
          }
        }
      }
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
