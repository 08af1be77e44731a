import { decimalOf, dividedBy, minus, roundTo, times } from '../figures/decimal.ts';
import { Agreement, isZero, sumOf } from './agreement.ts';
import type { EmissionStatement, FactorUse, FootprintRecord } from './footprint-record.ts';

const GRAM = decimalOf('0.001');
/** The change of a figure is printed in %, with at least one digit behind the point. */
const DELTA_APART = '0.05';

/**
 * Whether every emission is what its rows say: energy x value to the mg, rows to the energy, sums to the total, losses and
 * upstream only where a row leaves room for them; and whether each row used is in the evidence, once.
 */
export function checkEmissions(record: FootprintRecord): string[] {
  const agreement = new Agreement();
  const { emissions, evidence, sensitivity } = record;
  const ids = evidence.factors.map(({ id }) => id);
  for (const id of repeatedIn(ids)) agreement.holds(false, 'evidence.factors', `has ${id} more than once`);
  const kinds = emissions.map(({ method, factorSet }) => `${method}-based with ${factorSet}`);
  for (const kind of repeatedIn(kinds)) agreement.holds(false, 'emissions', `state ${kind} more than once`);
  for (const [at, statement] of emissions.entries())
    checkStatement(record, statement, `emissions[${at}]`, agreement);

  for (const [at, { from, to, deltaPercent }] of sensitivity.entries()) {
    const place = `sensitivity[${at}].deltaPercent`;
    if (isZero(from)) agreement.holds(deltaPercent === null, place, `is ${deltaPercent}, but from is 0`);
    else if (deltaPercent !== null) {
      const change = times(minus(decimalOf(to), decimalOf(from)), decimalOf('100'));
      const right = dividedBy(change, decimalOf(from), 6);
      agreement.nearly(deltaPercent, right, DELTA_APART, place, `from ${from} to ${to}`);
    }
  }
  return agreement.faults;
}

function checkStatement(
  record: FootprintRecord,
  statement: EmissionStatement,
  place: string,
  agreement: Agreement,
): void {
  const { factors, lossesKgCo2e, upstreamKgCo2e, kgCo2e, lossPercent } = statement;
  const { energyKwh } = record.activity;
  agreement.equals(
    energyKwh,
    sumOf(factors.map((used) => used.energyKwh)),
    'activity.energyKwh',
    `the energy of ${place}.factors`,
  );
  agreement.equals(
    kgCo2e,
    sumOf([...factors.map((used) => used.kgCo2e), lossesKgCo2e, upstreamKgCo2e]),
    `${place}.kgCo2e`,
    'the sum of factors, losses and upstream',
  );
  agreement.perUnit(statement.perUnitKgCo2e, kgCo2e, record.functionalUnit.count, `${place}.perUnitKgCo2e`);
  agreement.holds(
    lossPercent !== undefined || isZero(lossesKgCo2e),
    `${place}.lossesKgCo2e`,
    `is ${lossesKgCo2e}, but no lossPercent is told`,
  );
  for (const [at, used] of factors.entries()) checkFactor(record, used, `${place}.factors[${at}]`, agreement);

  const rows = factors.map(({ id }) => rowOf(record, id));
  agreement.holds(
    isZero(lossesKgCo2e) || rows.some((row) => row?.losses !== 'included'),
    `${place}.lossesKgCo2e`,
    `is ${lossesKgCo2e}, but every factor has the losses in it already`,
  );
  agreement.holds(
    isZero(upstreamKgCo2e) || factors.some(({ upstream }) => upstream !== undefined),
    `${place}.upstreamKgCo2e`,
    `is ${upstreamKgCo2e}, but no factor names the upstream row that was added`,
  );
}

function checkFactor(record: FootprintRecord, used: FactorUse, place: string, agreement: Agreement): void {
  const row = rowOf(record, used.id);
  if (row === undefined) {
    agreement.holds(false, `${place}.id`, `is ${used.id}, but evidence.factors has no such row`);
    return;
  }
  agreement.holds(
    row.basis !== 'marginal',
    `${place}.id`,
    `is ${row.id}, a marginal factor: no footprint is made with it`,
  );
  agreement.holds(
    row.boundary !== 'upstream',
    `${place}.id`,
    `is ${row.id}, an upstream factor: it stands beside a direct one and never alone`,
  );
  // The values of an hourly series stand in its file, of which the record has the hash.
  if (used.hourly === undefined)
    agreement.equals(
      used.kgCo2e,
      roundTo(times(times(decimalOf(used.energyKwh), decimalOf(row.gCo2ePerKwh)), GRAM), 6),
      `${place}.kgCo2e`,
      `${used.energyKwh} kWh x ${row.gCo2ePerKwh} g`,
    );
  if (used.upstream === undefined) return;
  const upstream = rowOf(record, used.upstream);
  agreement.holds(
    upstream?.boundary === 'upstream' && row.boundary === 'direct',
    `${place}.upstream`,
    `is ${used.upstream}: an upstream row of evidence.factors may be added, and only to a direct one (${row.id} is ${row.boundary})`,
  );
}

const rowOf = ({ evidence }: FootprintRecord, id: string) => evidence.factors.find((row) => row.id === id);

const repeatedIn = (texts: readonly string[]) => [
  ...new Set(texts.filter((text, at) => texts.indexOf(text) !== at)),
];
