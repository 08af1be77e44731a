/** The regions of the United Nations (M49) with their subregions, and those with the countries of each, ISO 3166-1 alpha-2. */
const REGIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Africa: {
    'Northern Africa': 'DZ EG EH LY MA SD TN',
    'Sub-Saharan Africa':
      'AO BF BI BJ BW CD CF CG CI CM CV DJ ER ET GA GH GM GN GQ GW IO KE KM LR LS MG ML MR MU MW MZ NA NE NG RE RW SC SH SL SN SO SS ST SZ TD TF TG TZ UG YT ZA ZM ZW',
  },
  Americas: {
    'Latin America and the Caribbean':
      'AG AI AR AW BB BL BO BQ BR BS BV BZ CL CO CR CU CW DM DO EC FK GD GF GP GS GT GY HN HT JM KN KY LC MF MQ MS MX NI PA PE PR PY SR SV SX TC TT UY VC VE VG VI',
    'Northern America': 'BM CA GL PM US',
  },
  Asia: {
    'Central Asia': 'KG KZ TJ TM UZ',
    'Eastern Asia': 'CN HK JP KP KR MN MO TW',
    'South-eastern Asia': 'BN ID KH LA MM MY PH SG TH TL VN',
    'Southern Asia': 'AF BD BT IN IR LK MV NP PK',
    'Western Asia': 'AE AM AZ BH CY GE IL IQ JO KW LB OM PS QA SA SY TR YE',
  },
  Europe: {
    'Eastern Europe': 'BG BY CZ HU MD PL RO RU SK UA',
    'Northern Europe': 'AX DK EE FI FO GB GG IE IM IS JE LT LV NO SE SJ',
    'Southern Europe': 'AD AL BA ES GI GR HR IT ME MK MT PT RS SI SM VA XK',
    'Western Europe': 'AT BE CH DE FR LI LU MC NL',
  },
  Oceania: {
    'Australia and New Zealand': 'AU CC CX HM NF NZ',
    Melanesia: 'FJ NC PG SB VU',
    Micronesia: 'FM GU KI MH MP NR PW UM',
    Polynesia: 'AS CK NU PF PN TK TO TV WF WS',
  },
};

const PLACES = new Map(
  Object.entries(REGIONS).flatMap(([region, subregions]) =>
    Object.entries(subregions).flatMap(([subregion, countries]) =>
      countries.split(' ').map((country) => [country, { region, subregion }] as const),
    ),
  ),
);

/** Names of all regions and subregions, as PACT lists them. */
export const UN_REGIONS: readonly string[] = Object.entries(REGIONS).flatMap(([region, subregions]) => [
  region,
  ...Object.keys(subregions),
]);

/** Region and subregion of a country; undefined of what is no country, and of Antarctica. @param country ISO 3166-1 alpha-2 */
export function unSubregionOf(country: string): { region: string; subregion: string } | undefined {
  return PLACES.get(country);
}

/** Whether a country lies in a place: itself, a subregion or a region, in letters of any case. */
export function isCountryWithin(country: string, place: string): boolean {
  const wanted = place.trim().toLowerCase();
  const { region, subregion } = unSubregionOf(country) ?? {};
  return [country, subregion, region].some((name) => name?.toLowerCase() === wanted);
}
