import type { IncomingMessage, Link, LinkOptions } from '../../protocols/mqtt/link.ts';
import { BackOff } from '../../protocols/mqtt/back-off.ts';
import type { Chance } from './chance.ts';
import type { VirtualTime } from './virtual-time.ts';

/** As mosquitto does by default: so many messages are under way to one client, and so many wait behind them. */
const INFLIGHT_MAX = 20;
const QUEUED_MAX = 1000;
/** Both sides give a silent connection up after this. */
const KEEPALIVE_MS = 20_000;
const CONNECT_TIMEOUT_MS = 5000;
const HEALTHY_AFTER_MS = 30_000;

/** A message as it is on its way. */
export interface Message {
  topic: string;
  payload: Uint8Array;
}

/** What may happen to messages and connections; the plan decides. */
export interface Weather {
  /** One way, ms. */
  latencyMs: readonly [from: number, to: number];
  /** Share of packets that wait for a retransmission, and how long at most. */
  stallShare: number;
  stallMs: number;
  /** Share of messages that the broker delivers twice. */
  duplicateShare: number;
  /** Share of records that change a bit on their way. */
  spoilShare: number;
}

/** Where a process tells and asks; dead ones hear nothing. */
export interface Host {
  name: string;
  isAlive(): boolean;
  /** Runs what a message or a state sets off, as the process would. */
  guard(act: () => void): void;
}

/** Sees everything that is said. */
export interface Witness {
  onPublish(host: string, message: Message): void;
  onEvent(kind: string, detail: string): void;
}

interface Session {
  connection: Connection;
  filters: readonly string[];
  inflight: number;
  queue: Message[];
}

/** One TCP connection: each way in order, until it ends. */
interface Connection {
  host: Host;
  clientId: string;
  up: boolean;
  /** When the last packet arrives at the broker, and at the client. */
  arrivesMs: { broker: number; client: number };
  /** What TCP sends again when the host is reached again, in order. */
  held: (() => void)[];
  end: (reason: string) => void;
}

/**
 * Broker and network of the simulation. The broker does what mosquitto does by default: acknowledges at once, drops what
 * waits beyond 1,000 messages, keeps nothing for a client that is away, and forgets everything when it is killed. Topics that
 * carry no evidence (live, health, status, config) end at it.
 */
export class Network {
  weather: Weather;
  brokerUp = true;
  dropped = 0;
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #witness: Witness;
  readonly #sessions = new Map<string, Session>();
  readonly #partitioned = new Set<string>();

  constructor(parts: { time: VirtualTime; chance: Chance; weather: Weather; witness: Witness }) {
    this.#time = parts.time;
    this.#chance = parts.chance;
    this.weather = parts.weather;
    this.#witness = parts.witness;
  }

  /** Nothing passes to or from a host until `heal`; connections that are silent too long end. */
  partition(host: string): void {
    this.#partitioned.add(host);
    this.#witness.onEvent('partition', host);
    const cut = [...this.#sessions.values()].filter(({ connection }) => connection.host.name === host);
    this.#time.after(KEEPALIVE_MS, () => {
      if (!this.#partitioned.has(host)) return;
      for (const { connection } of cut) connection.end('the keep-alive was not answered');
    });
  }

  heal(host: string): void {
    if (!this.#partitioned.delete(host)) return;
    this.#witness.onEvent('heal', host);
    for (const { connection } of this.#sessions.values())
      if (connection.host.name === host) for (const act of connection.held.splice(0)) act();
  }

  /** Connections of a host break; what is on its way is lost. */
  drop(host: string): void {
    this.#witness.onEvent('drop', host);
    for (const { connection } of this.#sessions.values())
      if (connection.host.name === host) connection.end('reset by peer');
  }

  killBroker(): void {
    this.brokerUp = false;
    this.#witness.onEvent('broker-killed', '');
    for (const { connection } of this.#sessions.values()) connection.end('reset by peer');
    this.#sessions.clear();
  }

  startBroker(): void {
    this.brokerUp = true;
    this.#witness.onEvent('broker-started', '');
  }

  /** The network stack of a host that is gone. */
  forget(host: Host): void {
    for (const { connection } of this.#sessions.values())
      if (connection.host === host) connection.end('the process ended');
  }

  /** Opens a link and keeps it up, as `connectLink` does. */
  connect(
    host: Host,
    options: Pick<LinkOptions, 'clientId' | 'subscriptions' | 'onMessage' | 'onState'>,
  ): Link {
    const time = this.#time;
    const backOff = new BackOff({ baseMs: 1000, capMs: 60_000, random: () => this.#chance.next() });
    let connection: Connection | undefined;
    let closed = false;
    let upSinceMs = 0;
    const unsettled = new Set<(error: Error) => void>();
    const isOpen = () => !closed && host.isAlive();

    const retry = () => time.after(backOff.next(), open);
    const open = () => {
      if (!isOpen()) return;
      const refused = !this.brokerUp;
      if (refused || this.#partitioned.has(host.name)) {
        time.after(refused ? 1 : CONNECT_TIMEOUT_MS, retry);
        return;
      }
      const own: Connection = {
        host,
        clientId: options.clientId,
        up: true,
        arrivesMs: { broker: time.nowMs, client: time.nowMs },
        held: [],
        end: (reason) => {
          if (!own.up) return;
          own.up = false;
          if (this.#sessions.get(own.clientId)?.connection === own) this.#sessions.delete(own.clientId);
          // The client learns of it a little later.
          time.after(this.#latency(), () => {
            const rejects = [...unsettled];
            unsettled.clear();
            for (const reject of rejects) reject(new Error(reason));
            if (!isOpen()) return;
            if (time.nowMs - upSinceMs >= HEALTHY_AFTER_MS) backOff.reset();
            if (connection === own) connection = undefined;
            host.guard(() => options.onState({ connected: false, reason, cure: '' }));
            retry();
          });
        },
      };
      // TCP, CONNECT and SUBSCRIBE: three round trips.
      time.after(6 * this.#latency(), () => {
        if (!isOpen()) return;
        if (!this.brokerUp || this.#partitioned.has(host.name)) {
          time.after(CONNECT_TIMEOUT_MS, retry);
          return;
        }
        // A broker gives a client id to who comes last.
        this.#sessions.get(options.clientId)?.connection.end('another client took our id');
        this.#sessions.set(options.clientId, {
          connection: own,
          filters: options.subscriptions.map(({ filter }) => filter),
          inflight: 0,
          queue: [],
        });
        connection = own;
        upSinceMs = time.nowMs;
        this.#witness.onEvent('connected', host.name);
        handlers.set(own, options.onMessage);
        host.guard(() => options.onState({ connected: true, reason: '', cure: '' }));
      });
    };
    const handlers = this.#handlers;
    time.after(0, open);

    return {
      connected: () => isOpen() && connection?.up === true,
      publish: (topic, payload, { qos }) => {
        const own = connection;
        if (!isOpen() || own?.up !== true) return Promise.reject(new Error('not connected'));
        const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
        const message = { topic, payload: bytes };
        this.#witness.onPublish(host.name, message);
        return new Promise((resolve, reject) => {
          unsettled.add(reject);
          this.#send(own, 'broker', () => {
            this.#route(message);
            this.#send(own, 'client', () => {
              unsettled.delete(reject);
              resolve();
            });
          });
          if (qos === 0) {
            unsettled.delete(reject);
            resolve();
          }
        });
      },
      close: async (last) => {
        if (closed) return;
        if (last !== undefined && connection?.up === true) await time.wait(this.#latency());
        closed = true;
        connection?.end('closed');
      },
    };
  }

  readonly #handlers = new Map<Connection, LinkOptions['onMessage']>();

  #route(message: Message): void {
    const leaf = message.topic.split('/')[4];
    if (leaf !== 'batch' && leaf !== 'receipt') return;
    for (const session of this.#sessions.values())
      if (session.filters.some((filter) => matches(filter, message.topic))) {
        this.#deliver(session, message);
        if (this.#chance.happens(this.weather.duplicateShare)) this.#deliver(session, message);
      }
  }

  #deliver(session: Session, message: Message): void {
    if (session.inflight >= INFLIGHT_MAX) {
      if (session.queue.length < QUEUED_MAX) session.queue.push(message);
      else this.dropped++;
      return;
    }
    session.inflight++;
    const { connection } = session;
    this.#send(connection, 'client', () => {
      const onMessage = this.#handlers.get(connection);
      const { host } = connection;
      if (onMessage === undefined || !host.isAlive()) return;
      const acknowledge = () =>
        this.#send(connection, 'broker', () => {
          session.inflight--;
          const next = session.queue.shift();
          if (next !== undefined) this.#deliver(session, next);
        });
      const incoming: IncomingMessage = { ...this.#spoil(message), retain: false };
      host.guard(() => {
        // As the session does: a handler that throws does not stop the line.
        const handled = (async () => onMessage(incoming))();
        handled.then(acknowledge, acknowledge);
      });
    });
  }

  #spoil(message: Message): Message {
    if (!this.#chance.happens(this.weather.spoilShare)) return message;
    const payload = new Uint8Array(message.payload);
    const place = this.#chance.whole(0, payload.length - 1);
    payload[place] = (payload[place] ?? 0) ^ (1 << this.#chance.whole(0, 7));
    this.#witness.onEvent('spoilt', `${message.topic} byte ${place}`);
    return { ...message, payload };
  }

  /** In order within a connection; what waits behind a stalled packet is late, too. */
  #send(connection: Connection, to: 'broker' | 'client', act: () => void): void {
    const { arrivesMs, host } = connection;
    let delayMs = this.#latency();
    if (this.#chance.happens(this.weather.stallShare)) delayMs += this.#chance.next() * this.weather.stallMs;
    const atMs = Math.max(arrivesMs[to], this.#time.nowMs + delayMs);
    arrivesMs[to] = atMs;
    const pass = () => {
      if (connection.up) act();
    };
    this.#time.after(atMs - this.#time.nowMs, () => {
      if (this.#partitioned.has(host.name)) connection.held.push(pass);
      else pass();
    });
  }

  #latency(): number {
    const [fromMs, toMs] = this.weather.latencyMs;
    return fromMs + this.#chance.next() * (toMs - fromMs);
  }
}

function matches(filter: string, topic: string): boolean {
  if (filter === topic) return true;
  const names = topic.split('/');
  const levels = filter.split('/');
  return (
    levels.length === names.length && levels.every((level, index) => level === '+' || level === names[index])
  );
}
