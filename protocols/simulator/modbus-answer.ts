import type { Log } from '../log.ts';

/** The registers of one unit, computed at the moment of the read. */
export interface RegisterBank {
  /**
   * `count` (1 .. 125) registers from `address`; or the exception code a device would answer; or `silent` for a device
   * that does not answer at all.
   */
  read(functionCode: 3 | 4, address: number, count: number): Uint16Array | { exception: number } | 'silent';
  /** Objects of Read Device Identification (0 vendor, 1 product code, 2 revision); absent answers exception 1. */
  readonly identification?: ReadonlyMap<number, string>;
}

/** The longest frame of Modbus TCP: 7 header bytes and a protocol data unit of 253. */
export const FRAME_BYTES_MAX = 260;
/** The unit does not answer this request. */
export const SILENT = Symbol('silent');

const REGISTERS_MAX = 125;

/** The reply to one whole request frame (header included, its length checked). */
export function answerRequest(
  request: Buffer,
  units: ReadonlyMap<number, RegisterBank>,
  log: Log,
): Buffer | typeof SILENT {
  const functionCode = request[7] ?? 0;
  const bank = units.get(request[6] ?? 0);
  if (bank === undefined) return refuse(request, 11);
  if (functionCode === 43) return identify(request, bank);
  if (functionCode !== 3 && functionCode !== 4) return refuse(request, 1);
  if (request.length !== 12) return refuse(request, 3);
  const address = request.readUInt16BE(8);
  const count = request.readUInt16BE(10);
  if (count < 1 || count > REGISTERS_MAX) return refuse(request, 3);
  if (address + count > 65_536) return refuse(request, 2);
  let answer: ReturnType<RegisterBank['read']>;
  try {
    answer = bank.read(functionCode, address, count);
    if (answer instanceof Uint16Array && answer.length !== count)
      throw new RangeError(`a bank gave ${answer.length} registers where ${count} were asked for`);
  } catch (error) {
    log.error({ err: error, address, count }, 'A simulated register bank failed; it answers exception 4.');
    return refuse(request, 4);
  }
  if (answer === 'silent') return SILENT;
  if (!(answer instanceof Uint16Array)) return refuse(request, answer.exception);
  const reply = head(request, functionCode, 9 + count * 2);
  reply[8] = count * 2;
  for (let i = 0; i < count; i++) reply.writeUInt16BE(answer[i] ?? 0, 9 + i * 2);
  return reply;
}

/** Read Device Identification, basic stream access: vendor, product code, revision. */
function identify(request: Buffer, bank: RegisterBank): Buffer {
  const objects = bank.identification;
  if (objects === undefined || request.length !== 11 || request[8] !== 14) return refuse(request, 1);
  if (request[9] !== 1) return refuse(request, 3);
  const from = request[10] ?? 0;
  const parts = [...objects]
    .filter(([id]) => id >= from && id <= 2)
    .map(([id, text]) => {
      const bytes = Buffer.from(text, 'latin1').subarray(0, 64);
      return Buffer.concat([Buffer.of(id, bytes.length), bytes]);
    });
  const body = Buffer.concat([Buffer.of(14, 1, 1, 0, 0, parts.length), ...parts]);
  const reply = head(request, 43, 8 + body.length);
  body.copy(reply, 8);
  return reply;
}

function refuse(request: Buffer, exception: number): Buffer {
  const reply = head(request, (request[7] ?? 0) | 0x80, 9);
  reply[8] = exception;
  return reply;
}

function head(request: Buffer, functionCode: number, bytes: number): Buffer {
  const reply = Buffer.allocUnsafe(bytes);
  reply[0] = request[0] ?? 0;
  reply[1] = request[1] ?? 0;
  reply[2] = 0;
  reply[3] = 0;
  reply.writeUInt16BE(bytes - 6, 4);
  reply[6] = request[6] ?? 0;
  reply[7] = functionCode;
  return reply;
}
