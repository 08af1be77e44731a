import { createServer, type Socket } from 'node:net';
import type { SerialFormat } from '../../../../protocols/modbus/endpoint.ts';
import { crc16 } from '../../../../protocols/modbus/rtu/rtu-crc.ts';
import type { ByteLink } from '../../../../protocols/modbus/rtu/rtu-link.ts';
import { SerialLink } from '../../../../protocols/modbus/rtu/serial-link.ts';

/** Register values that tell where they come from, so that an answer to another question is seen. */
export function registerAt(unit: number, functionCode: number, address: number): number {
  return (address * 31 + unit * 7919 + functionCode * 12_347 + 17) & 0xffff;
}

/** Addresses from here on do not exist. */
export const HOLE_ADDRESS = 50_000;

/** Exceptions tell where they come from as well. */
export function exceptionAt(unit: number, functionCode: number, address: number): number {
  return 1 + (registerAt(unit, functionCode, address) % 255);
}

/** A frame with its checksum. */
export function seal(bytes: readonly number[] | Buffer): Buffer {
  const frame = Buffer.from([...bytes, 0, 0]);
  frame.writeUInt16LE(crc16(frame, 0, frame.length - 2), frame.length - 2);
  return frame;
}

/** A request as a device sees it. */
export interface BusRequest {
  bytes: Buffer;
  unit: number;
  functionCode: number;
  address: number;
  count: number;
}

/** The right answer to a request. */
export function rightRtuAnswer({ unit, functionCode, address, count }: BusRequest): Buffer {
  if (functionCode === 43) return seal([unit, 43, 14, 1, 1, 0, 0, 1, 0, 2, 0x4d, 0x57]);
  if (address >= HOLE_ADDRESS)
    return seal([unit, functionCode | 0x80, exceptionAt(unit, functionCode, address)]);
  if (functionCode <= 2) return seal([unit, functionCode, Math.ceil(count / 8), ...bitBytes(count)]);
  const words = Array.from({ length: count }, (_, i) => registerAt(unit, functionCode, address + i));
  return seal([unit, functionCode, count * 2, ...words.flatMap((word) => [word >> 8, word & 0xff])]);
}

const bitBytes = (count: number) => Array.from({ length: Math.ceil(count / 8) }, () => 0x55);

/** What the devices of a line do with one request. */
export type BusBehaviour = (talk: BusTalk) => void;

/** What a behaviour may do. */
export interface BusTalk {
  request: BusRequest;
  answer: Buffer;
  /** Puts bytes on the line at once. */
  send: (bytes: Buffer) => void;
  /** Runs later, if the line is still there. */
  later: (run: () => void, ms: number) => void;
  /** Runs at the earliest after `ms`, and after all that was put in order for this unit before. */
  inOrder: (run: () => void, ms: number) => void;
}

export const behaveWell: BusBehaviour = ({ answer, send, inOrder }) => inOrder(() => send(answer), 0);

/** Devices on a line that treat requests as they like. */
export interface HostileBus {
  behaviour: BusBehaviour;
  requests: BusRequest[];
  close(): Promise<void>;
}

/** The devices at the far end of a serial port. */
export async function openHostilePort(path: string, format: SerialFormat): Promise<HostileBus> {
  const link: ByteLink = new SerialLink(path, format);
  const bus = createBus((bytes) => link.write(bytes));
  await link.open({ onBytes: bus.receive, onClosed: () => {} }, 5000);
  return Object.assign(bus.state, {
    close: async () => {
      bus.end();
      link.close();
    },
  });
}

/** A gateway that hands bytes on to whoever is connected last, late ones of an earlier connection too. */
export async function startHostileGateway(): Promise<
  HostileBus & { port: number; connections: () => number; cut: () => void }
> {
  const sockets = new Set<Socket>();
  let latest: Socket | undefined;
  let connections = 0;
  let owed: Buffer[] = [];
  const bus = createBus((bytes) => {
    if (latest === undefined || latest.destroyed) owed.push(bytes);
    else latest.write(bytes);
  });
  const server = createServer({ noDelay: true }, (socket) => {
    connections++;
    latest = socket;
    sockets.add(socket);
    bus.forget();
    for (const bytes of owed.splice(0)) socket.write(bytes);
    socket.on('error', () => {});
    socket.on('data', bus.receive);
    socket.on('close', () => {
      sockets.delete(socket);
      if (latest === socket) latest = undefined;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return Object.assign(bus.state, {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => connections,
    cut: () => latest?.end(),
    close: () =>
      new Promise<void>((resolve) => {
        bus.end();
        owed = [];
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  });
}

function createBus(send: (bytes: Buffer) => void) {
  const timers = new Set<NodeJS.Timeout>();
  const queues = new Map<number, { run: () => void; atMs: number }[]>();
  const state = { behaviour: behaveWell, requests: [] as BusRequest[] };
  let rest = Buffer.alloc(0);
  const later = (run: () => void, ms: number) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, ms);
    timers.add(timer);
  };
  const runQueue = (queue: { run: () => void; atMs: number }[]) => {
    for (let [head] = queue; head !== undefined; [head] = queue) {
      const leftMs = head.atMs - performance.now();
      if (leftMs > 0) {
        later(() => runQueue(queue), leftMs);
        return;
      }
      queue.shift();
      head.run();
    }
  };
  const handle = (bytes: Buffer) => {
    const [unit = 0, functionCode = 0] = bytes;
    const isIdentification = functionCode === 43;
    const request: BusRequest = {
      bytes,
      unit,
      functionCode,
      address: isIdentification ? 0 : bytes.readUInt16BE(2),
      count: isIdentification ? 0 : bytes.readUInt16BE(4),
    };
    state.requests.push(request);
    const inOrder = (run: () => void, ms: number) => {
      const queue = queues.get(unit) ?? [];
      queues.set(unit, queue);
      queue.push({ run, atMs: ms <= 0 ? 0 : performance.now() + ms });
      if (queue.length === 1) runQueue(queue);
    };
    state.behaviour({ request, answer: rightRtuAnswer(request), send, later, inOrder });
  };
  return {
    state,
    forget: () => {
      rest = Buffer.alloc(0);
    },
    end: () => {
      for (const timer of timers) clearTimeout(timer);
      state.behaviour = () => {};
    },
    receive: (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      for (;;) {
        const length = rest[1] === 43 ? 7 : 8;
        if (rest.length < length) return;
        const isWhole = rest.readUInt16LE(length - 2) === crc16(rest, 0, length - 2);
        if (isWhole) handle(Buffer.from(rest.subarray(0, length)));
        rest = rest.subarray(isWhole ? length : 1);
      }
    },
  };
}
