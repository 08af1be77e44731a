import type { ExportFormat } from '../../../../collector/exports/export-formats.ts';
import type { ExportFile } from '../../../../collector/footprint/exports/export-file.ts';
import { KINDS, type DataSetKind } from '../../../../collector/footprint/exports/ilcd/data-set.ts';
import { aasCoreFaults } from './aas/aas-core.ts';
import { catenaXSchemaFaults, hasCatenaXSchema } from './catena-x/catena-x-schema.ts';
import { HAS_ILCD_SCHEMAS, schemaFaults } from './ilcd/ilcd-schemas.ts';
import { HAS_OLCA_CLASSES, openOlcaClasses } from './openlca/olca-classes.ts';
import { hasPactSchema, pactSchemaFaults } from './pact/pact-schema.ts';
import { HAS_TIDAS_SCHEMAS, tidasValidators } from './tidas/tidas-schemas.ts';

/** What those who made a format say against the files of one export. */
export interface ForeignJudge {
  /** Whether their schemas are at hand; the reference library of the AAS is a package of the tests. */
  isHere: boolean;
  faults: (files: readonly ExportFile[]) => string[] | Promise<string[]>;
}

/** The formats that others made a schema, or a library that reads them, for. Of CSV, JSON and Brightway's CSV there is none. */
export const FOREIGN_JUDGES = {
  pact: { isHere: hasPactSchema, faults: (files) => pactSchemaFaults('ProductFootprint', jsonOf(files)) },
  'catena-x': { isHere: hasCatenaXSchema, faults: (files) => catenaXSchemaFaults(jsonOf(files)) },
  aas: { isHere: true, faults: (files) => aasCoreFaults(jsonOf(files)) },
  openlca: { isHere: HAS_OLCA_CLASSES, faults: (files) => openOlcaClasses()(files) },
  tidas: { isHere: HAS_TIDAS_SCHEMAS, faults: tidasFaults },
  ilcd: { isHere: HAS_ILCD_SCHEMAS, faults: ilcdFaults },
} satisfies Partial<Record<ExportFormat, ForeignJudge>>;

/** A format that has a judge. */
export type JudgedFormat = keyof typeof FOREIGN_JUDGES;

/** What the judge of a format says, where it has one that is here: `sharedFile` says so where it is not. */
export async function foreignFaults(format: ExportFormat, files: readonly ExportFile[]): Promise<string[]> {
  const judges: Partial<Record<ExportFormat, ForeignJudge>> = FOREIGN_JUDGES;
  const judge = judges[format];
  return judge?.isHere === true ? judge.faults(files) : [];
}

function tidasFaults(files: readonly ExportFile[]): string[] {
  const validatorOf = tidasValidators();
  return files.flatMap(({ path, content }) => {
    const validate = validatorOf(kindOf(path));
    return validate(JSON.parse(String(content))) ? [] : [`${path} ${JSON.stringify(validate.errors)}`];
  });
}

async function ilcdFaults(files: readonly ExportFile[]): Promise<string[]> {
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

const jsonOf = ([first]: readonly ExportFile[]): unknown => JSON.parse(String(first?.content));
const kindOf = (path: string) => path.split('/').at(-2) as DataSetKind;
