import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import type { SourceConfig } from '../../config/agent-config.ts';
import type { OpcuaSourceConfig } from '../../config/opcua/opcua-config.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { sayCommand } from '../../protocols/opcua/say-command.ts';
import { describeCertificate, shortThumbprint } from '../../protocols/opcua/trust/certificate-facts.ts';
import { gaveWay } from '../../protocols/opcua/trust/later-trust.ts';
import { readOwnCertificate, remarkOn } from '../../protocols/opcua/trust/own-certificate.ts';
import { listTrust, type TrustEntry } from '../../protocols/opcua/trust/trust-decisions.ts';
import { readPem } from '../broker-link.ts';
import { examine, type Examination } from '../examination.ts';

/** A certificate that ends within so long is spoken of. */
const SOON_MS = 60 * 86_400_000;

/**
 * The agent's own certificate, those of users, and whom the agent trusts or turned away, before any server is asked.
 * Reads files only.
 */
export async function* examineOpcua(
  sources: readonly SourceConfig[],
  { folder, pkiFolder, config }: { folder: string; pkiFolder: string; config: string },
  nowMs = Date.now(),
): AsyncGenerator<Examination> {
  const opcua = sources.filter((source) => source.protocol === 'opcua');
  if (opcua.length === 0) return;
  yield* examineOwn(pkiFolder, config, nowMs);
  for (const source of opcua)
    if (source.userCertificate !== undefined)
      yield examine(`user certificate of ${source.id}`, () => tryUserCertificate(source, folder, nowMs));
  const entries = listTrust(pkiFolder);
  for (const source of opcua) yield* examineTrust(source, entries, { pkiFolder, config }, nowMs);
}

async function* examineOwn(pkiFolder: string, config: string, nowMs: number): AsyncGenerator<Examination> {
  const subject = 'certificate of the agent';
  const own = await examine(subject, () => {
    const read = readOwnCertificate(pkiFolder, config);
    if (read === undefined) return 'is made when the agent first starts';
    const { validToMs, thumbprint } = describeCertificate(read.certificate);
    return `is good until ${dayOf(validToMs)} (${shortThumbprint(thumbprint)}); millwatt trust own prints it for the controls`;
  });
  const remark = own.result === 'good' ? remarkOfOwn(pkiFolder, config, nowMs) : undefined;
  if (remark === undefined) yield own;
  else
    yield {
      subject,
      result: 'warning',
      message: remark,
      cure: 'A control refuses an agent whose certificate ran out.',
    };
}

function remarkOfOwn(pkiFolder: string, config: string, nowMs: number): string | undefined {
  const own = readOwnCertificate(pkiFolder, config);
  return own === undefined ? undefined : remarkOn(own, nowMs, config);
}

function tryUserCertificate(source: OpcuaSourceConfig, folder: string, nowMs: number): string {
  const file = source.userCertificate ?? '';
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(readPem(resolve(folder, file)));
  } catch (cause) {
    throw new MillwattError('refuse', 'bad-certificate', `${file} is no certificate that can be read.`, {
      cure: 'Give the PEM file of the certificate of the user.',
      cause,
    });
  }
  const endMs = certificate.validToDate.getTime();
  if (endMs < nowMs)
    throw new MillwattError('refuse', 'expired', `${file} ran out on ${dayOf(endMs)}.`, {
      cure: 'Put the renewed certificate and its key in their places.',
    });
  return `${file} is good until ${dayOf(endMs)}`;
}

/** What is known of the server of a source; nothing where it never showed itself and was never trusted from a file. */
function* examineTrust(
  source: OpcuaSourceConfig,
  entries: readonly TrustEntry[],
  { pkiFolder, config }: { pkiFolder: string; config: string },
  nowMs: number,
): Generator<Examination> {
  const subject = `trust of ${source.id}`;
  if (source.allowInsecure) {
    yield {
      subject,
      result: 'warning',
      message: `${source.endpoint} is read without security: whoever answers there is believed.`,
      cure: 'Remove allowInsecure once the control offers a secure endpoint.',
    };
    return;
  }
  const here = entries.filter(
    ({ note }) =>
      note.approved.includes(source.endpoint) ||
      note.shown.some(({ endpoint }) => endpoint === source.endpoint),
  );
  const isTrusting = here.some(({ standing }) => standing !== 'rejected');
  for (const entry of here) {
    const { standing, name, thumbprint, validToMs, note } = entry;
    const short = shortThumbprint(thumbprint);
    if (standing === 'rejected' && gaveWay(pkiFolder, entries, entry, source.endpoint)) continue;
    if (standing === 'rejected' && note.removedAt !== undefined) {
      // Somebody has decided; only where nothing else is trusted there the source is without its control.
      if (!isTrusting)
        yield {
          subject,
          result: 'warning',
          message: `${name} (${short}) at ${source.endpoint} was taken out on ${note.removedAt.slice(0, 10)} and is refused.`,
          cure: 'If that was meant so, give the control a new certificate, and trust that.',
        };
    } else if (standing === 'rejected')
      yield {
        subject,
        result: 'warning',
        message: `${source.endpoint} showed a certificate that nobody trusts: ${name} (${short}).`,
        cure: `Compare it with what the control shows; if it is the same: ${sayCommand(`trust add ${short}`, config)}`,
      };
    else if (validToMs - nowMs < SOON_MS)
      yield {
        subject,
        result: 'warning',
        message: `the certificate of ${name} (${short}) ${validToMs < nowMs ? 'ran out' : 'runs out'} on ${dayOf(validToMs)}.`,
        cure: 'Give the control a new one, and trust that.',
      };
    else
      yield {
        subject,
        result: 'good',
        message: `${name} (${short}) is trusted until ${dayOf(validToMs)}`,
        cure: '',
      };
  }
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
