/** A message that reached us. */
export interface IncomingMessage {
  topic: string;
  payload: Uint8Array;
  retain: boolean;
}

/** How to reach a broker and what to do with it. */
export interface LinkOptions {
  /** mqtt://host:port or mqtts://host:port, without credentials. */
  url: string;
  clientId: string;
  /** MQTT version; 3.1.1 by default. */
  mqtt?: '3.1.1' | 5;
  /** Many like us share the broker: after it was lost we come back spread out. */
  isOneOfMany?: boolean;
  username?: string;
  password?: string;
  /** PEM texts. */
  tls?: { ca?: string; cert?: string; key?: string };
  /** Published by the broker when we vanish. */
  will?: { topic: string; payload: string; retain: boolean };
  subscriptions: { filter: string; qos: 0 | 1 }[];
  /**
   * The broker is answered (PUBACK) when this settles; it must settle within a second and must not throw. It must not wait for
   * a `publish` of this link: with many messages in hand no more is read, and what answers that publish stands behind them.
   */
  onMessage: (message: IncomingMessage) => Promise<void> | void;
  /** Called on every change, with the reason as a sentence and its cure when it is down. */
  onState: (state: { connected: boolean; reason: string; cure: string }) => void;
}

/**
 * A connection to a broker that is always being kept up: its own full-jitter back-off, its own deadlines.
 * The broker is a courier, not a store: nothing that was published counts as delivered until a receipt says so.
 */
export interface Link {
  connected(): boolean;
  /** QoS 1 messages that the broker takes before it has acknowledged them (MQTT 5); Infinity when it announced no limit. */
  receiveMaximum?(): number;
  /**
   * Resolves on the broker's acknowledgement (QoS 1) or when handed over (QoS 0); waits while more are on their way than
   * the broker announced to take. A rejection means "unknown", send again later: `not-connected`, `unacknowledged` (the
   * connection ended or its deadline passed), `refused-message` (an MQTT 5 broker said why). Only `oversized-message`
   * (class `quarantine`) was certainly not sent: larger than what this broker takes.
   */
  publish(
    topic: string,
    payload: Uint8Array | string,
    options: { qos: 0 | 1; retain?: boolean },
  ): Promise<void>;
  /** Ends within 2 s. With a last message (the offline status), publishes it first when connected. */
  close(last?: { topic: string; payload: string; retain: boolean }): Promise<void>;
}
