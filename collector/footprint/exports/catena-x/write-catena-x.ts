import { MillwattError } from '../../../../protocols/errors.ts';
import type { FootprintRecord, Instant } from '../../record/footprint-record.ts';
import type { ExportFile } from '../export-file.ts';
import { carbonFiguresOf, declared, type CarbonFigures } from '../pact/carbon-figures.ts';
import { issuesOf, type UuidOf } from '../pact/footprint-id.ts';
import { commentOf, describeBoundary } from '../pact/footprint-words.ts';
import { qualityRatingsOf } from '../pact/quality-ratings.ts';
import { unSubregionOf } from '../pact/un-subregions.ts';
import { validityOf } from '../pact/validity.ts';
import { writtenNumber } from '../written-numbers.ts';
import { CATENA_X_SPEC_VERSION, GWP_NOT_STATED, NOT_APPLICABLE } from './catena-x-terms.ts';

/** What the export needs besides the record. */
export interface CatenaXPorts {
  uuidOf: UuidOf;
  /** Until when it may be used, as in PACT; three years after the period without. */
  validUntil?: Instant;
}

/**
 * One file, `<id>.catena-x.json`: the record as a Catena-X PCF 9.0.0, with the figures and the id of its PACT footprint, in
 * numbers whose digits are the record's. Throws errors of class `refuse` as `pactFootprint` does, and `no-region` for a
 * country that the United Nations count in no region. *Not* in it: the record itself, and ids of earlier issues, for which
 * the format has no room.
 */
export function writeCatenaX(record: FootprintRecord, ports: CatenaXPorts): ExportFile[] {
  const id = issuesOf(record, ports.uuidOf).at(-1) ?? record.id;
  const pcf = groupsOf(record, id, validityOf(record, ports.validUntil));
  return [{ path: `${id}.catena-x.json`, content: `${JSON.stringify(pcf, null, 2)}\n` }];
}

function groupsOf(record: FootprintRecord, id: string, validity: { from: Instant; to: Instant }): object {
  const { issuer } = record;
  const figures = carbonFiguresOf(record);
  return {
    scopeOfPcfForm: [{ specVersion: CATENA_X_SPEC_VERSION, partialFullPcf: 'Cradle-to-gate' }],
    companyAndProductInformation: [
      {
        companyInformation: [{ companyName: issuer.company.name, companyIds: issuer.company.ids }],
        productInformation: [productOf(record)],
      },
    ],
    pcfAssessmentAndMethodology: [
      {
        dataSourcesAndQuality: [qualityOf(record, figures)],
        pcfAssessmentInformation: [assessmentOf(record, id, validity)],
        pcfMethodology: [methodologyOf(record, figures)],
      },
    ],
    general: [{ comment: `${commentOf(record, figures)} ${WASTE}` }],
    carbonContent: [{ fossilCarbonContent: writtenNumber(declared(record, 'fossilCarbonKgPerUnit')) }],
    productLifeCycleStagesAndEmissions: [stagesOf(figures)],
  };
}

/** The format demands an answer where there was no question. */
const WASTE =
  'Nothing is incinerated within the boundary: the allocation that the format demands for it is not used.';

function productOf(record: FootprintRecord): object {
  const { subject, functionalUnit } = record;
  return {
    productNameCompany: record.view === 'use-phase' ? `${subject.name}, machine-hour` : subject.name,
    productIds: subject.productIds,
    declaredUnitOfMeasurement: functionalUnit.unit,
    declaredUnitAmount: writtenNumber(functionalUnit.amount),
    productMassPerDeclaredUnit: writtenNumber(declared(record, 'massKgPerUnit')),
    ...(subject.classifications.length > 0 && { productClassifications: subject.classifications }),
    productDescription: `${subject.description}. ${functionalUnit.description}.`,
  };
}

function qualityOf(record: FootprintRecord, { secondarySources }: CarbonFigures): object {
  const ratings = qualityRatingsOf(record);
  return {
    primaryDataShare: writtenNumber(record.dataQuality.primaryStrictPercent),
    ...(secondarySources.length > 0 && {
      secondaryEmissionFactorSources: secondarySources.map(({ name, version }) => `${name}: ${version}`),
    }),
    technologicalDQR: writtenNumber(ratings.technological),
    temporalDQR: writtenNumber(ratings.temporal),
    geographicalDQR: writtenNumber(ratings.geographical),
  };
}

function assessmentOf(record: FootprintRecord, id: string, validity: { from: Instant; to: Instant }): object {
  const { country } = record.issuer.region;
  const place = unSubregionOf(country);
  if (place === undefined)
    throw new MillwattError('refuse', 'no-region', `${country} lies in no region that Catena-X knows.`, {
      cure: 'Enter the country of the site as ISO 3166-1 alpha-2: VN.',
    });
  return {
    technology: [
      {
        ccsTechnologicalCO2CaptureIncluded: false,
        boundaryProcessesDescription: describeBoundary(record),
      },
    ],
    // By the rules of Catena-X each change makes a new id; version and status are not used and have one value.
    idAndVersion: [{ id, version: 0, status: 'Active', retroOrProspectivePcfType: 'Retrospective PCF' }],
    boundarySpecifications: [
      {
        exemptedEmissionsPercent: writtenNumber(record.cutOff.exemptedPercent),
        exemptedEmissionsDescription: record.cutOff.statement,
      },
    ],
    geography: [{ geographyRegionOrSubregion: place.subregion, geographyCountry: country }],
    time: [
      {
        referencePeriodStart: record.period.from,
        referencePeriodEnd: record.period.to,
        created: record.issued,
        validityPeriodStart: validity.from,
        validityPeriodEnd: validity.to,
      },
    ],
  };
}

function methodologyOf(record: FootprintRecord, { gwpSets, rowsWithoutGwp }: CarbonFigures): object {
  const [only, ...more] = gwpSets;
  return {
    massBalancingInformation: [
      {
        massBalancingUsed: false,
        freeAttributionInMassBalancing: NOT_APPLICABLE,
        massBalancingCertificateScheme: NOT_APPLICABLE,
      },
    ],
    standards: [{ crossSectoralStandards: ['ISO 14067'], productOrSectorSpecificRules: [] }],
    // The format has room for one set: with several, or with rows that name none, there is no one set.
    gwpCharacterizationFactorDetails: [
      {
        ipccCharacterizationFactors:
          only !== undefined && more.length === 0 && rowsWithoutGwp.length === 0 ? only : GWP_NOT_STATED,
      },
    ],
    allocationInForeground: [
      {
        allocationWasteIncineration: 'polluter pays principle',
        allocationRulesDescription: record.allocation.statement,
      },
    ],
  };
}

/** Emissions of the production stage hold those of packaging, by the rules of Catena-X. */
function stagesOf(figures: CarbonFigures): object {
  const { packagingKg } = figures;
  return {
    productionStage: [
      {
        pcfIncludingBiogenicUptake: writtenNumber(figures.includingUptakeKg),
        pcfExcludingBiogenicUptake: writtenNumber(figures.excludingUptakeKg),
        fossilGhgEmissions: writtenNumber(figures.excludingUptakeKg),
        biogenicCO2Uptake: writtenNumber(figures.uptakeKg),
      },
    ],
    distributionStage: [{ distributionStageIncluded: false }],
    packagingStage: [
      {
        packagingEmissionsIncluded: packagingKg !== null,
        ...(packagingKg !== null && { packagingPcfExcludingBiogenicUptake: writtenNumber(packagingKg) }),
      },
    ],
  };
}
