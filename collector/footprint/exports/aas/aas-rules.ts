import { also, faultAt, list, object, onlyOne, text, type JsonRule } from '../json-rule.ts';
import { SEMANTICS, type Term } from './aas-terms.ts';

type Meaning = keyof typeof SEMANTICS;

/** One of these texts. */
export const exactly = (...values: string[]) => text(values, `is not ${values.join(' or ')}`);
/** A description in English. */
export const description: JsonRule = onlyOne(
  object({ language: exactly('en'), text: text(/^[^]{1,1023}$/, 'is empty or too long') }),
);

const external = (...ids: string[]) =>
  object({
    type: exactly('ExternalReference'),
    keys: onlyOne(object({ type: exactly('GlobalReference'), value: exactly(...ids) })),
  });
/** A reference to what an element means. */
export const means = (of: Meaning) => external(SEMANTICS[of]);

/** A property whose value is one of a dictionary's, and named as the dictionary names it. */
export function term(of: Meaning, terms: readonly Term[], idShort?: string): JsonRule {
  const ids = terms.flatMap(({ id }) => (id === null ? [] : [id]));
  return also(
    object(
      {
        modelType: exactly('Property'),
        ...(idShort !== undefined && { idShort: exactly(idShort) }),
        semanticId: means(of),
        valueType: exactly('xs:string'),
        value: exactly(...terms.map(({ value }) => value)),
      },
      { valueId: external(...ids) },
    ),
    (value, place) => {
      const element = value as { value: string; valueId?: { keys: { value: string }[] } };
      const id = element.valueId?.keys[0]?.value ?? null;
      return terms.some((one) => one.value === element.value && one.id === id)
        ? []
        : [faultAt(`${place}.valueId`, id, `is not what the dictionary calls ${element.value}`)];
    },
  );
}

/** A property with a name. */
export function property(idShort: string, of: Meaning, valueType: string, value: JsonRule): JsonRule {
  return object({
    modelType: exactly('Property'),
    idShort: exactly(idShort),
    semanticId: means(of),
    valueType: exactly(valueType),
    value,
  });
}

/** A list of elements that mean the same. */
export function elements(idShort: Meaning, item: Meaning, each: JsonRule, ofTexts = false): JsonRule {
  return object({
    modelType: exactly('SubmodelElementList'),
    idShort: exactly(idShort),
    semanticId: means(idShort),
    orderRelevant: (value, place) => (value === true ? [] : [faultAt(place, value, 'is not true')]),
    semanticIdListElement: means(item),
    typeValueListElement: exactly(ofTexts ? 'Property' : 'SubmodelElementCollection'),
    ...(ofTexts && { valueTypeListElement: exactly('xs:string') }),
    value: list(each),
  });
}

/** A collection with these members in any order, each once, and no others. */
export function collection(
  of: Meaning,
  members: Readonly<Record<string, JsonRule>>,
  isNamed: boolean,
): JsonRule {
  return object(
    {
      modelType: exactly('SubmodelElementCollection'),
      ...(isNamed && { idShort: exactly(of) }),
      semanticId: means(of),
      value: named(members),
    },
    { description },
  );
}

/** A list of elements with names: these, each once, and no others. */
export function named(
  required: Readonly<Record<string, JsonRule>>,
  optional: Readonly<Record<string, JsonRule>> = {},
): JsonRule {
  return also(list(namedElement), (value, place) => {
    const items = value as { idShort: string }[];
    const names = items.map(({ idShort }) => idShort);
    if (new Set(names).size < names.length) return [faultAt(place, names, 'has one name twice')];
    return object(required, optional)(Object.fromEntries(items.map((item) => [item.idShort, item])), place);
  });
}

const namedElement: JsonRule = (value, place) =>
  typeof value === 'object' && value !== null && 'idShort' in value && typeof value.idShort === 'string'
    ? []
    : [faultAt(place, value, 'is no element with an idShort')];
