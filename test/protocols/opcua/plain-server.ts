import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DataType,
  MessageSecurityMode,
  MonitoringMode,
  OPCUACertificateManager,
  OPCUAServer,
  SecurityPolicy,
  type MonitoredItem,
  type Namespace,
  type OPCUAServerOptions,
  type Subscription,
  type UAVariable,
} from 'node-opcua';
import { nodesets } from 'node-opcua-nodesets';

/** Namespace of the nodes that a plain server has. */
export const PLAIN_NAMESPACE = 'urn:millwatt:test:plain';

/** What tests do to a server. */
export interface PlainServer {
  readonly server: OPCUAServer;
  readonly endpoint: string;
  readonly port: number;
  /** Requests so far by their name: ReadRequest, CreateMonitoredItemsRequest. */
  readonly requests: Map<string, number>;
  /** Most monitored items that one request asked for. */
  readonly itemsPerCallMost: () => number;
  /** A node `s=<name>` with a number that is set from outside. */
  addNumber(name: string, value: number): { set(value: number): void; remove(): void };
  /** Subscriptions that clients hold just now. */
  subscriptions(): Subscription[];
  /** Tells nothing any more, not even that it lives; everything else goes on. */
  fallSilent(): void;
  /** Tells nothing of a node any more; everything else goes on. */
  forget(name: string): void;
  close(): Promise<void>;
}

/** A server with a namespace of its own, without security unless it is told otherwise. */
export async function startPlainServer(
  over: OPCUAServerOptions = {},
  namespaceUri: string = PLAIN_NAMESPACE,
): Promise<PlainServer> {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-opcua-plain-'));
  const certificates = new OPCUACertificateManager({
    rootFolder: folder,
    automaticallyAcceptUnknownCertificate: true,
    disableFileWatchers: true,
  });
  await certificates.initialize();
  const server = new OPCUAServer({
    host: '127.0.0.1',
    port: 0,
    alternateHostname: ['127.0.0.1'],
    serverCertificateManager: certificates,
    securityModes: [MessageSecurityMode.None],
    securityPolicies: [SecurityPolicy.None],
    nodeset_filename: [nodesets.standard],
    ...over,
  });
  const requests = new Map<string, number>();
  let itemsPerCallMost = 0;
  server.on('request', (request: { constructor: { name: string }; itemsToCreate?: unknown[] | null }) => {
    const { name } = request.constructor;
    requests.set(name, (requests.get(name) ?? 0) + 1);
    itemsPerCallMost = Math.max(itemsPerCallMost, request.itemsToCreate?.length ?? 0);
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  if (space === null) throw new Error('no address space');
  const own: Namespace = space.registerNamespace(namespaceUri);
  const folderNode = own.addFolder('ObjectsFolder', { browseName: 'Plain', nodeId: 's=Plain' });
  await server.start();
  const port = server.endpoints[0]?.port ?? 0;
  const subscriptions = () =>
    Object.values(
      (
        server.engine as unknown as {
          _sessions: Record<string, { publishEngine: { subscriptions: Subscription[] } }>;
        }
      )._sessions,
    ).flatMap(({ publishEngine }) => publishEngine.subscriptions);
  return {
    server,
    endpoint: `opc.tcp://127.0.0.1:${port}`,
    port,
    requests,
    itemsPerCallMost: () => itemsPerCallMost,
    addNumber: (name, value) => {
      const variable: UAVariable = own.addVariable({
        browseName: name,
        nodeId: `s=${name}`,
        organizedBy: folderNode,
        dataType: 'Double',
        minimumSamplingInterval: 50,
        value: { dataType: DataType.Double, value },
      });
      return {
        set: (next) => variable.setValueFromSource({ dataType: DataType.Double, value: next }),
        remove: () => space.deleteNode(variable),
      };
    },
    subscriptions,
    fallSilent: () => {
      for (const subscription of subscriptions())
        (subscription as unknown as { _stop_timer(): void })._stop_timer();
    },
    forget: (name) => {
      for (const subscription of subscriptions()) {
        const { monitoredItems } = subscription as unknown as { monitoredItems: Map<number, MonitoredItem> };
        for (const item of monitoredItems.values())
          if (item.node?.nodeId.value === name) item.setMonitoringMode(MonitoringMode.Disabled);
      }
    },
    close: async () => {
      await server.shutdown(0);
      await certificates.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
