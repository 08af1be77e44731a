import type { EmissionFactor } from '../../footprint/factors/emission-factor.ts';
import type { DecimalText } from '../../footprint/figures/decimal.ts';
import type {
  Coverage,
  DataQuality,
  EmissionStatement,
  Issuer,
  RecordMeter,
  Score,
  UncertaintyStatement,
  UpstreamPart,
} from '../../footprint/record/footprint-record.ts';
import { figureText } from './footprint-texts.ts';

/** What the scores are given by. */
export interface QualityFacts {
  region: Issuer['region'];
  /** Year of the end of the period, on the clocks of the site. */
  year: number;
  coverage: Coverage;
  uncertainty: UncertaintyStatement;
  meters: readonly RecordMeter[];
  /** The first statement, and every row of the evidence. */
  statement: EmissionStatement | undefined;
  factors: readonly EmissionFactor[];
  upstream: readonly UpstreamPart[];
  /** Of a model: how many of its units were measured, as a proxy for those that were not. */
  proxyUnits?: number;
  /** End of the period: calibrations are judged by it. */
  to: string;
}

const POLICY =
  'strict: emissions count as primary only where activity and factor are both primary; metered energy with an average factor is not';

/** Scores 1 (best) to 5 by the rules that docs/footprint-record.md declares, and both primary shares. */
export function dataQualityOf(facts: QualityFacts): DataQuality {
  const { coverage } = facts;
  const rows = facts.factors.filter(({ id }) => facts.statement?.factors.some((used) => used.id === id));
  return {
    technological: technological(facts.proxyUnits),
    geographical: geographical(rows, facts.region),
    temporal: temporal(rows, facts.year),
    completeness: completeness(coverage, facts.proxyUnits),
    reliability: reliability(facts),
    precision: precision(facts.uncertainty),
    primaryActivityPercent: coverage.measuredEnergyPercent ?? figureText(0, 0),
    primaryStrictPercent: primaryStrict(facts, rows),
    policy: POLICY,
  };
}

function geographical(rows: readonly EmissionFactor[], { country, subdivision }: Issuer['region']): Score {
  if (rows.length === 0) return { score: '5', because: 'no emission factor' };
  if (rows.every((row) => row.isSupplierSpecific))
    return { score: '1', because: 'factors of the suppliers of this electricity' };
  const isNear = rows.every((row) => row.isSupplierSpecific || row.region === (subdivision ?? country));
  if (isNear)
    return { score: '2', because: `factor of ${subdivision ?? country}, where the electricity was drawn` };
  return rows.every((row) => row.isSupplierSpecific || row.region.startsWith(country))
    ? { score: '3', because: `factor of ${country}, not of its grid ${subdivision}` }
    : { score: '4', because: `factor of a larger region, not of ${country}` };
}

function temporal(rows: readonly EmissionFactor[], year: number): Score {
  if (rows.length === 0) return { score: '5', because: 'no emission factor' };
  const away = Math.max(...rows.map((row) => Math.abs(year - row.year)));
  const because = `energy measured in the period; factor ${away === 0 ? 'of the same year' : `${away} ${away === 1 ? 'year' : 'years'} away`}`;
  return { score: scoreUpTo(away, [1, 3, 6, 10]), because };
}

/** What was measured at some units stands for others, too: the same technology, and not all of the subject (rules of pedigree). */
function technological(units: number | undefined): Score {
  return units === undefined
    ? { score: '1', because: 'measured at these machines themselves' }
    : {
        score: '2',
        because: `measured at ${units === 1 ? '1 unit' : `${units} units`} of the model, a proxy for those that were not metered`,
      };
}

function completeness({ measuredEnergyPercent, watchedPercent }: Coverage, units: number | undefined): Score {
  const least = Math.min(Number(measuredEnergyPercent ?? 0), Number(watchedPercent));
  const because = `${measuredEnergyPercent ?? '0'} % of the energy measured, ${watchedPercent} % of the period watched`;
  const score = scoreUpTo(100 - least, [1, 5, 15, 50]);
  return units === undefined || score !== '1'
    ? { score, because }
    : { score: '2', because: `${because}, at some of the units of the model` };
}

function reliability({ meters, coverage, to }: QualityFacts): Score {
  const measured = Number(coverage.measuredEnergyPercent ?? 0);
  if (measured < 50) return { score: '5', because: 'more than half of the energy was bridged over gaps' };
  if (measured < 95) return { score: '4', because: 'more than 5 % of the energy was bridged over gaps' };
  const supplies = meters.filter(({ component }) => component === 'supply');
  if (supplies.length === 0 || supplies.some(({ accuracyClass }) => accuracyClass === null))
    return { score: '3', because: 'metered and signed at the gateway; the class of a meter is not told' };
  return supplies.every(({ calibrationValidUntil }) => (calibrationValidUntil ?? '') >= to.slice(0, 10))
    ? { score: '1', because: 'metered with a known class and a calibration that held, signed at the gateway' }
    : {
        score: '2',
        because: 'metered with a known class, signed at the gateway; no calibration that held is told',
      };
}

function precision({ expandedPercent }: UncertaintyStatement): Score {
  if (expandedPercent === null) return { score: '5', because: 'the uncertainty of the energy is not known' };
  return {
    score: scoreUpTo(Number(expandedPercent), [1, 5, 10, 20]),
    because: `U = ${expandedPercent} % of the energy, k = 2`,
  };
}

/** 1 up to the first limit, included, 2 up to the second, and so on; else 5. */
function scoreUpTo(value: number, limits: readonly number[]): Score['score'] {
  const at = limits.findIndex((limit) => value <= limit);
  return (['1', '2', '3', '4'] as const)[at] ?? '5';
}

/** Of all of a unit, declared parts with their own share: sizes, so that an uptake cannot hide an emission. */
function primaryStrict(
  { statement, upstream, coverage }: QualityFacts,
  rows: readonly EmissionFactor[],
): DecimalText {
  if (statement === undefined) return figureText(0, 0);
  const kg = Number(statement.kgCo2e);
  const own = statement.factors
    .filter(({ id }) => rows.some((row) => row.id === id && row.isSupplierSpecific))
    .reduce((sum, used) => sum + Number(used.kgCo2e), 0);
  const measured = Number(coverage.measuredEnergyPercent ?? 0) / 100;
  const electricity = kg === 0 ? 0 : (own / kg) * measured;
  // Without a figure per unit, declared parts stand beside nothing that they could be weighed against.
  if (upstream.length > 0 && statement.perUnitKgCo2e === null) return figureText(0, 0);
  const unit = Number(statement.perUnitKgCo2e ?? 1);
  const sizes = upstream.map((part) => Math.abs(Number(part.kgCo2ePerUnit)));
  const all = unit + sizes.reduce((sum, size) => sum + size, 0);
  if (all === 0) return figureText(0, 0);
  const primary = upstream.reduce(
    (sum, part, index) => sum + ((sizes[index] ?? 0) * Number(part.primaryPercent)) / 100,
    unit * electricity,
  );
  // Cut off at two digits as every share; what a division in binary lacks of a whole hundredth is no lack.
  const hundredths = Math.floor(Number(((10_000 * primary) / all).toFixed(6)));
  return figureText(Math.min(10_000, hundredths) / 100, 2);
}
