/** A value of a dictionary: its text and what it is called there; null where the dictionary does not have it. */
export interface Term {
  value: string;
  id: string | null;
}

const IDTA = 'https://admin-shell.io/idta/CarbonFootprint';

/** The template whose instances are written, as it names itself. */
export const TEMPLATE_ID = 'https://admin-shell.io/IDTA 02023-1-0';

/** What each element means: its name in the template, and its semantic id. */
export const SEMANTICS = {
  CarbonFootprint: `${IDTA}/CarbonFootprint/1/0`,
  ProductCarbonFootprints: `${IDTA}/ProductCarbonFootprints/1/0`,
  ProductCarbonFootprint: `${IDTA}/ProductCarbonFootprint/1/0`,
  PcfCalculationMethods: `${IDTA}/PcfCalculationMethods/1/0`,
  PcfCalculationMethod: '0173-1#02-ABG854#003',
  PcfCO2eq: '0173-1#02-ABG855#003',
  ReferenceImpactUnitForCalculation: '0173-1#02-ABG856#003',
  QuantityOfMeasureForCalculation: '0173-1#02-ABG857#003',
  LifeCyclePhases: `${IDTA}/LifeCyclePhases/1/0`,
  LifeCyclePhase: '0173-1#02-ABG858#003',
  PublicationDate: `${IDTA}/PublicationDate/1/0`,
  ExpirationDate: `${IDTA}/ExpirationDate/1/0`,
  ProductOrSectorSpecificCarbonFootprints: `${IDTA}/ProductOrSectorSpecificCarbonFootprints/1/0`,
  ProductOrSectorSpecificCarbonFootprint: `${IDTA}/ProductOrSectorSpecificCarbonFootprint/1/0`,
  ProductOrSectorSpecificRule: `${IDTA}/ProductOrSectorSpecificRule/1/0`,
  PcfRuleOperator: `${IDTA}/ProductOrSectorSpecificRule/Operator/1/0`,
  PcfRuleName: `${IDTA}/ProductOrSectorSpecificRule/Name/1/0`,
  PcfRuleVersion: `${IDTA}/ProductOrSectorSpecificRule/Version/1/0`,
  ExternalPcfApi: `${IDTA}/ExternalPcfApi/1/0`,
  PcfApiEndpoint: `${IDTA}/ExternalPcfApi/Endpoint/1/0`,
  PcfApiQuery: `${IDTA}/ExternalPcfApi/Query/1/0`,
  PcfInformation: `${IDTA}/PcfInformation/1/0`,
  ArbitraryContent: 'https://admin-shell.io/SMT/General/Arbitrary',
} as const;

/** How footprints are computed: the method of records. */
export const METHOD: Term = { value: 'ISO 14067', id: '0173-1#07-ABU218#003' };

/** Life-cycle phases of EN 15804 that records can be of, in their order. */
export const PHASES = {
  A1: { value: 'A1 - raw material supply (and upstream production)', id: '0173-1#07-ABU208#003' },
  A2: { value: 'A2 - cradle-to-gate transport to factory', id: '0173-1#07-ABU209#003' },
  A3: { value: 'A3 - production', id: '0173-1#07-ABU210#003' },
  B6: { value: 'B6 - usage energy consumption', id: '0173-1#07-ABV500#003' },
} as const satisfies Record<string, Term>;

/** Units of records. The dictionary has no hour; other values are allowed. */
export const UNITS: Readonly<Record<'hour' | 'piece' | 'kilogram', Term>> = {
  hour: { value: 'h', id: null },
  piece: { value: 'piece', id: '0173-1#07-ABZ603#003' },
  kilogram: { value: 'kg', id: '0173-1#07-ABZ597#003' },
};

/** What stands where the template demands a rule and none of a product group or sector was applied. */
export const NO_RULE = {
  operator: 'WBCSD PACT',
  name: 'Data exchange only: no rule of a product group or sector was applied',
} as const;

/** Characters that the standard forbids in any text, because XML cannot write them; halves of characters among them. */
export const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;
