import type { EmissionFactor } from './emission-factor.ts';
import type { FactorSet } from './factor-set.ts';

/** Where electricity was drawn. */
export interface GridPlace {
  /** ISO 3166-1 alpha-2. */
  country: string;
  /** `CN-N`; null where nobody told one. */
  subdivision: string | null;
  /** Region to fall back to where the country has no row, `WORLD` or `EU`: only what the operator says; null is none. */
  elsewhere: string | null;
}

/** A row with what has to be said about it. */
export interface FactorChoice {
  row: EmissionFactor;
  /** What comes before the burning, where the row is direct and its set has such a row for the region. */
  upstream: EmissionFactor | null;
  remarks: string[];
}

/** What grid electricity may be multiplied with: the mix of all, or what is left of it when contracts are taken out. */
export type GridMix = 'average' | 'residual';

const BASES: Readonly<Record<GridMix, readonly EmissionFactor['basis'][]>> = {
  average: ['generation', 'consumption'],
  residual: ['residual'],
};

/**
 * The row of a set for a place and a year, or undefined where it has none. The subdivision goes before the country, and that
 * before what the operator allows elsewhere; of a region's rows the year goes first (that year, the nearest earlier one, the
 * nearest later one), then life cycle before direct, CO2e before CO2, consumption before generation, then the id.
 */
export function chooseFactor(
  rows: readonly EmissionFactor[],
  { set, mix, place, year }: { set: FactorSet; mix: GridMix; place: GridPlace; year: number },
): FactorChoice | undefined {
  const allowed = rows.filter((row) => set.allows(row));
  const averages = allowed.filter(
    ({ basis, boundary }) => BASES[mix].includes(basis) && boundary !== 'upstream',
  );
  const [region, before] = findRegion(averages, place);
  if (region === undefined) return undefined;
  const candidates = averages
    .filter((row) => row.region === region)
    .sort(
      (a, b) => yearRank(a, year) - yearRank(b, year) || kindRank(a) - kindRank(b) || (a.id < b.id ? -1 : 1),
    );
  const [row] = candidates;
  if (row === undefined) return undefined;
  const upstream = chooseUpstream(allowed, row);
  const rivals = candidates.filter((other) => other !== row && other.year === row.year);
  return {
    row,
    upstream,
    remarks: [
      ...before,
      ...yearRemarks(row, year),
      ...(upstream === null ? [] : yearRemarks(upstream, row.year)),
      ...rivals.map(
        (other) => `${row.id} was taken, not ${other.id} (${other.gCo2ePerKwh} g/kWh, ${other.boundary}).`,
      ),
      ...remarksOn(row, upstream),
    ],
  };
}

/** What a reader has to know of a row before relying on it. @param upstream what is added to it */
export function remarksOn(row: EmissionFactor, upstream: EmissionFactor | null): string[] {
  const remarks: string[] = [];
  if (row.gases === 'CO2') remarks.push(`${row.id} counts CO2 alone: other greenhouse gases are left out.`);
  if (row.boundary === 'direct' && upstream === null)
    remarks.push(`${row.id} is direct: supply of fuels and making of plants are left out.`);
  if (upstream !== null)
    remarks.push(
      `${upstream.id} (${upstream.gCo2ePerKwh} g/kWh) is added for what comes before the burning: ${row.id} is direct.`,
    );
  for (const one of upstream === null ? [row] : [row, upstream])
    if (one.readIn === 'secondary')
      remarks.push(`${one.id} was read where others quote it, not in its source: check it there.`);
  return remarks;
}

function findRegion(
  rows: readonly EmissionFactor[],
  { country, subdivision, elsewhere }: GridPlace,
): [region: string | undefined, remarks: string[]] {
  const has = (region: string | null) => rows.some((row) => row.region === region);
  if (subdivision !== null && has(subdivision)) return [subdivision, []];
  const place = subdivision ?? country;
  const taken = (region: string, how: string) =>
    `There is no factor of ${place}: that of ${region} was taken${how}.`;
  if (has(country)) return [country, subdivision === null ? [] : [taken(country, '')]];
  if (elsewhere !== null && has(elsewhere)) return [elsewhere, [taken(elsewhere, ', as declared')]];
  return [undefined, []];
}

/** 0 for the year itself, then earlier ones by distance, then later ones. */
function yearRank(row: EmissionFactor, year: number): number {
  return row.year <= year ? year - row.year : 10_000 + row.year - year;
}

function kindRank({ boundary, gases, basis }: EmissionFactor): number {
  return (boundary === 'life-cycle' ? 0 : 4) + (gases === 'CO2e' ? 0 : 2) + (basis === 'generation' ? 1 : 0);
}

function yearRemarks(row: EmissionFactor, year: number): string[] {
  if (row.year === year) return [];
  return [
    row.year < year
      ? `${row.id} is of ${row.year}: there is none of ${year}, and it is the nearest before.`
      : `${row.id} is of ${row.year}: there is none of ${year} or before.`,
  ];
}

/** Never onto a life-cycle factor, which has it in itself. By the row's own year, so that a row has one upstream. */
function chooseUpstream(allowed: readonly EmissionFactor[], row: EmissionFactor): EmissionFactor | null {
  if (row.boundary !== 'direct') return null;
  const [best] = allowed
    .filter(
      ({ boundary, region, basis }) =>
        boundary === 'upstream' && region === row.region && basis !== 'marginal',
    )
    .sort((a, b) => yearRank(a, row.year) - yearRank(b, row.year) || (a.id < b.id ? -1 : 1));
  return best ?? null;
}
