import { MillwattError } from '../../protocols/errors.ts';

const DEPTH_MAX = 8;

/**
 * The one text of plain data: keys in order, no spaces, so that a hash names one meaning. Keys whose value is undefined are
 * left out. Throws an error of class `refuse` (code `bad-entry`) for what is no plain data (functions, not-a-number, classes,
 * `__proto__`) or is nested more than 8 deep.
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (depth > DEPTH_MAX) throw badData(`it is nested more than ${DEPTH_MAX} deep`);
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw badData(`${value} is no number that can be written`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((one) => canonicalJson(one, depth + 1)).join(',')}]`;
  if (typeof value === 'object' && isPlain(value)) {
    const members = Object.keys(value)
      .filter((key) => (value as Record<string, unknown>)[key] !== undefined)
      .sort()
      .map((key) => {
        if (key === '__proto__') throw badData('a key may not be called __proto__');
        return `${JSON.stringify(key)}:${canonicalJson((value as Record<string, unknown>)[key], depth + 1)}`;
      });
    return `{${members.join(',')}}`;
  }
  throw badData(`a ${typeof value} is no plain data`);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function badData(why: string): MillwattError {
  return new MillwattError('refuse', 'bad-entry', `This cannot be written into the journal: ${why}.`, {
    cure: 'Give plain texts, whole numbers, lists and objects.',
  });
}
