import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { readFlows, type Piece } from '../../../support/pcap.ts';
import { sharedFile } from '../../../support/shared-files.ts';

/** Recordings of real devices, which stand beside the repository and are no part of it. */
export const CAPTURES = sharedFile('data/modbus-captures');
export const HAS_CAPTURES = existsSync(CAPTURES);

/** A request that was recorded and what came of it. */
export interface Exchange {
  /** When the request was seen, from the beginning of the recording. */
  timeMs: number;
  /** Undefined where the recording began with the answer. */
  request: Buffer | undefined;
  /** Undefined where none was recorded. */
  answer: Buffer | undefined;
  delayMs: number;
}

export interface Frame {
  timeMs: number;
  isFromServer: boolean;
  bytes: Buffer;
}

/** The frames of each connection in a recording. */
export function readRecordedFrames(name: string): Frame[][] {
  return readFlows(readFileSync(join(CAPTURES, name)), 502).map(splitFrames);
}

/** Cuts both directions at the length that each frame names; what names none that can be is one frame to its end. */
function splitFrames(flow: readonly Piece[]): Frame[] {
  const frames: Frame[] = [];
  const rest = new Map<boolean, Buffer>();
  for (const { timeMs, isFromServer, bytes } of flow) {
    let left = Buffer.concat([rest.get(isFromServer) ?? Buffer.alloc(0), bytes]);
    while (left.length >= 6) {
      const length = left.readUInt16BE(4);
      const end = length < 2 || length > 254 ? left.length : 6 + length;
      if (left.length < end) break;
      frames.push({ timeMs, isFromServer, bytes: left.subarray(0, end) });
      left = left.subarray(end);
    }
    rest.set(isFromServer, left);
  }
  return frames;
}

/** Pairs requests and answers by their transaction id; the last that was asked under it. */
export function pairExchanges(frames: readonly Frame[]): Exchange[] {
  const exchanges: Exchange[] = [];
  for (const { timeMs, isFromServer, bytes } of frames) {
    if (!isFromServer) {
      exchanges.push({ timeMs, request: bytes, answer: undefined, delayMs: 0 });
      continue;
    }
    const asked = exchanges.findLast(
      ({ request, answer }) =>
        request !== undefined && answer === undefined && request.readUInt16BE(0) === bytes.readUInt16BE(0),
    );
    if (asked === undefined) {
      exchanges.push({ timeMs, request: undefined, answer: bytes, delayMs: 0 });
    } else {
      asked.answer = bytes;
      asked.delayMs = timeMs - asked.timeMs;
    }
  }
  return exchanges;
}

/** A request that our client may send: functions 1 to 4 with a legal count, and the basic identification. */
export function isOurs({ request }: Exchange): boolean {
  if (request === undefined || request.length < 8 || request.readUInt16BE(2) !== 0) return false;
  if (request.subarray(4, 6).equals(Buffer.of(0, 5)) && request.subarray(7).equals(Buffer.of(43, 14, 1, 0)))
    return true;
  const functionCode = request[7] ?? 0;
  if (request.length !== 12 || functionCode < 1 || functionCode > 4) return false;
  const count = request.readUInt16BE(10);
  const most = functionCode > 2 ? 125 : 2000;
  return count >= 1 && count <= most && request.readUInt16BE(8) + count <= 65_536;
}

export interface ReplayServer {
  port: number;
  /** Requests that were not the recorded ones, in hexadecimal. */
  strangers: string[];
  close(): Promise<void>;
}

/**
 * Answers each request as the recording does, in its order, with its errors, its silence and its timing (divided by
 * `speed`). Only the transaction id is moved to that of the living request.
 */
export async function startReplayServer(
  exchanges: readonly Exchange[],
  speed: number,
): Promise<ReplayServer> {
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  const strangers: string[] = [];
  let at = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (request: Buffer) => {
      const exchange = exchanges[at++];
      if (exchange?.request === undefined || !exchange.request.subarray(2).equals(request.subarray(2))) {
        strangers.push(request.toString('hex'));
        socket.destroy();
        return;
      }
      const { answer } = exchange;
      if (answer === undefined) return;
      const bytes = Buffer.from(answer);
      const shift = answer.readUInt16BE(0) - exchange.request.readUInt16BE(0);
      bytes.writeUInt16BE((request.readUInt16BE(0) + shift) & 0xffff, 0);
      const timer = setTimeout(() => {
        timers.delete(timer);
        if (!socket.destroyed) socket.write(bytes);
      }, exchange.delayMs / speed);
      timers.add(timer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    strangers,
    close: () =>
      new Promise((resolve) => {
        for (const timer of timers) clearTimeout(timer);
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
