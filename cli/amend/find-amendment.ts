import type { ListedAmendment } from '../../collector/journal/amendment-list.ts';
import { MillwattError } from '../../protocols/errors.ts';

const LETTERS_MIN = 4;
const SHOWN_MAX = 10;

/** The amendment of an id, or of its first four letters or more. Throws an error of class `refuse` (code `no-amendment`). */
export function findAmendment(id: string, listed: readonly ListedAmendment[]): ListedAmendment {
  const wanted = id.toLowerCase();
  const found =
    wanted.length < LETTERS_MIN ? [] : listed.filter((amendment) => amendment.id.startsWith(wanted));
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) return first;
  const choices = (found.length > 1 ? found : listed).slice(-SHOWN_MAX).map((amendment) => amendment.id);
  throw new MillwattError(
    'refuse',
    'no-amendment',
    found.length > 1 ? `${id} is the begin of several amendments.` : `There is no amendment ${id}.`,
    {
      cure:
        choices.length === 0
          ? 'None was entered yet.'
          : `Choose one of: ${choices.join(', ')}. \`millwatt amend list\` says what they are.`,
    },
  );
}
