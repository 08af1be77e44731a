import type { EmissionFactor } from '../factors/emission-factor.ts';
import { compareDecimals, decimalOf, dividedBy, minus, roundTo, textOf, times } from '../figures/decimal.ts';
import { Agreement, isZero, sumOf } from './agreement.ts';
import type { EmissionStatement, FactorUse, FootprintRecord } from './footprint-record.ts';

const GRAM = decimalOf('0.001');
const HUNDRED = decimalOf('100');

/**
 * Whether every emission is what its rows say: energy x value to the mg, rows to the energy, sums to the total, losses and
 * upstream only where a row leaves room for them; and whether each row used is in the evidence, once.
 */
export function checkEmissions(record: FootprintRecord): string[] {
  const agreement = new Agreement();
  const { emissions, evidence } = record;
  const ids = evidence.factors.map(({ id }) => id);
  for (const id of repeatedIn(ids)) agreement.holds(false, 'evidence.factors', `has ${id} more than once`);
  const kinds = emissions.map(({ method, factorSet }) => `${method}-based with ${factorSet}`);
  for (const kind of repeatedIn(kinds)) agreement.holds(false, 'emissions', `state ${kind} more than once`);
  for (const [at, statement] of emissions.entries())
    checkStatement(record, statement, `emissions[${at}]`, agreement);

  return agreement.faults;
}

function checkStatement(
  record: FootprintRecord,
  statement: EmissionStatement,
  place: string,
  agreement: Agreement,
): void {
  const { factors, lossesKgCo2e, upstreamKgCo2e, kgCo2e } = statement;
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
  checkLosses(record, statement, place, agreement);
  agreement.equals(
    upstreamKgCo2e,
    sumOf(factors.map((used) => upstreamOf(record, used))),
    `${place}.upstreamKgCo2e`,
    'what the upstream rows add',
  );
  for (const [at, used] of factors.entries()) checkFactor(record, used, `${place}.factors[${at}]`, agreement);
}

/** Losses are lambda / (1 - lambda) of the rows that leave them out; on-site generation comes over no grid. */
function checkLosses(
  record: FootprintRecord,
  { factors, lossesKgCo2e, lossPercent }: EmissionStatement,
  place: string,
  agreement: Agreement,
): void {
  if (lossPercent === undefined) {
    const why = `is ${lossesKgCo2e}, but no lossPercent is told`;
    agreement.holds(isZero(lossesKgCo2e), `${place}.lossesKgCo2e`, why);
    return;
  }
  const lacking = factors.filter(({ id }) => {
    const row = rowOf(record, id);
    return row?.losses === 'excluded' && row.basis !== 'on-site';
  });
  const kg = sumOf(lacking.map(({ kgCo2e }) => kgCo2e));
  const lambda = decimalOf(lossPercent);
  const rest = minus(HUNDRED, lambda);
  agreement.holds(
    compareDecimals(rest, decimalOf('0')) > 0,
    `${place}.lossPercent`,
    `is ${lossPercent}: nothing would arrive`,
  );
  if (compareDecimals(rest, decimalOf('0')) > 0)
    agreement.equals(
      lossesKgCo2e,
      dividedBy(times(kg, lambda), rest, 6),
      `${place}.lossesKgCo2e`,
      `${lossPercent} % lost on the way of the rows that leave losses out`,
    );
}

/** kg of a row's upstream, to the mg; `0` where none was added. */
function upstreamOf(record: FootprintRecord, { energyKwh, upstream }: FactorUse): string {
  const row = upstream === undefined ? undefined : rowOf(record, upstream);
  return row === undefined ? '0' : textOf(kgOf(energyKwh, row));
}

const kgOf = (energyKwh: string, { gCo2ePerKwh }: EmissionFactor) =>
  roundTo(times(times(decimalOf(energyKwh), decimalOf(gCo2ePerKwh)), GRAM), 6);

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
      kgOf(used.energyKwh, row),
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
