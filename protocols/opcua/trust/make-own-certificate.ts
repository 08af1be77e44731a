import { ensureOwnCertificate, type OwnCertificate } from './own-certificate.ts';

/** The agent's own certificate, made where there is none. Loads node-opcua, which takes a second. Throws as `ensureOwnCertificate`. */
export async function makeOwnCertificate(folder: string, nowMs = Date.now()): Promise<OwnCertificate> {
  return ensureOwnCertificate(await import('node-opcua'), folder, nowMs);
}
