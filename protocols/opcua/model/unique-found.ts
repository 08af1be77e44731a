import type { Found, FoundMeasured, FoundStatus } from './found.ts';

/**
 * Makes sure that no two of what was found would be the same channel: a second word of one kind gets a name, a second
 * value of one meaning is left out and said.
 */
export function makeUnique(found: Found): Found {
  const remarks = [...found.remarks];
  const values = new Map<string, FoundMeasured>();
  for (const one of found.measured) {
    const key = `${one.component}.${one.quantity}.${one.phase}`;
    const first = values.get(key);
    if (first === undefined) values.set(key, one);
    else
      remarks.push(
        `${one.point} is left out, because ${first.point} is ${one.component} ${one.quantity} too: give one of them another component under found.`,
      );
  }
  const words = new Map<string, FoundStatus>();
  for (const one of found.statuses) {
    const named = nameFreely(one, words);
    words.set(keyOf(named), named);
  }
  return { ...found, measured: [...values.values()], statuses: [...words.values()], remarks };
}

function nameFreely(one: FoundStatus, words: ReadonlyMap<string, FoundStatus>): FoundStatus {
  const origin = originOf(one);
  const base = one.name === undefined ? origin : `${one.name}-${origin}`;
  let named = one;
  for (let number = 1; words.has(keyOf(named)); number++)
    named = { ...one, name: number === 1 ? base : `${base}-${number}` };
  return named;
}

/** The standard that a word is of: `cnc` of cnc/SpindleStatus. */
function originOf({ vocabulary, point }: FoundStatus): string {
  if (point.startsWith('CncChannelList/')) return 'cnc';
  return vocabulary === 'raw' ? 'other' : (vocabulary.split('/')[0] ?? 'other');
}

function keyOf({ component, status, name }: FoundStatus): string {
  return `${component}.${status}.${name ?? ''}`;
}
