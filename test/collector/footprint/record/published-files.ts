import { join } from 'node:path';
import { printJson } from '../../../../config/json-schema.ts';
import { recordContext } from '../../../../collector/footprint/record/record-context.ts';
import { recordSchema } from '../../../../collector/footprint/record/record-schema.ts';

const FOLDER = join(import.meta.dirname, '../../../../config/schema');

/** What is published of the record, as it must stand in the files. */
export function publishedFiles(): { file: string; text: string }[] {
  return [
    { file: join(FOLDER, 'footprint-record.schema.json'), text: textOf(recordSchema()) },
    { file: join(FOLDER, 'footprint-record.context.jsonld'), text: textOf(recordContext()) },
  ];
}

const textOf = (value: unknown) => `${printJson(value, '', 0)}\n`;
