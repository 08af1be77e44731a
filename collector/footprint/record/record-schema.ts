import { FOOTPRINT_FORMAT } from './footprint-record.ts';
import { RECORD_SHAPE } from './record-shape.ts';
import { requiredKeys, type Shape, type ShapeNode, type TextForm } from './shape.ts';

/** Name of the published JSON Schema of the record. */
export const RECORD_SCHEMA_ID = 'urn:millwatt:footprint-record:1:schema';
/** Name of the published JSON-LD context of the record. */
export const RECORD_CONTEXT_ID = 'urn:millwatt:footprint-record:1:context';

type Schema = Readonly<Record<string, unknown>>;

/**
 * The record's published JSON Schema (2020-12), written from the declaration that records are checked by. Keys that it does
 * not name are refused; `@context` alone may stand beside them, so that a record can carry its JSON-LD context.
 */
export function recordSchema(): Schema {
  const forms = new Map<string, TextForm>();
  const root = schemaOf(RECORD_SHAPE, forms) as { properties: Schema };
  const definitions = [...forms.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: RECORD_SCHEMA_ID,
    title: `Footprint record, ${FOOTPRINT_FORMAT}`,
    description:
      'What a machine, line, model, job or part took over a period and what that means for the climate. Numbers are decimal texts; null is not known, never 0.',
    ...root,
    properties: {
      '@context': { description: `The JSON-LD context, whole or by its address (${RECORD_CONTEXT_ID}).` },
      ...root.properties,
    },
    $defs: Object.fromEntries(
      definitions.map(({ name, pattern, description }) => [name, { type: 'string', pattern, description }]),
    ),
  };
}

function schemaOf(shape: Shape<never> | ShapeNode, forms: Map<string, TextForm>): Schema {
  const note = shape.note === undefined ? {} : { description: shape.note };
  const inner = (one: ShapeNode) => schemaOf(one, forms);
  switch (shape.kind) {
    case 'text':
      if (shape.form === null) return { type: 'string', ...note };
      forms.set(shape.form.name, shape.form);
      return { $ref: `#/$defs/${shape.form.name}`, ...note };
    case 'choice':
      return { enum: shape.values, ...note };
    case 'truth':
      return { type: 'boolean', ...note };
    case 'whole':
      return { type: 'integer', minimum: shape.least, maximum: shape.most, ...note };
    case 'maybe':
      return { anyOf: [inner(shape.inner), { type: 'null' }], ...note };
    case 'optional':
      return { ...inner(shape.inner), ...note };
    case 'list':
      return {
        type: 'array',
        ...note,
        ...(shape.least > 0 ? { minItems: shape.least } : {}),
        items: inner(shape.inner),
      };
    case 'table':
      if (shape.keys === null) return { type: 'object', ...note, additionalProperties: inner(shape.inner) };
      return objectSchema(
        note,
        shape.keys.map((key) => [key, inner(shape.inner)]),
        shape.isPartial ? [] : shape.keys,
      );
    case 'object':
      return objectSchema(
        note,
        Object.entries(shape.members).map(([key, member]) => [key, inner(member)]),
        requiredKeys(shape.members),
      );
  }
}

function objectSchema(note: Schema, properties: [string, Schema][], required: readonly string[]): Schema {
  return {
    type: 'object',
    ...note,
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
    properties: Object.fromEntries(properties),
  };
}
