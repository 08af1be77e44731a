import { z } from 'zod';
import type { ConfigPath } from './finding.ts';

/** A declared value without its wrappers, and what the wrappers said of it. */
export interface Declared {
  /** The innermost schema: object, array, record, union, string, number, enum, literal or boolean. */
  core: z.core.$ZodType;
  /** False where the key may be left out. */
  required: boolean;
  /** As an operator would write it; undefined where there is none. */
  default: unknown;
  description: string;
  /** The first example, as an operator would write it; undefined where there is none. */
  example: unknown;
}

/** What a declaration says, with optional, default and transform taken off. */
export function unwrap(schema: z.core.$ZodType): Declared {
  const declared: Declared = {
    core: schema,
    required: true,
    default: undefined,
    description: '',
    example: undefined,
  };
  for (;;) {
    const { core } = declared;
    const meta = z.globalRegistry.get(core);
    declared.description ||= meta?.description ?? '';
    declared.example ??= meta?.['examples'] === undefined ? undefined : (meta['examples'] as unknown[])[0];
    if (core instanceof z.ZodOptional) declared.required = false;
    else if (core instanceof z.ZodDefault || core instanceof z.ZodPrefault) {
      declared.required = false;
      declared.default = core.def.defaultValue;
    } else if (!(core instanceof z.ZodPipe)) return declared;
    declared.core = core instanceof z.ZodPipe ? core.def.in : core.def.innerType;
  }
}

/** The declaration of the value at a path, or undefined where there is none. `value` (the whole file) picks among alternatives. */
export function declarationAt(
  schema: z.core.$ZodType,
  path: ConfigPath,
  value: unknown,
): z.core.$ZodType | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return schema;
  const inner = stepInto(schema, step, value);
  const next =
    typeof value === 'object' && value !== null && Object.hasOwn(value, step)
      ? (value as Record<string | number, unknown>)[step]
      : undefined;
  return inner === undefined ? undefined : declarationAt(inner, rest, next);
}

function stepInto(
  schema: z.core.$ZodType,
  step: string | number,
  value: unknown,
): z.core.$ZodType | undefined {
  const { core } = unwrap(schema);
  if (core instanceof z.ZodObject) return ownShape(core)[step];
  if (core instanceof z.ZodArray) return core.def.element;
  if (core instanceof z.ZodRecord) return core.def.valueType;
  if (!(core instanceof z.ZodDiscriminatedUnion)) return undefined;
  const option = pickOption(core, value);
  return option === undefined ? undefined : ownShape(option)[step];
}

/** The keys of the object declared at a path; none where they are not declared one by one. */
export function keysAt(schema: z.core.$ZodType, path: ConfigPath, value: unknown): string[] {
  const declared = declarationAt(schema, path, value);
  if (declared === undefined) return [];
  const { core } = unwrap(declared);
  if (core instanceof z.ZodObject) return Object.keys(ownShape(core));
  if (core instanceof z.ZodRecord)
    return core.def.keyType instanceof z.ZodEnum ? core.def.keyType.options.map(String) : [];
  if (!(core instanceof z.ZodDiscriminatedUnion)) return [];
  let at = value;
  for (const step of path) at = (at as Record<string | number, unknown> | undefined)?.[step];
  const option = pickOption(core, at);
  return option === undefined ? [] : Object.keys(ownShape(option));
}

/** The alternatives of a union that is told apart by one key, each with the word that chooses it. */
export function optionsOf(union: z.ZodDiscriminatedUnion): { word: string; option: z.ZodObject }[] {
  const key = union.def.discriminator;
  return union.def.options.flatMap((option) => {
    if (!(option instanceof z.ZodObject)) return [];
    const word = ownShape(option)[key];
    return word instanceof z.ZodLiteral ? [{ word: String(word.def.values[0]), option }] : [];
  });
}

function pickOption(union: z.ZodDiscriminatedUnion, value: unknown): z.ZodObject | undefined {
  const key = union.def.discriminator;
  const word = (value as Record<string, unknown> | null | undefined)?.[key];
  return optionsOf(union).find((one) => one.word === word)?.option;
}

function ownShape(object: z.ZodObject): Readonly<Record<string | number, z.core.$ZodType>> {
  return object.def.shape;
}

/** True for a group whose every key has a default: shown or written without any of them, it says only what holds anyway. */
export function isGroupOfDefaults({ core, default: preset }: Declared): boolean {
  return core instanceof z.ZodObject && preset !== undefined;
}
