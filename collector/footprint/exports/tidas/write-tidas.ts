import type { FootprintRecord } from '../../record/footprint-record.ts';
import type { ExportFile } from '../export-file.ts';
import { dataSetsOf } from '../ilcd/data-sets.ts';
import type { IlcdPorts } from '../ilcd/supply-data-sets.ts';
import { writeTidasJson } from './tidas-json.ts';

/**
 * A record as a package of TIDAS (`zipOf` packs it): the same data sets as ILCD's package as JSON, a folder a kind. Throws
 * errors of class `refuse` (codes `no-figure-per-unit`, `unknown-zone`).
 */
export function writeTidas(record: FootprintRecord, ports: IlcdPorts): ExportFile[] {
  return dataSetsOf(record, ports)
    .map((dataSet) => ({ path: `${dataSet.kind}/${dataSet.id}.json`, content: writeTidasJson(dataSet) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
