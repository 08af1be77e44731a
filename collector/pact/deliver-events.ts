import { describeError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import type { EventQueue, QueuedEvent } from './event-queue.ts';
import { createEventSender, type EventSender, type Sent } from './send-event.ts';
import type { PactPartner } from './pact-plan.ts';

/** Nobody is asked for longer, ms. */
const GIVEN_UP_MS = 72 * 3_600_000;
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 3_600_000;
const LOOK_EVERY_MS = 5_000;
/** Where nothing can be written, a partner is left alone for so long, ms. */
const UNWRITTEN_PAUSE_MS = 60_000;

/** What the delivery is given. */
interface DeliveryOptions {
  queue: EventQueue;
  partners: readonly PactPartner[];
  /** What is sent of what was kept; as it is without. Where it throws, the event is tried again later. */
  write?: (kept: string) => string;
  wallMs: () => number;
  /** 0 or more, less than 1. */
  random: () => number;
  log: Log;
  createSender?: (partner: PactPartner) => EventSender | undefined;
}

/** Sends what is queued, to each partner in order and one at a time. */
export interface EventDelivery {
  /** Something was queued. */
  wake(): void;
  /** Tries everything that is due now, once. */
  run(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Pauses before the next try: doubled with each from 10 s to an hour, a half of it by chance, so that many do not come back
 * together. At least what the partner asked for, up to an hour.
 */
export function pauseMs(tries: number, random: number, waitSeconds = 0): number {
  const whole = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries, 12));
  return Math.max(whole / 2 + (random * whole) / 2, Math.min(waitSeconds * 1000, LONGEST_PAUSE_MS));
}

/** Delivers events until they are taken, refused, or 72 hours old. */
export function startDelivery(options: DeliveryOptions): EventDelivery {
  const { queue, partners, write = (kept: string) => kept, wallMs, random, log } = options;
  const isStopped = new AbortController();
  const create =
    options.createSender ??
    ((partner) =>
      partner.events === null
        ? undefined
        : createEventSender(partner.events, () => performance.now(), isStopped.signal));
  const senders = new Map(partners.map((partner) => [partner.id, create(partner)]));

  /** Taken by their partner, while that could not be written yet: only the writing is tried again. */
  const taken = new Set<string>();
  const heldMs = new Map<string, number>();
  const isHeld = (partner: string, nowMs: number): boolean => {
    const untilMs = heldMs.get(partner) ?? nowMs;
    return untilMs > nowMs && untilMs <= nowMs + UNWRITTEN_PAUSE_MS;
  };

  const send = async (sender: EventSender, { body }: QueuedEvent): Promise<Sent> => {
    let text: string;
    try {
      text = write(body);
    } catch (error) {
      return { result: 'retry', saying: `it cannot be made: ${describeError(error)}` };
    }
    return await sender.send(text);
  };

  const deliver = async (event: QueuedEvent): Promise<void> => {
    const about = { partner: event.partner, event: event.id };
    const sender = senders.get(event.partner);
    if (sender === undefined) {
      queue.end(event, 'refused', 'the partner has no address for events any more', wallMs());
      return;
    }
    const name = `${event.partner} ${event.id}`;
    const sent = taken.has(name) ? { result: 'delivered' as const } : await send(sender, event);
    const now = wallMs();
    if (sent.result === 'delivered') {
      taken.add(name);
      queue.end(event, 'delivered', '', now);
      taken.delete(name);
      log.debug(about, 'An event was delivered.');
      return;
    }
    const { saying } = sent;
    if (sent.result === 'refused') {
      queue.end(event, 'refused', saying, now);
      log.warn({ ...about, reason: saying }, 'A partner refused an event; it is not sent again.');
      return;
    }
    const pause = pauseMs(event.tries, random(), sent.waitSeconds);
    if (now + pause > event.createdMs + GIVEN_UP_MS) {
      queue.end(event, 'expired', saying, now);
      log.warn({ ...about, reason: saying }, 'An event could not be delivered in 72 hours; it is given up.');
      return;
    }
    queue.putOff(event, now + pause, saying);
    if (event.tries === 0 || sent.result === 'credentials')
      log.warn({ ...about, reason: saying, pauseSeconds: Math.round(pause / 1000) }, 'An event waits.');
  };

  /** Each partner has one event under way: one that does not answer holds up nobody else. */
  const busy = new Map<string, Promise<void>>();
  const look = (): void => {
    if (isStopped.signal.aborted) return;
    const nowMs = wallMs();
    for (const event of queue.due(nowMs, LONGEST_PAUSE_MS)) {
      if (busy.has(event.partner) || isHeld(event.partner, nowMs)) continue;
      const done = deliver(event)
        .catch((error: unknown) => {
          heldMs.set(event.partner, wallMs() + UNWRITTEN_PAUSE_MS);
          log.error({ reason: describeError(error) }, 'An event could not be seen to.');
        })
        .finally(() => {
          busy.delete(event.partner);
          lookSafely();
        });
      busy.set(event.partner, done);
    }
  };
  const lookSafely = (): void => {
    try {
      look();
    } catch (error) {
      log.error({ reason: describeError(error) }, 'Events could not be looked at.');
    }
  };
  const settle = async (): Promise<void> => {
    while (busy.size > 0) await Promise.all(busy.values());
  };
  const timer = setInterval(lookSafely, LOOK_EVERY_MS);
  timer.unref();
  lookSafely();
  return {
    wake: lookSafely,
    run: async () => {
      lookSafely();
      await settle();
    },
    stop: async () => {
      isStopped.abort();
      clearInterval(timer);
      await settle();
    },
  };
}
