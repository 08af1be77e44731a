import { z } from 'zod';
import { CONFIG_SCHEMAS, type ConfigKind } from './kinds.ts';
import { profileFile } from './library/profile-file.ts';

/** The JSON Schema of a kind of file, for editors: what they complete, explain and underline while a file is written. */
export function renderJsonSchema(kind: ConfigKind): string {
  return renderSchema(`millwatt ${kind}`, CONFIG_SCHEMAS[kind]);
}

/** The same of device profiles: what an operator's own profile in profiles/ may say. */
export function renderProfileSchema(): string {
  return renderSchema('millwatt device profile', profileFile);
}

function renderSchema(title: string, declaration: z.ZodType): string {
  // Draft 7 is what the YAML support of editors understands best.
  const { $schema, ...schema } = z.toJSONSchema(declaration, { io: 'input', target: 'draft-7' });
  return `${printJson({ $schema, title, ...schema }, '', 0)}\n`;
}

const LINE_LETTERS_MAX = 110;

/** JSON as the formatter of this project would have it: lists of words on one line where they fit. */
export function printJson(value: unknown, indent: string, lettersBefore: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const line = isFlat(value) ? `[${value.map((one) => printJson(one, '', 0)).join(', ')}]` : undefined;
    // The comma that may follow counts as well.
    if (line !== undefined && lettersBefore + line.length < LINE_LETTERS_MAX) return line;
    const items = value.map((one) => inner + printJson(one, inner, inner.length));
    return `[\n${items.join(',\n')}\n${indent}]`;
  }
  const entries = Object.entries(value).map(([key, one]) => {
    const start = `${inner}${JSON.stringify(key)}: `;
    return start + printJson(one, inner, start.length);
  });
  return entries.length === 0 ? '{}' : `{\n${entries.join(',\n')}\n${indent}}`;
}

function isFlat(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isFlat) : typeof value !== 'object' || value === null;
}
