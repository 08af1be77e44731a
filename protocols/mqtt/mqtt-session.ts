import { connect, type IPublishPacket, type MqttClient } from 'mqtt';
import type { IncomingMessage, LinkOptions } from './link.ts';
import { explainClose, explainLinkError, explainRefusedFilter, type LinkFailure } from './link-failure.ts';
import { OrderedAcks } from './ordered-acks.ts';

const KEEPALIVE_S = 30;
const CONNECT_TIMEOUT_MS = 10_000;
/** Above this many messages in hand we stop reading from the broker. */
const HANDLING_MAX = 64;

/** One connection from its first byte to its last; a new attempt is a new session, so no state outlives a connection. */
export class MqttSession {
  readonly #client: MqttClient;
  readonly #host: string;
  readonly #onMessage: (message: IncomingMessage) => Promise<void> | void;
  readonly #onUp: () => void;
  readonly #onDown: (failure: LinkFailure) => void;
  readonly #unsettled = new Set<(error: Error) => void>();
  #failure: LinkFailure | undefined;
  #up = false;
  #ended = false;

  constructor(options: LinkOptions, events: { onUp: () => void; onDown: (failure: LinkFailure) => void }) {
    this.#host = new URL(options.url).host;
    this.#onMessage = options.onMessage;
    this.#onUp = events.onUp;
    this.#onDown = events.onDown;
    const { tls, will } = options;
    this.#client = connect(options.url, {
      clientId: options.clientId,
      protocolVersion: 4,
      clean: true,
      keepalive: KEEPALIVE_S,
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
      // Else 65,536 buffers are made ahead, one for every number a packet may hold: 10 MB to spare a few writes.
      writeCache: false,
      // The socket is opened only after every listener is in place.
      manualConnect: true,
      ...(options.username === undefined ? {} : { username: options.username }),
      ...(options.password === undefined ? {} : { password: options.password }),
      ...(will === undefined
        ? {}
        : {
            will: {
              topic: will.topic,
              payload: Buffer.from(will.payload),
              qos: 1 as const,
              retain: will.retain,
            },
          }),
      ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls?.key === undefined ? {} : { key: tls.key }),
    });
    this.#client.on('error', (error) => {
      this.#failure ??= explainLinkError(error, this.#host);
      // Not every error of the client is followed by the end of its socket.
      this.#end();
    });
    this.#client.on('connect', () => this.#subscribe(options.subscriptions));
    this.#client.on('close', () => this.#end());
    this.#handleMessages();
    this.#client.connect();
  }

  get up(): boolean {
    return this.#up;
  }

  /** Settles on the broker's acknowledgement; rejects when the connection ends or the deadline passes, and then ends it. */
  publish(
    topic: string,
    payload: Uint8Array | string,
    options: { qos: 0 | 1; retain: boolean; deadlineMs: number },
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: Error | null) => {
        clearTimeout(timer);
        this.#unsettled.delete(settle);
        if (error instanceof Error) reject(error);
        else resolve();
      };
      const timer = setTimeout(() => {
        settle(new Error(`no acknowledgement within ${options.deadlineMs} ms`));
        this.drop({
          reason: `The broker at ${this.#host} no longer acknowledges what we publish.`,
          cure: "Look into the broker's own log; we connect anew.",
        });
      }, options.deadlineMs);
      this.#unsettled.add(settle);
      const bytes = typeof payload === 'string' ? payload : asBuffer(payload);
      this.#client.publish(topic, bytes, { qos: options.qos, retain: options.retain }, (error) =>
        settle(error),
      );
    });
  }

  /** Ends the connection at once, as if it had failed for this reason. */
  drop(failure: LinkFailure): void {
    this.#failure ??= failure;
    this.#end();
  }

  /** Says goodbye, so that the broker does not publish our will; resolves within the deadline. */
  async close(deadlineMs: number): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#up = false;
    this.#rejectUnsettled();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, deadlineMs);
      this.#client.end(false, {}, () => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.#destroy();
  }

  #subscribe(subscriptions: LinkOptions['subscriptions']): void {
    if (subscriptions.length === 0) {
      this.#rise();
      return;
    }
    const filters = Object.fromEntries(subscriptions.map(({ filter, qos }) => [filter, { qos }]));
    this.#client.subscribe(filters, (error, granted) => {
      if (this.#ended) return;
      // Not the error first: it does not say which filter was refused.
      const refused = granted?.find(({ qos }) => qos > 2)?.topic;
      if (refused !== undefined || error !== null) {
        this.drop(
          explainRefusedFilter(refused ?? subscriptions.map(({ filter }) => filter).join(', '), this.#host),
        );
        return;
      }
      this.#rise();
    });
  }

  #rise(): void {
    if (this.#ended) return;
    this.#up = true;
    this.#onUp();
  }

  /**
   * The client would acknowledge one message before it reads the next. An error from this hook makes it read on
   * without acknowledging; the acknowledgement is then ours, when the message has been handled.
   */
  #handleMessages(): void {
    const acks = new OrderedAcks((messageId) => {
      if (!this.#ended) this.#client.stream.write(Buffer.from([0x40, 2, messageId >> 8, messageId & 0xff]));
    });
    const ownAcknowledgement = new Error('acknowledged by us');
    const waiting: (() => void)[] = [];
    this.#client.handleMessage = (packet: IPublishPacket, readOn) => {
      const { messageId } = packet;
      const acknowledge = packet.qos === 0 || messageId === undefined ? () => {} : acks.admit(messageId);
      void this.#handle(packet).then(() => {
        acknowledge();
        if (acks.size < HANDLING_MAX) waiting.shift()?.();
      });
      const next = () => readOn(packet.qos === 0 ? undefined : ownAcknowledgement);
      if (acks.size < HANDLING_MAX) next();
      else waiting.push(next);
    };
  }

  async #handle(packet: IPublishPacket): Promise<void> {
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
    try {
      await this.#onMessage({ topic: packet.topic, payload, retain: packet.retain });
    } catch {
      // A handler must not throw; one that does must not stop the line. The sender repeats what was not receipted.
    }
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#up = false;
    this.#rejectUnsettled();
    this.#destroy();
    this.#onDown(this.#failure ?? explainClose(this.#host));
  }

  #rejectUnsettled(): void {
    const error = new Error('the connection ended before the acknowledgement');
    for (const settle of this.#unsettled) settle(error);
  }

  #destroy(): void {
    // The listener for errors stays: a late one must not end the process.
    this.#client.end(true);
    this.#client.stream.destroy();
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
