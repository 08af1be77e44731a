import { existsSync } from 'node:fs';
import { MillwattError } from '../../protocols/errors.ts';
import { usageError } from '../../protocols/modbus/scan/scan-target.ts';
import { sayCommand } from '../../protocols/opcua/say-command.ts';
import { describeCertificate } from '../../protocols/opcua/trust/certificate-facts.ts';
import {
  readOwnCertificate,
  remarkOn,
  setOwnCertificateAside,
  type OwnCertificate,
} from '../../protocols/opcua/trust/own-certificate.ts';
import {
  distrust,
  isThumbprint,
  listTrust,
  trustByThumbprint,
  trustFile,
  type Decision,
} from '../../protocols/opcua/trust/trust-decisions.ts';
import { widthOf } from '../screen.ts';
import { wrapLines } from '../text-wrap.ts';
import { findPki, writeAsOwner, type AgentPki } from './pki-folder.ts';
import { drawTrust, sayDecision, sayOwn } from './trust-view.ts';

/** What every trust command is told. */
export interface TrustOptions {
  config: string;
  json?: true;
}

type AddOptions = TrustOptions & { issuer?: true; source?: string };

/** `millwatt trust list`: who is trusted, and who was turned away. Loads nothing of OPC UA, so that it is quick. */
export function runTrustList({ config, json }: TrustOptions): void {
  const { folder } = findPki(config);
  const entries = listTrust(folder);
  if (json) printJson({ folder, certificates: entries });
  else print(drawTrust(entries, { folder, config, width: widthOf() }));
}

/**
 * `millwatt trust add WHAT`: a thumbprint (or its first letters) of a rejected certificate, or a file with certificates or
 * a revocation list. A running agent takes it at its next attempt to connect.
 */
export async function runTrustAdd(what: readonly string[], options: AddOptions): Promise<void> {
  const pki = findPki(options.config);
  const { decisions, revocationLists } = await writeAsOwner(pki, () => decide(what, options, pki));
  if (options.json) printJson({ decisions, revocationLists });
  else
    print([
      ...decisions.flatMap((decision) => sayDecision(decision, 'add')),
      ...revocationLists.map((file) => `The revocation list is kept as ${file}.`),
    ]);
}

function decide(what: readonly string[], options: AddOptions, pki: AgentPki) {
  const endpoint = endpointOf(pki, options.source);
  const decisions: Decision[] = [];
  const revocationLists: string[] = [];
  for (const one of what) {
    // A file that is called like a thumbprint may lie there to be taken for one.
    if (isThumbprint(one) || !existsSync(one)) {
      if (options.issuer === true || endpoint !== undefined)
        throw usageError(
          `--issuer and --source are for files, and ${one} is none.`,
          sayCommand('trust add plant-ca.pem --issuer', options.config),
        );
      decisions.push(trustByThumbprint(pki.folder, one));
      continue;
    }
    const taken = trustFile(pki.folder, one, { asIssuer: options.issuer === true, endpoint });
    decisions.push(...taken.decisions);
    if (taken.revocationList !== undefined) revocationLists.push(taken.revocationList);
  }
  return { decisions, revocationLists };
}

/** `millwatt trust remove WHAT`: those certificates are trusted no longer, and lie among the rejected ones. */
export async function runTrustRemove(what: readonly string[], { config, json }: TrustOptions): Promise<void> {
  const pki = findPki(config);
  const decisions = await writeAsOwner(pki, () => what.map((one) => distrust(pki.folder, one, Date.now())));
  if (json) printJson({ decisions });
  else print(decisions.flatMap((decision) => sayDecision(decision, 'remove')));
}

/**
 * `millwatt trust own`: the agent's own certificate as PEM, to be put into the controls; made where there is none yet.
 * With `renew` it is put aside and made anew. What people want to know goes to stderr, so that the PEM can be redirected.
 */
export async function runTrustOwn({ config, json, renew }: TrustOptions & { renew?: true }): Promise<void> {
  const pki = findPki(config);
  const { own, aside } = await writeAsOwner(pki, async () => ({
    aside: renew === true ? setOwnCertificateAside(pki.folder, Date.now()) : undefined,
    own: readOwnCertificate(pki.folder, config) ?? (await makeOwn(pki.folder)),
  }));
  const remark = remarkOn(own, Date.now(), config);
  const facts = describeCertificate(own.certificate);
  if (json) {
    printJson({ ...facts, file: own.certificateFile, aside, remark, pem: own.certificate.toString() });
    return;
  }
  process.stdout.write(own.certificate.toString());
  process.stderr.write(
    `${sayOwn(facts, own.certificateFile, { aside, remark })
      .flatMap((line) => wrapLines(line, widthOf(process.stderr)))
      .join('\n')}\n`,
  );
}

async function makeOwn(folder: string): Promise<OwnCertificate> {
  const opcua = await import('../../protocols/opcua/trust/make-own-certificate.ts');
  return opcua.makeOwnCertificate(folder);
}

function endpointOf({ endpoints }: AgentPki, source: string | undefined): string | undefined {
  if (source === undefined) return undefined;
  const endpoint = endpoints.get(source);
  if (endpoint !== undefined) return endpoint;
  throw new MillwattError('refuse', 'no-source', `No OPC UA source is called ${source}.`, {
    cure:
      endpoints.size === 0
        ? 'This configuration has none.'
        : `Choose one of: ${[...endpoints.keys()].join(', ')}.`,
  });
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.flatMap((line) => wrapLines(line, widthOf())).join('\n')}\n`);
}

function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
