import {
  measuredChannelId,
  statusChannelId,
  type MeasuredChannel,
  type StatusChannel,
} from '../../telemetry/channel.ts';
import { scaleOf } from './device-scale.ts';
import {
  functionCodeOf,
  type DeviceProfile,
  type ProfilePoint,
  type StatusPoint,
} from '../profile/profile.ts';
import type { ModbusSource } from '../source.ts';

/** The channel that a point of a meter feeds; transformer ratios become part of its scale. Throws as `scaleOf` does. */
export function channelOf(
  profile: DeviceProfile,
  point: ProfilePoint,
  source: ModbusSource,
): MeasuredChannel {
  const { num, den } = scaleOf(profile, point, source);
  return {
    kind: 'measured',
    id: measuredChannelId(source.machine, source.component, point.quantity, point.phase),
    machine: source.machine,
    component: source.component,
    quantity: point.quantity,
    phase: point.phase,
    source: source.id,
    point: nameRegisters(profile, point, source),
    scale: [num.toString(), den.toString()],
    ...(point.counter === undefined ? {} : { counter: point.counter }),
  };
}

/** The channel that a status word of a device feeds. */
export function statusChannelOf(
  profile: DeviceProfile,
  { status, functionCode, address, type, bit, length, vocabulary }: StatusPoint,
  { id, machine, component, addressOffset }: ModbusSource,
): StatusChannel {
  const detail = type === 'bit' ? ` ${bit ?? 0}` : type === 'ascii' ? ` ${length ?? 1}` : '';
  return {
    kind: 'status',
    id: statusChannelId(machine, component, status),
    machine,
    component,
    status,
    source: id,
    point: `fc${functionCode ?? profile.functionCode} ${address + addressOffset} ${type}${detail}`,
    vocabulary,
  };
}

/** Every register that takes part, as it goes over the wire: `fc3 4126 f32 x fc3 6 u16`, `fc3 801 f64 + fc3 805 f64`. */
function nameRegisters(
  profile: DeviceProfile,
  point: ProfilePoint,
  { addressOffset, wordOrder }: ModbusSource,
): string {
  const code = functionCodeOf(profile, point);
  const terms = [point.address, ...(point.plus ?? [])].map(
    (address) => `fc${code} ${address + addressOffset} ${point.type}`,
  );
  const factors = (point.factors ?? []).map(
    (factor) => `fc${factor.functionCode ?? code} ${factor.address + addressOffset} ${factor.type}`,
  );
  const sum = terms.join(' + ');
  const product = [terms.length > 1 && factors.length > 0 ? `(${sum})` : sum, ...factors].join(' x ');
  return wordOrder === undefined ? product : `${product}, ${wordOrder} words`;
}
