import { RECORD_SHAPE } from './record-shape.ts';
import type { Shape, ShapeNode } from './shape.ts';

/** Begin of every name of the record's vocabulary: key `energyKwh` is `urn:millwatt:footprint-record:1#energyKwh`. */
export const RECORD_VOCABULARY = 'urn:millwatt:footprint-record:1#';

/** JSON-LD types of texts that are not just words, by the name of their form. */
const TYPES: Readonly<Record<string, string>> = {
  decimal: 'xsd:decimal',
  amount: 'xsd:decimal',
  figure: 'xsd:decimal',
  balance: 'xsd:decimal',
  percent: 'xsd:decimal',
  count: 'xsd:integer',
  instant: 'xsd:dateTime',
  urn: '@id',
};
/** Keys of the record itself that a vocabulary everybody knows has a name for. */
const KNOWN: Readonly<Record<string, string>> = { id: 'dcterms:identifier', issued: 'dcterms:issued' };

type Term = Readonly<Record<string, unknown>>;

/**
 * The record's published JSON-LD 1.1 context, written from the declaration that records are checked by. Every key has its
 * meaning from where it stands (`from` of a period is a time, `from` of a sensitivity a number), decimals are xsd:decimal,
 * lists keep their order. A null, not known, is no statement at all.
 */
export function recordContext(): Term {
  const { '@context': terms } = scopeOf(RECORD_SHAPE, KNOWN) as { '@context': Term };
  return {
    '@context': {
      '@version': 1.1,
      mw: RECORD_VOCABULARY,
      dcterms: 'http://purl.org/dc/terms/',
      xsd: 'http://www.w3.org/2001/XMLSchema#',
      ...terms,
    },
  };
}

/** What a term says about its value, apart from its name. */
function scopeOf(shape: Shape<never> | ShapeNode, known: Readonly<Record<string, string>> = {}): Term {
  switch (shape.kind) {
    case 'text': {
      const type = shape.form === null ? undefined : TYPES[shape.form.name];
      return type === undefined ? {} : { '@type': type };
    }
    case 'choice':
    case 'truth':
    case 'whole':
      return {};
    case 'maybe':
    case 'optional':
      return scopeOf(shape.inner);
    case 'list':
      return { '@container': '@list', ...scopeOf(shape.inner) };
    case 'table':
      if (shape.keys !== null) return scope(shape.keys.map((key) => [key, shape.inner]));
      // Names that a site gave are data and no vocabulary: nodes carry theirs, plain values stay JSON.
      return shape.inner.kind === 'object'
        ? { '@container': '@index', '@index': 'mw:name', ...scopeOf(shape.inner) }
        : { '@type': '@json' };
    case 'object':
      return scope(Object.entries(shape.members), known);
  }
}

function scope(
  members: readonly (readonly [string, ShapeNode])[],
  known: Readonly<Record<string, string>> = {},
): Term {
  return {
    '@context': Object.fromEntries(
      members.map(([key, inner]) => [key, { '@id': known[key] ?? `mw:${key}`, ...scopeOf(inner) }]),
    ),
  };
}
