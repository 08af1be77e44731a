import { MillwattError } from '../../../protocols/errors.ts';
import type { EmissionFactor } from '../factors/emission-factor.ts';
import type { HourlyValues } from '../factors/factor-rows.ts';
import {
  compareDecimals,
  decimalOf,
  dividedBy,
  minus,
  plus,
  roundTo,
  textOf,
  times,
  wholeDecimal,
  type Decimal,
  type DecimalText,
} from '../figures/decimal.ts';
import type { FactorUse } from '../record/footprint-record.ts';
import type { EnergyPiece } from './energy-piece.ts';

/** Electricity that is multiplied with one row. */
export interface FactorLine {
  factor: EmissionFactor;
  /** What is added to a direct factor; null where nothing is. */
  upstream: EmissionFactor | null;
  /** Shares of pieces; exact, not rounded. */
  pieces: readonly EnergyPiece[];
}

/** What lines come to. Every figure follows from the printed ones before it, and the total is their sum. */
export interface LineEmissions {
  factors: FactorUse[];
  losses: Decimal;
  upstream: Decimal;
  total: Decimal;
  /** Of it, what each row answers for, its losses left out: for the uncertainty. */
  parts: { row: EmissionFactor; kg: Decimal }[];
  /** Rows that a figure was multiplied with. */
  rows: EmissionFactor[];
  /** The losses that were added, %; null where none were. */
  lossPercent: DecimalText | null;
  remarks: string[];
}

const ZERO = decimalOf('0');
const HUNDRED = decimalOf('100');
const GRAM = decimalOf('0.001');
const HOUR_MS = 3_600_000;
/** kWh to the mWh, kg to the mg. */
const PLACES = 6;

/**
 * Emissions of lines. Energy of each row is rounded to the mWh so that the rows sum to all; kg of each row are that energy x
 * its value, rounded to the mg (of an hourly series: the sum over its hours, rounded once). Losses are lambda / (1 - lambda) of
 * the rows that leave them out. Throws an error of class `refuse`: `marginal-factor`, `upstream-factor`, `bad-loss`.
 * @param lossPercent lambda, % of what was generated; null where nobody told it
 */
export function emissionsOf(
  lines: readonly FactorLine[],
  hourly: readonly HourlyValues[],
  lossPercent: DecimalText | null,
): LineEmissions {
  for (const line of lines) refuseUnfit(line);
  const lambda = lossOf(lossPercent);
  const merged = mergeLines(lines);
  const remarks: string[] = [];
  const factors: FactorUse[] = [];
  const parts: LineEmissions['parts'] = [];
  let [exact, printed, lossy, upstreamKg] = [ZERO, ZERO, ZERO, ZERO];
  for (const { factor, upstream, pieces } of merged) {
    exact = plus(exact, sumOf(pieces.map(({ kwh }) => kwh)));
    // What the rows came to so far, rounded, less what is printed of it: rounding errors never add up.
    const energy = minus(roundTo(exact, PLACES), printed);
    printed = plus(printed, energy);
    const series = hourly.find((one) => one.factor === factor.id);
    const byHour = series === undefined ? undefined : sumHours(factor, series, pieces);
    const kg = byHour?.kg ?? kgOf(energy, factor);
    const lacks = factor.losses === 'excluded' && factor.basis !== 'on-site';
    if (lacks) lossy = plus(lossy, kg);
    const before = upstream === null ? ZERO : kgOf(energy, upstream);
    upstreamKg = plus(upstreamKg, before);
    parts.push({ row: factor, kg });
    if (upstream !== null) parts.push({ row: upstream, kg: before });
    factors.push({
      id: factor.id,
      energyKwh: textOf(energy),
      kgCo2e: textOf(kg),
      ...(upstream === null ? {} : { upstream: upstream.id }),
      ...(series === undefined || byHour === undefined || byHour.hours === 0
        ? {}
        : { hourly: { hours: textOf(wholeDecimal(byHour.hours)), sha256: series.sha256 } }),
    });
    remarks.push(...(byHour?.remarks ?? []), ...lossRemarks(factor, lambda !== null));
  }
  const losses = lambda === null ? ZERO : dividedBy(times(lossy, lambda), minus(HUNDRED, lambda), PLACES);
  return {
    factors,
    losses,
    upstream: upstreamKg,
    total: sumOf([...factors.map(({ kgCo2e }) => decimalOf(kgCo2e)), losses, upstreamKg]),
    parts,
    rows: merged.flatMap(({ factor, upstream }) => (upstream === null ? [factor] : [factor, upstream])),
    lossPercent: lambda !== null && compareDecimals(losses, ZERO) !== 0 ? textOf(lambda) : null,
    remarks,
  };
}

function refuseUnfit({ factor, upstream }: FactorLine): void {
  for (const row of upstream === null ? [factor] : [factor, upstream])
    if (row.basis === 'marginal')
      throw new MillwattError(
        'refuse',
        'marginal-factor',
        `${row.id} is a marginal factor: it tells what a project changes, not what was used.`,
        {
          cure: 'Take a factor of generation, consumption, residual mix or contract.',
        },
      );
  if (factor.boundary === 'upstream')
    throw new MillwattError(
      'refuse',
      'upstream-factor',
      `${factor.id} is of what comes before the burning, and stands for no electricity alone.`,
      {
        cure: 'Add it to a direct factor.',
      },
    );
  if (upstream !== null && (factor.boundary !== 'direct' || upstream.boundary !== 'upstream'))
    throw new MillwattError(
      'refuse',
      'upstream-factor',
      `${upstream.id} (${upstream.boundary}) cannot be added to ${factor.id} (${factor.boundary}): it would be counted twice.`,
      {
        cure: 'Add upstream rows to direct factors only.',
      },
    );
}

function lossOf(percent: DecimalText | null): Decimal | null {
  if (percent === null) return null;
  const lambda = decimalOf(percent);
  if (compareDecimals(lambda, ZERO) >= 0 && compareDecimals(lambda, HUNDRED) < 0) return lambda;
  throw new MillwattError(
    'refuse',
    'bad-loss',
    `${percent} % of what was generated cannot be lost on the way.`,
    {
      cure: 'Write the share of generated electricity that transmission and distribution lose, from 0 to below 100 %.',
    },
  );
}

/** One line a row, in the order of their first use: a row has one upstream, one series and one place in the statement. */
function mergeLines(lines: readonly FactorLine[]): FactorLine[] {
  const merged = new Map<string, FactorLine>();
  for (const line of lines) {
    const other = merged.get(line.factor.id);
    merged.set(
      line.factor.id,
      other === undefined ? line : { ...other, pieces: [...other.pieces, ...line.pieces] },
    );
  }
  return [...merged.values()];
}

/** kWh x g/kWh, in kg to the mg. */
function kgOf(kwh: Decimal, { gCo2ePerKwh }: EmissionFactor): Decimal {
  return roundTo(times(times(kwh, decimalOf(gCo2ePerKwh)), GRAM), PLACES);
}

function sumHours(factor: EmissionFactor, series: HourlyValues, pieces: readonly EnergyPiece[]) {
  let [grams, without] = [ZERO, ZERO];
  const hours = new Set<string>();
  for (const { from, to, kwh } of pieces) {
    const hourMs = Math.floor(Date.parse(from) / HOUR_MS) * HOUR_MS;
    const hour = new Date(hourMs).toISOString();
    const value = Date.parse(to) <= hourMs + HOUR_MS ? series.gCo2ePerKwh.get(hour) : undefined;
    if (value === undefined) without = plus(without, kwh);
    else hours.add(hour);
    grams = plus(grams, times(kwh, decimalOf(value ?? factor.gCo2ePerKwh)));
  }
  const missing = roundTo(without, PLACES);
  return {
    kg: roundTo(times(grams, GRAM), PLACES),
    hours: hours.size,
    remarks:
      compareDecimals(missing, ZERO) === 0
        ? []
        : [`${textOf(missing)} kWh had no hourly value of ${factor.id}: its value of the year was taken.`],
  };
}

function lossRemarks({ id, losses, basis }: EmissionFactor, isTold: boolean): string[] {
  if (basis === 'on-site') return [];
  if (losses === 'excluded')
    return isTold ? [] : [`Losses between power plant and site are not in ${id}: nobody told them.`];
  if (losses === 'included') return isTold ? [`Losses are in ${id} already: none were added.`] : [];
  return [`${id} does not say whether losses are in it: none were added.`];
}

function sumOf(values: readonly Decimal[]): Decimal {
  return values.reduce(plus, ZERO);
}
