import { FORBIDDEN, SEMANTICS, type Term } from './aas-terms.ts';

/** Part of a submodel, as the JSON of the Asset Administration Shell 3.0 writes it. */
export type AasElement = Readonly<Record<string, unknown>>;

type Meaning = keyof typeof SEMANTICS;

/** Longest text of a description, in UTF-16 units. */
const DESCRIPTION_CHARACTERS = 1023;

/** What an element means. */
export function meaning(of: Meaning): object {
  return externalReference(SEMANTICS[of]);
}

/** A reference to something that is defined elsewhere. */
export function externalReference(value: string): object {
  return { type: 'ExternalReference', keys: [{ type: 'GlobalReference', value }] };
}

/** A property; within a list it has no name. */
export function property(
  idShort: string | null,
  of: Meaning,
  valueType: string,
  { value, id }: Term,
): AasElement {
  return {
    modelType: 'Property',
    ...(idShort !== null && { idShort }),
    semanticId: meaning(of),
    valueType,
    value: serializable(value),
    ...(id !== null && { valueId: externalReference(id) }),
  };
}

/** A collection; within a list it has no name. */
export function collection(
  idShort: string | null,
  of: Meaning,
  value: AasElement[],
  description?: object[],
): AasElement {
  return {
    modelType: 'SubmodelElementCollection',
    ...(idShort !== null && { idShort }),
    semanticId: meaning(of),
    ...(description !== undefined && { description }),
    value,
  };
}

/** A list of collections, or of properties that are texts. */
export function elementList(idShort: Meaning, item: Meaning, value: AasElement[]): AasElement {
  const ofTexts = value[0]?.['modelType'] === 'Property';
  return {
    modelType: 'SubmodelElementList',
    idShort,
    semanticId: meaning(idShort),
    orderRelevant: true,
    semanticIdListElement: meaning(item),
    typeValueListElement: ofTexts ? 'Property' : 'SubmodelElementCollection',
    ...(ofTexts && { valueTypeListElement: 'xs:string' }),
    value,
  };
}

/** A description in English, cut where the format allows no more. */
export function englishText(words: string): object[] {
  const text = serializable(words);
  if (text.length <= DESCRIPTION_CHARACTERS) return [{ language: 'en', text }];
  const cut = text.slice(0, DESCRIPTION_CHARACTERS - 1);
  return [{ language: 'en', text: `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…` }];
}

/** A text in which what the standard forbids is marked as unreadable. */
function serializable(text: string): string {
  return text.replaceAll(FORBIDDEN, '\uFFFD');
}
