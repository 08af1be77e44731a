import type { ModbusEndpoint, SerialFormat } from '../endpoint.ts';
import { characterMs, frameSilenceMs } from '../rtu/serial-timing.ts';

/** What requests cost, in ms of the line: a request of n registers takes requestMs + n x registerMs. */
export interface ReadCost {
  /** Everything that does not grow with the registers: request, head of the answer, silences, the device's thinking. */
  requestMs: number;
  /** For each register in the answer. */
  registerMs: number;
}

/** How long one request kept the line. */
export interface ReadObservation {
  registers: number;
  /** From its turn on the line, guard time included, to the end of the answer; answered requests only. */
  roundTripMs: number;
}

/** Request of 8 bytes; answer of 5 bytes around the registers: unit, function, byte count and checksum. */
const FRAME_BYTES = 8 + 5;
/** From the end of a request to the start of the answer: meters on serial lines take 5 to 50 ms. An estimate. */
export const TURN_AROUND_MS = 20;
/** A round trip on a factory network to a meter's small processor. An estimate. */
const TCP_ROUND_TRIP_MS = 5;
/**
 * Two bytes more in a packet that is sent anyway: more than nothing, so that ties go to fewer; but the longest answer is
 * cheaper than a request is ever taken to be, so that a fast network never splits a plan. A request costs both ends far
 * more than a register.
 */
const TCP_REGISTER_MS = 0.0005;
/** What a serial device server has behind it where nobody says so: the most common setting of meters. */
const USUAL_FORMAT: SerialFormat = { baudRate: 9600, parity: 'even', stopBits: 1 };
/** More of the past says less of the present. */
const OBSERVATIONS_MAX = 32;
/** No measured overhead is taken for less; a plan that believed requests to be free would read every value alone. */
const REQUEST_MS_MIN = 0.1;

/** Fewest requests, then fewest registers: for plans that are not bound to a line. */
export const FEWEST_REQUESTS: ReadCost = { requestMs: 1000, registerMs: 0.001 };

/**
 * What a request costs before any was made. Serial lines: from the format (10 to 12 bits a character), with two silences
 * of 3.5 characters and an assumed turn-around of 20 ms. RTU over TCP: as 9600 8E1, and a network round trip. TCP: an
 * assumed round trip of 5 ms; registers cost almost nothing.
 * @param guardMs silence the device needs before each request
 */
export function costOfEndpoint(endpoint: ModbusEndpoint, guardMs: number): ReadCost {
  if (endpoint.transport === 'tcp')
    return { requestMs: TCP_ROUND_TRIP_MS + guardMs, registerMs: TCP_REGISTER_MS };
  const format = endpoint.transport === 'rtu' ? endpoint : USUAL_FORMAT;
  const networkMs = endpoint.transport === 'rtu' ? 0 : TCP_ROUND_TRIP_MS;
  const byteMs = characterMs(format);
  return {
    requestMs: FRAME_BYTES * byteMs + 2 * frameSilenceMs(format) + TURN_AROUND_MS + networkMs + guardMs,
    registerMs: 2 * byteMs,
  };
}

/**
 * The cost with the overhead that was measured: the median of the last 32 round trips, each less what its registers cost.
 * Assumed: the cost of a register is what the line says (it is physics), only the device's overhead is unknown; and
 * fewer than half of the round trips are disturbed. Without observations the cost stays.
 */
export function refineCost(cost: ReadCost, observations: readonly ReadObservation[]): ReadCost {
  const overheads = observations
    .slice(-OBSERVATIONS_MAX)
    .map(({ registers, roundTripMs }) => roundTripMs - registers * cost.registerMs)
    .filter((ms) => Number.isFinite(ms))
    .sort((a, b) => a - b);
  const upper = overheads[overheads.length >> 1];
  const lower = overheads[(overheads.length - 1) >> 1];
  if (upper === undefined || lower === undefined) return cost;
  return { ...cost, requestMs: Math.max(REQUEST_MS_MIN, (lower + upper) / 2) };
}

/** What making these requests costs, ms. */
export function costOfReads(reads: readonly { count: number }[], cost: ReadCost): number {
  return reads.reduce((sum, { count }) => sum + cost.requestMs + count * cost.registerMs, 0);
}
