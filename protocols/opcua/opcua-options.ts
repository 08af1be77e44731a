import type { Phase, Quantity, Status } from '../telemetry/quantity.ts';

/** One node to read: a quantity with its unit, or a status word with its vocabulary. */
export interface OpcuaNodeOptions {
  /** `nsu=<namespace URI>;s=<id>`; the URI is looked up in the server's own table at every connect. */
  node: string;
  /** Default: the component of the source. */
  component?: string | undefined;
  quantity?: Quantity | undefined;
  phase: Phase;
  /** Unit of the node, a key of UNITS; needed with quantity. */
  unit?: string | undefined;
  status?: Status | undefined;
  vocabulary: string;
}

/** The policies of OPC UA that are still thought secure, as their URIs end. */
export const SECURITY_POLICIES = ['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'] as const;
export type OpcuaSecurityPolicy = (typeof SECURITY_POLICIES)[number];

/** An OPC UA source as configured, its password resolved. */
export interface OpcuaSourceOptions {
  id: string;
  machine: string;
  component: string;
  /** Nominal time between two readings, ms. */
  every: number;
  meter?: { serial?: string | undefined; class?: string | undefined } | undefined;
  /** opc.tcp://host:port/path */
  endpoint: string;
  securityPolicy: OpcuaSecurityPolicy;
  /** Speak without security. */
  allowInsecure: boolean;
  username?: string | undefined;
  password?: string | undefined;
  /** `machinetool`: find the status words of an OPC 40501-1 machine tool by browsing. */
  model?: 'machinetool' | undefined;
  nodes: readonly OpcuaNodeOptions[];
  /** How long a connect or a poll may take, ms. */
  timeout: number;
}
