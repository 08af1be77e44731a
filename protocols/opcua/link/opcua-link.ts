import type * as NodeOpcua from 'node-opcua';
import { MillwattError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { strikeSecrets } from '../library-words.ts';
import { connectionError } from '../opcua-error.ts';
import type { OpcuaSourceOptions } from '../opcua-options.ts';
import { openTrustStore, type TrustStore } from '../trust/trust-store.ts';
import { chooseEndpoint, requireInsecure, requireLogin, requireNoDowngrade } from './endpoint-choice.ts';
import { askEndpoints, describeEndpoints } from './offered-endpoints.ts';
import { openSession } from './open-session.ts';
import { readServerFacts, readServerLimits, type ServerFacts, type ServerLimits } from './server-facts.ts';
import { makeUserIdentity } from './user-identity.ts';

/** One connection with its session. It is never repaired: what breaks is closed, and a new one is made. */
export interface OpcuaLink {
  readonly session: NodeOpcua.ClientSession;
  /** What the server said of itself when it was connected. */
  readonly facts: ServerFacts;
  readonly limits: ServerLimits;
  /** What the operator should know of certificates. */
  remarks(): string[];
  /** Why it can no longer be used; undefined while it can. */
  readonly broken: string | undefined;
  /** It was we who gave it up, because nothing came over it. */
  readonly givenUp: boolean;
  breakWith(reason: string): void;
  /**
   * Closing waits for this work, as long as it waits for anything: an answer of the subscription services that comes to
   * a closed session ends the process.
   */
  guard(work: Promise<unknown>): void;
  /** Ends subscriptions, session and connection; within `graceMs`, then the socket is cut. Never rejects. */
  close(graceMs?: number): Promise<void>;
}

/** What a link needs of the world. */
export interface LinkSurroundings {
  opcua: typeof NodeOpcua;
  pkiFolder: string;
  /** The configuration file, as commands for the operator name it. */
  config?: string | undefined;
  log: Log;
  /** Real wall time, to see how far the server's clock is from ours. */
  wallMs: () => number;
}

/** Sockets and sessions outlive so much silence. */
const IDLE_MS_MIN = 60_000;
/** An answer is known for what it is so many timeouts long. */
const LATE_ANSWER_TIMES = 3;
/** Closing takes at most so long for the session, and so long for the connection: together less than 2 s. */
const CLOSE_GRACE_MS = 1000;
const DISCONNECT_GRACE_MS = 800;

/**
 * Starts to connect; `cancel` gives up, whatever stage it is in: at once, but where a session is just being made it waits
 * a moment for it, because one that nobody closes would stay on the server. It never rejects.
 */
export function openLink(
  options: OpcuaSourceOptions,
  around: LinkSurroundings,
): { link: Promise<OpcuaLink>; cancel(): Promise<void> } {
  const { opcua, pkiFolder, log } = around;
  let cancelled = false;
  let isMakingSession = false;
  let client: NodeOpcua.OPCUAClient | undefined;
  let store: TrustStore | undefined;
  let session: NodeOpcua.ClientSession | undefined;
  let broken: string | undefined;
  let givenUp = false;
  const guarded = new Set<Promise<unknown>>();

  const close = async (graceMs = CLOSE_GRACE_MS) => {
    broken ??= 'closed';
    // What does not settle in time loses its socket, and with it whatever might still be answered.
    await settleWithin(graceMs, async () => {
      await Promise.allSettled(guarded);
      // Closing the session with its subscriptions: one that dies alone would live on in the server.
      await session?.close(true).catch(() => {});
    });
    await settleWithin(DISCONNECT_GRACE_MS, async () => client?.disconnect());
    await store?.manager.dispose().catch(() => {});
  };

  const choose = async (store: TrustStore) => {
    if (options.allowInsecure) return undefined;
    client = createClient(opcua, options, store, undefined);
    if (cancelled) throw new Error('cancelled');
    const offered = await askEndpoints(client, options.endpoint);
    await client.disconnect();
    return chooseEndpoint(offered, options);
  };

  const open = async (): Promise<OpcuaLink> => {
    store = await openTrustStore(
      opcua,
      pkiFolder,
      { source: options.id, endpoint: options.endpoint, config: around.config },
      around.wallMs,
    );
    const identity = makeUserIdentity(opcua, options);
    const chosen = await choose(store);
    if (cancelled) throw new Error('cancelled');
    const secured = createClient(opcua, options, store, chosen?.policy);
    client = secured;
    const lost = (reason: string) => () => (broken ??= reason);
    client.on('connection_lost', lost('the connection was lost'));
    client.on('close', lost('the connection was closed'));
    client.on('abort', lost('the server broke off'));
    if (chosen !== undefined) requireSecured(opcua, secured, chosen, options);
    await client.connect(options.endpoint);
    if (chosen !== undefined) requireSecured(opcua, secured, chosen, options);
    if (chosen === undefined)
      requireInsecure(
        describeEndpoints(await client.getEndpoints({ endpointUrl: options.endpoint })),
        options,
      );
    if (cancelled) throw new Error('cancelled');
    isMakingSession = true;
    const trusting = store;
    session = await openSession(client, identity, ({ serverEndpoints = [] }) => {
      if (chosen === undefined) return;
      requireNoDowngrade(describeEndpoints(serverEndpoints), chosen, options);
      trusting.requireApplication(serverEndpoints[0]?.server.applicationUri ?? undefined);
      // The library asked for the endpoints once more: what it would log in by must be as good as what we were told.
      for (const endpoint of describeEndpoints(secured.endpoint === undefined ? [] : [secured.endpoint]))
        requireLogin(endpoint, options);
    });
    isMakingSession = false;
    if (cancelled) throw new Error('cancelled');
    session.on('session_closed', lost('the server closed the session'));
    const limits = await readServerLimits(opcua, session);
    const facts = await readServerFacts(opcua, session, limits, around.wallMs);
    return {
      session,
      facts,
      limits,
      remarks: () => store?.remarks() ?? [],
      get broken() {
        return broken;
      },
      get givenUp() {
        return givenUp;
      },
      breakWith: (reason) => {
        if (broken !== undefined) return;
        broken = reason;
        givenUp = true;
      },
      guard: (work) => {
        guarded.add(work);
        const settled = () => guarded.delete(work);
        void work.catch(() => {}).then(settled);
      },
      close,
    };
  };

  const link = open().catch(async (cause: unknown) => {
    const refusal = store?.refusal();
    await close();
    log.debug({ source: options.id, cause: strikeSecrets(String(cause)) }, 'OPC UA connect failed');
    throw refusal ?? connectionError(options.endpoint, cause, around.config);
  });
  const cancel = async () => {
    cancelled = true;
    // A connect that comes through after all is closed at once, so that nothing of it stays on the server.
    const closed = link.then((late) => late.close()).catch(() => {});
    if (isMakingSession) await settleWithin(CLOSE_GRACE_MS, () => closed);
    await close(0);
  };
  return { link, cancel };
}

/** Without a policy the client speaks without security. */
function createClient(
  opcua: typeof NodeOpcua,
  options: OpcuaSourceOptions,
  store: TrustStore,
  policy: keyof typeof NodeOpcua.SecurityPolicy | undefined,
): NodeOpcua.OPCUAClient {
  const idleMs = Math.max(IDLE_MS_MIN, 3 * options.every);
  return opcua.OPCUAClient.create({
    applicationName: 'millwatt',
    clientName: `millwatt ${options.id}`,
    clientCertificateManager: store.manager,
    applicationUri: store.applicationUri,
    securityMode: opcua.MessageSecurityMode[policy === undefined ? 'None' : options.securityMode],
    securityPolicy: opcua.SecurityPolicy[policy ?? 'None'],
    // Servers often advertise names that the shop floor cannot resolve; the address that was configured counts.
    endpointMustExist: false,
    // No retries and no repair inside the library: the driver decides when to try again.
    connectionStrategy: { maxRetry: 0, initialDelay: 100, maxDelay: 1000 },
    // The library cuts a socket that is silent for so long: between two polls it may well be.
    transportTimeout: idleMs,
    // Nobody waits for an answer longer than the timeout; what comes later is still known for what it is, and undone.
    defaultTransactionTimeout: LATE_ANSWER_TIMES * options.timeout,
    requestedSessionTimeout: idleMs,
    keepSessionAlive: false,
  });
}

/** The client and the channel that it opened must be what was chosen: nothing in between may have lowered them. */
function requireSecured(
  opcua: typeof NodeOpcua,
  client: NodeOpcua.OPCUAClient,
  chosen: { mode: string; policy: keyof typeof NodeOpcua.SecurityPolicy },
  { endpoint, securityMode }: OpcuaSourceOptions,
): void {
  const channel = (
    client as {
      _secureChannel?: Partial<Pick<NodeOpcua.OPCUAClient, 'securityMode' | 'securityPolicy'>> | null;
    }
  )._secureChannel;
  const modes = [client.securityMode, channel?.securityMode ?? client.securityMode];
  const policies = [client.securityPolicy, channel?.securityPolicy ?? client.securityPolicy];
  const mode = opcua.MessageSecurityMode[securityMode];
  const policy = opcua.SecurityPolicy[chosen.policy];
  if (modes.every((one) => one === mode) && policies.every((one) => one === policy)) return;
  throw new MillwattError(
    'retry',
    'untrusted',
    `${endpoint} was not connected with ${chosen.mode} and ${chosen.policy}, as was chosen.`,
    { cure: 'Write the securityPolicy that the control offers, and tell us: this should not happen.' },
  );
}

/** Waits for some work, but no longer than `ms`; errors of the work are of no interest any more. */
async function settleWithin(ms: number, work: () => Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work().catch(() => {}), late]);
  clearTimeout(timer);
}
