import type { Amendment } from '../energy/amendment.ts';
import { readAmendmentBody, readRevocationBody, type AmendmentBody } from './amendment-body.ts';
import { displayedMwh } from './displayed-energy.ts';
import type { JournalEntry } from './journal.ts';
import { entryId } from './seal-entry.ts';

/**
 * The amendments that hold: those that were entered and not revoked, in the order in which they were entered. What a newer millwatt
 * wrote and this one does not understand is left out, and told to `onUnknown` with the reason.
 * @param entries of kinds `amendment` and `revocation`, of one machine or of all, in any order; others are passed over
 */
export function amendmentsInForce(
  entries: readonly JournalEntry[],
  onUnknown: (entry: JournalEntry, fault: string) => void = () => {},
): Amendment[] {
  const revoked = revocationsOf(entries, onUnknown);
  return entries
    .filter(({ kind, hash }) => kind === 'amendment' && !revoked.has(hash))
    .sort((a, b) => a.seq - b.seq)
    .flatMap((entry) => {
      const read = readAmendmentBody(entry.body);
      if ('body' in read && entry.machine !== null)
        return [amendmentOf(entryId(entry), entry.machine, read.body)];
      onUnknown(entry, 'fault' in read ? read.fault : 'it names no machine');
      return [];
    });
}

/** The revocation of each amendment by the amendment's hash; the first where several people revoked one. */
export function revocationsOf(
  entries: readonly JournalEntry[],
  onUnknown: (entry: JournalEntry, fault: string) => void = () => {},
): Map<string, JournalEntry> {
  const revoked = new Map<string, JournalEntry>();
  for (const entry of entries.filter(({ kind }) => kind === 'revocation').sort((a, b) => a.seq - b.seq)) {
    const read = readRevocationBody(entry.body);
    if ('fault' in read) onUnknown(entry, read.fault);
    else if (!revoked.has(read.body.amendment)) revoked.set(read.body.amendment, entry);
  }
  return revoked;
}

/** An amendment as the derivation applies it: factors and energies exact, in whole mWh. */
export function amendmentOf(id: string, machine: string, body: AmendmentBody): Amendment {
  const { component, fromMs, toMs } = body;
  const terms = { id, machine, component, fromMs, toMs };
  switch (body.kind) {
    case 'scale':
      return { ...terms, kind: 'scale', num: body.num, den: body.den };
    case 'component':
      return { ...terms, kind: 'component', becomes: body.becomes };
    case 'same-meter':
      return { ...terms, kind: 'same-meter', meter: body.meter, is: body.is };
    case 'meter-replaced':
      return {
        ...terms,
        kind: 'meter-replaced',
        oldLastMwh: mwhOf(body.oldLast, body.unit),
        newFirstMwh: mwhOf(body.newFirst, body.unit),
      };
    case 'step':
      return { ...terms, kind: 'step', is: 'real' };
    case 'direction':
    case 'exclude':
      return { ...terms, kind: body.kind };
  }
}

function mwhOf(shown: string, unit: string): number {
  const mwh = displayedMwh(shown, unit);
  if (mwh === undefined) throw new RangeError(`${shown} ${unit} is no energy that a display shows`);
  return mwh;
}
