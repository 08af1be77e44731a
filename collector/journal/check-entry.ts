import { MillwattError } from '../../protocols/errors.ts';
import { isLevelId } from '../../protocols/telemetry/ids.ts';
import { readAmendmentBody, readRevocationBody } from './amendment-body.ts';
import { canonicalJson } from './canonical-json.ts';
import { ENTRY_KINDS, type EntryToAppend } from './journal.ts';
import { readKeyActBody } from './key-acts.ts';

const BODY_BYTES_MAX = 16_384;
const BY_MAX = 80;
/** Before 2000 and after 2100 no clock is right. */
const EARLIEST_MS = Date.UTC(2000, 0);
const LATEST_MS = Date.UTC(2100, 0);

/** Refuses (code `bad-entry`) what would be no sound entry: it could never be taken out again. */
export function checkEntry({ atMs, kind, machine, by, body }: EntryToAppend): void {
  if (!ENTRY_KINDS.includes(kind)) throw bad(`${JSON.stringify(kind)} is no kind of entry`);
  if (!Number.isSafeInteger(atMs) || atMs < EARLIEST_MS || atMs > LATEST_MS)
    throw bad(`${atMs} is no time in whole ms`, 'Set the clock of this computer.');
  if (machine !== null && !isLevelId(machine)) throw bad(`${JSON.stringify(machine)} is no id of a machine`);
  // Half a surrogate pair would be stored as another character than the one that was hashed.
  if (by.trim() === '' || by.length > BY_MAX || /[\p{Cc}\p{Cs}]/u.test(by))
    throw bad(`who entered it must be 1 to ${BY_MAX} characters on one line`, 'Say who you are with --by.');
  const bytes = Buffer.byteLength(canonicalJson(body));
  if (bytes > BODY_BYTES_MAX)
    throw bad(`it has ${bytes} bytes, and ${BODY_BYTES_MAX} are the most`, 'Say it more briefly.');
  if (kind === 'key') {
    const act = readKeyActBody(body);
    if (machine !== null) throw bad('a key is of no machine');
    if ('fault' in act) throw bad(act.fault);
  }
  if (kind !== 'amendment' && kind !== 'revocation') return;
  if (machine === null) throw bad('an amendment is of a machine');
  const read = kind === 'amendment' ? readAmendmentBody(body) : readRevocationBody(body);
  if ('fault' in read) throw bad(read.fault);
}

function bad(why: string, cure = ''): MillwattError {
  return new MillwattError('refuse', 'bad-entry', `This cannot be written into the journal: ${why}.`, {
    cure,
  });
}
