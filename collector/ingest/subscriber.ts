import type { Log } from '../../protocols/log.ts';
import type { IncomingMessage, Link, LinkOptions } from '../../protocols/mqtt/link.ts';
import type { Timers } from '../../protocols/timers.ts';
import { filterOf, parseTopic } from '../../protocols/telemetry/topics.ts';
import type { LiveState } from './live-state.ts';

/** The broker hears from us within this, real ms, whatever the disk does: it may drop a client that keeps it waiting. */
const SETTLE_MS = 800;

/** What a collector asks of a connection; who makes it adds the broker's address and our credentials. */
export type CollectorLink = Pick<LinkOptions, 'clientId' | 'subscriptions' | 'onMessage' | 'onState'>;

/** A site that is being followed. */
export interface Subscriber {
  link: Link;
  /** Why the broker is not connected; empty when it is. */
  state(): { connected: boolean; reason: string; cure: string };
  counts(): { messages: number; foreign: number };
}

/** Follows every agent of a site: batches go to admission, the rest to the live state. */
export function startSubscriber(parts: {
  site: string;
  clientId: string;
  connect: (link: CollectorLink) => Link;
  /** Settles when the message is decided; never throws. */
  admit: (agent: string, payload: Uint8Array) => Promise<void>;
  live: LiveState;
  timers: Pick<Timers, 'after'>;
  log: Log;
}): Subscriber {
  const { site, admit, live, log, timers } = parts;
  const counts = { messages: 0, foreign: 0 };
  let state = { connected: false, reason: 'not connected yet', cure: '' };

  const onMessage = ({ topic, payload, retain }: IncomingMessage): Promise<void> | void => {
    counts.messages++;
    const parsed = parseTopic(topic);
    if (parsed === undefined || parsed.site !== site) {
      counts.foreign++;
      return;
    }
    if (parsed.leaf !== 'batch') return live.take(parsed, payload, retain);
    return settleWithin(timers, admit(parsed.agent, payload), SETTLE_MS);
  };

  const link = parts.connect({
    clientId: parts.clientId,
    subscriptions: [
      { filter: filterOf(site, 'batch'), qos: 1 },
      { filter: filterOf(site, 'status'), qos: 1 },
      { filter: filterOf(site, 'health'), qos: 0 },
      { filter: filterOf(site, 'live'), qos: 0 },
    ],
    onMessage,
    onState: (next) => {
      state = next;
      if (next.connected) log.info({}, 'The broker is connected.');
      else log.warn({ cure: next.cure }, `The broker is not connected: ${next.reason}`);
    },
  });
  return { link, state: () => state, counts: () => ({ ...counts }) };
}

/** The broker's acknowledgement means nothing (only a receipt does), so it need not wait for a slow disk. */
function settleWithin(timers: Pick<Timers, 'after'>, work: Promise<void>, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cancel = timers.after(timeoutMs, resolve);
    void work.finally(() => {
      cancel();
      resolve();
    });
  });
}
