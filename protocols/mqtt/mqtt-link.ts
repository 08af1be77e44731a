import { MillwattError } from '../errors.ts';
import { systemTimers, type Cancel, type Timers } from '../timers.ts';
import { BackOff, BASE_MS, CAP_MS, regainBaseMs } from './back-off.ts';
import type { Link, LinkOptions } from './link.ts';
import { settlePacketLengths } from './packet-lengths.ts';
import { MqttSession, type Deadlines, type Session, type SessionEvents } from './mqtt-session.ts';

/** Larger than any record or receipt of ours, smaller than what small brokers take. */
const MESSAGE_BYTES_MAX = 256 * 1024;
const CONNECT_DEADLINE_MS = 10_000;
const SUBSCRIBE_DEADLINE_MS = 10_000;
const PUBLISH_DEADLINE_MS = 30_000;
const KEEPALIVE_S = 30;
const LAST_MESSAGE_MS = 1000;
const GOODBYE_MS = 500;

/** What tests may set otherwise; the defaults are what a plant runs with. */
export interface LinkTiming {
  /** Even in [0, 1). */
  random?: () => number;
  /** Real time; that of the process by default. */
  timers?: Timers;
  /** Ceiling of the first wait before connecting anew, ms. */
  backOffBaseMs?: number;
  /** The same after a connection that was up, ms; `backOffBaseMs` where that is given. */
  regainBaseMs?: number;
  /** Ceiling of every wait before connecting anew, ms. */
  backOffCapMs?: number;
  /** So long a connection must hold before the back-off begins again at its base, ms. */
  healthyAfterMs?: number;
  /** From the first byte to the broker's CONNACK, ms. */
  connectDeadlineMs?: number;
  subscribeDeadlineMs?: number;
  /** A publish without acknowledgement for so long ends the connection, ms. */
  publishDeadlineMs?: number;
  /** Whole seconds, 1 or more. */
  keepaliveS?: number;
  /** Opens one connection: mqtt.js on a real socket by default. */
  openSession?: (
    options: LinkOptions,
    parts: { events: SessionEvents; timers: Timers; deadlines: Deadlines },
  ) => Session;
}

/** Opens a link and keeps it up until it is closed. Never throws for a broker that is away; `onState` tells. */
export function connectLink(options: LinkOptions, timing: LinkTiming = {}): Link {
  settlePacketLengths();
  const timers = timing.timers ?? systemTimers;
  const healthyAfterMs = timing.healthyAfterMs ?? 30_000;
  const deadlines: Deadlines = {
    connectMs: timing.connectDeadlineMs ?? CONNECT_DEADLINE_MS,
    subscribeMs: timing.subscribeDeadlineMs ?? SUBSCRIBE_DEADLINE_MS,
    publishMs: timing.publishDeadlineMs ?? PUBLISH_DEADLINE_MS,
    keepaliveS: timing.keepaliveS ?? KEEPALIVE_S,
  };
  const afterLossMs = timing.regainBaseMs ?? timing.backOffBaseMs ?? regainBaseMs(options);
  const backOff = new BackOff({
    baseMs: timing.backOffBaseMs ?? BASE_MS,
    capMs: timing.backOffCapMs ?? CAP_MS,
    random: timing.random ?? Math.random,
  });
  const openSession = timing.openSession ?? ((...parts) => new MqttSession(...parts));
  let session: Session | undefined;
  let cancelRetry: Cancel = () => {};
  let closed = false;
  let lastReason: string | undefined;
  let upSinceMs: number | undefined;

  const open = () => {
    session = openSession(options, {
      timers,
      deadlines,
      events: {
        onUp: () => {
          upSinceMs = timers.nowMs();
          // From now on the others at this broker lose it when we do.
          backOff.raise(afterLossMs);
          lastReason = undefined;
          options.onState({ connected: true, reason: '', cure: '' });
        },
        onDown: ({ reason, cure }) => {
          if (closed) return;
          if (upSinceMs !== undefined && timers.nowMs() - upSinceMs >= healthyAfterMs) backOff.reset();
          upSinceMs = undefined;
          cancelRetry = timers.after(backOff.next(), open);
          // A broker that stays away is reported once, not at every attempt.
          if (reason === lastReason) return;
          lastReason = reason;
          options.onState({ connected: false, reason, cure });
        },
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
      await session.publish(topic, payload, { qos, retain });
    } catch (cause) {
      if (cause instanceof MillwattError) throw cause;
      // Whether the broker has it is unknown: a receipt will tell, or it is sent again.
      throw new MillwattError('retry', 'unacknowledged', `A message for ${topic} was not acknowledged.`, {
        cause,
      });
    }
  };

  return {
    connected: () => !closed && session?.up === true,
    receiveMaximum: () => session?.receiveMaximum ?? Infinity,
    publish,
    close: async (last) => {
      if (closed) return;
      cancelRetry();
      if (last !== undefined && session?.up === true) {
        const { topic, payload, retain } = last;
        const said = session.publish(topic, payload, { qos: 1, retain, deadlineMs: LAST_MESSAGE_MS });
        // It may have to wait in line for longer than anyone waits for us.
        await within(timers, LAST_MESSAGE_MS, said);
      }
      closed = true;
      cancelRetry();
      await session?.close(GOODBYE_MS);
    },
  };
}

async function within(timers: Timers, deadlineMs: number, work: Promise<void>): Promise<void> {
  let cancel: Cancel = () => {};
  const deadline = new Promise<void>((resolve) => {
    cancel = timers.after(deadlineMs, resolve);
  });
  await Promise.race([work.catch(() => {}), deadline]);
  cancel();
}
