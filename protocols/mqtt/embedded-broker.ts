import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes, type AuthenticateError, type Client } from 'aedes';
import { MillwattError } from '../errors.ts';
import type { Log } from '../log.ts';
import { isId } from '../telemetry/ids.ts';
import { GuardedSocket } from './guarded-socket.ts';
import { isLoopback } from './loopback.ts';
import { settlePacketLengths } from './packet-lengths.ts';
import { createSeldom } from './seldom.ts';
import {
  mayAgentPublish,
  mayAgentSubscribe,
  mayCollectorPublish,
  mayCollectorSubscribe,
} from './topic-rights.ts';

/** Where the embedded broker listens and whom it lets in. */
export interface EmbeddedBrokerOptions {
  host: string;
  /** 0 lets the system choose. */
  port: number;
  /**
   * Agent ids and their passwords. Without it, and without `clientCa`, the broker takes any id at its word, and listens on
   * loopback only.
   */
  agents?: ReadonlyMap<string, string>;
  /** The user that reads everything and writes receipts; with a password, it is asked for in any case. */
  collector?: { username: string; password?: string };
  /** PEM texts; with them the broker speaks TLS only. */
  tls?: { cert: string; key: string };
  /**
   * PEM text of the authority that issued the certificates of all clients, the collector's too; needs `tls`. Who shows none
   * is refused, and so is one whose common name is not its user name: a certificate vouches for one agent, not for any.
   */
  clientCa?: string;
  /** Most connections at once, 1024 by default. */
  connectionsMax?: number;
  /** Most connections at once from one address, 256 by default. */
  connectionsPerAddressMax?: number;
  log: Log;
}

/** Counts since the start, and connections now. */
export interface BrokerStats {
  connections: number;
  /** Messages that clients published and were allowed to. */
  published: number;
  /** Messages set aside because their sender has no right to the topic. */
  denied: number;
  /** Logins refused. */
  refused: number;
  /** Peers cut off for oversized packets or for not speaking MQTT. */
  violations: number;
}

/** A broker at work. */
export interface EmbeddedBroker {
  port: number;
  stats(): BrokerStats;
  /** Ends every connection; resolves when the port is free. */
  close(): Promise<void>;
}

const BAD_CREDENTIALS = 4;
const CERTIFICATE_CURE =
  'Give this agent a certificate whose common name is its id (openssl req ... -subj /CN=ID), issued by broker.embedded.ca.';
const CONNECT_TIMEOUT_MS = 5000;
/** A message without rights goes here, where nobody reads: an error would make an honest client repeat it for ever. */
const DEAD_LETTER_TOPIC = 'dead-letter';
/** Topics of one user whose last message is kept; more would fill the memory of the process. */
const RETAINED_TOPICS_MAX = 1024;

/**
 * Starts a broker inside this process, for small plants. It keeps nothing: receipts, not acknowledgements, are the
 * truth. Throws an error of class `refuse` when it may not listen there, or the port is taken.
 */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  settlePacketLengths();
  const { host, agents, tls, clientCa, log } = options;
  if (clientCa !== undefined && tls === undefined) {
    throw new MillwattError(
      'refuse',
      'no-broker-certificate',
      'The embedded broker cannot ask for certificates without one of its own.',
      { cure: 'Name cert and key beside ca.' },
    );
  }
  const namesAgents = (agents !== undefined && agents.size > 0) || clientCa !== undefined;
  if (!isLoopback(host) && (!namesAgents || tls === undefined)) {
    throw new MillwattError(
      'refuse',
      'open-broker',
      `The embedded broker may not listen on ${host} without TLS and agent passwords or certificates.`,
      { cure: 'List the agents with their passwords and name cert and key, or listen on 127.0.0.1.' },
    );
  }
  const collector = options.collector ?? { username: 'collector' };
  const counts = { published: 0, denied: 0, refused: 0, violations: 0 };
  const users = new WeakMap<Client, string>();
  const retained = new Map<string, Set<string>>();
  const sayRefused = createSeldom(() => performance.now());
  const sayCut = createSeldom(() => performance.now());

  const broker = new Aedes({
    connectTimeout: CONNECT_TIMEOUT_MS,
    drainTimeout: 10_000,
    maxTopicLevels: 8,
    preConnect: (_client, packet, done) => {
      // An id belongs to its user: nobody can push another's connection out by taking its id.
      packet.clientId = `${packet.username ?? ''}/${packet.clientId}`;
      // No stored sessions: their queues have no bound.
      packet.clean = true;
      done(null, true);
    },
    authenticate: (client, username, password, done) => {
      if (
        username === undefined ||
        !isCertified(client, username) ||
        !isKnown(username, password?.toString('utf8') ?? '')
      ) {
        counts.refused += 1;
        const { conn } = client;
        const named = conn instanceof GuardedSocket ? conn.commonName : undefined;
        sayRefused((unsaid) =>
          log.warn(
            {
              username: isId(username) ? username : null,
              // Of another whom the authority vouched for: a name of ours, and no stranger's text.
              ...(username === undefined || isCertified(client, username)
                ? {}
                : { certificate: named !== undefined && isId(named) ? named : null, cure: CERTIFICATE_CURE }),
              unsaid,
            },
            'the broker refused a login',
          ),
        );
        done(refusal(), false);
        return;
      }
      users.set(client, username);
      if (client.conn instanceof GuardedSocket) client.conn.trust();
      done(null, true);
    },
    authorizePublish: (client, packet, done) => {
      if (packet.qos === 2) {
        done(new Error('QoS 2 is not supported'));
        return;
      }
      const user = client === null ? undefined : users.get(client);
      const allowed =
        user !== undefined &&
        (user === collector.username
          ? mayCollectorPublish(packet.topic)
          : mayAgentPublish(user, packet.topic));
      if (allowed) {
        counts.published += 1;
        if (packet.retain) packet.retain = mayRetain(user, packet.topic);
      } else {
        counts.denied += 1;
        log.debug({ user, topic: packet.topic }, 'the broker set a message without rights aside');
        packet.topic = DEAD_LETTER_TOPIC;
        packet.payload = '';
        packet.retain = false;
      }
      done(null);
    },
    authorizeSubscribe: (client, subscription, done) => {
      const user = users.get(client);
      const allowed =
        user !== undefined &&
        (user === collector.username
          ? mayCollectorSubscribe(subscription.topic)
          : mayAgentSubscribe(user, subscription.topic));
      // null answers "failure" for this filter and keeps the connection.
      done(null, allowed ? { ...subscription, qos: subscription.qos === 0 ? 0 : 1 } : null);
    },
  });

  /** The authority was checked with the handshake. */
  function isCertified({ conn }: Client, username: string): boolean {
    return clientCa === undefined || (conn instanceof GuardedSocket && conn.commonName === username);
  }

  function isKnown(username: string, password: string): boolean {
    if (username === collector.username) {
      if (collector.password !== undefined) return isSameSecret(password, collector.password);
      return agents === undefined;
    }
    if (agents === undefined) return isId(username);
    const expected = agents.get(username);
    return expected !== undefined && isSameSecret(password, expected);
  }

  function mayRetain(user: string, topic: string): boolean {
    const topics = retained.get(user) ?? new Set();
    if (topics.size < RETAINED_TOPICS_MAX) retained.set(user, topics.add(topic));
    return topics.has(topic);
  }

  await broker.listen();
  const sockets = new Set<Socket>();
  const perAddress = new Map<string, number>();
  const perAddressMax = options.connectionsPerAddressMax ?? 256;

  const accept = (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const sameAddress = perAddress.get(address) ?? 0;
    // A socket that dies early must not end the process.
    socket.on('error', () => {});
    if (sameAddress >= perAddressMax) {
      socket.destroy();
      return;
    }
    perAddress.set(address, sameAddress + 1);
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.once('close', () => {
      sockets.delete(socket);
      const left = (perAddress.get(address) ?? 1) - 1;
      if (left === 0) perAddress.delete(address);
      else perAddress.set(address, left);
    });
    broker.handle(
      new GuardedSocket(socket, (reason) => {
        counts.violations += 1;
        sayCut((unsaid) => log.warn({ address, reason, unsaid }, 'the broker cut a peer off'));
      }),
    );
  };
  const server: Server =
    tls === undefined
      ? createTcpServer(accept)
      : createTlsServer(
          {
            cert: tls.cert,
            key: tls.key,
            minVersion: 'TLSv1.2',
            handshakeTimeout: CONNECT_TIMEOUT_MS,
            // Whom Node refuses it drops without a word; we do it ourselves, below, and say so.
            ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false }),
          },
          (socket) => {
            if (clientCa === undefined || socket.authorized) {
              accept(socket);
              return;
            }
            counts.refused += 1;
            const reason = String(socket.authorizationError);
            sayRefused((unsaid) => log.warn({ reason, unsaid }, 'the broker refused a certificate'));
            socket.on('error', () => {});
            socket.destroy();
          },
        );
  server.maxConnections = options.connectionsMax ?? 1024;
  server.on('tlsClientError', () => {});
  let port: number;
  try {
    port = await listen(server, host, options.port);
  } catch (error) {
    broker.close();
    throw error;
  }

  return {
    port,
    stats: () => ({ connections: sockets.size, ...counts }),
    close: async () => {
      const stopped = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      await new Promise<void>((resolve) => {
        broker.close(() => resolve());
      });
      for (const socket of sockets) socket.destroy();
      await stopped;
    },
  };
}

function isSameSecret(given: string, expected: string): boolean {
  // Hashing first makes the lengths equal, which the comparison needs.
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function refusal(): AuthenticateError {
  const error = new Error('bad user name or password') as AuthenticateError;
  // The enum of the types does not exist at run time.
  Reflect.set(error, 'returnCode', BAD_CREDENTIALS);
  return error;
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: Error & { code?: string }) => {
      reject(
        new MillwattError(
          'refuse',
          cause.code === 'EADDRINUSE' ? 'port-taken' : 'cannot-listen',
          `The embedded broker cannot listen on ${host}:${port}: ${cause.message}.`,
          { cure: 'Choose another port for broker.embedded, or stop the program that has it.', cause },
        ),
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
