import { loadProfile } from '../../config/library/profile-library.ts';
import type { ModbusEndpoint } from '../../protocols/modbus/endpoint.ts';
import { pointName, type DeviceProfile } from '../../protocols/modbus/profile/profile.ts';
import type { ModbusSource } from '../../protocols/modbus/source.ts';
import type { RegisterBank } from '../../protocols/simulator/modbus-answer.ts';
import { createProfileBank } from '../../protocols/simulator/modbus-bank.ts';
import { measuredChannelId } from '../../protocols/telemetry/channel.ts';

/** What the agent's process is told. */
export interface SoakOrders {
  url: string;
  dataFolder: string;
  meters: SoakMeter[];
}

/** A meter as the driver knows it, and what it shows. */
export interface SoakMeter {
  source: ModbusSource;
  profile: string;
  /** Raw readings by channel. */
  shown: Record<string, number>;
  /** While it is said to be up, its last reading may be no older, ms. */
  ageMsMax: number;
}

/** What the agent's process says every second. */
export interface SoakState {
  kind: 'state';
  polls: number;
  failures: number;
  up: number;
  /** Oldest reading of a source that was up, in its own cycles. */
  oldestCycles: number;
  /** Why each of the others is down. */
  down: string[];
  /** Values that the last polls did not give. */
  missing: number;
  /** Sources that were said to be up with too old a reading, and readings that are not what the meter shows. */
  broken: string[];
}

/** What the agent's process answers to `sample`, after a full collection of garbage. */
export interface SoakSample {
  kind: 'sample';
  handles: number;
  resources: Record<string, number>;
  listeners: number;
  warnings: string[];
  rssBytes: number;
  heapBytes: number;
  /** Buffers and what else V8 knows to lie outside its heap. */
  externalBytes: number;
  /** What V8 holds for its heap, used or not. */
  heapTotalBytes: number;
}

const READ = ['activePower', 'voltage.l1', 'activeEnergyImport'];
const REQUESTS_MAX = 3;
/** For how long a client of RTU may listen for late replies before a request, on top of its timeout. */
const LISTENING_MS_MAX = 600;
/** For a busy computer. */
const SLACK_MS = 1500;

/** What a device does apart from its registers; changed by faults. */
export interface UnitMood {
  answers: 'well' | 'silent' | 'exceptions' | 'refusing';
}

/** A meter and the device behind it. Values are its own, so that another's would be seen. */
export function makeMeter(options: {
  number: number;
  endpoint: ModbusEndpoint;
  unit: number;
  profile: string;
  everyMs: number;
  timeoutMs: number;
  /** Meters on the same line, this one included. */
  neighbours: number;
  isRtu?: boolean;
}): { meter: SoakMeter; bank: RegisterBank; mood: UnitMood } {
  const { number, endpoint, unit, everyMs, timeoutMs, neighbours, isRtu = false } = options;
  const holdMs = timeoutMs + (isRtu ? LISTENING_MS_MAX : 0);
  const { profile } = loadProfile(options.profile);
  const wiring = { id: `meter-${number}`, machine: `mill-${number}`, component: 'supply' };
  const mood: UnitMood = { answers: 'well' };
  const shown: Record<string, number> = {};
  for (const point of profile.points)
    if (READ.includes(pointName(point)))
      shown[measuredChannelId(wiring.machine, wiring.component, point.quantity, point.phase)] =
        shownBy(profile, number)[pointName(point)] ?? 0;
  return {
    mood,
    bank: moodyBank(profile, number, mood),
    meter: {
      source: {
        ...wiring,
        endpoint,
        unit,
        read: READ,
        addressOffset: 0,
        timeout: timeoutMs,
        every: everyMs,
      },
      profile: options.profile,
      shown,
      // A turn may be missed; the poll may wait for each neighbour's timeout and its own requests.
      ageMsMax: 2 * everyMs + holdMs * (REQUESTS_MAX + neighbours) + SLACK_MS,
    },
  };
}

function shownBy(profile: DeviceProfile, number: number): Record<string, number> {
  return Object.fromEntries(
    profile.points.map((point, place) => [pointName(point), 1000 * place + number + 0.5]),
  );
}

function moodyBank(profile: DeviceProfile, number: number, mood: UnitMood): RegisterBank {
  const shown = shownBy(profile, number);
  const bank = createProfileBank(profile, (point) => shown[pointName(point)] ?? 0);
  let turn = 0;
  return {
    read(functionCode, address, count) {
      if (mood.answers === 'silent') return 'silent';
      // Some devices know no register while they start.
      if (mood.answers === 'refusing') return { exception: 2 };
      // Busy, failed, gateway trouble: what a device in trouble answers, none of which says anything of a register.
      if (mood.answers === 'exceptions') return { exception: [4, 5, 6, 10, 11][turn++ % 5] ?? 4 };
      return bank.read(functionCode, address, count);
    },
  };
}
