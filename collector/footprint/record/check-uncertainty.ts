import {
  DECLARED_FACTOR_PERCENT,
  emissionUncertainty,
  factorPartsOf,
  uncertaintyWords,
} from '../emissions/factor-uncertainty.ts';
import { Agreement } from './agreement.ts';
import type { EmissionStatement, FootprintRecord, UncertaintyStatement } from './footprint-record.ts';

/** U of an energy is printed to 0.01 %, u of a source to 0.0001 %: half a unit of each. */
const [U_APART, SOURCE_APART] = [0.005, 0.00005];
/** What doubles may add to it. */
const SLACK = 1e-9;
const SCATTER = 'between-units';

/**
 * Whether each U is that of what it is made of: that of the energy k times the root of the sum of its sources squared (what one
 * instrument does alike was added linearly within its source, and groups of meters are one source each), that of each emission
 * energy and factors together. How large a source is, the record alone cannot tell.
 */
export function checkUncertainty(record: FootprintRecord): string[] {
  const agreement = new Agreement();
  const { uncertainty, scatter, emissions } = record;
  agreement.holds(uncertainty.k === '2', 'uncertainty.k', `is ${uncertainty.k}: every U here is of k = 2`);
  // Of a model, U of its meters is rounded before the scatter joins it: that sum is held where the scatter is.
  if (scatter === undefined)
    checkSources(uncertainty, uncertainty.expandedPercent, 'uncertainty.expandedPercent', agreement);
  else {
    const measured = uncertainty.sources.filter(({ source }) => source !== SCATTER);
    const place = 'scatter.measuredExpandedPercent';
    checkSources({ ...uncertainty, sources: measured }, scatter.measuredExpandedPercent, place, agreement);
    const told = uncertainty.sources.find(({ source }) => source === SCATTER)?.standardPercent ?? null;
    agreement.holds(
      told === scatter.standardPercent,
      'scatter.standardPercent',
      `is ${scatter.standardPercent}, but the source ${SCATTER} is ${told}`,
    );
  }
  for (const [at, statement] of emissions.entries())
    checkEmission(record, statement, `emissions[${at}]`, agreement);
  return agreement.faults;
}

function checkSources(
  { k, sources }: UncertaintyStatement,
  expandedPercent: string | null,
  place: string,
  agreement: Agreement,
): void {
  if (expandedPercent === null) return;
  const factor = Number(k);
  const due = factor * Math.hypot(...sources.map(({ standardPercent }) => Number(standardPercent)));
  // A root of squares moves by no more than the root of the squares of what its parts move by.
  const apart = U_APART + factor * SOURCE_APART * Math.sqrt(sources.length) + SLACK;
  agreement.holds(
    Math.abs(Number(expandedPercent) - due) <= apart,
    place,
    `is ${expandedPercent}, but ${k} times the root of the sum of its sources squared is ${due.toFixed(4)}`,
  );
}

function checkEmission(
  { evidence, uncertainty }: FootprintRecord,
  statement: EmissionStatement,
  place: string,
  agreement: Agreement,
): void {
  const { expandedPercent, factorUncertainty } = statement;
  const parts = factorPartsOf(statement, evidence.factors);
  // A row that is not there is a fault of the emissions.
  if (parts === undefined) return;
  const due = emissionUncertainty(parts, uncertainty.expandedPercent, DECLARED_FACTOR_PERCENT);
  agreement.holds(
    expandedPercent === due,
    `${place}.expandedPercent`,
    `is ${expandedPercent}, but energy and factors together are ${due}`,
  );
  const words = uncertaintyWords(
    parts.map(({ row }) => row),
    DECLARED_FACTOR_PERCENT,
  );
  agreement.holds(
    factorUncertainty === words,
    `${place}.factorUncertainty`,
    `is "${factorUncertainty}", but its rows say "${words}"`,
  );
}
