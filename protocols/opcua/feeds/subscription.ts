import type * as NodeOpcua from 'node-opcua';
import { withDeadline } from '../link/deadline.ts';
import type { ServerLimits } from '../link/server-facts.ts';

/** One node to be told of. */
export interface Wish {
  nodeId: string;
  samplingMs: number;
  /** Values the server keeps between two reports; the oldest goes first. */
  queueSize: number;
  /** In the node's unit: smaller changes are not told. */
  deadband: number | undefined;
  onValue: (value: NodeOpcua.DataValue) => void;
}

/** What the server made of a wish. */
export interface Watched {
  /** Name of the status with which it was refused; undefined when it is watched. */
  refused: string | undefined;
  /** How often the server really looks, ms. */
  samplingMs: number;
  /** The server would not take the deadband, so every change is told. */
  filterless: boolean;
  /** Ends it; never rejects. */
  unwatch(): Promise<void>;
}

/** How a subscription is asked for. */
export interface SubscriptionPace {
  publishingMs: number;
  /** How long it may be silent before the server says that it is alive. */
  keepAliveMs: number;
}

/** The server forgets a subscription that nobody asked for so long: what a client that died leaves behind. */
const LIFETIME_MS = 30_000;
const KEEP_ALIVE_COUNT_MIN = 3;
const FILTER_REFUSED =
  /Bad(?:FilterNotAllowed|MonitoredItemFilterInvalid|MonitoredItemFilterUnsupported|DeadbandFilterInvalid)/;
const TOO_MANY_A_CALL = /Bad(?:TooManyOperations|EncodingLimitsExceeded|RequestTooLarge)/;

/** What is asked of a subscription, and where its news go. */
export interface SubscriptionOrder {
  opcua: typeof NodeOpcua;
  session: NodeOpcua.ClientSession;
  limits: ServerLimits;
  pace: SubscriptionPace;
  /** No request takes longer, ms. */
  timeoutMs: number;
  /** At every report and every sign of life. */
  onAlive(): void;
  /** So many reports are missing before the one that comes now. */
  onGap(reports: number): void;
  /** The server ended it. */
  onEnd(reason: string): void;
}

/** Asks for a subscription; rejects where the server gives none. */
export async function openSubscription(order: SubscriptionOrder): Promise<Subscription> {
  const { session, pace } = order;
  // A session that the server ends sooner than a sign of life could come would never be seen to live.
  const keepAliveMs = Math.min(pace.keepAliveMs, session.timeout / 4);
  const keepAliveCount = Math.max(KEEP_ALIVE_COUNT_MIN, Math.round(keepAliveMs / pace.publishingMs));
  const subscription = await startSubscription(order, {
    requestedPublishingInterval: pace.publishingMs,
    requestedMaxKeepAliveCount: keepAliveCount,
    requestedLifetimeCount: Math.max(3 * keepAliveCount, Math.ceil(LIFETIME_MS / pace.publishingMs)),
    maxNotificationsPerPublish: 0,
    publishingEnabled: true,
    priority: 1,
  });
  subscription.on('internal_error', (error: Error) => order.onEnd(`subscription failed: ${error.message}`));
  return new Subscription(subscription, order);
}

/**
 * Not by the session's own function: that one ends the process when the session is closed while the answer is under way.
 */
async function startSubscription(
  { opcua, session, timeoutMs }: SubscriptionOrder,
  request: NodeOpcua.ClientSubscriptionOptions,
): Promise<NodeOpcua.ClientSubscription> {
  neverThrowAtSlowServers(opcua);
  const subscription = opcua.ClientSubscription.create(session, request);
  const started = new Promise<void>((resolve, reject) => {
    subscription.once('started', () => resolve());
    subscription.on('error', reject);
  });
  try {
    await withDeadline(timeoutMs, started, () => new Error('the server did not answer for a subscription'));
  } catch (error) {
    // One that comes after all is nobody's: it would stay on the server as long as the session.
    subscription.once('started', () => void subscription.terminate().catch(() => {}));
    throw error;
  }
  return subscription;
}

/**
 * Where a server makes the keep-alive interval longer than its session, the library throws at the answer, where nobody
 * can catch it, unless it was told not to: which it forgets with every subscription.
 */
function neverThrowAtSlowServers({ ClientSubscription }: typeof NodeOpcua): void {
  Object.defineProperty(ClientSubscription, 'ignoreNextWarning', {
    get: () => true,
    set: () => {},
    configurable: true,
  });
}

/**
 * A running subscription. It hears the server's reports itself, in the order in which they come, and makes its own items:
 * the library's way takes an event for each value, hears nothing of a report that is missing, and ends the process where
 * a structure cannot be resolved.
 */
export class Subscription {
  readonly #subscription: NodeOpcua.ClientSubscription;
  readonly #order: SubscriptionOrder;
  readonly #session: NodeOpcua.ClientSessionRawSubscriptionService;
  /** By client handle; a handle is never used again. */
  readonly #listeners = new Map<number, Wish['onValue']>();
  #lastHandle = 0;
  #lastReport: number | undefined;

  constructor(subscription: NodeOpcua.ClientSubscription, order: SubscriptionOrder) {
    this.#subscription = subscription;
    this.#order = order;
    this.#session = order.session as unknown as NodeOpcua.ClientSessionRawSubscriptionService;
    (subscription as unknown as Reported).onNotificationMessage = (report) => this.#hear(report);
  }

  /** Longest silence, ms, that it keeps while it is healthy: the revised keep-alive interval. */
  get expectedMs(): number {
    return this.#subscription.publishingInterval * this.#subscription.maxKeepAliveCount;
  }

  /** How often the server reports, ms. */
  get publishingMs(): number {
    return this.#subscription.publishingInterval;
  }

  /**
   * Asks the server to watch nodes: in lots that it takes, one request after another. A node that it will not watch is
   * told in its place and the others go on; one whose deadband it will not take is watched without. Rejects when the
   * subscription itself is gone.
   */
  async watch(wishes: readonly Wish[]): Promise<Watched[]> {
    const results: Watched[] = [];
    const indices = wishes.map((_, index) => index);
    for (const alike of groupAlike(wishes, indices)) await this.#watchAlike(wishes, alike, true, results);
    const unfiltered = indices.filter((index) => {
      const refused = results[index]?.refused;
      return wishes[index]?.deadband !== undefined && refused !== undefined && FILTER_REFUSED.test(refused);
    });
    for (const alike of groupAlike(wishes, unfiltered)) await this.#watchAlike(wishes, alike, false, results);
    return results;
  }

  /** Ends it on the server too; never rejects. */
  async close(): Promise<void> {
    try {
      await this.#subscription.terminate();
    } catch {
      // It is gone already.
    }
  }

  #hear({ sequenceNumber, notificationData }: NodeOpcua.NotificationMessage): void {
    this.#order.onAlive();
    // Only reports with news have numbers of their own; a sign of life names the next.
    if (notificationData === null || notificationData.length === 0) return;
    const missing = this.#lastReport === undefined ? 0 : sequenceNumber - this.#lastReport - 1;
    this.#lastReport = sequenceNumber;
    if (missing > 0) this.#order.onGap(missing);
    for (const news of notificationData) {
      if (isDataChange(news))
        for (const { clientHandle, value } of news.monitoredItems ?? [])
          this.#listeners.get(clientHandle)?.(value);
      else if (isStatusChange(news))
        this.#order.onEnd(`the server ended the subscription: ${news.status.toString()}`);
    }
  }

  async #watchAlike(
    wishes: readonly Wish[],
    indices: readonly number[],
    filtered: boolean,
    results: Watched[],
  ): Promise<void> {
    const { limits } = this.#order;
    for (let from = 0; from < indices.length;) {
      const lot = indices.slice(from, from + limits.itemsPerCall);
      try {
        await this.#watchLot(wishes, lot, filtered, results);
        from += lot.length;
      } catch (error) {
        if (lot.length === 1 || !TOO_MANY_A_CALL.test(String(error))) throw error;
        limits.itemsPerCall = Math.ceil(lot.length / 2);
      }
    }
  }

  async #watchLot(
    wishes: readonly Wish[],
    indices: readonly number[],
    filtered: boolean,
    results: Watched[],
  ): Promise<void> {
    const { opcua, timeoutMs } = this.#order;
    const session = this.#session;
    const { subscriptionId } = this.#subscription;
    const wanted = indices.flatMap((index) => wishes[index] ?? []);
    const [first] = wanted;
    if (first === undefined) return;
    const withFilter = filtered && first.deadband !== undefined;
    // Listened to before the answer is there: the first values may come with it.
    const handles = wanted.map(({ onValue }) => {
      this.#listeners.set(++this.#lastHandle, onValue);
      return this.#lastHandle;
    });
    const created = session.createMonitoredItems({
      subscriptionId,
      timestampsToReturn: opcua.TimestampsToReturn.Both,
      itemsToCreate: wanted.map(({ nodeId }, position) => ({
        itemToMonitor: { nodeId, attributeId: opcua.AttributeIds.Value },
        monitoringMode: opcua.MonitoringMode.Reporting,
        requestedParameters: {
          clientHandle: handles[position] ?? 0,
          samplingInterval: first.samplingMs,
          queueSize: first.queueSize,
          discardOldest: true,
          ...(withFilter ? { filter: absoluteDeadband(opcua, first.deadband ?? 0) } : {}),
        },
      })),
    });
    let items: readonly NodeOpcua.MonitoredItemCreateResult[];
    try {
      const answer = await withDeadline(
        timeoutMs,
        created,
        () => new Error('the server did not answer for monitored items'),
      );
      items = answer.results ?? [];
    } catch (error) {
      for (const handle of handles) this.#listeners.delete(handle);
      throw error;
    }
    for (const [position, index] of indices.entries()) {
      const item = items[position];
      const handle = handles[position] ?? 0;
      const isWatched = item?.statusCode.isGood() === true;
      if (!isWatched) this.#listeners.delete(handle);
      results[index] = {
        refused: isWatched ? undefined : (item?.statusCode.name ?? 'Bad'),
        samplingMs: item?.revisedSamplingInterval ?? first.samplingMs,
        filterless: first.deadband !== undefined && !withFilter,
        unwatch: async () => {
          this.#listeners.delete(handle);
          if (!isWatched) return;
          try {
            await session.deleteMonitoredItems({ subscriptionId, monitoredItemIds: [item.monitoredItemId] });
          } catch {
            // The subscription is gone, and the item with it.
          }
        },
      };
    }
  }
}

/** Where the library hands a subscription its reports. */
interface Reported {
  onNotificationMessage(report: NodeOpcua.NotificationMessage): void;
}

function isDataChange(news: object | null): news is NodeOpcua.DataChangeNotification {
  return news !== null && 'monitoredItems' in news;
}

function isStatusChange(news: object | null): news is NodeOpcua.StatusChangeNotification {
  return news !== null && 'status' in news;
}

/** Nodes that can be asked for in one request, because all but the node is the same. */
function groupAlike(wishes: readonly Wish[], indices: readonly number[]): number[][] {
  const groups = new Map<string, number[]>();
  for (const index of indices) {
    const wish = wishes[index];
    if (wish === undefined) continue;
    const key = `${wish.samplingMs} ${wish.queueSize} ${wish.deadband ?? ''}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [index]);
    else group.push(index);
  }
  return [...groups.values()];
}

function absoluteDeadband(opcua: typeof NodeOpcua, deadbandValue: number): NodeOpcua.DataChangeFilter {
  return new opcua.DataChangeFilter({
    trigger: opcua.DataChangeTrigger.StatusValue,
    deadbandType: opcua.DeadbandType.Absolute,
    deadbandValue,
  });
}
