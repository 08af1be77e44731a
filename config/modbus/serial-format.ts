import type { Parity, SerialFormat } from '../../protocols/modbus/endpoint.ts';
import type { DeviceProfile } from '../../protocols/modbus/profile/profile.ts';
import type { ModbusRtuSourceConfig } from './modbus-config.ts';

/** The keys of a source that say how bits follow each other on its line. */
export type SerialKey = keyof SerialFormat;

/** Where a setting of a line comes from: a source, the factory settings of its devices, or nobody said. */
export type SerialOrigin = 'written' | 'factory' | 'assumed';

/** A source on a serial port and what is known of its device. */
export interface SerialUser {
  source: ModbusRtuSourceConfig;
  profile: Pick<DeviceProfile, 'serial'> | undefined;
}

/** How a port is set, where each setting comes from, and which settings its sources do not agree on. */
export interface SerialSettings {
  format: SerialFormat;
  origins: Record<SerialKey, SerialOrigin>;
  conflicts: { key: SerialKey; origin: SerialOrigin; values: (number | string)[] }[];
}

/** What most meters have where nobody says anything. */
const ASSUMED: SerialFormat = { baudRate: 9600, parity: 'none', stopBits: 1 };

/**
 * The settings of a serial port, shared by all its sources: what any of them writes holds for the port; else the factory
 * settings of the devices, where their profiles state them; else 9600 8N1.
 */
export function serialSettingsOf(users: readonly SerialUser[]): SerialSettings {
  const origins: SerialSettings['origins'] = { baudRate: 'assumed', parity: 'assumed', stopBits: 'assumed' };
  const conflicts: SerialSettings['conflicts'] = [];
  const factory = users.flatMap(({ profile }) => profile?.serial ?? []);
  const settle = <T extends number | Parity>(
    key: SerialKey,
    written: readonly (T | undefined)[],
    asDelivered: readonly T[],
    assumed: T,
  ): T => {
    for (const [origin, all] of [
      ['written', written],
      ['factory', asDelivered],
    ] as const) {
      const values = [...new Set(all.flatMap((value): T[] => (value === undefined ? [] : [value])))];
      const [first] = values;
      if (first === undefined) continue;
      origins[key] = origin;
      if (values.length > 1) conflicts.push({ key, origin, values });
      return first;
    }
    return assumed;
  };
  const format: SerialFormat = {
    baudRate: settle(
      'baudRate',
      users.map(({ source }) => source.baudRate),
      factory.map(({ baudRate }) => baudRate),
      ASSUMED.baudRate,
    ),
    parity: settle(
      'parity',
      users.map(({ source }) => source.parity),
      factory.map(({ parity }) => parity),
      ASSUMED.parity,
    ),
    stopBits: settle(
      'stopBits',
      users.map(({ source }) => source.stopBits),
      factory.map(({ stopBits }) => stopBits),
      ASSUMED.stopBits,
    ),
  };
  return { format, origins, conflicts };
}
