import { createServer, type Socket } from 'node:net';

/** Register values that tell where they come from, so that an answer to another question is seen. */
export function registerAt(unit: number, functionCode: number, address: number): number {
  return (address * 31 + unit * 7919 + functionCode * 12_347 + 17) & 0xffff;
}

/** The right answer to a request for registers. */
export function rightAnswer(request: Buffer): Buffer {
  const [unit, functionCode] = [request[6] ?? 0, request[7] ?? 0];
  const address = request.readUInt16BE(8);
  const count = request.readUInt16BE(10);
  const reply = Buffer.alloc(9 + count * 2);
  request.copy(reply, 0, 0, 8);
  reply.writeUInt16BE(3 + count * 2, 4);
  reply[8] = count * 2;
  for (let i = 0; i < count; i++) reply.writeUInt16BE(registerAt(unit, functionCode, address + i), 9 + i * 2);
  return reply;
}

/** What a server does with one request; timers it starts must be given to `later`. */
export type Behaviour = (talk: Talk) => void;

export interface Talk {
  request: Buffer;
  answer: Buffer;
  socket: Socket;
  /** The right answer to the request before, if any. */
  previous: Buffer | undefined;
  later: (run: () => void, ms: number) => void;
}

export interface HostileServer {
  port: number;
  /** What it does with each request from now on. */
  behaviour: Behaviour;
  /** Every request frame it has seen. */
  requests: Buffer[];
  connections: number;
  close(): Promise<void>;
}

/** Answers correctly. */
export const behaveWell: Behaviour = ({ socket, answer }) => socket.write(answer);

/** A server that treats each request as `behaviour` says. */
export async function startHostileServer(): Promise<HostileServer> {
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  let previous: Buffer | undefined;
  const server = createServer({ noDelay: true }, (socket) => {
    state.connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 6 && rest.length >= 6 + rest.readUInt16BE(4)) {
        const length = 6 + rest.readUInt16BE(4);
        const request = Buffer.from(rest.subarray(0, length));
        rest = rest.subarray(length);
        state.requests.push(request);
        const answer = request[7] === 3 || request[7] === 4 ? rightAnswer(request) : Buffer.alloc(0);
        state.behaviour({
          request,
          answer,
          socket,
          previous,
          later: (run, ms) => {
            const timer = setTimeout(() => {
              timers.delete(timer);
              if (!socket.destroyed) run();
            }, ms);
            timers.add(timer);
          },
        });
        previous = answer;
      }
    });
  });
  const state: HostileServer = {
    port: 0,
    behaviour: behaveWell,
    requests: [],
    connections: 0,
    close: () =>
      new Promise((resolve) => {
        for (const timer of timers) clearTimeout(timer);
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address === 'object' && address !== null) state.port = address.port;
  return state;
}
