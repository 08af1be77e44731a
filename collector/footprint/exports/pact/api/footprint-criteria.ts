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

/** Values of one criterion in a request: nobody asks for more, and each is compared with every footprint. */
export const VALUES_MOST = 100;

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

/**
 * Whether a footprint fits every criterion, of which each is read once for all footprints. Times have to be such that
 * `criterionTime` can read them.
 */
export function createCriteriaFilter(criteria: Criteria): (footprint: FootprintHead) => boolean {
  const rules = CRITERIA.flatMap((name) => {
    const values = criteria[name] ?? [];
    return values.length === 0 ? [] : [ruleOf(name, values)];
  });
  return (footprint) => rules.every((fits) => fits(footprint));
}

function ruleOf(name: Criterion, values: readonly string[]): (footprint: FootprintHead) => boolean {
  const wanted = new Set(values.map((value) => value.toLowerCase()));
  const holds = (ids: readonly string[]) => ids.some((id) => wanted.has(id.toLowerCase()));
  const times = () => values.map(criterionTime);
  switch (name) {
    case 'productId':
      return ({ productIds }) => holds(productIds);
    case 'companyId':
      return ({ companyIds }) => holds(companyIds);
    case 'classification':
      return ({ productClassifications = [] }) => holds(productClassifications);
    case 'status':
      return ({ status }) => holds([status]);
    case 'geography': {
      const places = [...wanted];
      return ({ pcf }) => places.some((place) => isCountryWithin(pcf.geographyCountry, place));
    }
    case 'validOn': {
      const days = times();
      return ({ validityPeriodStart, validityPeriodEnd }) => {
        const [from, to] = [Date.parse(validityPeriodStart), Date.parse(validityPeriodEnd)];
        return days.some((day) => from <= day && day <= to);
      };
    }
    case 'validAfter': {
      const first = Math.min(...times());
      return ({ validityPeriodStart }) => Date.parse(validityPeriodStart) > first;
    }
    case 'validBefore': {
      const last = Math.max(...times());
      return ({ validityPeriodEnd }) => Date.parse(validityPeriodEnd) < last;
    }
  }
}
