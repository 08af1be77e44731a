import type { DecimalText } from '../../figures/decimal.ts';
import type { Instant } from '../../record/footprint-record.ts';

/** The version of the PACT specifications for data exchange that is written. */
export const PACT_VERSION = '3.0.4';

/** A product's footprint as PACT version 3 exchanges it: the fields that we write. Every decimal is a text without exponent. */
export interface ProductFootprint {
  id: string;
  specVersion: typeof PACT_VERSION;
  /** Ids of earlier issues of this footprint, oldest first: absent with the first. */
  precedingPfIds?: string[];
  created: Instant;
  status: 'Active' | 'Deprecated';
  validityPeriodStart: Instant;
  validityPeriodEnd: Instant;
  companyName: string;
  companyIds: string[];
  productDescription: string;
  productIds: string[];
  productClassifications?: string[];
  productNameCompany: string;
  comment: string;
  pcf: CarbonFootprint;
  extensions: { specVersion: string; dataSchema: string; data: unknown }[];
}

/** What footprints are sought, ordered and shared by: all of one but its figures, so that a thousand of them are in memory easily. */
export interface FootprintHead extends Pick<
  ProductFootprint,
  | 'id'
  | 'created'
  | 'status'
  | 'validityPeriodStart'
  | 'validityPeriodEnd'
  | 'companyIds'
  | 'productIds'
  | 'productClassifications'
> {
  pcf: Pick<CarbonFootprint, 'geographyCountry'>;
}

/** Kg of CO2 equivalent, and everything else, per declared unit. */
export interface CarbonFootprint {
  declaredUnitOfMeasurement: 'hour' | 'piece' | 'kilogram';
  declaredUnitAmount: DecimalText;
  /** Kg; `0` for a service. */
  productMassPerDeclaredUnit: DecimalText;
  referencePeriodStart: Instant;
  referencePeriodEnd: Instant;
  /** ISO 3166-1 alpha-2. Regions of a grid are no subdivisions of ISO 3166-2, so nothing finer is written. */
  geographyCountry: string;
  boundaryProcessesDescription: string;
  pcfExcludingBiogenicUptake: DecimalText;
  pcfIncludingBiogenicUptake: DecimalText;
  fossilGhgEmissions: DecimalText;
  /** 0 or less. */
  biogenicCO2Uptake: DecimalText;
  /** Kg of carbon. */
  fossilCarbonContent: DecimalText;
  packagingEmissionsIncluded: boolean;
  packagingGhgEmissions?: DecimalText;
  ccsTechnologicalCO2CaptureIncluded: false;
  ipccCharacterizationFactors: string[];
  crossSectoralStandards: string[];
  exemptedEmissionsPercent: DecimalText;
  exemptedEmissionsDescription: string;
  allocationRulesDescription: string;
  secondaryEmissionFactorSources?: { name: string; version: string }[];
  /** %, strict: activity and factor both primary. */
  primaryDataShare: DecimalText;
  dqi: { technologicalDQR: string; geographicalDQR: string; temporalDQR: string };
}
