import { MillwattError } from '../../../../protocols/errors.ts';
import type { FootprintRecord, Instant } from '../../record/footprint-record.ts';
import { RECORD_SCHEMA_ID } from '../../record/record-schema.ts';
import type { ExportFile } from '../export-file.ts';
import { carbonFiguresOf, declared, type CarbonFigures } from './carbon-figures.ts';
import { issuesOf, type UuidOf } from './footprint-id.ts';
import { commentOf, describeBoundary } from './footprint-words.ts';
import { PACT_VERSION, type CarbonFootprint, type ProductFootprint } from './product-footprint.ts';
import { qualityRatingsOf } from './quality-ratings.ts';
import { validityOf } from './validity.ts';

/** What the export needs besides the record. */
export interface PactPorts {
  uuidOf: UuidOf;
  /** Until when it may be used: after the period and at most three years after it, which is also what is taken without. */
  validUntil?: Instant;
  /** Address at which the site publishes the record's JSON Schema; without, its name, which can be found but not fetched. */
  recordSchemaUrl?: string;
}

/** The version of PACT's specification of extensions in which our record is handed on. */
const EXTENSION_VERSION = '2.0.0';

/**
 * One file, `<id>.json`: the record as a ProductFootprint of PACT version 3, with the record itself as its extension.
 * Throws errors of class `refuse` on what PACT demands and nobody declared: see `pactFootprint`.
 */
export function writePact(record: FootprintRecord, ports: PactPorts): ExportFile[] {
  const footprint = pactFootprint(record, ports);
  return [{ path: `${footprint.id}.json`, content: `${JSON.stringify(footprint, null, 2)}\n` }];
}

/**
 * The record as PACT exchanges it. A machine-hour is a service, of no mass; a part is a piece with its mass. Its total is
 * electricity and declared parts, exactly. Throws an error of class `refuse`: `no-emissions`, `no-factor-row`,
 * `not-declared` (mass or fossil carbon), `gwp-not-stated`, `bad-validity`.
 */
export function pactFootprint(
  record: FootprintRecord,
  { uuidOf, validUntil, recordSchemaUrl = RECORD_SCHEMA_ID }: PactPorts,
): ProductFootprint {
  const { subject, issuer } = record;
  const figures = carbonFiguresOf(record);
  const issues = issuesOf(record, uuidOf);
  const validity = validityOf(record, validUntil);
  return {
    id: issues.at(-1) ?? record.id,
    specVersion: PACT_VERSION,
    ...(issues.length > 1 && { precedingPfIds: issues.slice(0, -1) }),
    created: record.issued,
    status: 'Active',
    validityPeriodStart: validity.from,
    validityPeriodEnd: validity.to,
    companyName: issuer.company.name,
    companyIds: issuer.company.ids,
    productDescription: `${subject.description}. ${record.functionalUnit.description}.`,
    productIds: subject.productIds,
    ...(subject.classifications.length > 0 && { productClassifications: subject.classifications }),
    productNameCompany: record.view === 'use-phase' ? `${subject.name}, machine-hour` : subject.name,
    comment: commentOf(record, figures),
    pcf: carbonFootprint(record, figures),
    extensions: [{ specVersion: EXTENSION_VERSION, dataSchema: recordSchemaUrl, data: record }],
  };
}

function carbonFootprint(record: FootprintRecord, figures: CarbonFigures): CarbonFootprint {
  const { functionalUnit, period, dataQuality, cutOff } = record;
  const { packagingKg, secondarySources } = figures;
  const ratings = qualityRatingsOf(record);
  return {
    declaredUnitOfMeasurement: functionalUnit.unit,
    declaredUnitAmount: functionalUnit.amount,
    productMassPerDeclaredUnit: declared(record, 'massKgPerUnit'),
    referencePeriodStart: period.from,
    referencePeriodEnd: period.to,
    geographyCountry: record.issuer.region.country,
    boundaryProcessesDescription: describeBoundary(record),
    pcfExcludingBiogenicUptake: figures.excludingUptakeKg,
    pcfIncludingBiogenicUptake: figures.includingUptakeKg,
    // No part tells land use or biogenic methane apart, so that everything but uptake counts as fossil.
    fossilGhgEmissions: figures.excludingUptakeKg,
    biogenicCO2Uptake: figures.uptakeKg,
    fossilCarbonContent: declared(record, 'fossilCarbonKgPerUnit'),
    packagingEmissionsIncluded: packagingKg !== null,
    ...(packagingKg !== null && { packagingGhgEmissions: packagingKg }),
    ccsTechnologicalCO2CaptureIncluded: false,
    ipccCharacterizationFactors: characterizationOf(figures),
    // The method is that of ISO 14067; that PACT's own rules were followed is for the company to say.
    crossSectoralStandards: ['ISO14067'],
    exemptedEmissionsPercent: cutOff.exemptedPercent,
    exemptedEmissionsDescription: cutOff.statement,
    allocationRulesDescription: record.allocation.statement,
    ...(secondarySources.length > 0 && { secondaryEmissionFactorSources: secondarySources }),
    primaryDataShare: dataQuality.primaryStrictPercent,
    dqi: {
      technologicalDQR: ratings.technological,
      geographicalDQR: ratings.geographical,
      temporalDQR: ratings.temporal,
    },
  };
}

/**
 * The sets that the rows name. Where some rows of CO2 equivalent name none, the comment says so; where none does, there is
 * nothing true to write. Rows of CO2 alone need no set, and with them the latest is as true as any.
 */
function characterizationOf({ gwpSets, rowsWithoutGwp }: CarbonFigures): string[] {
  if (gwpSets.length > 0) return gwpSets;
  if (rowsWithoutGwp.length === 0) return ['AR6'];
  throw new MillwattError(
    'refuse',
    'gwp-not-stated',
    `PACT demands the set of warming potentials, and ${rowsWithoutGwp.join(', ')} states none.`,
    {
      cure: 'Take a factor table that states it, or enter the factor with its set in a table of your own.',
    },
  );
}
