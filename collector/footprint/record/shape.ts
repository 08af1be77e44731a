/** How a text must look, and how a reader is told so. */
export interface TextForm {
  /** Name of the definition in the schema. */
  name: string;
  /** Written so that ECMAScript and every JSON Schema validator read it alike. */
  pattern: string;
  description: string;
}

/**
 * What a value of type `T` looks like in JSON: one declaration from which the published schema is written and by which
 * records are checked. The phantom makes the compiler compare it with the type, key by key and in both directions.
 */
export type Shape<T> = ShapeNode & { readonly is?: (value: T) => T };

/** A shape without its type. */
export type ShapeNode =
  | { kind: 'text'; form: TextForm | null; note?: string }
  | { kind: 'choice'; values: readonly string[]; note?: string }
  | { kind: 'truth'; note?: string }
  | { kind: 'whole'; least: number; most: number; note?: string }
  | { kind: 'maybe'; inner: ShapeNode; note?: string }
  | { kind: 'optional'; inner: ShapeNode; note?: string }
  | { kind: 'list'; inner: ShapeNode; least: number; note?: string }
  | { kind: 'table'; keys: readonly string[] | null; isPartial: boolean; inner: ShapeNode; note?: string }
  | { kind: 'object'; members: Readonly<Record<string, ShapeNode>>; note?: string };

/** Any text; with a form, only such as fit it. `T` says that it is a text of its own type, such as a decimal. */
export const text = <T extends string = string>(form: TextForm | null = null): Shape<T> => ({
  kind: 'text',
  form,
});

/** One of the words. */
export const choice = <const T extends string>(...values: readonly T[]): Shape<T> => ({
  kind: 'choice',
  values,
});

/** `true` or `false`. */
export const truth = (): Shape<boolean> => ({ kind: 'truth' });

/** A whole number, written as one. */
export const whole = (least: number, most: number): Shape<number> => ({ kind: 'whole', least, most });

/** The value, or null where nobody knows it. */
export const maybe = <T>(inner: Shape<T>): Shape<T | null> => ({ kind: 'maybe', inner });

/** A key that may be left out. */
export const optional = <T>(inner: Shape<T>): Shape<T | undefined> => ({ kind: 'optional', inner });

/** A list of at least so many. */
export const list = <T>(inner: Shape<T>, least = 0): Shape<T[]> => ({ kind: 'list', inner, least });

/** Names that the site gave, each with a value. */
export const named = <T>(inner: Shape<T>): Shape<Record<string, T>> => ({
  kind: 'table',
  keys: null,
  isPartial: false,
  inner,
});

/** Every one of the words with a value. */
export const each = <K extends string, T>(keys: readonly K[], inner: Shape<T>): Shape<Record<K, T>> => ({
  kind: 'table',
  keys,
  isPartial: false,
  inner,
});

/** Some of the words with a value. */
export const some = <K extends string, T>(
  keys: readonly K[],
  inner: Shape<T>,
): Shape<Partial<Record<K, T>>> => ({ kind: 'table', keys, isPartial: true, inner });

/** Exactly the keys of `T`. */
export const object = <T extends object>(members: { readonly [K in keyof T]-?: Shape<T[K]> }): Shape<T> => ({
  kind: 'object',
  members,
});

/** The shape with a sentence for whoever reads the schema. */
export const about = <T>(note: string, shape: Shape<T>): Shape<T> => ({ ...shape, note });

/** What does not fit, each with its place (`$.activity.energyKwh`) and the value. Keys are as strict as values. */
export function shapeFaults(shape: Shape<never> | ShapeNode, value: unknown, place = '$'): string[] {
  const fault = (what: string) => [`${place} ${what}, but is ${say(value)}`];
  switch (shape.kind) {
    case 'text':
      if (typeof value !== 'string') return fault('must be a text');
      return shape.form === null || new RegExp(shape.form.pattern, 'u').test(value)
        ? []
        : fault(`must be ${shape.form.description}`);
    case 'choice':
      return typeof value === 'string' && shape.values.includes(value)
        ? []
        : fault(`must be one of ${shape.values.join(', ')}`);
    case 'truth':
      return typeof value === 'boolean' ? [] : fault('must be true or false');
    case 'whole': {
      const fits = Number.isSafeInteger(value) && Number(value) >= shape.least && Number(value) <= shape.most;
      return fits ? [] : fault(`must be a whole number from ${shape.least} to ${shape.most}`);
    }
    case 'maybe':
      return value === null ? [] : shapeFaults(shape.inner, value, place);
    case 'optional':
      return shapeFaults(shape.inner, value, place);
    case 'list':
      if (!Array.isArray(value)) return fault('must be a list');
      if (value.length < shape.least) return fault(`must have at least ${shape.least}`);
      return value.flatMap((item, at) => shapeFaults(shape.inner, item, `${place}[${at}]`));
    case 'table':
      return memberFaults(
        value,
        place,
        (key) => (shape.keys === null || shape.keys.includes(key) ? shape.inner : undefined),
        shape.isPartial ? [] : (shape.keys ?? []),
      );
    case 'object':
      return memberFaults(
        value,
        place,
        (key) => (Object.hasOwn(shape.members, key) ? shape.members[key] : undefined),
        requiredKeys(shape.members),
      );
  }
}

/** Keys that must be there. */
export function requiredKeys(members: Readonly<Record<string, ShapeNode>>): string[] {
  return Object.keys(members).filter((key) => members[key]?.kind !== 'optional');
}

function memberFaults(
  value: unknown,
  place: string,
  shapeOf: (key: string) => ShapeNode | undefined,
  required: readonly string[],
): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [`${place} must be an object, but is ${say(value)}`];
  const faults = required
    .filter((key) => !Object.hasOwn(value, key))
    .map((key) => `${place}.${key} is missing`);
  for (const [key, inner] of Object.entries(value)) {
    const shape = shapeOf(key);
    if (shape === undefined) faults.push(`${place}.${key} is no key of the format`);
    else faults.push(...shapeFaults(shape, inner, `${place}.${key}`));
  }
  return faults;
}

/** The value as it stands in a sentence. */
function say(value: unknown): string {
  const written = JSON.stringify(value) ?? String(value);
  return written.length <= 80 ? written : `${written.slice(0, 79)}…`;
}
