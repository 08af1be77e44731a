import { MillwattError } from '../../errors.ts';
import { printableText } from '../printable-text.ts';
import { sayCommand } from '../say-command.ts';
import { shortThumbprint, type CertificateFacts } from './certificate-facts.ts';
import type { Misfit } from './certificate-verdict.ts';
import type { KnownServer } from './trust-notes.ts';

/** Who asked, and where. */
export interface Asker {
  /** Id of the source. */
  source: string;
  endpoint: string;
  /** The configuration file, as commands for the operator name it. */
  config?: string | undefined;
}

/** What is wrong with a certificate, as the rest of a sentence that begins with it. */
export function explainMisfit(misfit: Misfit, facts: CertificateFacts | undefined): string {
  switch (misfit.why) {
    case 'unreadable':
      return 'cannot be read';
    case 'revoked':
      return `was withdrawn by ${misfit.authority}`;
    case 'expired':
      return `was valid until ${day(misfit.atMs)} only, as far as this computer knows the date`;
    case 'not-yet-valid':
      return `is valid from ${day(misfit.atMs)} on only, as far as this computer knows the date`;
    case 'short-key':
      return `has a key of ${misfit.bits} bits, and fewer than 2048 are not safe`;
    case 'untrusted':
      return misfit.signedBy === undefined
        ? 'is not trusted yet'
        : `is not trusted yet, and neither is who signed it (${misfit.signedBy})`;
    case 'other-host':
      return `is for ${facts === undefined || facts.hosts.length === 0 ? 'no host' : facts.hosts.slice(0, 5).join(', ')}, not for ${misfit.host}`;
    case 'other-application':
      return `is for the application ${facts?.applicationUri ?? '-'}, and the server calls itself ${printableText(misfit.told)}`;
  }
}

/** The refusal of a server, with the command that lets it in where that is for the operator to decide. */
export function refuseServer(
  asker: Asker,
  misfits: readonly Misfit[],
  facts: CertificateFacts | undefined,
  around: { before: KnownServer | undefined; kept: boolean },
): MillwattError {
  const { before } = around;
  const words = misfits.map((misfit) => explainMisfit(misfit, facts));
  const whose =
    facts === undefined
      ? ''
      : ` It is of ${facts.name}, SHA-256 thumbprint ${facts.thumbprint}, SHA-1 ${facts.sha1}.`;
  const changed =
    before === undefined || before.thumbprint === facts?.thumbprint
      ? ''
      : ` It was another one before, accepted since ${before.since.slice(0, 10)}: ${shortThumbprint(before.thumbprint)}.`;
  return new MillwattError(
    'retry',
    'untrusted',
    `The certificate of ${asker.endpoint} ${words.join('; it ')}.${changed}${whose}`,
    { cure: cureFor(misfits, facts, asker.config, { kept: around.kept, changed: changed !== '' }) },
  );
}

function cureFor(
  misfits: readonly Misfit[],
  facts: CertificateFacts | undefined,
  config: string | undefined,
  { kept, changed }: { kept: boolean; changed: boolean },
): string {
  const has = (...words: Misfit['why'][]) => misfits.some(({ why }) => words.includes(why));
  if (has('revoked'))
    return 'Give the control a new certificate; if its key was stolen, find out who answers at this address.';
  if (has('expired', 'not-yet-valid'))
    return 'Check date and time of this computer and of the control, and give the control a new certificate.';
  if (has('short-key')) return 'Give the control a new certificate with a key of 2048 bits or more.';
  if (facts === undefined) return 'Give the control a certificate of its own: most can make one themselves.';
  const command = kept
    ? sayCommand(`trust add ${shortThumbprint(facts.thumbprint)}`, config)
    : `${sayCommand('trust list', config)}, then millwatt trust remove what is not needed: too many were rejected, and this one was not kept`;
  const lead = changed
    ? 'If the control was given a new certificate, compare the thumbprint with the one it shows'
    : 'Compare the thumbprint with the one the control shows';
  return `${lead}; if it is the same: ${command}. The agent connects at its next attempt.`;
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
