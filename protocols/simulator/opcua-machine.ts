import { join } from 'node:path';
import { MessageSecurityMode, OPCUACertificateManager, OPCUAServer, SecurityPolicy } from 'node-opcua';
import { nodesets } from 'node-opcua-nodesets';
import { MillwattError } from '../errors.ts';
import { buildMachineSpace, type MachineTruth } from './machine-space.ts';

/** Where a simulated machine serves OPC UA, and for whom. */
export interface OpcuaMachineOptions {
  /** Browse name of the machine below Machines. */
  name: string;
  /** Default 127.0.0.1. */
  host?: string;
  /** 0 lets the system choose. */
  port: number;
  /** Folder for keys and certificates of the server; made when missing. */
  pkiFolder: string;
  /** With it, clients must log in so; without it, anonymous clients are welcome. */
  user?: { name: string; password: string };
}

/** A running OPC UA server of one machine. */
export interface OpcuaMachine {
  /** opc.tcp address that clients use. */
  readonly endpoint: string;
  readonly port: number;
  /** Subscriptions that clients hold just now. */
  subscriptionCount(): number;
  close(): Promise<void>;
}

/**
 * Starts an OPC UA server with the MachineTool node set (OPC 40501-1), one machine below Machines and an energy meter.
 * While the control is switched off its status nodes answer BadNoCommunication; the meter goes on. Clients may come
 * without security or with it; any client certificate is taken, since nothing here is worth hiding.
 */
export async function startOpcuaMachine(
  options: OpcuaMachineOptions,
  truth: MachineTruth,
): Promise<OpcuaMachine> {
  const { host = '127.0.0.1', port, user } = options;
  const certificates = new OPCUACertificateManager({
    rootFolder: options.pkiFolder,
    automaticallyAcceptUnknownCertificate: true,
    disableFileWatchers: true,
  });
  const users = new OPCUACertificateManager({
    rootFolder: join(options.pkiFolder, 'users'),
    automaticallyAcceptUnknownCertificate: false,
    disableFileWatchers: true,
  });
  await certificates.initialize();
  await users.initialize();
  const server = new OPCUAServer({
    host,
    port,
    alternateHostname: [host],
    serverCertificateManager: certificates,
    userCertificateManager: users,
    allowAnonymous: user === undefined,
    ...(user === undefined
      ? {}
      : {
          userManager: {
            isValidUser: (name: string, password: string) => name === user.name && password === user.password,
          },
        }),
    securityModes: [MessageSecurityMode.None, MessageSecurityMode.SignAndEncrypt],
    securityPolicies: [
      SecurityPolicy.None,
      SecurityPolicy.Basic256Sha256,
      SecurityPolicy.Aes128_Sha256_RsaOaep,
      SecurityPolicy.Aes256_Sha256_RsaPss,
    ],
    serverInfo: {
      applicationUri: 'urn:millwatt:simulated-machine',
      productUri: 'urn:millwatt:simulated-machine',
      applicationName: { text: `${options.name} (simulated)` },
    },
    nodeset_filename: [
      nodesets.standard,
      nodesets.di,
      nodesets.ia,
      nodesets.machinery,
      nodesets.isa95JobControl,
      nodesets.machineryJobs,
      nodesets.machineTool,
    ],
  });
  try {
    await server.initialize();
    buildMachineSpace(server, options.name, truth);
    await server.start();
  } catch (cause) {
    await server.shutdown(0).catch(() => {});
    throw new MillwattError(
      'refuse',
      'cannot-listen',
      `Cannot serve OPC UA on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cure: 'Choose a free port above 1023, or stop the program that holds it.', cause },
    );
  }
  const boundPort = server.endpoints[0]?.port ?? port;
  return {
    endpoint: `opc.tcp://${host}:${boundPort}`,
    port: boundPort,
    subscriptionCount: () => server.engine.currentSubscriptionCount,
    close: async () => {
      await server.shutdown(0);
      await certificates.dispose();
      await users.dispose();
    },
  };
}
