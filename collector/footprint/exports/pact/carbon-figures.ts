import { MillwattError } from '../../../../protocols/errors.ts';
import type { EmissionFactor } from '../../factors/emission-factor.ts';
import { decimalOf, minus, plus, textOf, type DecimalText } from '../../figures/decimal.ts';
import type { EmissionStatement, FootprintRecord } from '../../record/footprint-record.ts';
import { noFigurePerUnit } from '../no-figure.ts';

/** What a format with room for one footprint says: kg CO2e per functional unit, exact sums of the record's own figures. */
export interface CarbonFigures {
  /** The first statement of the record: method and factor set of everything here. */
  statement: EmissionStatement;
  electricityKg: DecimalText;
  /** Electricity and declared parts, with the biogenic uptake that was declared. */
  includingUptakeKg: DecimalText;
  /** The same without it. */
  excludingUptakeKg: DecimalText;
  /** 0 or less. */
  uptakeKg: DecimalText;
  /** Declared packaging, without uptake; null where none was declared. */
  packagingKg: DecimalText | null;
  /** Rows that the electricity was multiplied with, upstream ones included. */
  rows: EmissionFactor[];
  /** Sets of global warming potentials that rows name, in order. */
  gwpSets: string[];
  /** Rows of CO2 equivalent that name none. */
  rowsWithoutGwp: string[];
  /** Sources of secondary data: factors that are not the supplier's own, and parts that are not wholly primary. */
  secondarySources: { name: string; version: string }[];
}

/**
 * The figures of a record's first statement with what was declared beyond it. Throws an error of class `refuse`: code
 * `no-emissions` without any emissions per unit, `no-factor-row` when a row that was used is not in the evidence.
 */
export function carbonFiguresOf(record: FootprintRecord): CarbonFigures {
  const statement = record.emissions[0];
  const electricityKg = statement?.perUnitKgCo2e;
  if (electricityKg === null) throw noFigurePerUnit(record, { code: 'no-emissions', what: 'emissions' });
  if (statement === undefined || electricityKg === undefined)
    throw new MillwattError(
      'refuse',
      'no-emissions',
      `${nameOf(record)} has no emissions: no table had a factor for it.`,
      {
        cure: 'Name a table of emission factors for the region of the site, or footprint.elsewhere, in collector.yaml.',
      },
    );
  const including = sumOf([electricityKg, ...record.upstream.map((part) => part.kgCo2ePerUnit)]);
  const uptakeKg = sumOf(record.upstream.map((part) => part.biogenicUptakeKgCo2ePerUnit));
  const packaging = record.upstream.filter(({ stage }) => stage === 'packaging');
  const rows = rowsOf(record, statement);
  return {
    statement,
    electricityKg,
    includingUptakeKg: including,
    excludingUptakeKg: differenceOf(including, uptakeKg),
    uptakeKg,
    packagingKg:
      packaging.length === 0
        ? null
        : differenceOf(
            sumOf(packaging.map((part) => part.kgCo2ePerUnit)),
            sumOf(packaging.map((part) => part.biogenicUptakeKgCo2ePerUnit)),
          ),
    rows,
    gwpSets: [...new Set(rows.flatMap(({ gwp }) => (gwp === null ? [] : [gwp])))].sort(),
    // Of CO2 alone nothing is weighted: its potential is 1 in every set.
    rowsWithoutGwp: rows.filter(({ gwp, gases }) => gwp === null && gases === 'CO2e').map(({ id }) => id),
    secondarySources: [
      ...rows.filter((row) => !row.isSupplierSpecific).map((row) => ({ name: row.source, version: row.id })),
      ...record.upstream
        .filter((part) => part.primaryPercent !== '100')
        .map((part) => ({ name: part.source, version: 'not stated' })),
    ].filter((source, at, all) => all.findIndex((one) => isSame(one, source)) === at),
  };
}

/** The sum of decimals, exact. */
export function sumOf(texts: readonly string[]): DecimalText {
  return textOf(texts.map(decimalOf).reduce(plus, decimalOf('0')));
}

/** One decimal less another, exact. */
export function differenceOf(from: string, less: string): DecimalText {
  return textOf(minus(decimalOf(from), decimalOf(less)));
}

/** What is declared of a product; throws an error of class `refuse` (code `not-declared`) that says how where nobody did. */
export function declared(
  record: FootprintRecord,
  name: 'massKgPerUnit' | 'fossilCarbonKgPerUnit',
): DecimalText {
  const value = record.subject[name];
  if (value !== null) return value;
  throw new MillwattError(
    'refuse',
    'not-declared',
    `Nobody declared ${name} of ${nameOf(record)}, and the format demands it.`,
    {
      cure: `Declare ${name} of the product; 0 for a service, and 0 of fossil carbon for what holds none.`,
    },
  );
}

/** Rows of a statement by their ids, each once: those that the energy was multiplied with, and upstream ones beside them. */
export function idsOfRows({ factors }: EmissionStatement): string[] {
  return [
    ...new Set(factors.flatMap(({ id, upstream }) => (upstream === undefined ? [id] : [id, upstream]))),
  ];
}

function rowsOf(record: FootprintRecord, statement: EmissionStatement): EmissionFactor[] {
  return idsOfRows(statement).map((id) => {
    const row = record.evidence.factors.find((factor) => factor.id === id);
    if (row !== undefined) return row;
    throw new MillwattError(
      'refuse',
      'no-factor-row',
      `${nameOf(record)} rests on the factor ${id}, and its evidence has no such row.`,
      { cure: 'Make the record anew.' },
    );
  });
}

const isSame = (a: { name: string; version: string }, b: { name: string; version: string }) =>
  a.name === b.name && a.version === b.version;

const nameOf = ({ subject, period }: FootprintRecord) => `${subject.kind} ${subject.id} in ${period.name}`;
