import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import type { DataSetKind } from '../../../../../collector/footprint/exports/ilcd/data-set.ts';
import { sharedFile } from '../../../../support/shared-files.ts';

const FOLDER = sharedFile('schemas/tidas');
/** Whether TIDAS' own schema files are at hand: they are no part of this repository. */
export const HAS_TIDAS_SCHEMAS = existsSync(FOLDER);

/** Validators by kind of data set. The list of product categories is not among the files: any category passes. */
export function tidasValidators(): (kind: DataSetKind) => ValidateFunction {
  // Draft 7 as TIDAS writes it has lists of item schemas without length, and conditions without types.
  const ajv = new Ajv({ strict: false, inlineRefs: false, code: { optimize: false } });
  formats.default(ajv);
  ajv.addFormat('cas-number', true);
  for (const name of readdirSync(FOLDER).filter((entry) => entry.endsWith('.json')))
    ajv.addSchema(JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as object, name);
  ajv.addSchema({ $schema: 'http://json-schema.org/draft-07/schema#' }, 'tidas_flows_product_category.json');
  return (kind) => ajv.getSchema(`tidas_${kind}.json`) ?? ajv.compile({ $ref: `tidas_${kind}.json` });
}
