import {
  AttributeIds,
  ClientMonitoredItemGroup,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAClient,
  SecurityPolicy,
  TimestampsToReturn,
  type DataValue,
} from 'node-opcua';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../protocols/clock.ts';
import { createOpcuaDriver } from '../protocols/opcua/opcua-driver.ts';

/** Who listens: our driver, subscribed or reading each time, or a bare subscription of the library that only counts. */
export type Listener = 'subscribe' | 'read' | 'bare';

/** What one listener cost. */
export interface ListenerFigures {
  /** us of CPU (user and system, all threads) from `begin` to now, and how long that was. */
  cpuUs: number;
  ms: number;
  /** Values in the rows that were polled; none where nobody polls. */
  polled: number;
  rssMb: number;
  /** From the beginning of the connect to the first value, and to the first value of every node, ms. */
  firstValueMs: number;
  allValuesMs: number;
}

/** Values so far: in rows that were polled, or told; and how many nodes have one. */
interface Count {
  values: number;
  nodes: number;
}

const [listener, endpoint, nodesText, everyText, secondsText, folder] = process.argv.slice(2) as [
  Listener,
  string,
  string,
  string,
  string,
  string,
];
const nodes = Number(nodesText);
const everyMs = Number(everyText);
const seconds = Number(secondsText);
const WARM_UP_MS = 2000;
const NAMESPACE = 'urn:millwatt:bench';

const startMs = performance.now();
const { count, close } = listener === 'bare' ? await listenBare() : await listenOurs(listener);
const until = async (condition: () => boolean) => {
  while (!condition()) await pause(1);
  return performance.now() - startMs;
};
const firstValueMs = await until(() => count.values > 0);
const allValuesMs = await until(() => count.nodes === nodes);
await pause(WARM_UP_MS);
process.send?.('begin');
const before = process.cpuUsage();
const valuesBefore = count.values;
const beginMs = performance.now();
await pause(seconds * 1000);
const { user, system } = process.cpuUsage(before);
const figures: ListenerFigures = {
  cpuUs: user + system,
  ms: performance.now() - beginMs,
  polled: count.values - valuesBefore,
  rssMb: process.memoryUsage.rss() / 1e6,
  firstValueMs,
  allValuesMs,
};
// The server is asked what it has told before the subscription goes.
if (process.send === undefined) process.exit();
process.send(figures, () => {
  process.once('message', () => void close().then(() => process.disconnect()));
});

async function listenOurs(
  reading: 'subscribe' | 'read',
): Promise<{ count: Count; close: () => Promise<void> }> {
  const driver = await createOpcuaDriver(
    {
      id: 'bench',
      machine: 'm',
      component: 'control',
      every: everyMs,
      endpoint,
      securityPolicy: 'best',
      securityMode: 'SignAndEncrypt',
      allowInsecure: true,
      found: [],
      reading,
      queue: 10,
      nodes: Array.from({ length: nodes }, (_, i) => ({
        node: `nsu=${NAMESPACE};s=N${i}`,
        component: `c${i}`,
        quantity: 'activePower' as const,
        phase: 'total' as const,
        unit: 'W',
        vocabulary: 'raw',
      })),
      timeout: 20_000,
    },
    { clock: systemClock, pkiFolder: folder },
  );
  const count: Count = { values: 0, nodes: 0 };
  const seen = new Uint8Array(nodes);
  let polling = false;
  const poll = async () => {
    if (polling) return;
    polling = true;
    const { readings } = await driver.poll();
    for (const [i, { value }] of readings.entries()) {
      if (value === null) continue;
      count.values++;
      if (seen[i] === 0) count.nodes++;
      seen[i] = 1;
    }
    polling = false;
  };
  void poll();
  const timer = setInterval(() => void poll(), everyMs);
  return {
    count,
    close: async () => {
      clearInterval(timer);
      await driver.close();
    },
  };
}

async function listenBare(): Promise<{ count: Count; close: () => Promise<void> }> {
  const certificates = new OPCUACertificateManager({ rootFolder: folder, disableFileWatchers: true });
  await certificates.initialize();
  const client = OPCUAClient.create({
    clientCertificateManager: certificates,
    securityMode: MessageSecurityMode.None,
    securityPolicy: SecurityPolicy.None,
    endpointMustExist: false,
  });
  await client.connect(endpoint);
  const session = await client.createSession();
  const namespace = (await session.readNamespaceArray()).indexOf(NAMESPACE);
  const subscription = await session.createSubscription2({
    requestedPublishingInterval: Math.min(250, everyMs),
    requestedMaxKeepAliveCount: 20,
    requestedLifetimeCount: 200,
    publishingEnabled: true,
  });
  const count: Count = { values: 0, nodes: 0 };
  const seen = new Uint8Array(nodes);
  const group = ClientMonitoredItemGroup.create(
    subscription,
    Array.from({ length: nodes }, (_, i) => ({
      nodeId: `ns=${namespace};s=N${i}`,
      attributeId: AttributeIds.Value,
    })),
    { samplingInterval: everyMs, queueSize: 10, discardOldest: true },
    TimestampsToReturn.Both,
  );
  group.on('changed', (_item: unknown, _value: DataValue, index: number) => {
    count.values++;
    if (seen[index] === 0) count.nodes++;
    seen[index] = 1;
  });
  return {
    count,
    close: async () => {
      await session.close();
      await client.disconnect();
      await certificates.dispose();
    },
  };
}
