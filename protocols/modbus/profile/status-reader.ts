import { makeDecoder, type DecodingTraits } from './decode.ts';
import type { RegisterSlice } from './point-reader.ts';
import { registerCount, type DeviceProfile, type StatusPoint } from './profile.ts';
import type { WantedRegisters } from '../plan/read-plan.ts';
import { decodeText } from './text.ts';

/** A status word as the device wrote it. */
export type StatusValue = string | number | boolean | null;

/** How one status word is read. */
export interface StatusReader {
  /** The registers one request must hold, in the profile's own addresses. */
  readonly part: WantedRegisters;
  /** A bit is true or false, a number a number (text beyond 2^53), text without trailing blanks; null: no value. */
  read(slice: RegisterSlice | null): StatusValue;
}

/** What a status reader needs to know of a device. */
export type StatusTraits = DecodingTraits & Pick<DeviceProfile, 'functionCode'>;

/** The registers of a status word and what they mean. */
export function makeStatusReader(device: StatusTraits, status: StatusPoint): StatusReader {
  const part = {
    functionCode: status.functionCode ?? device.functionCode,
    address: status.address,
    count: statusRegisters(status),
  };
  const read = makeStatusDecoder(device, status, part.count);
  return { part, read: (slice) => (slice === null ? null : read(slice)) };
}

/** Registers that a status word takes. */
export function statusRegisters({ type, length }: Pick<StatusPoint, 'type' | 'length'>): number {
  if (type === 'ascii') return length ?? 1;
  return type === 'bit' ? 1 : registerCount(type);
}

function makeStatusDecoder(
  device: StatusTraits,
  status: StatusPoint,
  count: number,
): (slice: RegisterSlice) => StatusValue {
  const { type, bit = 0, layout = 'plain' } = status;
  if (type === 'ascii') return ({ registers, offset }) => decodeText(registers, offset, count, layout);
  const decode = makeDecoder(device, { type: type === 'bit' ? 'u16' : type });
  return ({ registers, offset }) => {
    const value = decode(registers, offset);
    if (type === 'bit') return value === null ? null : ((Number(value) >> bit) & 1) === 1;
    return typeof value === 'bigint' ? value.toString() : value;
  };
}
