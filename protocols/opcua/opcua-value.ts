import type { ChannelReading, StatusReport } from '../driver.ts';
import { shortestFloat32, type Reading } from '../telemetry/decimal.ts';

/** What we need of node-opcua's DataValue. */
export interface ServerValue {
  /** Only the upper two bits say whether it is good (00), uncertain (01) or bad. */
  statusCode: { value: number };
  value?: { dataType: number; value: unknown } | null | undefined;
}

/** Numbers of built-in types in OPC 10000-6. */
const FLOAT = 10;
const INT64 = 8;
const UINT64 = 9;
const LOCALIZED_TEXT = 21;
/** The id of no node. */
const NO_NODE = 'ns=0;i=0';
/** InfoType DataValue with the overflow bit: the server's queue lost older values. */
const OVERFLOW_BITS = 0x480;
const SEMANTICS_CHANGED = 0x4000;

/** True when the server says that the unit or the range of the node is another than before this value. */
export function hasOtherMeaning(value: ServerValue): boolean {
  return (value.statusCode.value & SEMANTICS_CHANGED) !== 0;
}

/** True when the server says that values before this one were lost. */
export function hasOverflow(value: ServerValue): boolean {
  return (value.statusCode.value & OVERFLOW_BITS) === OVERFLOW_BITS;
}

/** A node's value as a reading. Bad status, text, arrays and not-a-number give null, never 0. */
export function readingOf(server: ServerValue | undefined): Omit<ChannelReading, 'channel'> {
  const severity = server === undefined ? 2 : server.statusCode.value >>> 30;
  const value = severity >= 2 ? null : numberOf(server?.value);
  if (value === null) return { value: null, quality: 'bad' };
  return { value, quality: severity === 1 ? 'uncertain' : 'good' };
}

/**
 * A node's value as a status word: text (of a localized text its text), number or boolean; null with a bad status.
 * @param words where the node tells the id of a state: its word by that id
 */
export function statusWordOf(
  server: ServerValue | undefined,
  words?: Readonly<Record<string, string>>,
): StatusReport['value'] {
  if (server === undefined || server.statusCode.value >>> 30 >= 2) return null;
  const { value } = server;
  if (value === null || value === undefined) return null;
  if (words !== undefined) return wordOfId(value.value, words);
  if (value.dataType === LOCALIZED_TEXT)
    return (value.value as { text?: string | null } | null)?.text ?? null;
  if (typeof value.value === 'string' || typeof value.value === 'boolean') return value.value;
  const number = numberOf(value);
  return typeof number === 'bigint' ? number.toString() : number;
}

/** A state that the standard does not know is told by its id as it is: it says nothing, and is seen to be there. */
function wordOfId(id: unknown, words: Readonly<Record<string, string>>): string | null {
  if (typeof id !== 'object' || id === null) return null;
  const text = (id as { toString(): string }).toString();
  if (text === NO_NODE) return null;
  return Object.hasOwn(words, text) ? (words[text] ?? null) : text;
}

function numberOf(variant: ServerValue['value']): Reading | null {
  if (variant === null || variant === undefined) return null;
  const { dataType, value } = variant;
  if (dataType === INT64 || dataType === UINT64) return wholeOf(value, dataType === INT64);
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  return dataType === FLOAT ? shortestFloat32(value) : value;
}

/** node-opcua gives 64-bit integers as [high, low]; a number where it holds them exactly. */
function wholeOf(value: unknown, signed: boolean): Reading | null {
  if (!Array.isArray(value) || value.length !== 2 || !value.every((half) => typeof half === 'number'))
    return null;
  const [high = 0, low = 0] = value;
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  const whole = signed ? BigInt.asIntN(64, bits) : bits;
  return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
}
