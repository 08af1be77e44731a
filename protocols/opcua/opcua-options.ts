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
  /** In the node's unit: smaller changes are not sent. */
  deadband?: number | undefined;
  status?: Status | undefined;
  name?: string | undefined;
  vocabulary: string;
}

/** What was found by a model, told otherwise: `point` is the point of it, or the beginning of several. */
export interface FoundOptions {
  point: string;
  component?: string | undefined;
  skip: boolean;
}

/** Models that find what a server offers; `sinumerik` has fixed names, `machinetool` is browsed for. */
export const OPCUA_MODELS = ['machinetool', 'sinumerik'] as const;
export type OpcuaModel = (typeof OPCUA_MODELS)[number];
/** The server reports changes, or is asked each time. */
export const OPCUA_READINGS = ['subscribe', 'read'] as const;
/** How messages are protected: signed and encrypted, or signed only. */
export const SECURITY_MODES = ['SignAndEncrypt', 'Sign'] as const;

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
  /** `best`: the strongest that the server offers. */
  securityPolicy: 'best' | OpcuaSecurityPolicy;
  securityMode: (typeof SECURITY_MODES)[number];
  /** Speak without security. */
  allowInsecure: boolean;
  username?: string | undefined;
  password?: string | undefined;
  /** PEM texts: a certificate that stands for the user. */
  userCertificate?: string | undefined;
  userKey?: string | undefined;
  model?: OpcuaModel | undefined;
  /** Browse name of the machine, where the server has several. */
  instance?: string | undefined;
  found: readonly FoundOptions[];
  reading: (typeof OPCUA_READINGS)[number];
  /** Values the server keeps for a node between two reports. */
  queue: number;
  nodes: readonly OpcuaNodeOptions[];
  /** How long a connect or a poll may take, ms. */
  timeout: number;
}
