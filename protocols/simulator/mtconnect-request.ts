import type { DeviceModel } from './mtconnect-devices.ts';

/** A request that an agent understands. */
export type AgentRequest = Asked &
  (
    | { kind: 'probe' }
    | { kind: 'current' }
    | { kind: 'sample'; from: number | undefined; count: number }
    | { kind: 'stream'; from: number | undefined; count: number; intervalMs: number; heartbeatMs: number }
  );

interface Asked {
  /** Place of the device that it is limited to; undefined for all. */
  device: number | undefined;
}

/** Why a request gets an error document; the message says it in words. */
export class RequestFault extends Error {
  readonly code: string;
  /** HTTP status of agents that set one. */
  readonly status: number;

  constructor(code: 'OUT_OF_RANGE' | 'INVALID_REQUEST' | 'NO_DEVICE' | 'UNSUPPORTED', message: string) {
    super(message);
    this.code = code;
    this.status = code === 'OUT_OF_RANGE' || code === 'NO_DEVICE' ? 404 : 400;
  }
}

const COUNT = 100;
const HEARTBEAT_MS = 10_000;

/** Reads a request, or throws the RequestFault that it deserves. */
export function readRequest(method: string, target: string, model: DeviceModel): AgentRequest {
  if (method !== 'GET') throw new RequestFault('UNSUPPORTED', 'Only GET is answered here.');
  const url = readUrl(target);
  const steps = url.pathname.split('/').filter((step) => step !== '');
  if (steps.length > 2) throw new RequestFault('INVALID_REQUEST', `${url.pathname} asks for nothing known.`);
  const verb = isVerb(steps.at(-1)) ? steps.pop() : 'probe';
  const device = steps[0] === undefined ? undefined : findDevice(steps[0], model);
  if (verb === 'probe') return { kind: 'probe', device };
  for (const unsupported of ['path', 'at'])
    if (url.searchParams.has(unsupported))
      throw new RequestFault('UNSUPPORTED', `${unsupported} is not supported by the simulated agent.`);
  if (verb === 'current') {
    if (url.searchParams.has('interval'))
      throw new RequestFault('UNSUPPORTED', 'The simulated agent streams samples only.');
    return { kind: 'current', device };
  }
  const numberOf = (name: string, least: number) => {
    const text = url.searchParams.get(name);
    if (text === null) return undefined;
    const value = /^-?\d{1,15}$/u.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(value)) throw new RequestFault('INVALID_REQUEST', `${name} must be a whole number.`);
    if (value < least) throw new RequestFault('OUT_OF_RANGE', `${name} must not be below ${least}.`);
    return value;
  };
  const from = numberOf('from', 0);
  const count = numberOf('count', 1) ?? COUNT;
  const intervalMs = numberOf('interval', 0);
  const heartbeatMs = numberOf('heartbeat', 1) ?? HEARTBEAT_MS;
  return intervalMs === undefined
    ? { kind: 'sample', device, from, count }
    : { kind: 'stream', device, from, count, intervalMs, heartbeatMs };
}

/** With escapes undone in its path. */
function readUrl(target: string): { pathname: string; searchParams: URLSearchParams } {
  try {
    const { pathname, searchParams } = new URL(target, 'http://agent.invalid');
    return { pathname: decodeURIComponent(pathname), searchParams };
  } catch {
    throw new RequestFault('INVALID_REQUEST', 'The address cannot be read.');
  }
}

function isVerb(step: string | undefined): step is 'probe' | 'current' | 'sample' {
  return step === 'probe' || step === 'current' || step === 'sample';
}

function findDevice(key: string, model: DeviceModel): number {
  const device = model.devices.findIndex(({ name, uuid }) => key === name || key === uuid);
  if (device < 0) throw new RequestFault('NO_DEVICE', `There is no device ${key} here.`);
  return device;
}
