import type { Parity, SerialFormat } from '../endpoint.ts';
import type { ScanTarget } from './scan-target.ts';

/** How to scan, as the operator chose; what is absent is usual. */
export interface ScanOptions {
  units?: readonly number[] | undefined;
  baudRates?: readonly number[] | undefined;
  parities?: readonly Parity[] | undefined;
  /** Requests a second. */
  ratePerSecond?: number | undefined;
  /** For one request, ms. */
  timeoutMs?: number | undefined;
  /** Only what is most usual. */
  isQuick?: boolean | undefined;
  /** Go on with other serial settings after a device was found, and with other unit ids of a device that minds none. */
  isAll?: boolean | undefined;
}

/** All that a scan will do at most. */
export interface ScanPlan {
  target: ScanTarget;
  /** On a serial line: its settings, in the order they are tried. Elsewhere empty. */
  formats: readonly SerialFormat[];
  /** Unit ids to ask of each host or line, in this order; those of `firstUnits` before all others. */
  firstUnits: readonly number[];
  moreUnits: readonly number[];
  timeoutMs: number;
  /** Between two requests, ms. */
  paceMs: number;
  /** Hosts that are asked at the same time. */
  hostsAtOnce: number;
  isAll: boolean;
  /** The most requests (or connections) it takes to find out who is there. */
  asksMax: number;
  /** The longest that may take, ms; what is found takes longer. */
  spanMsMax: number;
}

const BAUD_RATES = [9600, 19_200, 38_400, 115_200, 2400, 4800, 57_600];
const PARITIES: readonly Parity[] = ['none', 'even'];
const QUICK_BAUD_RATES = [9600, 19_200];
/** Most devices on a serial line have a low unit id, so these are tried with every setting first. */
const LOW_UNITS = range(1, 10);
const SERIAL_UNITS = range(1, 247);
/** What a device itself answers to: as delivered, the two that mean "whoever is at this address". */
const OWN_UNITS = [1, 255, 0];
const NETWORK_RATE = 10;
const HOST_RATE = 20;
const SERIAL_RATE = 50;
const NETWORK_TIMEOUT_MS = 1000;
const SERIAL_TIMEOUT_MS = 500;
const HOSTS_AT_ONCE = 16;
/** Bits of a short request and its answer, with their silences, that a serial line needs besides the timeout. */
const FRAME_BITS = 250;

/** Says what a scan will do, and how long that may take at most. Pure. */
export function planScan(target: ScanTarget, options: ScanOptions = {}): ScanPlan {
  switch (target.kind) {
    case 'network':
      return planNetwork(target, target.hosts.length, options);
    case 'host':
      return planHost(target, options);
    case 'serial':
      return planSerial(target, options);
  }
}

function planNetwork(target: ScanTarget, hosts: number, options: ScanOptions): ScanPlan {
  const { timeoutMs = NETWORK_TIMEOUT_MS, isAll = false } = options;
  const paceMs = 1000 / (options.ratePerSecond ?? NETWORK_RATE);
  const spanMsMax = Math.max(hosts * paceMs, Math.ceil(hosts / HOSTS_AT_ONCE) * timeoutMs) + timeoutMs;
  return {
    target,
    formats: [],
    firstUnits: options.units ?? OWN_UNITS,
    moreUnits: [],
    timeoutMs,
    paceMs,
    hostsAtOnce: HOSTS_AT_ONCE,
    isAll,
    asksMax: hosts,
    spanMsMax,
  };
}

function planHost(target: ScanTarget & { kind: 'host' }, options: ScanOptions): ScanPlan {
  const isTcp = target.transport === 'tcp';
  const {
    timeoutMs = isTcp ? NETWORK_TIMEOUT_MS : SERIAL_TIMEOUT_MS,
    isQuick = false,
    isAll = false,
  } = options;
  const paceMs = 1000 / (options.ratePerSecond ?? HOST_RATE);
  // Unit 2 shows whether a device that minds no 255 and no 0 minds any.
  const firstUnits = options.units ?? (isTcp ? OWN_UNITS : LOW_UNITS);
  const moreUnits =
    options.units !== undefined || isQuick ? [] : SERIAL_UNITS.filter((unit) => !firstUnits.includes(unit));
  const asksMax = firstUnits.length + moreUnits.length;
  return {
    target,
    formats: [],
    firstUnits,
    moreUnits,
    timeoutMs,
    paceMs,
    hostsAtOnce: 1,
    isAll,
    asksMax,
    spanMsMax: asksMax * Math.max(paceMs, timeoutMs),
  };
}

function planSerial(target: ScanTarget, options: ScanOptions): ScanPlan {
  const { timeoutMs = SERIAL_TIMEOUT_MS, isQuick = false, isAll = false } = options;
  const baudRates = options.baudRates ?? (isQuick ? QUICK_BAUD_RATES : BAUD_RATES);
  const parities = options.parities ?? PARITIES;
  const formats = baudRates.flatMap((baudRate) =>
    parities.map((parity): SerialFormat => ({ baudRate, parity, stopBits: 1 })),
  );
  const firstUnits = options.units ?? LOW_UNITS;
  const moreUnits =
    options.units !== undefined || isQuick ? [] : SERIAL_UNITS.filter((unit) => !firstUnits.includes(unit));
  const paceMs = 1000 / (options.ratePerSecond ?? SERIAL_RATE);
  const units = firstUnits.length + moreUnits.length;
  const spanMsMax = formats.reduce(
    (sum, { baudRate }) => sum + units * Math.max(paceMs, timeoutMs + (FRAME_BITS / baudRate) * 1000),
    0,
  );
  return {
    target,
    formats,
    firstUnits,
    moreUnits,
    timeoutMs,
    paceMs,
    hostsAtOnce: 1,
    isAll,
    asksMax: units * formats.length,
    spanMsMax,
  };
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
