import type { ExportFormat } from '../../../../collector/exports/export-formats.ts';
import type { ExportFile } from '../../../../collector/footprint/exports/export-file.ts';
import { KINDS, type DataSetKind } from '../../../../collector/footprint/exports/ilcd/data-set.ts';
import { aasCoreFaults } from './aas/aas-core.ts';
import { catenaXSchemaFaults, hasCatenaXSchema } from './catena-x/catena-x-schema.ts';
import { HAS_ILCD_SCHEMAS, schemaFaults } from './ilcd/ilcd-schemas.ts';
import { HAS_OLCA_CLASSES, openOlcaClasses } from './openlca/olca-classes.ts';
import { hasPactSchema, pactSchemaFaults } from './pact/pact-schema.ts';
import { HAS_TIDAS_SCHEMAS, tidasValidators } from './tidas/tidas-schemas.ts';

/**
 * What those who made a format say against files of it: their schemas, where these are at hand, and the reference library of the
 * AAS. Undefined where nobody is here to ask.
 */
export async function foreignFaults(
  format: ExportFormat,
  files: readonly ExportFile[],
): Promise<string[] | undefined> {
  const [first] = files;
  const json = (): unknown => JSON.parse(String(first?.content));
  if (format === 'pact' && hasPactSchema) return pactSchemaFaults('ProductFootprint', json());
  if (format === 'catena-x' && hasCatenaXSchema) return catenaXSchemaFaults(json());
  if (format === 'aas') return aasCoreFaults(json());
  if (format === 'openlca' && HAS_OLCA_CLASSES) return openOlcaClasses()(files);
  if (format === 'tidas' && HAS_TIDAS_SCHEMAS) {
    const validatorOf = tidasValidators();
    return files.flatMap(({ path, content }) => {
      const validate = validatorOf(kindOf(path));
      return validate(JSON.parse(String(content))) ? [] : [`${path} ${JSON.stringify(validate.errors)}`];
    });
  }
  if (format === 'ilcd' && HAS_ILCD_SCHEMAS) {
    const byKind = Map.groupBy(
      files.filter(({ path }) => kindOf(path) in KINDS),
      ({ path }) => kindOf(path),
    );
    const faults = [...byKind].map(([kind, list]) =>
      schemaFaults(
        kind,
        list.map(({ path, content }) => ({ path, text: String(content) })),
      ),
    );
    return (await Promise.all(faults)).flat();
  }
  return undefined;
}

const kindOf = (path: string) => path.split('/').at(-2) as DataSetKind;
