import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DataType,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAServer,
  SecurityPolicy,
  type Subscription,
  type UAVariable,
} from 'node-opcua';
import { nodesets } from 'node-opcua-nodesets';

/**
 * The server that bench/opcua-subscription.ts is told by, in a process of its own: `<nodes> <ms between changes>`. Every
 * node changes each time. Prints its endpoint, then at each line that it is given how many values it has told so far; ends
 * with its parent.
 */
const [nodes, everyMs] = process.argv.slice(2).map(Number) as [number, number];
const folder = mkdtempSync(join(tmpdir(), 'millwatt-bench-opcua-server-'));
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
});
await server.initialize();
const own = server.engine.addressSpace?.registerNamespace('urn:millwatt:bench');
if (own === undefined) throw new Error('the server has no address space');
const variables = Array.from({ length: nodes }, (_, i): UAVariable =>
  own.addVariable({
    browseName: `N${i}`,
    nodeId: `s=N${i}`,
    organizedBy: 'ObjectsFolder',
    dataType: 'Double',
    minimumSamplingInterval: 50,
    value: { dataType: DataType.Double, value: i },
  }),
);
await server.start();
let turn = 0;
setInterval(() => {
  turn++;
  for (const [i, variable] of variables.entries())
    variable.setValueFromSource({ dataType: DataType.Double, value: i + (turn % 1000) / 1000 });
}, everyMs);
process.stdout.write(`opc.tcp://127.0.0.1:${server.endpoints[0]?.port}\n`);
const told = () =>
  Object.values(
    (
      server.engine as unknown as {
        _sessions: Record<string, { publishEngine: { subscriptions: Subscription[] } }>;
      }
    )._sessions,
  )
    .flatMap(({ publishEngine }) => publishEngine.subscriptions)
    .reduce((sum, { subscriptionDiagnostics: d }) => sum + d.dataChangeNotificationsCount, 0);
process.stdin.on('data', () => process.stdout.write(`${told()}\n`));
process.stdin.on('end', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});
