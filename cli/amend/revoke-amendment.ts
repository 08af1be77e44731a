import { listAmendments, type ListedAmendment } from '../../collector/journal/amendment-list.ts';
import { entryId } from '../../collector/journal/seal-entry.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { formatTime } from '../format.ts';
import { openConfiguredJournal } from '../journal-access.ts';
import { printLines, sayEffect } from './amend-print.ts';
import { openSite } from './amend-site.ts';
import { authorOf } from './author.ts';
import { confirm } from './confirm.ts';
import type { EnterOptions } from './enter-amendment.ts';
import { findAmendment } from './find-amendment.ts';

/** `millwatt amend revoke ID`: from now on the amendment counts no more; every figure is again as without it. */
export async function runRevoke(id: string, options: EnterOptions & { reason: string }): Promise<void> {
  const site = openSite(options.config);
  try {
    const journal = openConfiguredJournal(site.config, site.folder);
    try {
      const amendment = findAmendment(id, listAmendments(journal, undefined, formatTime));
      requireInForce(amendment);
      printLines(
        [
          `Amendment ${amendment.id}, entered ${formatTime(amendment.enteredMs)} by ${amendment.by}: ${amendment.saying}`,
          'It will count no more: its hours become what they are without it, and their revision rises.',
        ],
        options,
      );
      await confirm('Take it back?', options);
      const entry = journal.append({
        atMs: Date.now(),
        kind: 'revocation',
        machine: amendment.machine,
        by: authorOf(options.by),
        body: { amendment: amendment.hash, reason: options.reason },
      });
      const effect = await sayEffect(site);
      if (options.json)
        process.stdout.write(
          `${JSON.stringify({ ok: true, id: entryId(entry), revoked: amendment.id, effect }, null, 2)}\n`,
        );
      else printLines([`Revoked ${amendment.id} as ${entryId(entry)}. ${effect}`], options);
    } finally {
      journal.close();
    }
  } finally {
    site.close();
  }
}

function requireInForce({ id, revocation }: ListedAmendment): void {
  if (revocation === null) return;
  throw new MillwattError(
    'refuse',
    'revoked-already',
    `Amendment ${id} was revoked ${formatTime(revocation.enteredMs)} by ${revocation.by}: "${revocation.reason}".`,
    { cure: 'Where it holds after all, enter it again.' },
  );
}
