import type * as NodeOpcua from 'node-opcua';
import { hasOverflow, statusWordOf, type ServerValue } from './opcua-value.ts';

/** How fast status words are to come: sampled by the server, published in lots. */
export interface WatchPace {
  samplingMs: number;
  publishingMs: number;
}

/** A running subscription to status words. */
export interface StatusWatch {
  /** Longest silence, ms, that a healthy subscription keeps: the revised keep-alive interval. */
  readonly expectedMs: number;
  /** Times the server's queue lost values. */
  readonly overflows: number;
}

/** Publishing intervals without news after which the server says that it is alive. */
const KEEP_ALIVE_COUNT = 12;
/** The server forgets a subscription after so many publishing intervals without a request; at least three keep-alives. */
const LIFETIME_COUNT = 120;
const QUEUE_SIZE = 50;

/**
 * Subscribes to status nodes in one request. `onWord` gets each change by index; a node that the server will not watch
 * is told through `onRefused`, and the others go on. `onAlive` is called at every notification and keep-alive.
 */
export async function watchStatuses(
  opcua: typeof NodeOpcua,
  session: NodeOpcua.ClientSession,
  nodeIds: readonly string[],
  pace: WatchPace,
  hear: {
    onWord(index: number, word: string | number | boolean | null): void;
    onRefused(index: number, reason: string): void;
    onAlive(): void;
    onEnd(reason: string): void;
  },
): Promise<StatusWatch> {
  const subscription = await session.createSubscription2({
    requestedPublishingInterval: pace.publishingMs,
    requestedMaxKeepAliveCount: KEEP_ALIVE_COUNT,
    requestedLifetimeCount: LIFETIME_COUNT,
    maxNotificationsPerPublish: 0,
    publishingEnabled: true,
    priority: 1,
  });
  let overflows = 0;
  subscription.on('keepalive', () => hear.onAlive());
  subscription.on('received_notifications', () => hear.onAlive());
  subscription.on('internal_error', (error: Error) => hear.onEnd(`subscription failed: ${error.message}`));
  subscription.on('status_changed', (status: { toString(): string }) =>
    hear.onEnd(`subscription ended: ${status.toString()}`),
  );
  const group = opcua.ClientMonitoredItemGroup.create(
    subscription,
    nodeIds.map((nodeId) => ({ nodeId, attributeId: opcua.AttributeIds.Value })),
    { samplingInterval: pace.samplingMs, queueSize: QUEUE_SIZE, discardOldest: true },
    opcua.TimestampsToReturn.Both,
  );
  group.on('changed', (_item: unknown, value: ServerValue, index: number) => {
    if (hasOverflow(value)) overflows++;
    hear.onWord(index, statusWordOf(value));
  });
  try {
    await new Promise<void>((resolve, reject) => {
      group.once('initialized', resolve);
      group.once('err', (message: string) => reject(new Error(message)));
    });
  } catch (error) {
    // It is asked for again later: each attempt would leave one more subscription on the server.
    await subscription.terminate().catch(() => {});
    throw error;
  }
  group.monitoredItems.forEach((item, index) => {
    if (item.statusCode.isNotGood()) hear.onRefused(index, item.statusCode.name);
  });
  return {
    expectedMs: subscription.publishingInterval * subscription.maxKeepAliveCount,
    get overflows() {
      return overflows;
    },
  };
}
