import { compareDecimals, decimalOf, type Decimal } from '../figures/decimal.ts';

/** What a value has to be: says each fault as `place: value what is wrong`, and nothing where all is well. */
export type JsonRule = (value: unknown, place: string) => string[];

/** A number of a JSON file in the digits in which the file writes it. */
export class WrittenNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** One fault: where, which value (at most 80 characters of it), what is wrong. */
export function faultAt(place: string, value: unknown, what: string): string {
  const text = value instanceof WrittenNumber ? value.text : (JSON.stringify(value) ?? 'nothing');
  return `${place}: ${text.length > 80 ? `${text.slice(0, 79)}…` : text} ${what}`;
}

/** A text; with a pattern or a list, one of those; `what` says what it is not. Empty is a fault unless the pattern takes it. */
export function text(allowed?: RegExp | readonly string[], what = 'is not what may stand here'): JsonRule {
  return (value, place) => {
    if (typeof value !== 'string') return [faultAt(place, value, 'is not a text')];
    if (allowed === undefined) return value.trim() === '' ? [faultAt(place, value, 'is empty')] : [];
    const fits = allowed instanceof RegExp ? allowed.test(value) : allowed.includes(value);
    return fits ? [] : [faultAt(place, value, what)];
  };
}

/** Bounds of a decimal, both within. */
export interface Bounds {
  least?: string;
  most?: string;
}

/** A decimal written as a text, without exponent. */
export function decimalText(bounds: Bounds = {}): JsonRule {
  return (value, place) =>
    typeof value === 'string'
      ? boundFaults(value, value, place, bounds)
      : [faultAt(place, value, 'is not a decimal written as a text')];
}

/** A number of a file that was read by `readWrittenNumbers`, without exponent. */
export function writtenDecimal(bounds: Bounds = {}): JsonRule {
  return (value, place) =>
    value instanceof WrittenNumber
      ? boundFaults(value.text, value, place, bounds)
      : [faultAt(place, value, 'is not a number')];
}

function boundFaults(text: string, value: unknown, place: string, { least, most }: Bounds): string[] {
  let number: Decimal;
  try {
    number = decimalOf(text);
  } catch {
    return [faultAt(place, value, 'is not a decimal without exponent')];
  }
  if (least !== undefined && compareDecimals(number, decimalOf(least)) < 0)
    return [faultAt(place, value, `is less than ${least}`)];
  if (most !== undefined && compareDecimals(number, decimalOf(most)) > 0)
    return [faultAt(place, value, `is more than ${most}`)];
  return [];
}

/** True or false. */
export const flag: JsonRule = (value, place) =>
  typeof value === 'boolean' ? [] : [faultAt(place, value, 'is neither true nor false')];

/** A list; `atLeast` so many items, no two the same unless `mayRepeat`. */
export function list(
  item: JsonRule,
  {
    atLeast = 1,
    atMost = Number.POSITIVE_INFINITY,
    mayRepeat = false,
  }: { atLeast?: number; atMost?: number; mayRepeat?: boolean } = {},
): JsonRule {
  return (value, place) => {
    if (!Array.isArray(value)) return [faultAt(place, value, 'is not a list')];
    // Of one that is too long nobody looks at what is in it.
    if (value.length > atMost) return [`${place}: has more than ${atMost}`];
    const faults = value.flatMap((one, at) => item(one, `${place}[${at}]`));
    if (value.length < atLeast) faults.push(faultAt(place, value, `has fewer than ${atLeast}`));
    if (!mayRepeat && new Set(value.map((one) => JSON.stringify(one))).size < value.length)
      faults.push(faultAt(place, value, 'says one thing twice'));
    return faults;
  };
}

/** A list of exactly one, as formats have it that make groups of everything. */
export function onlyOne(item: JsonRule): JsonRule {
  const rule = list(item);
  return (value, place) =>
    Array.isArray(value) && value.length > 1
      ? [faultAt(place, value, 'has more than one')]
      : rule(value, place);
}

type Fields = Readonly<Record<string, JsonRule>>;

/** An object with these fields, and no field that is not named here. */
export function object(required: Fields, optional: Fields = {}): JsonRule {
  return fieldsOf(required, optional, (inner, at) => [faultAt(at, inner, 'is no field of this format')]);
}

/** An object of others' making: with these fields, and whatever else they put there. */
export function openObject(required: Fields, optional: Fields = {}): JsonRule {
  return fieldsOf(required, optional, () => []);
}

function fieldsOf(required: Fields, optional: Fields, otherField: JsonRule): JsonRule {
  const rules = new Map([...Object.entries(required), ...Object.entries(optional)]);
  return (value, place) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return [faultAt(place, value, 'is not an object')];
    const fields = new Map(Object.entries(value));
    const missing = Object.keys(required).filter((name) => !fields.has(name));
    return [
      ...missing.map((name) => `${place}: nothing stands in ${name}`),
      ...[...fields].flatMap(([name, inner]) =>
        (rules.get(name) ?? otherField)(inner, place === '' ? name : `${place}.${name}`),
      ),
    ];
  };
}

/** Several rules for one value; the later ones are asked only when the first finds nothing. */
export function also(first: JsonRule, ...then: JsonRule[]): JsonRule {
  return (value, place) => {
    const faults = first(value, place);
    return faults.length > 0 ? faults : then.flatMap((rule) => rule(value, place));
  };
}

/** A time as records write it or with an offset: date, `T`, time with seconds, `Z` or `+07:00`. */
export const dateTime: JsonRule = (value, place) =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(value) &&
  !Number.isNaN(Date.parse(value))
    ? []
    : [faultAt(place, value, 'is not a time such as 2026-06-01T00:00:00Z')];

/** A UUID of any version. */
export const uuid: JsonRule = text(
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  'is not a UUID',
);

/** A URN: `urn:`, a namespace of 2 to 32 letters, digits and hyphens, and what it names. */
export const urn: JsonRule = text(/^urn:[a-z0-9][a-z0-9-]{0,31}:[^\s"<>\\^`{|}]+$/i, 'is not a URN');
