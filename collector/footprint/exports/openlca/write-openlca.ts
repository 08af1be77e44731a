import type { FootprintRecord } from '../../record/footprint-record.ts';
import type { ExportFile } from '../export-file.ts';
import { inventoryOf } from '../inventory.ts';
import { meteredPedigree } from '../pedigree.ts';
import { completenessWords, emissionWords, viewWords } from '../record-words.ts';
import { processDocumentation } from './documentation.ts';
import { entity, FOLDERS, refTo, type RootEntity } from './entity.ts';
import { locationOf } from './locations.ts';
import { pedigreeSystem } from './pedigree.ts';
import { DURATION, ENERGY, ITEMS, MASS, productFlow, type Quantity } from './reference-data.ts';
import { companyActor, evidenceSource, nameInCompany } from './sources.ts';
import {
  declaredSupply,
  electricitySupply,
  head,
  inventoryOfProcess,
  ratedBy,
  type Frame,
  type Supply,
} from './suppliers.ts';

/** What the writer needs from outside. */
export interface OpenlcaPorts {
  /** UUID of a name, the same each time. */
  uuidOf: (name: string) => string;
}

/** What functional units are counted in. */
const UNITS: Readonly<
  Record<FootprintRecord['functionalUnit']['unit'], { measuredIn: Quantity; unit: string }>
> = {
  hour: { measuredIn: DURATION, unit: 'h' },
  piece: { measuredIn: ITEMS, unit: 'Item(s)' },
  kilogram: { measuredIn: MASS, unit: 'kg' },
};

/**
 * A record as a package of openLCA's JSON-LD (olca-schema 2; `zipOf` packs it): one process of a functional unit without
 * emissions of its own, whose electricity and declared parts come from processes of their own (results, linked by
 * defaultProvider). An importer that keeps the links gets the record's kg of CO2e; one that links the inputs to a
 * background database replaces them: nothing is there twice. CO2 equivalents are booked as fossil CO2, and biogenic uptake
 * of declared parts as CO2 taken from air.
 *
 * Ids are those of names: the same in every re-issue, with a higher version; products, electricity and company keep theirs
 * over all periods. Throws errors of class `refuse` (codes `no-figure-per-unit`, `too-many-digits`, `unknown-zone`).
 */
export function writeOpenlca(record: FootprintRecord, { uuidOf }: OpenlcaPorts): ExportFile[] {
  const inventory = inventoryOf(record);
  const frame: Frame = {
    record,
    inventory,
    uuidOf,
    company: companyActor(record, uuidOf),
    evidence: evidenceSource(record, inventory.processName, uuidOf),
    place: locationOf(record.issuer.region.country, uuidOf),
    quality: pedigreeSystem(uuidOf),
  };
  const supplies = [
    electricitySupply(frame),
    ...inventory.declared.map((part) => declaredSupply(frame, part)),
  ];
  const all = [
    ...meteredProcess(frame, supplies),
    ...supplies.flatMap(({ entities }) => entities),
    frame.company,
    frame.evidence,
    frame.place,
    frame.quality,
    ...[DURATION, ENERGY, ITEMS, MASS].flatMap(({ property, group }) => [property, group]),
  ];
  const files = new Map(all.map((root) => [`${FOLDERS[root['@type']]}/${root['@id']}.json`, root]));
  return [
    { path: 'openlca.json', content: jsonOf({ schemaVersion: 2 }) },
    ...[...files]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, root]) => ({ path, content: jsonOf(root) })),
  ];
}

/** The process of a functional unit and its product. */
function meteredProcess(frame: Frame, supplies: readonly Supply[]): RootEntity[] {
  const { record, inventory, uuidOf, company, evidence, place } = frame;
  const { subject, functionalUnit, view, completeness } = record;
  const { measuredIn, unit } = UNITS[functionalUnit.unit];
  const names = ['product', view, subject.kind, subject.id, functionalUnit.unit, functionalUnit.basis ?? ''];
  const product = productFlow(uuidOf(nameInCompany(record, names)), measuredIn, {
    name: inventory.productName,
    category: 'millwatt',
    description: functionalUnit.description,
    lastChange: record.issued,
  });
  const metered = entity('Process', record.id, {
    ...head(
      frame,
      inventory.processName,
      view === 'use-phase' ? 'millwatt/use phase' : 'millwatt/manufacturing',
    ),
    description: describe(record),
    tags: ['millwatt', 'measured', view, completeness.isPartial ? 'partial' : 'whole'],
    processType: 'UNIT_PROCESS',
    location: refTo(place),
    ...ratedBy(frame, meteredPedigree(record)),
    ...inventoryOfProcess([
      { amount: functionalUnit.amount, flow: product, measuredIn, unit, direction: 'reference' },
      ...supplies.map(({ input }) => input),
    ]),
    processDocumentation: processDocumentation(record, {
      company: refTo(company),
      evidence: refTo(evidence),
      sources: supplies.flatMap(({ sources }) => sources).map(refTo),
    }),
    otherProperties: { millwatt: digestOf(record) },
  });
  return [metered, product];
}

function describe(record: FootprintRecord): string {
  const { functionalUnit, activity, emissions, remarks } = record;
  return [
    `${functionalUnit.description}: ${activity.perUnitKwh} kWh of electricity.`,
    completenessWords(record),
    ...emissions.map((statement) => emissionWords(statement, functionalUnit.unit)),
    viewWords(record),
    ...remarks,
  ].join('\n');
}

/** What a verifier finds the record and its evidence by. openLCA keeps it with the process and shows it nowhere. */
function digestOf({
  format,
  id,
  version,
  view,
  completeness,
  evidence,
  issuer,
  period,
  upstream,
}: FootprintRecord): object {
  const { hours, algorithms, uncertaintyModel, configs, amendments, plan, factors, records, status } =
    evidence;
  return {
    format,
    id,
    version,
    view,
    isPartial: completeness.isPartial,
    period: { from: period.from, to: period.to },
    collector: issuer.collector,
    key: issuer.key,
    hours,
    algorithms,
    uncertaintyModel,
    configs,
    amendments,
    plan,
    factors: factors.map(({ id: row, sha256 }) => ({ id: row, sha256 })),
    precedingIds: upstream.flatMap(({ precedingId }) => (precedingId === null ? [] : [precedingId])),
    records,
    status,
  };
}

function jsonOf(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
