import { connect, createServer, type Server, type Socket } from 'node:net';
import type { SeededRandom } from '../../protocols/simulator/seeded-random.ts';
import type { UnitMood } from './soak-plan.ts';

/** Something that can be made to fail, and comes back. */
export interface FaultTarget {
  readonly name: string;
  /** What can go wrong with it. */
  readonly faults: readonly string[];
  begin(fault: string): Promise<void>;
  end(): Promise<void>;
  close(): Promise<void>;
}

const TCP_FAULTS = [
  'refused',
  'cut',
  'hanging',
  'garbage',
  'late',
  'truncated',
  'twice',
  'exceptions',
  'refusing',
];

/**
 * Stands between the agent and a well-behaved server, and lets all through until a fault begins. `moods` are those of
 * the units behind it.
 */
export async function startFront(options: {
  name: string;
  upstreamPort: number;
  moods: readonly UnitMood[];
  random: SeededRandom;
  /** RTU has a checksum, so that a flipped bit can be found out. */
  isRtu?: boolean;
}): Promise<FaultTarget & { readonly port: number }> {
  const { name, upstreamPort, moods, random, isRtu = false } = options;
  let fault = '';
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();

  const onRequest = (client: Socket, upstream: Socket, bytes: Buffer) => {
    if (fault === 'hanging') return;
    if (fault === 'garbage')
      client.write(Buffer.from(Array.from({ length: random.whole(1, 60) }, () => random.whole(0, 255))));
    else if (fault === 'cut' && random.chance(0.5)) client.destroy();
    else upstream.write(bytes);
  };
  const onReply = (client: Socket, bytes: Buffer) => {
    if (fault === 'late') {
      const timer = setTimeout(
        () => {
          timers.delete(timer);
          if (!client.destroyed) client.write(bytes);
        },
        random.between(50, 800),
      );
      timers.add(timer);
    } else if (fault === 'truncated')
      client.write(bytes.subarray(0, random.whole(0, Math.max(0, bytes.length - 1))));
    else if (fault === 'twice') client.write(Buffer.concat([bytes, bytes]));
    else if (fault === 'spoilt') {
      const at = random.whole(0, bytes.length - 1);
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random.whole(0, 7)), at);
      client.write(bytes);
    } else client.write(bytes);
  };
  const keep = (socket: Socket, other: () => Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      other().destroy();
    });
  };
  const listen = (port: number): Promise<Server> => {
    const server = createServer({ noDelay: true }, (client) => {
      const upstream = connect({ port: upstreamPort, host: '127.0.0.1', noDelay: true });
      keep(client, () => upstream);
      keep(upstream, () => client);
      client.on('data', (bytes) => onRequest(client, upstream, bytes));
      upstream.on('data', (bytes) => {
        if (!client.destroyed) onReply(client, bytes);
      });
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => resolve(server));
    });
  };
  const unlisten = (server: Server) =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });

  let server = await listen(0);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const setMoods = (answers: UnitMood['answers']) => {
    for (const mood of moods) mood.answers = answers;
  };
  return {
    name,
    port,
    faults: [...TCP_FAULTS, ...(isRtu ? ['spoilt'] : []), ...(moods.length > 1 ? ['one dead'] : [])],
    async begin(kind) {
      fault = kind;
      if (kind === 'refused') await unlisten(server);
      if (kind === 'exceptions' || kind === 'refusing') setMoods(kind);
      const victim = moods[random.whole(0, moods.length - 1)];
      if (kind === 'one dead' && victim !== undefined) victim.answers = 'silent';
    },
    async end() {
      if (fault === 'refused') server = await listen(port);
      fault = '';
      setMoods('well');
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      if (fault !== 'refused') await unlisten(server);
    },
  };
}
