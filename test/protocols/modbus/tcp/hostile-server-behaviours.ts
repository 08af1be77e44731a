import type { Socket } from 'node:net';
import { seedRandom } from '../../../../protocols/simulator/seeded-random.ts';
import { behaveWell, type Behaviour, type Talk } from './hostile-server.ts';

/** A server's stock of lies, all drawn from one seed. */
export interface Liar {
  behaviour: Behaviour;
  /** How many ways to answer it has, right ones among them. */
  stock: number;
  /** How often each was played. */
  played: Map<string, number>;
}

/**
 * `honesty` (0 .. 1) of the answers are right, some of them in pieces. The others are late (around `timeoutMs`), lost, doubled, reordered, cut short, too long,
 * garbage, or wrong in one field of the head. What no client can see is left out: a right head over another's data, which is
 * also what a shortened answer comes to when later bytes happen to make it whole.
 */
export function createLiar(seed: number | string, timeoutMs: number, honesty = 0.5): Liar {
  const random = seedRandom('liar', seed);
  const played = new Map<string, number>();
  const below = (limit: number) => random.whole(0, limit - 1);
  const noise = (bytes: number) => Buffer.from(Array.from({ length: bytes }, () => below(256)));
  const shortened = new WeakSet<Socket>();
  /** What follows the first piece of an answer; later answers queue behind it. */
  const queued = new WeakMap<Socket, Buffer[]>();
  const send = ({ socket }: Talk, bytes: Buffer) => {
    if (socket.destroyed || shortened.has(socket) || bytes.length === 0) return;
    const queue = queued.get(socket);
    if (queue === undefined) socket.write(bytes);
    else queue.push(bytes);
  };
  const inPieces = (talk: Talk, bytes: Buffer) => {
    const { socket } = talk;
    if (queued.has(socket)) return send(talk, bytes);
    const cut = below(bytes.length);
    send(talk, bytes.subarray(0, cut));
    const queue = [bytes.subarray(cut)];
    queued.set(socket, queue);
    setImmediate(() => {
      queued.delete(socket);
      if (!socket.destroyed) socket.write(Buffer.concat(queue));
    });
  };
  const withByte = (at: number, other: (byte: number) => number) => (talk: Talk) => {
    talk.answer[at] = other(talk.answer[at] ?? 0) & 0xff;
    send(talk, talk.answer);
  };
  const another = (byte: number) => byte + 1 + below(255);
  const exception = (talk: Talk, length: number, tail: number) => {
    const bytes = Buffer.concat([talk.answer.subarray(0, 8), noise(tail)]);
    bytes.writeUInt16BE(length, 4);
    bytes[7] = (bytes[7] ?? 0) | 0x80;
    send(talk, bytes);
  };
  /** Ids of requests it has lately seen: those it may mix up. */
  const ids: number[] = [];
  let parked: Buffer | undefined;

  const lies: Readonly<Record<string, Behaviour>> = {
    silent: () => {},
    late: (talk) => talk.later(() => send(talk, talk.answer), below(2 * timeoutMs)),
    // From then on it tells no lie that could make up for the lost bytes, and is honest or silent.
    cut: (talk) => {
      send(talk, talk.answer.subarray(0, below(talk.answer.length)));
      shortened.add(talk.socket);
    },
    garbage: (talk) => send(talk, noise(1 + below(300))),
    garbageInFront: (talk) => send(talk, Buffer.concat([noise(1 + below(20)), talk.answer])),
    garbageBehind: (talk) => {
      send(talk, talk.answer);
      setImmediate(() => send(talk, noise(1 + below(20))));
    },
    doubled: (talk) => send(talk, Buffer.concat([talk.answer, talk.answer])),
    doubledLater: (talk) => {
      send(talk, talk.answer);
      talk.later(() => send(talk, talk.answer), below(timeoutMs));
    },
    previous: (talk) => send(talk, talk.previous ?? talk.answer),
    previousInFront: (talk) => send(talk, Buffer.concat([talk.previous ?? Buffer.alloc(0), talk.answer])),
    // Kept until the next request comes, on whatever connection, as a gateway with a queue does.
    reordered: (talk) => {
      if (parked === undefined) parked = talk.answer;
      else {
        send(talk, Buffer.concat([talk.answer, parked]));
        parked = undefined;
      }
    },
    reorderedInPieces: (talk) => {
      if (parked === undefined) parked = talk.answer;
      else {
        inPieces(talk, Buffer.concat([talk.answer, parked]));
        parked = undefined;
      }
    },
    otherTransaction: (talk) => {
      talk.answer.writeUInt16BE(ids[below(ids.length)] ?? 0, 0);
      send(talk, talk.answer);
    },
    anyTransaction: (talk) => {
      talk.answer.writeUInt16BE(below(65_536), 0);
      send(talk, talk.answer);
    },
    otherProtocol: withByte(2 + below(2), another),
    otherUnit: withByte(6, another),
    otherFunction: withByte(7, another),
    otherByteCount: withByte(8, another),
    otherLength: (talk) => {
      talk.answer.writeUInt16BE(
        talk.answer.readUInt16BE(4) + (random.chance(0.5) ? -1 : 1) * (1 + below(4)),
        4,
      );
      send(talk, talk.answer);
    },
    hugeLength: (talk) => {
      talk.answer.writeUInt16BE(255 + below(65_280), 4);
      send(talk, Buffer.concat([talk.answer, noise(below(2000))]));
    },
    otherCount: (talk) => {
      const registers = 1 + below(125);
      const bytes = Buffer.concat([talk.answer.subarray(0, 9), noise(registers * 2)]);
      bytes.writeUInt16BE(3 + registers * 2, 4);
      bytes[8] = registers * 2;
      // The same number by chance would be a right head over another's data.
      if (bytes.length !== talk.answer.length) send(talk, bytes);
    },
    damagedHead: (talk) => {
      for (let i = below(3); i >= 0; i--) talk.answer[below(9)] = below(256);
      send(talk, talk.answer);
    },
    exception: (talk) => exception(talk, 3, 1),
    shortException: (talk) => exception(talk, 2, 0),
    longException: (talk) => exception(talk, 3 + 1 + below(250), 1 + below(8)),
    exceptionWithTail: (talk) => exception(talk, 3, 2 + below(8)),
    foreignException: (talk) => {
      talk.answer[7] = 0x80 | (1 + below(127));
      talk.answer.writeUInt16BE(3, 4);
      send(talk, talk.answer.subarray(0, 9));
    },
    reset: ({ socket }) => socket.resetAndDestroy(),
    ended: ({ socket, answer }) => socket.end(answer.subarray(0, below(answer.length))),
  };
  const honest: Behaviour = (talk) => {
    const queue = queued.get(talk.socket);
    if (queue === undefined) behaveWell(talk);
    else queue.push(talk.answer);
  };
  const names = Object.keys(lies);
  return {
    stock: names.length + 2,
    played,
    behaviour: (talk) => {
      ids.push(talk.request.readUInt16BE(0));
      if (ids.length > 6) ids.shift();
      const draw = random.next();
      const name =
        draw < 0.4 ? 'right' : draw < honesty ? 'rightInPieces' : (names[below(names.length)] ?? 'right');
      played.set(name, (played.get(name) ?? 0) + 1);
      if (name === 'right') honest(talk);
      else if (name === 'rightInPieces') inPieces(talk, talk.answer);
      else lies[name]?.(talk);
    },
  };
}
