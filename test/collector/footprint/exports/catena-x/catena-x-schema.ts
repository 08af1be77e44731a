import { existsSync, readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { sharedFile } from '../../../../support/shared-files.ts';

const SCHEMA = sharedFile('schemas/catena-x/Pcf-9.0.0-schema.json');

/** Whether the schema file of Catena-X is there to be checked against. */
export const hasCatenaXSchema = existsSync(SCHEMA);

/** The faults that the schema of Catena-X finds in a value. */
export function catenaXSchemaFaults(value: unknown): string[] {
  validate ??= compile();
  return validate(value)
    ? []
    : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

let validate: ValidateFunction | undefined;

function compile(): ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  const { $schema: _draft4, ...schema } = JSON.parse(readFileSync(SCHEMA, 'utf8'), asDraft6) as Record<
    string,
    unknown
  >;
  return ajv.compile(schema);
}

/** Bounds of draft 4, `minimum` with `exclusiveMinimum: true`, as later drafts write them. */
function asDraft6(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { exclusiveMinimum, exclusiveMaximum, ...rest } = value as Record<string, unknown>;
  if (typeof exclusiveMinimum !== 'boolean' && typeof exclusiveMaximum !== 'boolean') return value;
  const { minimum, maximum, ...others } = rest;
  return {
    ...others,
    ...(minimum !== undefined && { [exclusiveMinimum === true ? 'exclusiveMinimum' : 'minimum']: minimum }),
    ...(maximum !== undefined && { [exclusiveMaximum === true ? 'exclusiveMaximum' : 'maximum']: maximum }),
  };
}
