import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { OPCUACertificateManager } from 'node-opcua';

/** What the certificate of a simulated server says. */
export interface ServerCertificateOptions {
  /** Names and addresses it is for. Default: where the server listens, and this computer. */
  hosts?: readonly string[];
  /** Default: now, ms since 1970. */
  validFromMs?: number;
  /** Default: a year. */
  validDays?: number;
  /** Default: the one the server gives itself. */
  applicationUri?: string;
}

const VALID_DAYS = 365;

/** The managers that a server needs: its own identity with the clients it lets in, and its users. */
export interface ServerCertificates {
  readonly own: OPCUACertificateManager;
  readonly users: OPCUACertificateManager;
  /** Of the server's certificate, SHA-256 in hex. */
  readonly thumbprint: string;
  dispose(): Promise<void>;
}

/**
 * Opens the keys of a simulated server and makes those that are missing. Any client's certificate is let in, unless
 * `strangers` is false; users with one of the given certificates (PEM) may log in with it.
 */
export async function openServerCertificates(
  pkiFolder: string,
  identity: { applicationUri: string; host: string; strangers: boolean },
  made: ServerCertificateOptions,
  userCertificates: readonly string[],
): Promise<ServerCertificates> {
  const own = new OPCUACertificateManager({
    rootFolder: pkiFolder,
    automaticallyAcceptUnknownCertificate: identity.strangers,
    disableFileWatchers: true,
  });
  await own.initialize();
  const file = certificateFile(pkiFolder);
  if (!existsSync(file)) {
    const hosts = made.hosts ?? [identity.host, hostname()];
    await own.createSelfSignedCertificate({
      applicationUri: made.applicationUri ?? identity.applicationUri,
      dns: hosts.filter((host) => isIP(host) === 0),
      ip: hosts.filter((host) => isIP(host) !== 0),
      outputFile: file,
      subject: '/CN=simulated machine/O=millwatt',
      startDate: new Date(made.validFromMs ?? Date.now()),
      validity: made.validDays ?? VALID_DAYS,
    });
  }
  const usersFolder = join(pkiFolder, 'users');
  const trusted = join(usersFolder, 'trusted', 'certs');
  mkdirSync(trusted, { recursive: true });
  userCertificates.forEach((pem, index) => writeFileSync(join(trusted, `user-${index}.pem`), pem));
  const users = new OPCUACertificateManager({
    rootFolder: usersFolder,
    automaticallyAcceptUnknownCertificate: false,
    disableFileWatchers: true,
  });
  await users.initialize();
  return {
    own,
    users,
    thumbprint: new X509Certificate(readFileSync(file)).fingerprint256.replaceAll(':', '').toLowerCase(),
    dispose: async () => {
      await own.dispose();
      await users.dispose();
    },
  };
}

/** Key and certificate are made anew when they are opened next. */
export function forgetServerCertificate(pkiFolder: string): void {
  rmSync(certificateFile(pkiFolder), { force: true });
  rmSync(join(pkiFolder, 'own', 'private', 'private_key.pem'), { force: true });
}

/** node-opcua looks for it there. */
function certificateFile(pkiFolder: string): string {
  return join(pkiFolder, 'own', 'certs', 'certificate.pem');
}
