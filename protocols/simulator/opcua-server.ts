import { MessageSecurityMode, OPCUAServer, SecurityPolicy } from 'node-opcua';
import { nodesets } from 'node-opcua-nodesets';
import type { ServerCertificates } from './opcua-certificates.ts';
import { SERVER_POLICIES, type ServerPolicy } from './opcua-policies.ts';

/** How clients may come to a simulated server. */
export interface ServerSecurity {
  /** Default: all of SERVER_POLICIES. */
  policies?: readonly ServerPolicy[];
  /** Of the policies that protect. Default: SignAndEncrypt. */
  modes?: readonly ('Sign' | 'SignAndEncrypt')[];
  /** Whether clients that the server has never seen are let in. Default true. */
  strangers?: boolean;
}

/** What a simulated server takes at once; what is left out is as in a large server. */
export interface ServerLimits {
  nodesPerRead?: number;
  nodesPerBrowse?: number;
  nodesPerTranslate?: number;
  monitoredItemsPerCall?: number;
  subscriptions?: number;
  sessions?: number;
  /** Sampling no faster than this, ms. */
  samplingMs?: number;
}

/** Makes a server with the node sets of a machine tool; neither initialised nor started. */
export function createServer(
  at: { host: string; port: number; name: string; applicationUri: string },
  certificates: ServerCertificates,
  options: {
    security: ServerSecurity;
    limits: ServerLimits;
    user: { name: string; password: string } | undefined;
    anonymous: boolean;
    cnc: boolean;
  },
): OPCUAServer {
  const { policies = SERVER_POLICIES, modes = ['SignAndEncrypt'] } = options.security;
  const { user, limits } = options;
  return new OPCUAServer({
    host: at.host,
    port: at.port,
    alternateHostname: [at.host],
    serverCertificateManager: certificates.own,
    userCertificateManager: certificates.users,
    allowAnonymous: options.anonymous,
    userManager: {
      isValidUser: (name: string, password: string) =>
        user !== undefined && name === user.name && password === user.password,
    },
    securityModes: [
      ...(policies.includes('None') ? [MessageSecurityMode.None] : []),
      ...modes.map((mode) => MessageSecurityMode[mode]),
    ],
    securityPolicies: policies.map((policy) => SecurityPolicy[policy]),
    serverInfo: {
      applicationUri: at.applicationUri,
      productUri: 'urn:millwatt:simulated-machine',
      applicationName: { text: `${at.name} (simulated)` },
    },
    serverCapabilities: {
      ...given('maxSubscriptions', limits.subscriptions),
      ...given('maxSessions', limits.sessions),
      ...given('minSupportedSampleRate', limits.samplingMs),
      operationLimits: {
        ...given('maxNodesPerRead', limits.nodesPerRead),
        ...given('maxNodesPerBrowse', limits.nodesPerBrowse),
        ...given('maxNodesPerTranslateBrowsePathsToNodeIds', limits.nodesPerTranslate),
        ...given('maxMonitoredItemsPerCall', limits.monitoredItemsPerCall),
      },
    },
    nodeset_filename: [
      nodesets.standard,
      nodesets.di,
      nodesets.ia,
      nodesets.machinery,
      nodesets.isa95JobControl,
      nodesets.machineryJobs,
      nodesets.machineTool,
      ...(options.cnc ? [nodesets.cnc] : []),
    ],
  });
}

function given<K extends string>(key: K, value: number | undefined): Partial<Record<K, number>> {
  return value === undefined ? {} : ({ [key]: value } as Partial<Record<K, number>>);
}
