import type { IClientOptions } from 'mqtt';
import type { LinkOptions } from './link.ts';

/** Above this many messages in hand we stop reading from the broker; an MQTT 5 broker is told of it. */
export const HANDLING_MAX = 64;
/** What we take of others in one packet, bytes: the largest receipt or record, with its topic. */
const PACKET_BYTES_MAX = 256 * 1024 + 1024;

/** What mqtt.js is told: no session, no queue, no reconnection of its own. `times.connectMs`: our own deadline to CONNACK, ms. */
export function clientOptions(
  options: LinkOptions,
  times: { connectMs: number; keepaliveS: number },
): IClientOptions {
  const { tls, will } = options;
  return {
    clientId: options.clientId,
    protocolVersion: options.mqtt === 5 ? 5 : 4,
    clean: true,
    keepalive: times.keepaliveS,
    // Ours comes first; this one ends what it could not.
    connectTimeout: 2 * times.connectMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // Else 65,536 buffers are made ahead, one for every number a packet may hold: 10 MB to spare a few writes.
    writeCache: false,
    // The socket is opened only after every listener is in place.
    manualConnect: true,
    ...(options.mqtt === 5
      ? {
          properties: {
            // Nothing of ours waits at the broker: what was not receipted is sent again.
            sessionExpiryInterval: 0,
            receiveMaximum: HANDLING_MAX,
            maximumPacketSize: PACKET_BYTES_MAX,
          },
        }
      : {}),
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
  };
}
