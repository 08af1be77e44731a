import type * as NodeOpcua from 'node-opcua';
import type { Log } from '../log.ts';
import { connectionError } from './opcua-error.ts';
import type { OpcuaSourceOptions } from './opcua-options.ts';
import { describeUntrusted, openTrustStore, type TrustStore } from './trust/trust-store.ts';

/** One connection with its session. It is never repaired: what breaks is closed, and a new one is made. */
export interface OpcuaLink {
  readonly session: NodeOpcua.ClientSession;
  readonly namespaceUris: readonly string[];
  /** Nodes the server reads in one request. */
  readonly nodesPerRead: number;
  /** Why it can no longer be used; undefined while it can. */
  readonly broken: string | undefined;
  breakWith(reason: string): void;
  /** Ends subscriptions, session and connection; within `graceMs`, then the socket is cut. Never rejects. */
  close(graceMs?: number): Promise<void>;
}

/** Sockets and sessions outlive so much silence. */
const IDLE_MS_MIN = 60_000;
const CLOSE_GRACE_MS = 1500;
const NODES_PER_READ_DEFAULT = 500;
const MAX_NODES_PER_READ = 'ns=0;i=11705';
const NAMESPACE_ARRAY = 'ns=0;i=2255';

/** Starts to connect; `cancel` gives up at once, whatever stage it is in. */
export function openLink(
  opcua: typeof NodeOpcua,
  options: OpcuaSourceOptions,
  pkiFolder: string,
  log: Log,
): { link: Promise<OpcuaLink>; cancel(): void } {
  let cancelled = false;
  let client: NodeOpcua.OPCUAClient | undefined;
  let store: TrustStore | undefined;
  let session: NodeOpcua.ClientSession | undefined;
  let broken: string | undefined;

  const close = async (graceMs = CLOSE_GRACE_MS) => {
    broken ??= 'closed';
    await settleWithin(graceMs, async () => {
      // Closing the session with its subscriptions: one that dies alone would live on in the server.
      await session?.close(true).catch(() => {});
      await client?.disconnect();
    });
    await store?.manager.dispose().catch(() => {});
  };

  const open = async (): Promise<OpcuaLink> => {
    store = await openTrustStore(opcua, pkiFolder);
    client = createClient(opcua, options, store.manager);
    const lost = (reason: string) => () => (broken ??= reason);
    client.on('connection_lost', lost('the connection was lost'));
    client.on('close', lost('the connection was closed'));
    client.on('abort', lost('the server broke off'));
    if (cancelled) throw new Error('cancelled');
    await client.connect(options.endpoint);
    session = await client.createSession(identityOf(opcua, options));
    session.on('session_closed', lost('the server closed the session'));
    const [uris, limit] = await session.read([
      { nodeId: NAMESPACE_ARRAY, attributeId: opcua.AttributeIds.Value },
      { nodeId: MAX_NODES_PER_READ, attributeId: opcua.AttributeIds.Value },
    ]);
    const namespaceUris: unknown = uris?.value.value;
    const nodesPerRead: unknown = limit?.value.value;
    return {
      session,
      namespaceUris: Array.isArray(namespaceUris) ? namespaceUris.map(String) : [],
      nodesPerRead:
        typeof nodesPerRead === 'number' && nodesPerRead > 0 ? nodesPerRead : NODES_PER_READ_DEFAULT,
      get broken() {
        return broken;
      },
      breakWith: (reason) => {
        broken ??= reason;
      },
      close,
    };
  };

  const link = open().catch(async (cause: unknown) => {
    const untrusted =
      cause instanceof Error &&
      /Certificate verification failed with err Bad(?:CertificateUntrusted|CertificateChainIncomplete)/.test(
        cause.message,
      );
    const certificate = store?.shownCertificate();
    await close();
    log.debug({ source: options.id, cause: String(cause) }, 'OPC UA connect failed');
    throw untrusted
      ? await describeUntrusted(options.id, options.endpoint, pkiFolder, certificate)
      : connectionError(options.id, options.endpoint, cause);
  });
  const cancel = () => {
    cancelled = true;
    void close(0);
    // A connect that comes through after all is closed at once, so that nothing of it stays on the server.
    link.then((late) => late.close()).catch(() => {});
  };
  return { link, cancel };
}

function createClient(
  opcua: typeof NodeOpcua,
  options: OpcuaSourceOptions,
  store: NodeOpcua.OPCUACertificateManager,
): NodeOpcua.OPCUAClient {
  const idleMs = Math.max(IDLE_MS_MIN, 3 * options.every);
  return opcua.OPCUAClient.create({
    applicationName: 'millwatt',
    clientName: `millwatt ${options.id}`,
    clientCertificateManager: store,
    securityMode: options.allowInsecure
      ? opcua.MessageSecurityMode.None
      : opcua.MessageSecurityMode.SignAndEncrypt,
    securityPolicy: options.allowInsecure
      ? opcua.SecurityPolicy.None
      : opcua.SecurityPolicy[options.securityPolicy === 'best' ? 'Basic256Sha256' : options.securityPolicy],
    // Servers often advertise names that the shop floor cannot resolve; the address that was configured counts.
    endpointMustExist: false,
    // No retries and no repair inside the library: the driver decides when to try again.
    connectionStrategy: { maxRetry: 0, initialDelay: 100, maxDelay: 1000 },
    // The library cuts a socket that is silent for so long: between two polls it may well be.
    transportTimeout: idleMs,
    defaultTransactionTimeout: options.timeout,
    requestedSessionTimeout: idleMs,
    keepSessionAlive: false,
  });
}

function identityOf(opcua: typeof NodeOpcua, options: OpcuaSourceOptions): NodeOpcua.UserIdentityInfo {
  return options.username === undefined
    ? { type: opcua.UserTokenType.Anonymous }
    : {
        type: opcua.UserTokenType.UserName,
        userName: options.username,
        password: options.password ?? '',
      };
}

/** Waits for some work, but no longer than `ms`; errors of the work are of no interest any more. */
async function settleWithin(ms: number, work: () => Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work().catch(() => {}), late]);
  clearTimeout(timer);
}
