import type { EncodingTraits, RegisterField } from './point-encoder.ts';
import { makeEncoder } from './encode.ts';
import { detailRegisters } from './identity-reader.ts';
import { registerCount, type DeviceDetail, type IdentityCheck, type StatusPoint } from './profile.ts';
import { statusRegisters, type StatusValue } from './status-reader.ts';
import { encodeText } from './text.ts';

/** The register of a status word, for simulators: the inverse of its reader. Several bits may share one register. */
export function fieldOfStatus(
  device: EncodingTraits,
  status: StatusPoint,
  valueOf: () => StatusValue,
): RegisterField {
  const { type, bit = 0, layout = 'plain' } = status;
  const count = statusRegisters(status);
  const head = {
    functionCode: status.functionCode ?? device.functionCode,
    address: status.address,
    count,
  };
  if (type === 'ascii')
    return {
      ...head,
      write: (registers, offset) => encodeText(String(valueOf() ?? ''), registers, offset, count, layout),
    };
  const encode = makeEncoder(device, { type: type === 'bit' ? 'u16' : type });
  const image = new Uint16Array(count);
  return {
    ...head,
    write: (registers, offset) => {
      const value = valueOf();
      if (type === 'bit') encode(value === true ? 1 << bit : 0, image, 0);
      else
        encode(value === null ? null : typeof value === 'string' ? BigInt(value) : Number(value), image, 0);
      for (let i = 0; i < count; i++) registers[offset + i] = (registers[offset + i] ?? 0) | (image[i] ?? 0);
    },
  };
}

/** The registers by which a device tells what it is: the first value that the check accepts. */
export function fieldOfIdentity(device: EncodingTraits, check: IdentityCheck): RegisterField {
  const { functionCode, address, type, layout = 'plain' } = check;
  const count = type === 'ascii' ? check.count : registerCount(type);
  const image = new Uint16Array(count);
  if (type === 'ascii') encodeText(check.startsWith?.[0] ?? '', image, 0, count, layout);
  else
    makeEncoder({ ...device, notAvailable: {} }, { type })(
      check.oneOf?.[0] ?? check.between?.first ?? 0,
      image,
      0,
    );
  return { functionCode, address, count, write: (registers, offset) => registers.set(image, offset) };
}

/** The registers of something a device tells of itself: text, or a number. */
export function fieldOfDetail(device: EncodingTraits, detail: DeviceDetail, told: string): RegisterField {
  const { functionCode, address, type, layout = 'plain' } = detail;
  const count = detailRegisters(detail);
  const image = new Uint16Array(count);
  if (type === 'ascii') {
    const characters = layout === 'one-per-register' ? count : count * 2;
    encodeText(told.slice(0, characters), image, 0, count, layout);
  } else {
    const number = Number(told);
    const whole = Number.isSafeInteger(number) ? number : 1;
    makeEncoder(device, { type, wordOrder: detail.wordOrder })(whole, image, 0);
  }
  return { functionCode, address, count, write: (registers, offset) => registers.set(image, offset) };
}
