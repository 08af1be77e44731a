import type { SourceDescription } from '../../telemetry/snapshot.ts';
import { describeEndpoint } from '../endpoint.ts';
import type { DeviceProfile } from '../profile/profile.ts';
import type { ModbusSource } from '../source.ts';

const PROTOCOLS = { tcp: 'modbus-tcp', rtu: 'modbus-rtu', 'rtu-over-tcp': 'modbus-rtu-over-tcp' } as const;

/**
 * The source as the config snapshot describes it.
 * @param sha256 of the profile's file, base64url
 */
export function describeSource(
  source: ModbusSource,
  profile: DeviceProfile,
  sha256: string,
): SourceDescription {
  const { ct, vt } = source;
  const serial = source.meter?.serial;
  const accuracyClass = source.meter?.class ?? profile.accuracyClass;
  return {
    id: source.id,
    protocol: PROTOCOLS[source.endpoint.transport],
    address: `${describeEndpoint(source.endpoint)} unit ${source.unit}`,
    everyMs: source.every,
    profile: { id: profile.id, version: profile.version, sha256 },
    ...(serial === undefined && accuracyClass === undefined
      ? {}
      : {
          meter: {
            ...(serial === undefined ? {} : { serial }),
            ...(accuracyClass === undefined ? {} : { class: accuracyClass }),
          },
        }),
    ...(ct === undefined ? {} : { ct: { primary: ct.primary, secondary: ct.secondary } }),
    ...(vt === undefined ? {} : { vt: { primary: vt.primary, secondary: vt.secondary } }),
  };
}
