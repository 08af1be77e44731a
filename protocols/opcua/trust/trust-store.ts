import { createHash } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type * as NodeOpcua from 'node-opcua';
import { MillwattError } from '../../errors.ts';

/** The store for one connect, and the certificate that it was last asked about. */
export interface TrustStore {
  readonly manager: NodeOpcua.OPCUACertificateManager;
  /** DER bytes; undefined while no server has shown a certificate. */
  shownCertificate(): Uint8Array | undefined;
}

/**
 * Opens the folder with this agent's key and certificate and those of the servers it trusts, and makes a key where there
 * is none. A server whose certificate is not in `trusted/certs` is refused: node-opcua's own default trusts anyone.
 * The folder is read once, so open it anew for each connect; dispose of it afterwards.
 */
export async function openTrustStore(opcua: typeof NodeOpcua, folder: string): Promise<TrustStore> {
  await mkdir(folder, { recursive: true });
  const manager = new opcua.OPCUACertificateManager({
    rootFolder: folder,
    automaticallyAcceptUnknownCertificate: false,
    disableFileWatchers: true,
  });
  await manager.initialize();
  // The library says only that a certificate was refused; the operator needs to know which one.
  let shown: unknown;
  const check = manager.checkCertificate.bind(manager) as (...of: unknown[]) => unknown;
  Object.defineProperty(manager, 'checkCertificate', {
    value: (...of: unknown[]) => {
      [shown] = [of[0]].flat();
      return check(...of);
    },
  });
  return {
    manager,
    shownCertificate: () => (shown instanceof Uint8Array ? shown : undefined),
  };
}

/** The refusal of a server that is not trusted: names the file that its certificate was put into, and how to trust it. */
export async function describeUntrusted(
  source: string,
  endpoint: string,
  folder: string,
  certificate: Uint8Array | undefined,
): Promise<MillwattError> {
  const thumbprint =
    certificate === undefined ? undefined : createHash('sha1').update(certificate).digest('hex');
  const rejected = join(folder, 'rejected');
  const files = await readdir(rejected).catch((): string[] => []);
  const file = thumbprint === undefined ? undefined : files.find((name) => name.includes(thumbprint));
  const path = file === undefined ? rejected : join(rejected, file);
  return new MillwattError(
    'retry',
    'untrusted',
    `Source ${source}: the certificate of ${endpoint} is not trusted yet${thumbprint === undefined ? '' : ` (SHA-1 thumbprint ${thumbprint})`}.`,
    {
      cure: `Compare the thumbprint with the one the control shows; if it is the same, move "${path}" to "${join(folder, 'trusted', 'certs')}". The agent connects at its next attempt.`,
    },
  );
}
