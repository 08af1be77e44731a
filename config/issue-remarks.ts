import type { z } from 'zod';
import type { ConfigPath, Remark } from './finding.ts';
import { findNearest } from './nearest.ts';
import { declarationAt, keysAt, unwrap } from './schema-walk.ts';

type Issue = z.core.$ZodIssue;

/** What the declaration has against a value, in words for the person who wrote the file. */
export function remarkOnIssues(issues: readonly Issue[], schema: z.core.$ZodType, value: unknown): Remark[] {
  return issues.flatMap((issue) => remarkOn(issue, schema, value));
}

function remarkOn(issue: Issue, schema: z.core.$ZodType, root: unknown): Remark[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  const given = valueAt(root, path);
  const error = (message: string, cure: string, target: 'key' | 'value' = 'value'): Remark[] => [
    { severity: 'error', path, target, message, cure },
  ];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownKey(path, key, keysAt(schema, path, root)));
  if (issue.code === 'invalid_key') {
    const [inner] = issue.issues;
    return error(
      `the name "${String(path.at(-1))}" cannot be used.`,
      `Use ${inner?.message ?? 'another name'}.`,
      'key',
    );
  }
  if (given === undefined) return [missing(path, schema, root)];
  if (given === null)
    return error('has no value.', `Write one after the colon${exampleOf(schema, path, root)}.`);
  const shown = showValue(given, path);
  const told = toldWords(issue);
  if (told !== undefined) {
    const [words = '', example] = told.split(/,? such as (.+)/s);
    return error(
      `must be ${words}${shown}.`,
      `Write ${example === undefined ? words : `for example ${example}`}.`,
    );
  }
  if (issue.code === 'invalid_type')
    return error(
      `must be ${TYPES[issue.expected] ?? issue.expected}${shown}.`,
      typeCure(issue.expected, given),
    );
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    const [small, limit] = issue.code === 'too_small' ? [true, issue.minimum] : [false, issue.maximum];
    const adjective = issue.origin === 'number' ? (small ? 'small' : 'large') : small ? 'short' : 'long';
    return error(
      `is too ${adjective}${shown}.`,
      `Give ${small ? 'at least' : 'at most'} ${limit}${ORIGINS[issue.origin] ?? ''}.`,
    );
  }
  // A sentence about this value and another one.
  if (issue.code === 'custom')
    return error(`${issue.message}.`, 'Correct this value, or the one it collides with.');
  const words = acceptedWords(issue);
  if (words.length === 0) return error(`is not understood${shown}.`, 'Compare it with the sample file.');
  return error(
    `is not one of the words known here${shown}.`,
    chooseCure(typeof given === 'string' ? given : JSON.stringify(given), words),
  );
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
  record: 'a group of keys',
};
const ORIGINS: Readonly<Record<string, string>> = { string: ' letters', array: ' entries' };

/** The words that a declaration of ours says of what it accepts ("a duration with its unit, ..."), if it does. */
function toldWords(issue: Issue): string | undefined {
  // zod's own sentences begin with a capital letter; ours go on after "must be".
  return /^(an? |the |\d)/.test(issue.message) ? issue.message : undefined;
}

function acceptedWords(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code !== 'invalid_union') return [];
  if ('options' in issue && Array.isArray(issue.options)) return issue.options.map(String);
  return issue.errors.flat().flatMap(acceptedWords);
}

function unknownKey(parent: ConfigPath, key: string, known: string[]): Remark {
  const near = findNearest(key, known);
  return {
    severity: 'error',
    path: [...parent, key],
    target: 'key',
    message: 'is not a key that is known here.',
    cure:
      near === undefined
        ? `Remove it, or use one of: ${known.join(', ')}.`
        : `Did you mean "${near}"? Otherwise remove it.`,
  };
}

function missing(path: ConfigPath, schema: z.core.$ZodType, root: unknown): Remark {
  const declared = declarationAt(schema, path, root);
  const description = declared === undefined ? '' : unwrap(declared).description;
  const key = String(path.at(-1) ?? '');
  const why = description === '' ? '' : ` (${lowerFirst(description.replace(/\.$/, ''))})`;
  return {
    severity: 'error',
    path,
    message: 'is missing.',
    cure: `Add ${key}${why}${exampleOf(schema, path, root)}.`,
  };
}

function exampleOf(schema: z.core.$ZodType, path: ConfigPath, root: unknown): string {
  const declared = declarationAt(schema, path, root);
  const unwrapped = declared === undefined ? undefined : unwrap(declared);
  const example = unwrapped?.example ?? unwrapped?.default;
  return typeof example === 'string' || typeof example === 'number' || typeof example === 'boolean'
    ? `, for example ${path.at(-1)}: ${example}`
    : '';
}

function typeCure(expected: string, given: unknown): string {
  if (expected === 'string' && (typeof given === 'number' || typeof given === 'boolean'))
    return `Put it in quotes: "${given}".`;
  if ((expected === 'number' || expected === 'int') && typeof given === 'string' && given !== '') {
    const plain = Number(given);
    if (Number.isFinite(plain)) return `Remove the quotes: ${plain}.`;
  }
  if (expected === 'array') return 'Begin each entry with "- " on a line of its own.';
  return `Write ${TYPES[expected] ?? expected}.`;
}

/** "Did you mean ...?", with all accepted words where they are few or none is near. */
export function chooseCure(given: string, words: readonly string[]): string {
  const near = findNearest(given, words);
  const all = `Choose one of: ${words.join(', ')}.`;
  return near === undefined ? all : `Did you mean "${near}"? ${all}`;
}

/** `, not 5` for the end of a sentence; empty where the value may be a secret. */
function showValue(value: unknown, path: ConfigPath): string {
  if (path.some((step) => /password|token|secret|agents/i.test(String(step)))) return '';
  if (typeof value === 'object' && value !== null) return `, not ${Array.isArray(value) ? 'a list' : 'keys'}`;
  // user:password@host
  if (typeof value === 'string' && value.includes('@')) return '';
  const text = JSON.stringify(value) ?? '';
  return `, not ${text.length > 60 ? `${text.slice(0, 57)}...` : text}`;
}

function valueAt(root: unknown, path: ConfigPath): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

function lowerFirst(text: string): string {
  // An acronym such as PEM or TCP keeps its capitals.
  return /^[A-Z][a-z ]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
