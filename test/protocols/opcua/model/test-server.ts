import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateMonitoredItemsRequest,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAClient,
  OPCUAServer,
  SecurityPolicy,
  type AddressSpace,
  type ClientSession,
} from 'node-opcua';

/** A server of a test, what it was asked for, and a session with it. */
export interface TestServer {
  endpoint: string;
  session: ClientSession;
  namespaceUris: string[];
  /** Requests so far by their name: BrowseRequest, CallRequest. */
  requests: Map<string, number>;
  requestsOf(...names: string[]): number;
  /** Sampling interval that was asked for, ms, by node id. */
  sampling: Map<string, number>;
  close(): Promise<void>;
}

/** Serves an address space on a real socket without security, and opens a session with it. */
export async function startTestServer(
  nodesetFiles: readonly string[],
  build: (space: AddressSpace) => void,
  operationLimits: { maxNodesPerBrowse?: number; maxNodesPerRead?: number } = {},
): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-opcua-model-'));
  const manager = () =>
    new OPCUACertificateManager({
      rootFolder: folder,
      automaticallyAcceptUnknownCertificate: true,
      disableFileWatchers: true,
    });
  const certificates = manager();
  await certificates.initialize();
  const server = new OPCUAServer({
    host: '127.0.0.1',
    port: 0,
    alternateHostname: ['127.0.0.1'],
    serverCertificateManager: certificates,
    securityModes: [MessageSecurityMode.None],
    securityPolicies: [SecurityPolicy.None],
    nodeset_filename: [...nodesetFiles],
    serverCapabilities: { operationLimits },
  });
  const requests = new Map<string, number>();
  const sampling = new Map<string, number>();
  server.on('request', (request: object) => {
    const { name } = request.constructor;
    requests.set(name, (requests.get(name) ?? 0) + 1);
    if (!(request instanceof CreateMonitoredItemsRequest)) return;
    for (const item of request.itemsToCreate ?? [])
      sampling.set(item.itemToMonitor.nodeId.toString(), item.requestedParameters.samplingInterval);
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  if (space === null) throw new Error('no address space');
  build(space);
  await server.start();
  const endpoint = `opc.tcp://127.0.0.1:${server.endpoints[0]?.port}`;
  const clientCertificates = manager();
  await clientCertificates.initialize();
  const client = OPCUAClient.create({
    endpointMustExist: false,
    clientCertificateManager: clientCertificates,
    securityMode: MessageSecurityMode.None,
    securityPolicy: SecurityPolicy.None,
  });
  await client.connect(endpoint);
  const session = await client.createSession();
  const uris = await session.readNamespaceArray();
  return {
    endpoint,
    session,
    namespaceUris: uris,
    requests,
    sampling,
    requestsOf: (...names) => names.reduce((sum, name) => sum + (requests.get(name) ?? 0), 0),
    close: async () => {
      await session.close();
      await client.disconnect();
      await server.shutdown(0);
      await certificates.dispose();
      await clientCertificates.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
