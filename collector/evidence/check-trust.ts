import { fingerprint } from '../../protocols/evidence/keys.ts';
import { checkAgentKeys } from './check-agent-keys.ts';
import type { CheckLines } from './check-line.ts';
import type { CheckedRecords } from './check-records.ts';
import type { Manifest } from './manifest.ts';

/**
 * Asks of every key whether it is whose it says. Returns true when the collector's is trusted, of which `requireTrusted` made sure.
 *
 * @param trusted fingerprints or public keys, the collector's among them; none: nobody said whom to trust
 */
export function checkTrust(
  { collector }: Manifest,
  checked: CheckedRecords,
  trusted: readonly string[],
  lines: CheckLines,
): boolean {
  const isTrusted = (key: string) => trusted.includes(key) || trusted.includes(fingerprint(key));
  // Whomever somebody trusts: the collector itself says that these are no evidence.
  for (const place of checked.afterRevocation)
    lines.fail('trust', place, 'It was taken in after its key was revoked: who sealed it is not known.');
  if (trusted.length === 0) {
    lines.unproven(
      'trust',
      'manifest.json',
      `Nobody said whose keys to trust: ask the operator for the fingerprint of the collector, here ${fingerprint(collector)}.`,
    );
    return false;
  }
  lines.pass('trust', 'manifest.json', `The collector's key ${fingerprint(collector)} is trusted.`);
  checkAgentKeys(checked, isTrusted, lines);
  return true;
}

/** Fails where the collector's key is none of those that a verifier trusts: nothing that a stranger signed is read further. */
export function requireTrusted(
  { collector }: Pick<Manifest, 'collector'>,
  trusted: readonly string[],
  lines: CheckLines,
): void {
  if (trusted.includes(collector) || trusted.includes(fingerprint(collector))) return;
  lines.fail(
    'trust',
    'manifest.json',
    `The collector's key ${fingerprint(collector)} is none of those that are trusted.`,
  );
}
