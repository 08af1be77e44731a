import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  isCountryWithin,
  UN_REGIONS,
  unSubregionOf,
} from '../../../../../collector/footprint/exports/pact/un-subregions.ts';
import { hasPactSchema } from './pact-schema.ts';
import { sharedFile } from '../../../../support/shared-files.ts';

/** Every pair of capitals that is a region of the world to CLDR, as this Node carries it: an independent list. */
function everyCountry(): string[] {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
  return letters
    .flatMap((first) => letters.map((second) => first + second))
    .filter((code) => names.of(code) !== undefined);
}

/** What CLDR names and ISO 3166-1 does not hold, or holds no more: groups, islands within others, and states that are gone. */
const NO_COUNTRY = new Set(
  'AC AN BU CP CQ CS CT DD DG DY EA EU EZ FQ FX HV IC JT MI NH NQ NT PC PU PZ QO QU RH SU TA TP UK UN VD WK XA XB YD YU ZR ZZ NN AQ'.split(
    ' ',
  ),
);

describe('regions of the United Nations', () => {
  it('hold every country of the world once, Antarctica apart', () => {
    const countries = everyCountry();
    expect(countries.length).toBeGreaterThan(245);
    const without = countries.filter((code) => unSubregionOf(code) === undefined && !NO_COUNTRY.has(code));
    expect(without).toEqual([]);
    const placed = countries.filter((code) => unSubregionOf(code) !== undefined);
    // ISO 3166-1 has 249 of them with Antarctica; XK is in use and not assigned.
    expect(placed.length).toBe(249);
    expect(unSubregionOf('EU')).toBeUndefined();
  });

  it('are named as PACT names them', () => {
    expect(UN_REGIONS.length).toBe(22);
    expect(unSubregionOf('VN')).toEqual({ region: 'Asia', subregion: 'South-eastern Asia' });
  });

  it.skipIf(!hasPactSchema)('are those of its schema, no more and no less', () => {
    const openapi = parse(readFileSync(sharedFile('schemas/pact/pact-openapi-3.0.4.yaml'), 'utf8')) as {
      components: {
        schemas: { CarbonFootprint: { properties: { geographyRegionOrSubregion: { enum: string[] } } } };
      };
    };
    const { enum: names } = openapi.components.schemas.CarbonFootprint.properties.geographyRegionOrSubregion;
    expect([...UN_REGIONS].sort()).toEqual([...names].sort());
  });

  it('hold a country by its own name, its subregion’s and its region’s, in any case', () => {
    for (const place of ['VN', 'vn', 'south-eastern asia', 'ASIA'])
      expect(isCountryWithin('VN', place)).toBe(true);
    for (const place of ['Eastern Asia', 'Europe', 'TH', '', 'XX'])
      expect(isCountryWithin('VN', place)).toBe(false);
    expect(isCountryWithin('XX', 'xx')).toBe(true);
  });
});
