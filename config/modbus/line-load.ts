import { MillwattError } from '../../protocols/errors.ts';
import { describeEndpoint, endpointKey, type ModbusEndpoint } from '../../protocols/modbus/endpoint.ts';
import { makePointReader } from '../../protocols/modbus/profile/point-reader.ts';
import type { DeviceProfile } from '../../protocols/modbus/profile/profile.ts';
import { costOfEndpoint, costOfReads, TURN_AROUND_MS } from '../../protocols/modbus/plan/read-cost.ts';
import { planReads } from '../../protocols/modbus/plan/read-plan.ts';
import { makeStatusReader } from '../../protocols/modbus/profile/status-reader.ts';
import type { ModbusSourceConfig } from './modbus-config.ts';
import { endpointOf } from './modbus-endpoint.ts';
import { chooseOf } from './points-read.ts';
import { readGroupsOf } from './read-groups.ts';
import { serialSettingsOf, type SerialKey, type SerialOrigin, type SerialUser } from './serial-format.ts';

/** A source and the profile of its device. */
export interface LineUser {
  source: ModbusSourceConfig;
  profile: DeviceProfile;
}

/** How much of a serial line's time its sources take. */
export interface LineLoad {
  /** `/dev/ttyUSB0 9600 8N1`, `192.168.1.40:4001`. */
  line: string;
  /** Sources on it, in the order they were given. */
  sources: string[];
  /** Requests a second. */
  requestsPerSecond: number;
  /** Share of its time that the line is busy: from its speed, and 20 ms in which a device thinks. Above 1 it cannot keep up. */
  busyShare: number;
  /** As busyShare, for devices that answer at once: what no device can get below. */
  wireShare: number;
  /** Who says how fast it is; behind a device server nobody does, and it is taken for 9600 baud. */
  settings: SerialOrigin | 'unknown';
  /** The same of each setting; only of a serial port of this computer. */
  origins?: Readonly<Record<SerialKey, SerialOrigin>>;
  /** Profiles on it that state their factory settings, and those that do not. */
  stating: readonly string[];
  silent: readonly string[];
}

/** The load of each serial line, on this computer or behind a device server, in the order of the file. */
export function lineLoadsOf(users: readonly LineUser[]): LineLoad[] {
  const serialUsers = users.flatMap(({ source, profile }): SerialUser[] =>
    source.protocol === 'modbus-rtu' ? [{ source, profile }] : [],
  );
  const loads = new Map<string, LineLoad>();
  for (const user of users) {
    const endpoint = endpointOf(user.source, { users: serialUsers });
    if (endpoint.transport === 'tcp') continue;
    const key = endpointKey(endpoint);
    const load = loads.get(key) ?? {
      line: describeEndpoint(endpoint),
      sources: [],
      requestsPerSecond: 0,
      busyShare: 0,
      wireShare: 0,
      ...settingsOf(user.source, serialUsers),
    };
    loads.set(key, load);
    load.sources.push(user.source.id);
    addSource(load, user, endpoint);
  }
  return [...loads.values()];
}

/** The least certain of the settings decides. */
function settingsOf(
  source: ModbusSourceConfig,
  users: readonly SerialUser[],
): Pick<LineLoad, 'settings' | 'origins' | 'stating' | 'silent'> {
  if (source.protocol !== 'modbus-rtu') return { settings: 'unknown', stating: [], silent: [] };
  const onPort = users.filter((user) => user.source.serialPort === source.serialPort);
  const { origins } = serialSettingsOf(onPort);
  const all = Object.values<SerialOrigin>(origins);
  const idsOf = (states: boolean) => [
    ...new Set(
      onPort
        .filter(({ profile }) => (profile?.serial !== undefined) === states)
        .map((user) => user.source.profile),
    ),
  ];
  return {
    settings: (['assumed', 'factory'] as const).find((origin) => all.includes(origin)) ?? 'written',
    origins,
    stating: idsOf(true),
    silent: idsOf(false),
  };
}

function addSource(load: LineLoad, { source, profile }: LineUser, endpoint: ModbusEndpoint): void {
  const cost = costOfEndpoint(endpoint, profile.timing.guardMs);
  for (const { read, everyMs } of readGroupsOf(source, profile)) {
    const { points, statuses } = chooseOf(source, profile, read);
    const wanted = [
      ...points.flatMap((point) => makePointReader(profile, point).parts),
      ...statuses.map((status) => makeStatusReader(profile, status).part),
    ];
    const reads = planOf(() => planReads(wanted, profile.limits, cost));
    const wholeMs = costOfReads(reads, cost);
    load.requestsPerSecond += (reads.length / everyMs) * 1000;
    load.busyShare += wholeMs / everyMs;
    load.wireShare += (wholeMs - reads.length * TURN_AROUND_MS) / everyMs;
  }
}

/** What cannot be planned is another check's matter. */
function planOf<T>(plan: () => T[]): T[] {
  try {
    return plan();
  } catch (error) {
    if (error instanceof MillwattError) return [];
    throw error;
  }
}
