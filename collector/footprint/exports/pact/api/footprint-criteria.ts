import type { FootprintHead } from '../product-footprint.ts';
import { isCountryWithin } from '../un-subregions.ts';

/** What PACT filters by: of one criterion any value has to fit, of all criteria each. A criterion without values fits all. */
export const CRITERIA = [
  'productId',
  'companyId',
  'geography',
  'classification',
  'validOn',
  'validAfter',
  'validBefore',
  'status',
] as const;
export type Criterion = (typeof CRITERIA)[number];
/** Values of criteria, as they were written. */
export type Criteria = Readonly<Partial<Record<Criterion, readonly string[]>>>;

/** The criteria that are times. */
export const TIME_CRITERIA: readonly Criterion[] = ['validOn', 'validAfter', 'validBefore'];

/** A time as criteria have it, in ms since 1970; NaN of anything else. Seconds may be missing, as in PACT's own example. */
export function criterionTime(value: string): number {
  // A plus sign that nobody escaped in an address arrives as a space.
  const text = value.replace(/ (?=\d\d:\d\d$)/, '+').toUpperCase();
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
}

/** Whether a footprint fits every criterion. Times have to be such that `criterionTime` can read them. */
export function fitsCriteria(footprint: FootprintHead, criteria: Criteria): boolean {
  return CRITERIA.every((name) => {
    const values = criteria[name] ?? [];
    return values.length === 0 || values.some((value) => fits(footprint, name, value));
  });
}

function fits(footprint: FootprintHead, name: Criterion, value: string): boolean {
  const [from, to] = [footprint.validityPeriodStart, footprint.validityPeriodEnd].map((time) =>
    Date.parse(time),
  );
  switch (name) {
    case 'productId':
      return holds(footprint.productIds, value);
    case 'companyId':
      return holds(footprint.companyIds, value);
    case 'classification':
      return holds(footprint.productClassifications ?? [], value);
    case 'status':
      return holds([footprint.status], value);
    case 'geography':
      return isCountryWithin(footprint.pcf.geographyCountry, value);
    case 'validOn':
      return (from ?? 0) <= criterionTime(value) && criterionTime(value) <= (to ?? 0);
    case 'validAfter':
      return (from ?? 0) > criterionTime(value);
    case 'validBefore':
      return (to ?? 0) < criterionTime(value);
  }
}

function holds(ids: readonly string[], wanted: string): boolean {
  return ids.some((id) => id.toLowerCase() === wanted.toLowerCase());
}
