import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validateXML } from 'xmllint-wasm';
import { KINDS, type DataSetKind } from '../../../../../collector/footprint/exports/ilcd/data-set.ts';
import { sharedFile } from '../../../../support/shared-files.ts';

const FOLDER = sharedFile('schemas/ilcd-xsd');
/** Whether ILCD's own schema files are at hand: they are no part of this repository. */
export const HAS_ILCD_SCHEMAS = existsSync(FOLDER);

/** What ILCD's XSD of a kind says against XML texts; empty where they are valid. */
export async function schemaFaults(
  kind: DataSetKind,
  files: { path: string; text: string }[],
): Promise<string[]> {
  const schema = KINDS[kind].schema;
  const others = [...readdirSync(FOLDER), 'ext/xml.xsd'].filter(
    (name) => name.endsWith('.xsd') && name !== schema,
  );
  const { errors } = await validateXML({
    xml: files.map(({ path, text }) => ({ fileName: path.replaceAll('/', '_'), contents: text })),
    schema: [{ fileName: schema, contents: readSchema(schema) }],
    preload: others.map((name) => ({ fileName: name.replace('ext/', ''), contents: readSchema(name) })),
  });
  return errors.map(({ rawMessage }) => rawMessage);
}

/** The one import from the network is turned to the file beside. */
const readSchema = (name: string) =>
  readFileSync(join(FOLDER, name), 'utf8').replaceAll('http://www.w3.org/2001/xml.xsd', 'xml.xsd');
