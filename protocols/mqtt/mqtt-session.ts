import { connect, type IConnackPacket, type IPublishPacket, type MqttClient } from 'mqtt';
import { MillwattError } from '../errors.ts';
import type { Cancel, Timers } from '../timers.ts';
import { clientOptions, HANDLING_MAX } from './client-options.ts';
import { handleInOrder } from './incoming.ts';
import type { LinkOptions } from './link.ts';
import {
  explainClose,
  explainDisconnect,
  explainLinkError,
  explainRefusedFilter,
  explainRefusedMessage,
  type LinkFailure,
} from './link-failure.ts';
import { SendQuota } from './send-quota.ts';

/** First byte and length of the largest packets, two lengths, a packet id, and no properties. */
const PACKET_HEAD_BYTES = 1 + 4 + 2 + 2 + 1;

/** How long a broker may take for what it owes us, real ms. */
export interface Deadlines {
  /** From the first byte to its CONNACK. */
  connectMs: number;
  subscribeMs: number;
  /** Of one message of QoS 1, from when it leaves to its PUBACK. */
  publishMs: number;
  /** The broker hears from us so often, and we from it, s; an MQTT 5 broker may ask for another time. */
  keepaliveS: number;
}

/** One connection, as the link uses it. */
export interface Session {
  /** Connected and subscribed. */
  readonly up: boolean;
  /** See `Link.receiveMaximum`. */
  readonly receiveMaximum: number;
  /** See `Link.publish`. `deadlineMs`: instead of that of all messages. */
  publish(
    topic: string,
    payload: Uint8Array | string,
    options: { qos: 0 | 1; retain: boolean; deadlineMs?: number },
  ): Promise<void>;
  /** Says goodbye, so that the broker does not publish our will; resolves within the deadline. */
  close(deadlineMs: number): Promise<void>;
}

/** What a session tells: that it is up, and once, that it is over. */
export interface SessionEvents {
  onUp: () => void;
  onDown: (failure: LinkFailure) => void;
}

/** One connection from its first byte to its last; a new attempt is a new session, so no state outlives a connection. */
export class MqttSession implements Session {
  readonly #client: MqttClient;
  readonly #host: string;
  readonly #options: LinkOptions;
  readonly #events: SessionEvents;
  readonly #timers: Pick<Timers, 'after'>;
  readonly #deadlines: Deadlines;
  readonly #unsettled = new Set<(error: Error) => void>();
  #quota = new SendQuota(Infinity);
  #receiveMaximum = Infinity;
  #packetBytesMax = Infinity;
  #retains = true;
  #awaited: Cancel = () => {};
  #failure: LinkFailure | undefined;
  #answered = false;
  #up = false;
  #ended = false;

  constructor(
    options: LinkOptions,
    parts: { events: SessionEvents; timers: Pick<Timers, 'after'>; deadlines: Deadlines },
  ) {
    this.#host = new URL(options.url).host;
    this.#options = options;
    this.#events = parts.events;
    this.#timers = parts.timers;
    this.#deadlines = parts.deadlines;
    this.#client = connect(options.url, clientOptions(options, parts.deadlines));
    this.#client.on('error', (error) => {
      this.#failure ??= explainLinkError(error, this.#host);
      // Not every error of the client is followed by the end of its socket.
      this.#end();
    });
    this.#client.on('connect', (connack) => this.#take(connack));
    this.#client.on('disconnect', ({ reasonCode }) => {
      this.#drop(explainDisconnect(reasonCode ?? 0x80, this.#host));
    });
    this.#client.on('close', () => this.#end());
    handleInOrder(this.#client, {
      most: HANDLING_MAX,
      isOver: () => this.#ended,
      handle: (packet) => this.#handle(packet),
    });
    this.#client.connect();
    this.#await(parts.deadlines.connectMs, {
      reason: `What listens at ${this.#host} does not answer as an MQTT broker.`,
      cure: 'Check the port of broker.url, and whether the broker wants TLS there (mqtts://).',
    });
  }

  get up(): boolean {
    return this.#up;
  }

  get receiveMaximum(): number {
    return this.#receiveMaximum;
  }

  async publish(
    topic: string,
    payload: Uint8Array | string,
    options: { qos: 0 | 1; retain: boolean; deadlineMs?: number },
  ): Promise<void> {
    const bytes = typeof payload === 'string' ? Buffer.from(payload, 'utf8') : asBuffer(payload);
    const packetBytes = PACKET_HEAD_BYTES + Buffer.byteLength(topic) + bytes.length;
    if (packetBytes > this.#packetBytesMax)
      throw new MillwattError(
        'quarantine',
        'oversized-message',
        `A message of ${packetBytes} bytes for ${topic} is larger than the broker at ${this.#host} takes (${this.#packetBytesMax}).`,
        { cure: 'Let the broker take packets of 262144 bytes (mosquitto: max_packet_size).' },
      );
    if (options.qos === 0) return this.#send(topic, bytes, options);
    await this.#quota.take();
    try {
      await this.#send(topic, bytes, options);
    } finally {
      this.#quota.giveBack();
    }
  }

  async close(deadlineMs: number): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#up = false;
    this.#awaited();
    this.#rejectUnsettled();
    await new Promise<void>((resolve) => {
      const cancel = this.#timers.after(deadlineMs, resolve);
      this.#client.end(false, {}, () => {
        cancel();
        resolve();
      });
    });
    this.#destroy();
  }

  #send(
    topic: string,
    bytes: Buffer,
    options: { qos: 0 | 1; retain: boolean; deadlineMs?: number },
  ): Promise<void> {
    // Whoever waited in line may have outlived the connection.
    if (this.#ended) return Promise.reject(endedError());
    const deadlineMs = options.deadlineMs ?? this.#deadlines.publishMs;
    return new Promise((resolve, reject) => {
      const settle = (error?: (Error & { code?: unknown }) | null) => {
        cancel();
        this.#unsettled.delete(settle);
        if (!(error instanceof Error)) resolve();
        else if (typeof error.code === 'number') reject(refusedMessage(error.code, topic, this.#host));
        else reject(error);
      };
      const cancel = this.#timers.after(deadlineMs, () => {
        settle(new Error(`no acknowledgement within ${deadlineMs} ms`));
        this.#drop({
          reason: `The broker at ${this.#host} no longer acknowledges what we publish.`,
          cure: "Look into the broker's own log; we connect anew.",
        });
      });
      this.#unsettled.add(settle);
      const retain = options.retain && this.#retains;
      this.#client.publish(topic, bytes, { qos: options.qos, retain }, (error) => settle(error));
    });
  }

  /** What an MQTT 5 broker announces holds for this connection. */
  #take({ properties }: IConnackPacket): void {
    if (this.#ended) return;
    this.#answered = true;
    if (properties?.maximumQoS === 0) {
      this.#drop(explainDisconnect(0x9b, this.#host));
      return;
    }
    if (properties?.receiveMaximum === 0 || properties?.maximumPacketSize === 0) {
      // A protocol error (MQTT 5, 3.2.2.3): obeyed, it would keep every message waiting for ever.
      this.#drop({
        reason: `The broker at ${this.#host} announces that it takes nothing.`,
        cure: "Set its limits for clients to more than 0, or try broker.mqtt: '3.1.1'.",
      });
      return;
    }
    this.#receiveMaximum = properties?.receiveMaximum ?? Infinity;
    this.#packetBytesMax = properties?.maximumPacketSize ?? Infinity;
    this.#quota = new SendQuota(this.#receiveMaximum);
    this.#retains = properties?.retainAvailable !== false;
    this.#subscribe();
  }

  #subscribe(): void {
    const { subscriptions } = this.#options;
    if (subscriptions.length === 0) {
      this.#rise();
      return;
    }
    this.#await(this.#deadlines.subscribeMs, {
      reason: `The broker at ${this.#host} does not answer our subscriptions.`,
      cure: "Look into the broker's own log; we connect anew.",
    });
    const filters = Object.fromEntries(subscriptions.map(({ filter, qos }) => [filter, { qos }]));
    this.#client.subscribe(filters, (error, _granted, suback) => {
      if (this.#ended) return;
      // Not the error: it does not say which filter was refused.
      const codes = (suback?.granted ?? []).map(Number);
      const at = codes.findIndex((code) => code > 2);
      if (at >= 0 || error !== null) {
        const filter = subscriptions[at]?.filter ?? Object.keys(filters).join(', ');
        this.#drop(explainRefusedFilter(filter, this.#host, codes[at]));
        return;
      }
      this.#rise();
    });
  }

  #rise(): void {
    if (this.#ended) return;
    this.#awaited();
    this.#up = true;
    this.#events.onUp();
  }

  async #handle({ topic, payload, retain }: IPublishPacket): Promise<void> {
    try {
      await this.#options.onMessage({
        topic,
        payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
        retain,
      });
    } catch {
      // A handler must not throw; one that does must not stop the line. The sender repeats what was not receipted.
    }
  }

  /** The next step of the broker has so long; the one before is done. */
  #await(ms: number, failure: LinkFailure): void {
    this.#awaited();
    this.#awaited = this.#timers.after(ms, () => this.#drop(failure));
  }

  /** Ends the connection at once, for this reason. */
  #drop(failure: LinkFailure): void {
    this.#failure ??= failure;
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#up = false;
    this.#awaited();
    this.#rejectUnsettled();
    this.#destroy();
    this.#events.onDown(this.#failure ?? explainClose(this.#host, this.#isTlsUnanswered()));
  }

  #isTlsUnanswered(): boolean {
    return !this.#answered && this.#options.url.startsWith('mqtts:');
  }

  #rejectUnsettled(): void {
    const error = endedError();
    this.#quota.close(error);
    for (const settle of this.#unsettled) settle(error);
  }

  #destroy(): void {
    // The listener for errors stays: a late one must not end the process.
    this.#client.end(true);
    this.#client.stream.destroy();
  }
}

function endedError(): Error {
  return new Error('the connection ended before the acknowledgement');
}

function refusedMessage(code: number, topic: string, host: string): MillwattError {
  const { reason, cure } = explainRefusedMessage(code, topic, host);
  return new MillwattError('retry', 'refused-message', reason, { cure });
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
