import { existsSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import { sharedFile } from '../../../../support/shared-files.ts';

const OPENAPI = sharedFile('schemas/pact/pact-openapi-3.0.4.yaml');

/** Whether the schema file of PACT is there to be checked against. */
export const hasPactSchema = existsSync(OPENAPI);

/** The faults that PACT's own schema finds in a value; `name` as its components call it. */
export function pactSchemaFaults(name: string, value: unknown): string[] {
  const validate = compiled.get(name) ?? compile(name);
  compiled.set(name, validate);
  return validate(value)
    ? []
    : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

const compiled = new Map<string, ReturnType<Ajv2020['compile']>>();
let ajv: Ajv2020 | undefined;

function compile(name: string): ReturnType<Ajv2020['compile']> {
  ajv ??= makeAjv();
  return ajv.compile({ $ref: `pact#/components/schemas/${name}` });
}

function makeAjv(): Ajv2020 {
  const made = new Ajv2020({ strict: false, allErrors: true });
  formats.default(made);
  made.addFormat('decimal', /^[+-]?\d+(\.\d+)?$/);
  made.addFormat('urn', /^urn:[a-z0-9][a-z0-9-]{0,31}:[a-z0-9()+,\-.:=@;$_!*'%/?#]+$/i);
  made.addSchema({ ...(parse(readFileSync(OPENAPI, 'utf8')) as object), $id: 'pact' });
  return made;
}
