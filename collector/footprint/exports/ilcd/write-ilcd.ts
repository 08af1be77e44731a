import type { FootprintRecord } from '../../record/footprint-record.ts';
import type { ExportFile } from '../export-file.ts';
import { dataSetsOf } from './data-sets.ts';
import type { IlcdPorts } from './supply-data-sets.ts';
import { writeXml } from './xml-writer.ts';

/**
 * A record as a package of ILCD 1.1 (`zipOf` packs it): the data sets of `dataSetsOf` as XML, below `ILCD/` as the
 * servers of that format expect, every reference among them. Throws errors of class `refuse` (codes `no-figure-per-unit`,
 * `unknown-zone`).
 */
export function writeIlcd(record: FootprintRecord, ports: IlcdPorts): ExportFile[] {
  return dataSetsOf(record, ports)
    .map((dataSet) => ({ path: `ILCD/${dataSet.kind}/${dataSet.id}.xml`, content: writeXml(dataSet) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
