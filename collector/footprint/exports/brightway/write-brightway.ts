import type { DecimalText } from '../../figures/decimal.ts';
import { logNormalOf } from '../../figures/log-normal.ts';
import type { FootprintRecord } from '../../record/footprint-record.ts';
import type { ExportFile } from '../export-file.ts';
import { inventoryOf, type DeclaredPart, type ElectricitySupply } from '../inventory.ts';
import {
  factorPedigree,
  meteredPedigree,
  PEDIGREE_INDICATORS,
  pedigreeText,
  pedigreeVariance,
  type Pedigree,
} from '../pedigree.ts';
import {
  boundaryWords,
  completenessWords,
  coverageWords,
  emissionWords,
  factorsWords,
  meterWords,
  obtainedWords,
  qualityWords,
  sentences,
  subjectWords,
  supplyWords,
  uncertaintyWords,
  upstreamWords,
  viewWords,
} from '../record-words.ts';

/** What the writer needs from outside. */
export interface BrightwayPorts {
  /** UUID of a name, the same each time. */
  uuidOf: (name: string) => string;
}

/** Columns of each table of exchanges. */
const COLUMNS = [
  'name',
  'amount',
  'unit',
  'location',
  'reference product',
  'categories',
  'type',
  'uncertainty type',
  'loc',
  'scale',
  'comment',
] as const;
const UNITS = { hour: 'hour', piece: 'unit', kilogram: 'kilogram' } as const;
/** Brightway's number of the log-normal distribution. */
const LOG_NORMAL = '2';
/** Brightway's biosphere database has these flows; its importer matches by name, categories and unit. */
const CO2_TO_AIR = { name: 'Carbon dioxide, fossil', categories: 'air', unit: 'kilogram' };
const CO2_FROM_AIR = {
  name: 'Carbon dioxide, in air',
  categories: 'natural resource::in air',
  unit: 'kilogram',
};
const ONE = '1' as DecimalText;

type Cells = Partial<Record<(typeof COLUMNS)[number], string>>;

interface Activity {
  name: string;
  code: string;
  location: string;
  unit: string;
  product: string;
  comment: string;
  exchanges: Cells[];
}

/**
 * A record as CSV for Brightway's importer (bw2io `CSVImporter`): a database with the same processes as the openLCA
 * package, electricity in kilowatt hours as it was metered, and log-normal uncertainty, which Brightway does not take from
 * JSON-LD. Emissions are flows of Brightway's biosphere database. Electricity of a record without emissions stays unlinked
 * until somebody names a supplier. Throws errors of class `refuse` (codes `no-figure-per-unit`, `unknown-zone`).
 */
export function writeBrightway(record: FootprintRecord, { uuidOf }: BrightwayPorts): ExportFile[] {
  const { processName, productName, kwhPerUnit, energyRelative, electricity, declared } = inventoryOf(record);
  const { id, version, issued, functionalUnit, issuer, evidence, period } = record;
  const supplier = electricityActivity(record, electricity, uuidOf);
  const parts = declared.map((part) => declaredActivity(record, part, uuidOf));
  const metered: Activity = {
    name: processName,
    code: id,
    location: issuer.region.country,
    unit: UNITS[functionalUnit.unit],
    product: productName,
    comment: describe(record),
    exchanges: [],
  };
  metered.exchanges = [
    production(metered, functionalUnit.amount),
    {
      ...taken(supplier, kwhPerUnit),
      ...spread(kwhPerUnit, energyRelative, meteredPedigree(record)),
      comment: `Metered. ${uncertaintyWords(record)} ${sayPedigree(meteredPedigree(record))}`,
    },
    ...parts.map((part) => ({ ...taken(part, ONE), comment: part.comment })),
  ];
  const rows = [
    ['Database', `millwatt: ${processName}`],
    ['record', id],
    ['record version', version],
    ['issued', issued],
    ['period', `${period.from}/${period.to}`],
    ['completeness', completenessWords(record)],
    ['hours sha256', evidence.hours.sha256],
    ['collector key', issuer.key],
    [],
    ...[metered, ...(electricity.kgPerKwh === null ? [] : [supplier]), ...parts].flatMap(rowsOf),
  ];
  return [{ path: 'brightway.csv', content: rows.map((row) => `${row.map(cellOf).join(',')}\r\n`).join('') }];
}

function electricityActivity(
  record: FootprintRecord,
  { productName, processName, kgPerKwh, factorRelative, statement, factors }: ElectricitySupply,
  uuidOf: (name: string) => string,
): Activity {
  const { issuer, id } = record;
  const pedigree = factorPedigree(record, factors);
  const activity: Activity = {
    name: processName,
    code: uuidOf(`openlca/electricity/${id}`),
    location: issuer.region.country,
    unit: 'kilowatt hour',
    product: productName,
    comment: sentences([
      ...(statement === null || kgPerKwh === null ? [] : [supplyWords(statement, kgPerKwh)]),
      factorsWords(factors),
      'CO2 equivalents are booked as fossil CO2',
    ]),
    exchanges: [],
  };
  if (kgPerKwh !== null && statement !== null)
    activity.exchanges = [
      production(activity, ONE),
      {
        ...CO2_TO_AIR,
        amount: kgPerKwh,
        type: 'biosphere',
        ...spread(kgPerKwh, factorRelative, pedigree),
        comment: `Uncertainty: ${statement.factorUncertainty}. ${sayPedigree(pedigree)}`,
      },
    ];
  return activity;
}

function declaredActivity(
  { id, subject }: FootprintRecord,
  { name, key, emittedKg, takenUpKg, part }: DeclaredPart,
  uuidOf: (name: string) => string,
): Activity {
  const activity: Activity = {
    name: `${name}, declared for ${subject.name}`,
    code: uuidOf(`openlca/declared/${id}/${key}`),
    location: 'GLO',
    unit: 'unit',
    product: name,
    comment: `${upstreamWords(part)} The location stands for "not known".`,
    exchanges: [],
  };
  activity.exchanges = [
    production(activity, ONE),
    { ...CO2_TO_AIR, amount: emittedKg, type: 'biosphere' },
    ...(takenUpKg === null ? [] : [{ ...CO2_FROM_AIR, amount: takenUpKg, type: 'biosphere' }]),
  ];
  return activity;
}

function production(activity: Activity, amount: DecimalText): Cells {
  return { ...taken(activity, amount), type: 'production' };
}

/** What an activity makes, as another one takes it: Brightway finds the maker by these four. */
function taken({ name, unit, location, product }: Activity, amount: DecimalText): Cells {
  return { name, amount, unit, location, 'reference product': product, type: 'technosphere' };
}

function spread(amount: DecimalText, relative: number | null, pedigree: Pedigree): Cells {
  const found = relative === null ? null : logNormalOf(amount, relative, pedigreeVariance(pedigree));
  return found === null
    ? {}
    : { 'uncertainty type': LOG_NORMAL, loc: String(found.mu), scale: String(found.sigma) };
}

const sayPedigree = (pedigree: Pedigree) =>
  `Pedigree (${PEDIGREE_INDICATORS.join('; ')}) ${pedigreeText(pedigree)}: its variances are in the scale.`;

function describe(record: FootprintRecord): string {
  const { functionalUnit, emissions, activity, remarks } = record;
  return [
    `${functionalUnit.description}: ${activity.perUnitKwh} kWh of electricity.`,
    completenessWords(record),
    ...emissions.map((statement) => emissionWords(statement, functionalUnit.unit)),
    viewWords(record),
    subjectWords(record),
    boundaryWords(record),
    coverageWords(record),
    obtainedWords(record),
    uncertaintyWords(record),
    qualityWords(record),
    meterWords(record),
    ...remarks,
  ].join(' ');
}

function rowsOf({ name, code, location, unit, product, comment, exchanges }: Activity): string[][] {
  return [
    ['Activity', name],
    ['code', code],
    ['location', location],
    ['unit', unit],
    ['reference product', product],
    ['type', 'process'],
    ['comment', comment],
    ['Exchanges'],
    [...COLUMNS],
    ...exchanges.map((exchange) => COLUMNS.map((column) => exchange[column] ?? '')),
    [],
  ];
}

/**
 * One line of text, quoted where it must be. Two colons would split a text (only categories are meant to be), and a text
 * that begins as a formula does is not to be one in a spreadsheet.
 */
function cellOf(text: string, column: number, row: readonly string[]): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  const isCategories = row.length === COLUMNS.length && COLUMNS[column] === 'categories';
  const whole = isCategories ? line : line.replaceAll(/:(?=:)/g, ': ');
  const harmless = /^[=+@-]/.test(whole) && !/^-?[\d.]+$/.test(whole) ? `'${whole}` : whole;
  return /[",]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
