import { z } from 'zod';
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
    const words = inner === undefined ? [] : acceptedWords(inner);
    if (words.length > 0)
      return error('is not one of the names known here.', chooseCure(String(path.at(-1)), words), 'key');
    return error(
      `the name "${String(path.at(-1))}" cannot be used.`,
      `Use ${inner?.message ?? 'another name'}.`,
      'key',
    );
  }
  if (given === undefined) return [missing(path, schema, root)];
  if (given === null)
    return error('has no value.', `Write one after the colon${exampleOf(schema, path, root)}.`);
  const value = showValue(given, path);
  const shown = value === '' ? '' : `, not ${value}`;
  const comma = decimalCommaCure(given);
  const told = toldWords(issue);
  if (told !== undefined) {
    const [words = '', example] = told.split(/,? such as (.+)/s);
    return error(
      `must be ${words}${shown}.`,
      comma ?? `Write ${example === undefined ? words : `for example ${example}`}.`,
    );
  }
  if (issue.code === 'invalid_type')
    return error(
      `must be ${TYPES[issue.expected] ?? issue.expected}${shown}.`,
      comma ?? typeCure(issue.expected, given, groupExample(schema, path, root, given)),
    );
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    const [small, limit] = issue.code === 'too_small' ? [true, issue.minimum] : [false, issue.maximum];
    if (Array.isArray(given) && given.length === 0)
      return error('is an empty list.', emptyCure(limit, declarationAt(schema, path, root)));
    const adjective = issue.origin === 'number' ? (small ? 'small' : 'large') : small ? 'short' : 'long';
    return error(
      `${value === '' || issue.origin === 'array' ? '' : `${value} `}is too ${adjective}.`,
      `Give ${small ? 'at least' : 'at most'} ${limit}${ORIGINS[issue.origin as 'string'] ?? ''}.`,
    );
  }
  // A sentence about this value and another one.
  if (issue.code === 'custom')
    return error(
      `${issue.message}.`,
      typeof issue.params?.['cure'] === 'string'
        ? issue.params['cure']
        : 'Correct this value, or the one it collides with.',
    );
  const words = acceptedWords(issue);
  if (words.length === 0) return error(`is not understood${shown}.`, 'Compare it with the sample file.');
  return error(
    `${value === '' ? '' : `${value} `}is not one of the ${typeof given === 'string' ? 'words' : 'values'} known here.`,
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
const ORIGINS = { string: ' letters', array: ' entries' } as const;

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
    cure: /^\d/.test(key)
      ? `Where this is the end of a number with a comma (0,${key}), write a point: 0.${key}.`
      : near === undefined
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
  if (example === undefined && unwrapped?.core instanceof z.ZodObject)
    return groupOfExamples(path, unwrapped.core);
  return typeof example === 'string' || typeof example === 'number' || typeof example === 'boolean'
    ? `, for example ${path.at(-1)}: ${example}`
    : '';
}

/** `, for example company: { name: Example Machining Co, country: VN }`; nothing where a key that it needs has no example. */
function groupOfExamples(path: ConfigPath, group: z.ZodObject): string {
  const shape: Readonly<Record<string, z.core.$ZodType>> = group.def.shape;
  const wanted = Object.entries(shape).filter(([, inner]) => unwrap(inner).required);
  const keys = wanted.flatMap(([key, inner]) => {
    const { example } = unwrap(inner);
    const values = Array.isArray(example) ? example : [example];
    if (!values.every((value) => /^(string|number|boolean)$/.test(typeof value))) return [];
    return [`${key}: ${Array.isArray(example) ? `[${values.join(', ')}]` : values.join()}`];
  });
  if (keys.length === 0 || keys.length < wanted.length) return '';
  return `, for example ${path.at(-1)}: { ${keys.join(', ')} }`;
}

function typeCure(expected: string, given: unknown, example: string | undefined): string {
  if (example !== undefined) return `Write ${example}.`;
  if (expected === 'string' && (typeof given === 'number' || typeof given === 'boolean'))
    return `Put it in quotes: "${given}".`;
  if ((expected === 'number' || expected === 'int') && typeof given === 'string' && given !== '') {
    const plain = Number(given);
    if (Number.isFinite(plain)) return `Remove the quotes: ${plain}.`;
  }
  if (expected === 'array' && (typeof given === 'string' || typeof given === 'number'))
    return `Put it in brackets: [${given}].`;
  if (expected === 'array') return 'Begin each entry with "- " on a line of its own.';
  return `Write ${TYPES[expected] ?? expected}.`;
}

function emptyCure(atLeast: number | bigint, declared: z.core.$ZodType | undefined): string {
  const isRequired = declared === undefined || unwrap(declared).required;
  const entries = Number(atLeast) === 1 ? 'one entry' : `${atLeast}${ORIGINS.array}`;
  return `Give at least ${entries}${isRequired ? '' : ', or remove the key'}.`;
}

/** Who writes 0,1 for a tenth is told of the point. */
function decimalCommaCure(given: unknown): string | undefined {
  if (typeof given !== 'string' || !/^-?\d+,\d+\s*[A-Za-z%]*$/.test(given)) return undefined;
  return `Write a point for the comma: ${given.replace(',', '.')}.`;
}

/** A group of keys as it could be written: `ct: { primary: 250, secondary: 5 }` for 250/5 and 250/5A, `tls: {}` for true. */
function groupExample(
  schema: z.core.$ZodType,
  path: ConfigPath,
  root: unknown,
  given: unknown,
): string | undefined {
  const declared = declarationAt(schema, path, root);
  const { core } = declared === undefined ? {} : unwrap(declared);
  if (!(core instanceof z.ZodObject)) return undefined;
  const shape: Readonly<Record<string, z.core.$ZodType>> = core.def.shape;
  const numbers = typeof given === 'string' ? (given.match(/\d+(\.\d+)?/g) ?? []) : [];
  // Of a nameplate that says 100/5, both ends are meant, though neither key has to be there.
  const isRatio = 'primary' in shape && 'secondary' in shape;
  const wanted = Object.entries(shape).filter(([key, inner]) =>
    isRatio ? key === 'primary' || key === 'secondary' : unwrap(inner).required,
  );
  const keys = wanted.flatMap(([key, inner], index) => {
    const { example } = unwrap(inner);
    const shown = isRatio || typeof example === 'number' ? (numbers[index] ?? example) : example;
    return typeof shown === 'string' || typeof shown === 'number' ? [`${key}: ${shown}`] : [`${key}: ...`];
  });
  return `${path.at(-1)}: ${keys.length === 0 ? '{}' : `{ ${keys.join(', ')} }`}`;
}

/** "Did you mean ...?", with all accepted words where they are few or none is near. */
export function chooseCure(given: string, words: readonly string[]): string {
  const near = findNearest(given, words);
  const all = `Choose one of: ${words.join(', ')}.`;
  return near === undefined ? all : `Did you mean "${near}"? ${all}`;
}

/** The value as a sentence may name it; empty where it may be a secret. */
function showValue(value: unknown, path: ConfigPath): string {
  if (path.some((step) => /password|token|secret|agents/i.test(String(step)))) return '';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'keys';
  // user:password@host
  if (typeof value === 'string' && value.includes('@')) return '';
  const text = JSON.stringify(value) ?? '';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
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
