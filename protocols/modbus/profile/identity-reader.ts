import { makeDecoder, type DecodingTraits } from './decode.ts';
import { registerCount, type DeviceDetail, type IdentityCheck } from './profile.ts';
import type { WantedRegisters } from '../plan/read-plan.ts';
import { decodeText } from './text.ts';

/** The request that shows what a check looks at. */
export function identityRequest({ functionCode, address, count }: IdentityCheck): WantedRegisters {
  return { functionCode, address, count };
}

/**
 * Whether the answer to `identityRequest` is that of the device which the check describes.
 * @param device whose word order a 32-bit number has
 */
export function judgeIdentity(check: IdentityCheck, registers: Uint16Array, device: DecodingTraits): boolean {
  if (registers.length < check.count) return false;
  if (check.type === 'ascii') {
    const text = decodeText(registers, 0, check.count, check.layout ?? 'plain')?.toLowerCase();
    return (
      text !== undefined && (check.startsWith ?? []).some((start) => text.startsWith(start.toLowerCase()))
    );
  }
  if (registers.length < registerCount(check.type)) return false;
  // An id is an id, whatever the device shows where it has no value.
  const value = Number(makeDecoder({ ...device, notAvailable: {} }, { type: check.type })(registers, 0));
  if (check.between !== undefined) return value >= check.between.first && value <= check.between.last;
  return check.oneOf?.includes(value) === true;
}

/** The request that shows a detail: the block it lies in, where that is only read whole. */
export function detailRequest(detail: DeviceDetail): WantedRegisters {
  const { address, count } = detail.block ?? { address: detail.address, count: detailRegisters(detail) };
  return { functionCode: detail.functionCode, address, count };
}

/** What the answer to `detailRequest` tells, as text; null where the device tells nothing. */
export function readDetail(
  detail: DeviceDetail,
  registers: Uint16Array,
  device: DecodingTraits,
): string | null {
  const count = detailRegisters(detail);
  const offset = detail.address - detailRequest(detail).address;
  if (offset < 0 || registers.length < offset + count) return null;
  if (detail.type === 'ascii') return decodeText(registers, offset, count, detail.layout ?? 'plain');
  const value = makeDecoder(device, { type: detail.type, wordOrder: detail.wordOrder })(registers, offset);
  return value === null ? null : String(value);
}

/** Registers that a detail takes. */
export function detailRegisters({ type, length }: Pick<DeviceDetail, 'type' | 'length'>): number {
  return type === 'ascii' ? (length ?? 1) : registerCount(type);
}
