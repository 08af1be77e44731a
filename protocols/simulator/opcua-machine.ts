import type { OPCUAServer } from 'node-opcua';
import { MillwattError } from '../errors.ts';
import { buildMachineSpace, type MachineOffers, type MachineTruth } from './machine-space.ts';
import {
  forgetServerCertificate,
  openServerCertificates,
  type ServerCertificateOptions,
  type ServerCertificates,
} from './opcua-certificates.ts';
import { createFaults, type OpcuaFaults } from './opcua-faults.ts';
import { misbehave } from './opcua-misbehaviour.ts';
import type { ServedNodes } from './opcua-served-value.ts';
import { createServer, type ServerLimits, type ServerSecurity } from './opcua-server.ts';

/** Where a simulated machine serves OPC UA, what, and for whom. */
export interface OpcuaMachineOptions {
  /** Browse name of the machine below Machines. */
  name: string;
  /** Default 127.0.0.1. */
  host?: string;
  /** 0 lets the system choose. */
  port: number;
  /** Folder for keys and certificates of the server; made when missing. */
  pkiFolder: string;
  /** With it, clients must log in so; without it and without `userCertificates`, anonymous clients are welcome. */
  user?: { name: string; password: string };
  /** PEM texts: users who log in with one of these certificates. */
  userCertificates?: readonly string[];
  security?: ServerSecurity;
  limits?: ServerLimits;
  /** What the machine tells besides what every machine tool does. Default: nothing. */
  offers?: MachineOffers;
  certificate?: ServerCertificateOptions;
}

/** What of a running machine can be set anew. */
export type OpcuaMachineSettings = Pick<
  OpcuaMachineOptions,
  'user' | 'userCertificates' | 'security' | 'limits' | 'offers'
>;

/** A running OPC UA server of one machine, with what real ones do to their clients. */
export interface OpcuaMachine {
  /** opc.tcp address that clients use. */
  readonly endpoint: string;
  readonly port: number;
  /** What is wrong with it just now: set it, also while it runs; it stays over restarts. */
  readonly faults: OpcuaFaults;
  /** Of the server's certificate, SHA-256 in hex. */
  readonly thumbprint: string;
  /** Subscriptions that clients hold just now. */
  subscriptionCount(): number;
  sessionCount(): number;
  /** The requests that clients made, oldest first: `ReadRequest`, `ActivateSessionRequest`. The last 2000. */
  heard(): readonly string[];
  /** Ends all sessions, as a server that is reconfigured does; the connections stay. Subscriptions go with them unless told otherwise. */
  dropSessions(options?: { keepSubscriptions?: boolean }): void;
  /** Stops, waits, and starts again on the same port: sessions, subscriptions and start time are gone. */
  restart(options?: { downMs?: number }): Promise<void>;
  /** As `restart`, with other endpoints, users, limits or offers: what is given replaces what was. */
  reconfigure(over: OpcuaMachineSettings): Promise<void>;
  /** As `restart`, with a new key and certificate. */
  changeCertificate(made?: ServerCertificateOptions): Promise<void>;
  close(): Promise<void>;
}

const APPLICATION_URI = 'urn:millwatt:simulated-machine';
const HEARD_MAX = 2000;

/**
 * Starts an OPC UA server with the MachineTool node set (OPC 40501-1), one machine below Machines and an energy meter.
 * While the control is switched off its status nodes answer BadNoCommunication; the meter goes on. Clients may come
 * without security or with it, as `security` says; by default any client certificate is taken.
 */
export async function startOpcuaMachine(
  first: OpcuaMachineOptions,
  truth: MachineTruth,
): Promise<OpcuaMachine> {
  let options = first;
  const faults = createFaults();
  const heard: string[] = [];
  const hear = (request: string) => {
    heard.push(request);
    if (heard.length > HEARD_MAX) heard.shift();
  };
  let made = options.certificate ?? {};
  let running = await start(options, made, truth, faults, hear);
  const { port } = running;
  const host = options.host ?? '127.0.0.1';
  const again = async (downMs = 0) => {
    await running.stop();
    if (downMs > 0) await new Promise((resolve) => setTimeout(resolve, downMs));
    running = await start({ ...options, port }, made, truth, faults, hear);
  };
  return {
    endpoint: `opc.tcp://${host}:${port}`,
    port,
    faults,
    get thumbprint() {
      return running.certificates.thumbprint;
    },
    subscriptionCount: () => running.server.engine.currentSubscriptionCount,
    sessionCount: () => running.server.engine.currentSessionCount,
    heard: () => heard,
    dropSessions: ({ keepSubscriptions = false } = {}) => {
      const { engine } = running.server;
      for (const session of engine.getSessions())
        engine.closeSession(session.authenticationToken, !keepSubscriptions, 'Terminated');
    },
    restart: ({ downMs } = {}) => again(downMs),
    reconfigure: (over) => {
      options = { ...options, ...over };
      return again();
    },
    changeCertificate: async (another = {}) => {
      made = another;
      await running.stop();
      forgetServerCertificate(options.pkiFolder);
      running = await start({ ...options, port }, made, truth, faults, hear);
    },
    close: () => running.stop(),
  };
}

interface RunningServer {
  server: OPCUAServer;
  certificates: ServerCertificates;
  port: number;
  stop(): Promise<void>;
}

async function start(
  options: OpcuaMachineOptions,
  made: ServerCertificateOptions,
  truth: MachineTruth,
  faults: OpcuaFaults,
  hear: (request: string) => void,
): Promise<RunningServer> {
  const { host = '127.0.0.1', port, name, user, userCertificates = [], offers = {} } = options;
  const { security = {}, limits = {} } = options;
  const certificates = await openServerCertificates(
    options.pkiFolder,
    { applicationUri: APPLICATION_URI, host, strangers: security.strangers ?? true },
    made,
    userCertificates,
  );
  const server = createServer({ host, port, name, applicationUri: APPLICATION_URI }, certificates, {
    security,
    limits,
    user,
    anonymous: user === undefined && userCertificates.length === 0,
    cnc: offers.cnc === true,
  });
  const nodes: ServedNodes = { faults: faults.nodes, points: new Map() };
  misbehave(server, faults, nodes, hear);
  const stop = async () => {
    await server.shutdown(0);
    await certificates.dispose();
  };
  try {
    await server.initialize();
    buildMachineSpace(server, name, truth, nodes, offers);
    await server.start();
  } catch (cause) {
    await stop().catch(() => {});
    throw new MillwattError(
      'refuse',
      'cannot-listen',
      `Cannot serve OPC UA on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cure: 'Choose a free port above 1023, or stop the program that holds it.', cause },
    );
  }
  return { server, certificates, port: server.endpoints[0]?.port ?? port, stop };
}
