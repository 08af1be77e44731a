import { fingerprint } from '../../protocols/evidence/keys.ts';
import type { CheckLines } from './check-line.ts';
import type { CheckedRecords } from './check-records.ts';
import type { Manifest } from './manifest.ts';

/**
 * Asks of every key whether it is whose it says. Returns true when the collector's is trusted.
 *
 * @param trusted fingerprints or public keys; none: nobody said whom to trust
 */
export function checkTrust(
  { collector }: Manifest,
  { chains, afterRevocation }: CheckedRecords,
  trusted: readonly string[],
  lines: CheckLines,
): boolean {
  const isTrusted = (key: string) => trusted.includes(key) || trusted.includes(fingerprint(key));
  if (trusted.length === 0) {
    lines.unproven(
      'trust',
      'manifest.json',
      `Nobody said whose keys to trust: ask the operator for the fingerprint of the collector, here ${fingerprint(collector)}.`,
    );
    return false;
  }
  if (isTrusted(collector))
    lines.pass('trust', 'manifest.json', `The collector's key ${fingerprint(collector)} is trusted.`);
  else
    lines.fail(
      'trust',
      'manifest.json',
      `The collector's key ${fingerprint(collector)} is none of those that are trusted.`,
    );
  for (const place of afterRevocation)
    lines.fail('trust', place, 'It was taken in after its key was revoked: who sealed it is not known.');
  const keys = new Map(chains.map((chain) => [`${chain.agent} ${chain.key}`, chain]));
  for (const { agent, key, standing, revokedMs } of keys.values()) {
    const name = `agent ${agent}, key ${fingerprint(key)}`;
    if (revokedMs !== undefined)
      lines.unproven(
        'trust',
        name,
        `A person revoked the key since ${new Date(revokedMs).toISOString()}; what was taken in before counts as before.`,
      );
    if (isTrusted(key)) lines.pass('trust', name, 'The key is trusted.');
    else if (standing === 'confirmed')
      lines.pass('trust', name, 'A person confirmed the key to the collector, which signed that.');
    else if (standing === 'seen')
      lines.unproven(
        'trust',
        name,
        'The key is the first that the agent used; nobody compared its fingerprint.',
      );
    else
      lines.fail(
        'trust',
        name,
        'The collector knew another key for this agent, and nobody confirmed this one.',
      );
  }
  return isTrusted(collector);
}
