import type { TrustEntry } from './trust-decisions.ts';
import { readKnownServer } from './trust-notes.ts';

/**
 * Whether an address that showed this rejected certificate has shown another one since that is trusted. False where
 * nothing of it is trusted now, or where this one came later: then somebody has to look at it.
 */
export function gaveWay(
  folder: string,
  entries: readonly TrustEntry[],
  rejected: TrustEntry,
  endpoint: string,
): boolean {
  const lastAt = shownAt(rejected, endpoint).at(-1) ?? '';
  // Times are written in UTC to the millisecond, so that they compare as texts.
  const trusted = entries.filter(({ standing }) => standing !== 'rejected');
  if (trusted.some((entry) => shownAt(entry, endpoint).some((at) => at > lastAt))) return true;
  const known = readKnownServer(folder, endpoint);
  if (known === undefined || known.since <= lastAt) return false;
  const isKept = entries.some(({ thumbprint }) => thumbprint === known.thumbprint);
  // One that is not kept here was vouched for by an authority.
  return trusted.some(
    ({ standing, thumbprint }) => thumbprint === known.thumbprint || (!isKept && standing === 'authority'),
  );
}

function shownAt({ note }: TrustEntry, endpoint: string): string[] {
  return note.shown
    .filter((one) => one.endpoint === endpoint)
    .map(({ at }) => at)
    .toSorted();
}
