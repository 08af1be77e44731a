import {
  DECLARED_FACTOR_PERCENT,
  factorPartsOf,
  factorStandardPercent,
} from '../emissions/factor-uncertainty.ts';
import { decimalOf, dividedBy, minus, numberOf, textOf, type DecimalText } from '../figures/decimal.ts';
import type { EmissionFactor } from '../factors/emission-factor.ts';
import type { EmissionStatement, FootprintRecord, UpstreamPart } from '../record/footprint-record.ts';
import { noFigurePerUnit } from './no-figure.ts';

/** Digits of kg per kWh where a mix of factors is divided: beyond what a rounded figure could show. */
const MIX_PLACES = 12;

/**
 * A record as tools for life-cycle assessment model it: one process of one functional unit that emits nothing itself and
 * takes electricity and declared parts from processes of their own. So whoever imports it can link each input to another
 * supplier, and no emission is counted twice.
 */
export interface Inventory {
  /** `Machine-hour, Mill 1, June 2026`. */
  processName: string;
  /** `Machine-hour, Mill 1`: the same in every period. */
  productName: string;
  kwhPerUnit: DecimalText;
  /** Relative standard uncertainty of the energy; null where nobody can tell. */
  energyRelative: number | null;
  electricity: ElectricitySupply;
  declared: DeclaredPart[];
}

/** Where the electricity comes from. */
export interface ElectricitySupply {
  /** `Electricity, supplied to machines, VN`. */
  productName: string;
  /** `Electricity, supplied to machines, VN, default factors, location-based, June 2026`. */
  processName: string;
  /** Emissions of a kWh, kg; null where the record has no emissions: the input then has no supplier. */
  kgPerKwh: DecimalText | null;
  /** Relative standard uncertainty of the emissions of a kWh; null where nobody can tell. */
  factorRelative: number | null;
  /** What it was computed by; null as `kgPerKwh`. */
  statement: EmissionStatement | null;
  /** Rows that went into it. */
  factors: EmissionFactor[];
}

/** A declared part, one of which goes into each functional unit. */
export interface DeclaredPart {
  /** `material: steel bar`. */
  name: string;
  /** Unlike that of every other part of the record, and the same in each re-issue. */
  key: string;
  /** Emissions without the biogenic uptake, kg. */
  emittedKg: DecimalText;
  /** Biogenic uptake, kg, as a positive figure; null where there is none. */
  takenUpKg: DecimalText | null;
  part: UpstreamPart;
}

/** The inventory of a record; throws an error of class `refuse` (code `no-figure-per-unit`) where it has no energy per unit. */
export function inventoryOf(record: FootprintRecord): Inventory {
  const { perUnitKwh } = record.activity;
  if (perUnitKwh === null) throw noFigurePerUnit(record, { code: 'no-figure-per-unit', what: 'energy' });
  const { expandedPercent, k } = record.uncertainty;
  const productName = productNameOf(record);
  return {
    processName: `${productName}, ${record.period.name}`,
    productName,
    kwhPerUnit: perUnitKwh,
    energyRelative: relativeOf(expandedPercent, k),
    electricity: electricityOf(record),
    declared: declaredOf(record.upstream),
  };
}

function productNameOf({ functionalUnit: { unit, basis }, subject, view }: FootprintRecord): string {
  if (unit === 'hour')
    return `Machine-hour, ${subject.name}${basis === null ? '' : `, ${basis}`}${view === 'use-phase' ? '' : ', manufacturing'}`;
  const kind = subject.kind === 'part' ? 'Part' : `Output of ${subject.kind}`;
  return `${kind}, ${subject.name}${unit === 'kilogram' ? ', by mass' : ''}`;
}

function electricityOf(record: FootprintRecord): ElectricitySupply {
  const productName = `Electricity, supplied to machines, ${record.issuer.region.country}`;
  const statement = record.emissions[0] ?? null;
  const factors = (statement?.factors ?? []).flatMap(({ id }) =>
    record.evidence.factors.filter((row) => row.id === id),
  );
  const how =
    statement === null
      ? ''
      : `, ${statement.factorSet} factors, ${statement.method}-based, ${record.period.name}`;
  return {
    productName,
    processName: `${productName}${how}`,
    kgPerKwh: statement === null ? null : kgPerKwhOf(record.activity.energyKwh, statement, factors),
    factorRelative: statement === null ? null : factorRelativeOf(record, statement),
    statement,
    factors,
  };
}

/** A single row is written as it stands; a mix, and what losses add, come from the sums. */
function kgPerKwhOf(
  energyKwh: DecimalText,
  { factors, kgCo2e, lossesKgCo2e, upstreamKgCo2e }: EmissionStatement,
  [row]: readonly EmissionFactor[],
): DecimalText | null {
  if (factors.length === 1 && row !== undefined && lossesKgCo2e === '0' && upstreamKgCo2e === '0')
    return textOf(dividedBy(decimalOf(row.gCo2ePerKwh), decimalOf('1000'), MIX_PLACES));
  if (energyKwh === '0') return null;
  return textOf(dividedBy(decimalOf(kgCo2e), decimalOf(energyKwh), MIX_PLACES));
}

/** That of its rows, as their sources state it or as it is declared: not what rounded figures of the record would leave. */
function factorRelativeOf({ evidence }: FootprintRecord, statement: EmissionStatement): number | null {
  const parts = factorPartsOf(statement, evidence.factors) ?? [];
  const percent = factorStandardPercent(parts, DECLARED_FACTOR_PERCENT);
  return percent === null ? null : numberOf(decimalOf(percent)) / 100;
}

function declaredOf(parts: readonly UpstreamPart[]): DeclaredPart[] {
  const seen = new Map<string, number>();
  return parts.map((part) => {
    const base = `${part.stage}/${part.name}`;
    const nth = (seen.get(base) ?? 0) + 1;
    seen.set(base, nth);
    const uptake = decimalOf(part.biogenicUptakeKgCo2ePerUnit);
    return {
      name: `${part.stage}: ${part.name}${nth === 1 ? '' : ` (${nth})`}`,
      key: nth === 1 ? base : `${base}/${nth}`,
      emittedKg: textOf(minus(decimalOf(part.kgCo2ePerUnit), uptake)),
      takenUpKg: uptake.digits === 0n ? null : textOf(minus(decimalOf('0'), uptake)),
      part,
    };
  });
}

function relativeOf(expandedPercent: DecimalText | null, k: DecimalText): number | null {
  return expandedPercent === null
    ? null
    : numberOf(decimalOf(expandedPercent)) / numberOf(decimalOf(k)) / 100;
}
