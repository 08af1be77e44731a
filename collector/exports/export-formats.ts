import type { Readable } from 'node:stream';
import type { ExportFile } from '../footprint/exports/export-file.ts';
import type { FootprintRecord } from '../footprint/record/footprint-record.ts';
import { fingerprint } from '../../protocols/evidence/keys.ts';
import { uuidOf } from '../../protocols/evidence/uuid5.ts';

/** Formats in which a record is exported, and how each is called by people. */
export const EXPORT_FORMATS = {
  json: 'the footprint record itself',
  csv: 'the footprint record, a row a figure',
  parquet: 'the machine-hours that the record is made of',
  openlca: 'openLCA JSON-LD package',
  pact: 'PACT 3 ProductFootprint',
  ilcd: 'ILCD 1.1 package',
  tidas: 'TIDAS package',
  'catena-x': 'Catena-X PCF 9.0.0',
  aas: 'Asset Administration Shell, Carbon Footprint',
  brightway: 'CSV for Brightway',
  html: 'the report for people',
} as const;
/** One of them. */
export type ExportFormat = keyof typeof EXPORT_FORMATS;

/** How the one file of a format ends. */
export const ENDINGS: Readonly<Record<ExportFormat, string>> = {
  json: 'json',
  csv: 'csv',
  parquet: 'parquet',
  openlca: 'openlca.zip',
  pact: 'pact.json',
  ilcd: 'ilcd.zip',
  tidas: 'tidas.zip',
  'catena-x': 'catena-x.json',
  aas: 'aas.json',
  brightway: 'brightway.csv',
  html: 'html',
};

/** A record in a format, with what its own check says; only that format's code is loaded. */
export interface WrittenExport {
  files: ExportFile[];
  /** Each names file, place and value; empty where all is well. */
  faults: string[];
  isZip: boolean;
}

/** Writes a record in a format of footprints and checks what was written. Throws errors of class `refuse` as the format does. */
export async function writeExport(
  format: Exclude<ExportFormat, 'parquet'>,
  record: FootprintRecord,
): Promise<WrittenExport> {
  const ports = { uuidOf };
  const done = (files: ExportFile[], check: (files: ExportFile[]) => string[], isZip = false) => ({
    files,
    faults: check(files),
    isZip,
  });
  switch (format) {
    case 'html': {
      const { writeHtml } = await import('../footprint/exports/html/write-html.ts');
      const { checkHtml } = await import('../footprint/exports/html/check-html.ts');
      const page = { fingerprintOf: fingerprint };
      return done(writeHtml(record, page), (files) => checkHtml(files, record, page));
    }
    case 'json': {
      const { checkRecord } = await import('../footprint/record/check-record.ts');
      const content = `${JSON.stringify(record, null, 2)}\n`;
      return done([{ path: `${record.id}.json`, content }], () => checkRecord(JSON.parse(content)));
    }
    case 'csv': {
      const csv = await import('../footprint/exports/csv/record-csv.ts');
      return done(csv.writeRecordCsv(record), (files) => csv.checkRecordCsv(files, record));
    }
    case 'openlca': {
      const { writeOpenlca } = await import('../footprint/exports/openlca/write-openlca.ts');
      const { checkOpenlca } = await import('../footprint/exports/openlca/check-openlca.ts');
      return done(writeOpenlca(record, ports), checkOpenlca, true);
    }
    case 'pact': {
      const { writePact } = await import('../footprint/exports/pact/write-pact.ts');
      const { checkPact } = await import('../footprint/exports/pact/check-pact.ts');
      return done(writePact(record, ports), checkPact);
    }
    case 'ilcd': {
      const { writeIlcd } = await import('../footprint/exports/ilcd/write-ilcd.ts');
      const { checkIlcd } = await import('../footprint/exports/ilcd/check-ilcd.ts');
      return done(writeIlcd(record, ports), checkIlcd, true);
    }
    case 'tidas': {
      const { writeTidas } = await import('../footprint/exports/tidas/write-tidas.ts');
      const { checkTidas } = await import('../footprint/exports/tidas/check-tidas.ts');
      return done(writeTidas(record, ports), checkTidas, true);
    }
    case 'catena-x': {
      const { writeCatenaX } = await import('../footprint/exports/catena-x/write-catena-x.ts');
      const { checkCatenaX } = await import('../footprint/exports/catena-x/check-catena-x.ts');
      return done(writeCatenaX(record, ports), checkCatenaX);
    }
    case 'aas': {
      const { writeAas } = await import('../footprint/exports/aas/write-aas.ts');
      const { checkAas } = await import('../footprint/exports/aas/check-aas.ts');
      return done(writeAas(record, ports), checkAas);
    }
    case 'brightway': {
      const brightway = await import('../footprint/exports/brightway/write-brightway.ts');
      const { checkBrightway } = await import('../footprint/exports/brightway/check-brightway.ts');
      const { inventoryOf } = await import('../footprint/exports/inventory.ts');
      // Without emissions nobody supplies the electricity until the practitioner names somebody.
      const unlinked = record.emissions.length === 0 ? [inventoryOf(record).electricity.productName] : [];
      return done(brightway.writeBrightway(record, ports), (files) => checkBrightway(files, { unlinked }));
    }
  }
}

/** The bytes of an export: its one file, or all of them in a zip. */
export async function bytesOf({ files, isZip }: WrittenExport): Promise<Readable | string | Uint8Array> {
  if (!isZip) return files[0]?.content ?? '';
  const { zipOf } = await import('./zip-file.ts');
  return zipOf(files);
}
