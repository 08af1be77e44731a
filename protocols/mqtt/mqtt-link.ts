import { MillwattError } from '../errors.ts';
import { BackOff } from './back-off.ts';
import type { Link, LinkOptions } from './link.ts';
import { settlePacketLengths } from './packet-lengths.ts';
import { MqttSession } from './mqtt-session.ts';

/** Larger than any record or receipt of ours, smaller than what small brokers take. */
const MESSAGE_BYTES_MAX = 256 * 1024;
const LAST_MESSAGE_MS = 1000;
const GOODBYE_MS = 500;

/** What tests may set otherwise; the defaults are what a plant runs with. */
export interface LinkTiming {
  /** Even in [0, 1). */
  random?: () => number;
  /** Ceiling of the first wait before connecting anew, ms. */
  backOffBaseMs?: number;
  /** Ceiling of every wait before connecting anew, ms. */
  backOffCapMs?: number;
  /** So long a connection must hold before the back-off begins again at its base, ms. */
  healthyAfterMs?: number;
  /** A publish without acknowledgement for so long ends the connection, ms. */
  publishDeadlineMs?: number;
}

/** Opens a link and keeps it up until it is closed. Never throws for a broker that is away; `onState` tells. */
export function connectLink(options: LinkOptions, timing: LinkTiming = {}): Link {
  settlePacketLengths();
  const healthyAfterMs = timing.healthyAfterMs ?? 30_000;
  const publishDeadlineMs = timing.publishDeadlineMs ?? 30_000;
  const backOff = new BackOff({
    baseMs: timing.backOffBaseMs ?? 1000,
    capMs: timing.backOffCapMs ?? 60_000,
    random: timing.random ?? Math.random,
  });
  let session: MqttSession | undefined;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;
  let lastReason: string | undefined;
  let upSinceMs = 0;

  const open = () => {
    session = new MqttSession(options, {
      onUp: () => {
        upSinceMs = performance.now();
        lastReason = undefined;
        options.onState({ connected: true, reason: '', cure: '' });
      },
      onDown: ({ reason, cure }) => {
        if (closed) return;
        if (upSinceMs > 0 && performance.now() - upSinceMs >= healthyAfterMs) backOff.reset();
        upSinceMs = 0;
        retry = setTimeout(open, backOff.next());
        // A broker that stays away is reported once, not at every attempt.
        if (reason === lastReason) return;
        lastReason = reason;
        options.onState({ connected: false, reason, cure });
      },
    });
  };
  open();

  const publish: Link['publish'] = async (topic, payload, { qos, retain = false }) => {
    if (payload.length > MESSAGE_BYTES_MAX) {
      throw new MillwattError(
        'quarantine',
        'oversized-message',
        `A message of ${payload.length} bytes for ${topic} is too large to publish.`,
      );
    }
    if (closed || session?.up !== true)
      throw new MillwattError('retry', 'not-connected', 'The broker is not connected.');
    try {
      await session.publish(topic, payload, { qos, retain, deadlineMs: publishDeadlineMs });
    } catch (cause) {
      // Whether the broker has it is unknown: a receipt will tell, or it is sent again.
      throw new MillwattError('retry', 'unacknowledged', `A message for ${topic} was not acknowledged.`, {
        cause,
      });
    }
  };

  return {
    connected: () => !closed && session?.up === true,
    publish,
    close: async (last) => {
      if (closed) return;
      clearTimeout(retry);
      if (last !== undefined && session?.up === true) {
        await session
          .publish(last.topic, last.payload, { qos: 1, retain: last.retain, deadlineMs: LAST_MESSAGE_MS })
          .catch(() => {});
      }
      closed = true;
      clearTimeout(retry);
      await session?.close(GOODBYE_MS);
    },
  };
}
