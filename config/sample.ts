import { stringify } from 'yaml';
import { z } from 'zod';
import { isGroupOfDefaults, optionsOf, unwrap, type Declared } from './schema-walk.ts';

/** What a sample shows beyond its declaration. Paths are keys joined by dots, with the word of an alternative: `sources.opcua.id`. */
export interface SampleChoices {
  /** Comment lines at the top. */
  title: readonly string[];
  /** Optional keys that are shown switched on. */
  live: readonly string[];
  /** Values that differ from the first example of the declaration. */
  values: Readonly<Record<string, unknown>>;
}

const COMMENT_LETTERS_MAX = 100;

/**
 * A commented sample file from a declaration. What must be given is given; every other key stands behind a `#` with
 * its default or an example, so that taking the `#` away switches it on.
 */
export function renderSample(schema: z.ZodObject, choices: SampleChoices): string {
  return [
    ...choices.title.map((line) => `# ${line}`),
    '',
    ...renderKeys(shapeOf(schema), '', '', false, choices),
  ].join('\n');
}

function renderKeys(
  shape: Shape,
  path: string,
  indent: string,
  off: boolean,
  choices: SampleChoices,
): string[] {
  return Object.entries(shape).flatMap(([key, schema]) => {
    const here = path === '' ? key : `${path}.${key}`;
    const lines = renderKey(key, schema, here, indent, off, choices);
    // Blank lines only between the groups of the top level.
    return path === '' ? [...lines, ''] : lines;
  });
}

function renderKey(
  key: string,
  schema: z.core.$ZodType,
  path: string,
  indent: string,
  parentOff: boolean,
  choices: SampleChoices,
): string[] {
  const declared = unwrap(schema);
  const { core } = declared;
  const live = declared.required || choices.live.includes(path) || isGroupOfDefaults(declared);
  const off = parentOff || !live;
  const comments = renderComment(commentOf(declared), indent);
  const mark = off ? '#' : '';
  const inner = `${indent}  `;
  if (core instanceof z.ZodObject)
    return [...comments, `${indent}${mark}${key}:`, ...renderKeys(shapeOf(core), path, inner, off, choices)];
  const value = choices.values[path] ?? exampleOf(declared);
  if (core instanceof z.ZodArray && value === undefined)
    return [
      ...comments,
      `${indent}${mark}${key}:`,
      ...renderEntries(core.def.element, path, inner, off, choices),
    ];
  return [...comments, `${indent}${mark}${key}: ${renderValue(value)}`];
}

/** The entries of a list: one for each alternative there is. */
function renderEntries(
  element: z.core.$ZodType,
  path: string,
  indent: string,
  off: boolean,
  choices: SampleChoices,
): string[] {
  const { core } = unwrap(element);
  const options =
    core instanceof z.ZodDiscriminatedUnion
      ? optionsOf(core)
      : core instanceof z.ZodObject
        ? [{ word: '', option: core }]
        : [];
  // A declaration that several alternatives share is explained once.
  const explained = new Map<z.core.$ZodType, string>();
  return options.flatMap(({ word, option }) => {
    const here = word === '' ? path : `${path}.${word}`;
    const entries = Object.entries(shapeOf(option));
    const again = entries.filter(
      ([key, schema]) =>
        explained.has(schema) && !unwrap(schema).required && !choices.live.includes(`${here}.${key}`),
    );
    for (const [, schema] of entries) if (!explained.has(schema)) explained.set(schema, word);
    const rest = entries.filter((entry) => !again.includes(entry));
    const keys = [
      ...renderKeys(Object.fromEntries(rest), here, `${indent}  `, off, choices),
      ...renderComment(pointBack(again, explained), `${indent}  `),
    ];
    const first = keys.findIndex((line) => !line.trimStart().startsWith('# '));
    // The dash of an entry stands in the indent of its first key; comments above it move out to the dash.
    const marked = keys.map((line, index) => {
      if (index > first) return line;
      const bare = line.slice(indent.length + 2);
      if (index < first) return indent + bare;
      return bare.startsWith('#') ? `${indent}#- ${bare.slice(1)}` : `${indent}- ${bare}`;
    });
    return [...renderComment(unwrap(option).description, indent), ...marked];
  });
}

type Shape = Readonly<Record<string, z.core.$ZodType>>;

function shapeOf(object: z.ZodObject): Shape {
  return object.def.shape;
}

/** `As modbus-tcp: every, meter, ...` */
function pointBack(
  keys: readonly (readonly [string, z.core.$ZodType])[],
  explained: ReadonlyMap<z.core.$ZodType, string>,
): string {
  const byWord = new Map<string, string[]>();
  for (const [key, schema] of keys) {
    const word = explained.get(schema) ?? '';
    byWord.set(word, [...(byWord.get(word) ?? []), key]);
  }
  return [...byWord].map(([word, names]) => `As for ${word} above: ${names.join(', ')}.`).join(' ');
}

function exampleOf({ core, default: preset, example }: Declared): unknown {
  // An empty list or group is a poor example of what could be in it.
  const empty = typeof preset === 'object' && preset !== null && Object.keys(preset).length === 0;
  if (preset !== undefined && !(empty && (example !== undefined || core instanceof z.ZodArray)))
    return preset;
  if (example !== undefined) return example;
  return core instanceof z.ZodLiteral ? core.def.values[0] : undefined;
}

function commentOf({ core, description }: Declared): string {
  const words = core instanceof z.ZodEnum ? Object.keys(core.def.entries) : [];
  return words.length > 1 && words.length <= 10 ? `${description} One of: ${words.join(', ')}.` : description;
}

function renderComment(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + word.length + 3 > COMMENT_LETTERS_MAX) {
      lines.push(`${indent}# ${line}`);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, `${indent}# ${line}`];
}

function renderValue(value: unknown): string {
  return stringify(value ?? '', { collectionStyle: 'flow', lineWidth: 0 }).trim();
}
