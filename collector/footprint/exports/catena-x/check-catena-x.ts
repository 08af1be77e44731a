import type { ExportFile } from '../export-file.ts';
import {
  dateTime,
  faultAt,
  flag,
  list,
  object,
  onlyOne,
  text,
  urn,
  uuid,
  WrittenNumber,
  writtenDecimal,
} from '../json-rule.ts';
import { differenceOf } from '../pact/carbon-figures.ts';
import { UN_REGIONS, unSubregionOf } from '../pact/un-subregions.ts';
import { threeYearsAfter } from '../pact/validity.ts';
import { readWrittenNumbers } from '../written-numbers.ts';
import { CATENA_X_SPEC_VERSION, GWP_NOT_STATED, NOT_APPLICABLE } from './catena-x-terms.ts';

const said = text();
const emission = writtenDecimal({ least: '0' });
const rating = writtenDecimal({ least: '1', most: '5' });
const exactly = (...values: string[]) => text(values, `is not ${values.join(' or ')}`);

const ASSESSMENT = object({
  technology: onlyOne(
    object({ ccsTechnologicalCO2CaptureIncluded: flag, boundaryProcessesDescription: said }),
  ),
  idAndVersion: onlyOne(
    object({
      id: uuid,
      version: writtenDecimal({ least: '0', most: '0' }),
      status: exactly('Active'),
      retroOrProspectivePcfType: exactly('Retrospective PCF'),
    }),
  ),
  boundarySpecifications: onlyOne(
    object({
      exemptedEmissionsPercent: writtenDecimal({ least: '0', most: '10' }),
      exemptedEmissionsDescription: said,
    }),
  ),
  geography: onlyOne(
    object({
      geographyRegionOrSubregion: text(UN_REGIONS, 'is no region of the United Nations'),
      geographyCountry: text(/^[A-Z]{2}$/, 'is no country of two capitals'),
    }),
  ),
  time: onlyOne(
    object({
      referencePeriodStart: dateTime,
      referencePeriodEnd: dateTime,
      created: dateTime,
      validityPeriodStart: dateTime,
      validityPeriodEnd: dateTime,
    }),
  ),
});

const METHODOLOGY = object({
  massBalancingInformation: onlyOne(
    object({
      massBalancingUsed: flag,
      freeAttributionInMassBalancing: exactly(NOT_APPLICABLE),
      massBalancingCertificateScheme: exactly(NOT_APPLICABLE),
    }),
  ),
  standards: onlyOne(
    object({ crossSectoralStandards: list(said), productOrSectorSpecificRules: list(said, { atLeast: 0 }) }),
  ),
  gwpCharacterizationFactorDetails: onlyOne(
    object({ ipccCharacterizationFactors: exactly('AR4', 'AR5', 'AR6', GWP_NOT_STATED) }),
  ),
  allocationInForeground: onlyOne(
    object({
      allocationWasteIncineration: exactly('polluter pays principle'),
      allocationRulesDescription: said,
    }),
  ),
});

const PCF = object({
  scopeOfPcfForm: onlyOne(
    object({ specVersion: exactly(CATENA_X_SPEC_VERSION), partialFullPcf: exactly('Cradle-to-gate') }),
  ),
  companyAndProductInformation: onlyOne(
    object({
      companyInformation: onlyOne(object({ companyName: said, companyIds: list(urn) })),
      productInformation: onlyOne(
        object(
          {
            productNameCompany: said,
            productIds: list(urn),
            declaredUnitOfMeasurement: exactly('hour', 'piece', 'kilogram'),
            declaredUnitAmount: writtenDecimal({ least: '0.000000001' }),
            productMassPerDeclaredUnit: writtenDecimal({ least: '0' }),
            productDescription: said,
          },
          { productClassifications: list(urn) },
        ),
      ),
    }),
  ),
  pcfAssessmentAndMethodology: onlyOne(
    object({
      dataSourcesAndQuality: onlyOne(
        object(
          {
            primaryDataShare: writtenDecimal({ least: '0', most: '100' }),
            technologicalDQR: rating,
            temporalDQR: rating,
            geographicalDQR: rating,
          },
          { secondaryEmissionFactorSources: list(said) },
        ),
      ),
      pcfAssessmentInformation: onlyOne(ASSESSMENT),
      pcfMethodology: onlyOne(METHODOLOGY),
    }),
  ),
  general: onlyOne(object({ comment: said })),
  carbonContent: onlyOne(object({ fossilCarbonContent: emission })),
  productLifeCycleStagesAndEmissions: onlyOne(
    object({
      productionStage: onlyOne(
        object({
          pcfIncludingBiogenicUptake: writtenDecimal(),
          pcfExcludingBiogenicUptake: emission,
          fossilGhgEmissions: emission,
          biogenicCO2Uptake: writtenDecimal({ most: '0' }),
        }),
      ),
      distributionStage: onlyOne(object({ distributionStageIncluded: flag })),
      packagingStage: onlyOne(
        object({ packagingEmissionsIncluded: flag }, { packagingPcfExcludingBiogenicUptake: emission }),
      ),
    }),
  ),
});

/** Our own check of files that `writeCatenaX` made, without any schema file: each fault with file, place and value. */
export function checkCatenaX(files: readonly ExportFile[]): string[] {
  return files.flatMap(({ path, content }) => {
    let pcf: unknown;
    try {
      pcf = readWrittenNumbers(typeof content === 'string' ? content : new TextDecoder().decode(content));
    } catch (error) {
      return [`${path}: cannot be read: ${error instanceof Error ? error.message : String(error)}`];
    }
    const faults = PCF(pcf, '');
    return (faults.length > 0 ? faults : [...crossFaults(pcf, path)]).map((fault) => `${path}: ${fault}`);
  });
}

/** What has to agree between fields. */
function* crossFaults(pcf: unknown, path: string): Iterable<string> {
  const at = (place: string) => leaf(pcf, place);
  const assessment = 'pcfAssessmentAndMethodology.pcfAssessmentInformation';
  const product = 'companyAndProductInformation.productInformation';
  const production = 'productLifeCycleStagesAndEmissions.productionStage';
  const packaging = 'productLifeCycleStagesAndEmissions.packagingStage';

  const id = at(`${assessment}.idAndVersion.id`);
  if (path !== `${id}.catena-x.json`)
    yield faultAt(`${assessment}.idAndVersion.id`, id, 'is not what the file is called');

  const [country, region] = ['geographyCountry', 'geographyRegionOrSubregion'].map((name) =>
    at(`${assessment}.geography.${name}`),
  );
  if (unSubregionOf(country ?? '')?.subregion !== region)
    yield faultAt(`${assessment}.geography`, region, `is not where ${country} lies`);

  const time = (name: string) => at(`${assessment}.time.${name}`);
  const until = Date.parse(time('validityPeriodEnd'));
  if (!(Date.parse(time('referencePeriodStart')) < Date.parse(time('referencePeriodEnd'))))
    yield faultAt(
      `${assessment}.time.referencePeriodEnd`,
      time('referencePeriodEnd'),
      'is not after its start',
    );
  if (Date.parse(time('validityPeriodStart')) < Date.parse(time('referencePeriodEnd')))
    yield faultAt(
      `${assessment}.time.validityPeriodStart`,
      time('validityPeriodStart'),
      'is before the end of the period',
    );
  if (
    until <= Date.parse(time('validityPeriodStart')) ||
    until > Date.parse(threeYearsAfter(time('referencePeriodEnd')))
  )
    yield faultAt(
      `${assessment}.time.validityPeriodEnd`,
      time('validityPeriodEnd'),
      'is not within three years after the period',
    );

  const excluding = at(`${production}.pcfExcludingBiogenicUptake`);
  const including = at(`${production}.pcfIncludingBiogenicUptake`);
  const uptake = at(`${production}.biogenicCO2Uptake`);
  if (excluding !== differenceOf(including, uptake))
    yield faultAt(
      `${production}.pcfExcludingBiogenicUptake`,
      excluding,
      `is not ${including} less ${uptake}`,
    );
  if (at(`${production}.fossilGhgEmissions`) !== excluding)
    yield faultAt(
      `${production}.fossilGhgEmissions`,
      at(`${production}.fossilGhgEmissions`),
      `is not ${excluding}`,
    );
  if (
    (at(`${packaging}.packagingEmissionsIncluded`) === 'true') !==
    (at(`${packaging}.packagingPcfExcludingBiogenicUptake`) !== '')
  )
    yield faultAt(
      packaging,
      at(`${packaging}.packagingPcfExcludingBiogenicUptake`),
      'does not agree with packagingEmissionsIncluded',
    );

  const mass = at(`${product}.productMassPerDeclaredUnit`);
  if (at(`${product}.declaredUnitOfMeasurement`) === 'hour' && mass !== '0')
    yield faultAt(`${product}.productMassPerDeclaredUnit`, mass, 'is the mass of a service');
}

/** The text of what stands at a place, through groups of one; empty where nothing does. */
function leaf(value: unknown, place: string): string {
  let here = value;
  for (const name of place.split('.')) {
    const [group] = Array.isArray(here) ? (here as unknown[]) : [here];
    here = (group as Record<string, unknown>)[name];
  }
  if (here instanceof WrittenNumber) return here.text;
  return typeof here === 'string' ? here : (JSON.stringify(here) ?? '');
}
