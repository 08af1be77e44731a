import { compareDecimals, decimalOf } from '../../figures/decimal.ts';
import { checkRecord } from '../../record/check-record.ts';
import type { FootprintRecord } from '../../record/footprint-record.ts';
import { RECORD_SCHEMA_ID } from '../../record/record-schema.ts';
import type { ExportFile } from '../export-file.ts';
import { also, dateTime, decimalText, faultAt, flag, list, object, text, urn, uuid } from '../json-rule.ts';
import { differenceOf, idsOfRows, sumOf } from './carbon-figures.ts';
import { lacksOf, PARTIAL } from './footprint-words.ts';
import { PACT_VERSION, type ProductFootprint } from './product-footprint.ts';
import { RATED, UNTOLD_SCORE } from './quality-ratings.ts';
import { threeYearsAfter } from './validity.ts';

const positive = decimalText({ least: '0' });
const anyDecimal = decimalText();
const percent = decimalText({ least: '0', most: '100' });
const rating = decimalText({ least: '1', most: '5' });
const said = text();
/** Ratings are rounded up to so much; and what doubles may add. */
const [RATING_STEP, RATING_SLACK] = [0.01, 1e-9];

const CARBON_FOOTPRINT = object(
  {
    declaredUnitOfMeasurement: text(['hour', 'piece', 'kilogram'], 'is no unit that records have'),
    declaredUnitAmount: decimalText({ least: '0.000000001' }),
    productMassPerDeclaredUnit: positive,
    referencePeriodStart: dateTime,
    referencePeriodEnd: dateTime,
    boundaryProcessesDescription: said,
    pcfExcludingBiogenicUptake: positive,
    pcfIncludingBiogenicUptake: anyDecimal,
    fossilGhgEmissions: positive,
    biogenicCO2Uptake: decimalText({ most: '0' }),
    fossilCarbonContent: positive,
    packagingEmissionsIncluded: flag,
    ccsTechnologicalCO2CaptureIncluded: flag,
    ipccCharacterizationFactors: list(text(/^AR\d+$/, 'is no report of the IPCC')),
    crossSectoralStandards: list(said),
    exemptedEmissionsPercent: percent,
    exemptedEmissionsDescription: said,
    allocationRulesDescription: said,
    primaryDataShare: percent,
    dqi: object({ technologicalDQR: rating, geographicalDQR: rating, temporalDQR: rating }),
  },
  {
    geographyRegionOrSubregion: said,
    geographyCountry: text(/^[A-Z]{2}$/, 'is no country of two capitals'),
    geographyCountrySubdivision: text(/^[A-Z]{2}-[A-Z0-9]{1,3}$/, 'is no subdivision such as US-CA'),
    packagingGhgEmissions: positive,
    secondaryEmissionFactorSources: list(object({ name: said, version: said })),
  },
);

const FOOTPRINT = object(
  {
    id: uuid,
    specVersion: text([PACT_VERSION], `is not ${PACT_VERSION}`),
    created: dateTime,
    status: text(['Active', 'Deprecated'], 'is neither Active nor Deprecated'),
    validityPeriodStart: dateTime,
    validityPeriodEnd: dateTime,
    companyName: said,
    companyIds: list(urn),
    productDescription: said,
    productIds: list(urn),
    productNameCompany: said,
    comment: said,
    pcf: CARBON_FOOTPRINT,
    extensions: list(
      object({
        specVersion: text(/^\d+\.\d+\.\d+$/, 'is no version'),
        dataSchema: (value, place) =>
          value === RECORD_SCHEMA_ID
            ? []
            : text(/^https:\/\/\S+$/, 'is no address of a schema')(value, place),
        data: (value, place) => checkRecord(value).map((fault) => `${place}.${fault}`),
      }),
    ),
  },
  { precedingPfIds: list(uuid), productClassifications: list(urn) },
);

const WHOLE = also(FOOTPRINT, (value) => [...crossFaults(value as ProductFootprint)]);

/** Our own check of files that `writePact` made, without any schema file: each fault with file, place and value. */
export function checkPact(files: readonly ExportFile[]): string[] {
  return files.flatMap(({ path, content }) => {
    try {
      const text = typeof content === 'string' ? content : new TextDecoder().decode(content);
      const footprint: unknown = JSON.parse(text);
      const faults = WHOLE(footprint, '');
      if (faults.length === 0 && path !== `${(footprint as ProductFootprint).id}.json`)
        faults.push(`id: ${(footprint as ProductFootprint).id} is not what the file is called`);
      return faults.map((fault) => `${path}: ${fault}`);
    } catch (error) {
      return [`${path}: cannot be read: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
}

/** What has to agree between fields, and with the record that rides along. */
function* crossFaults(footprint: ProductFootprint): Iterable<string> {
  const { pcf } = footprint;
  const time = (value: string) => Date.parse(value);
  if (!(time(pcf.referencePeriodStart) < time(pcf.referencePeriodEnd)))
    yield faultAt('pcf.referencePeriodEnd', pcf.referencePeriodEnd, 'is not after the start of the period');
  if (time(footprint.validityPeriodStart) < time(pcf.referencePeriodEnd))
    yield faultAt('validityPeriodStart', footprint.validityPeriodStart, 'is before the end of the period');
  if (time(footprint.validityPeriodEnd) > time(threeYearsAfter(pcf.referencePeriodEnd)))
    yield faultAt(
      'validityPeriodEnd',
      footprint.validityPeriodEnd,
      'is more than three years after the period',
    );
  if (!(time(footprint.validityPeriodStart) < time(footprint.validityPeriodEnd)))
    yield faultAt('validityPeriodEnd', footprint.validityPeriodEnd, 'is not after its start');
  const places = Object.keys(pcf).filter((name) => name.startsWith('geography'));
  if (places.length > 1) yield faultAt('pcf', places, 'are more than one geography');
  yield* sumFaults(footprint);
  if (!pcf.packagingEmissionsIncluded && pcf.packagingGhgEmissions !== undefined)
    yield faultAt(
      'pcf.packagingGhgEmissions',
      pcf.packagingGhgEmissions,
      'stands beside packaging that is not included',
    );
  if (pcf.declaredUnitOfMeasurement === 'hour' && pcf.productMassPerDeclaredUnit !== '0')
    yield faultAt(
      'pcf.productMassPerDeclaredUnit',
      pcf.productMassPerDeclaredUnit,
      'is the mass of a service',
    );
  if (
    pcf.declaredUnitOfMeasurement === 'kilogram' &&
    pcf.productMassPerDeclaredUnit !== pcf.declaredUnitAmount
  )
    yield faultAt(
      'pcf.productMassPerDeclaredUnit',
      pcf.productMassPerDeclaredUnit,
      'is not the declared mass',
    );
  for (const [at, { data }] of footprint.extensions.entries())
    yield* recordFaults(footprint, data as FootprintRecord, `extensions[${at}].data`);
}

function* sumFaults({ pcf }: ProductFootprint): Iterable<string> {
  const { pcfExcludingBiogenicUptake: excluding, pcfIncludingBiogenicUptake: including } = pcf;
  if (excluding !== differenceOf(including, pcf.biogenicCO2Uptake))
    yield faultAt(
      'pcf.pcfExcludingBiogenicUptake',
      excluding,
      `is not ${including} less ${pcf.biogenicCO2Uptake}`,
    );
  if (pcf.fossilGhgEmissions !== excluding)
    yield faultAt(
      'pcf.fossilGhgEmissions',
      pcf.fossilGhgEmissions,
      `is not ${excluding}, and no other emissions are told`,
    );
  const packaging = pcf.packagingGhgEmissions ?? '0';
  if (compareDecimals(decimalOf(packaging), decimalOf(excluding)) > 0)
    yield faultAt('pcf.packagingGhgEmissions', packaging, `is more than the whole, ${excluding}`);
}

/** The native record has to say the same: who, what, when, how much, and whether that is all. */
function* recordFaults(
  footprint: ProductFootprint,
  record: FootprintRecord,
  place: string,
): Iterable<string> {
  const { pcf } = footprint;
  const parts = record.upstream.map((part) => part.kgCo2ePerUnit);
  const sources = pcf.secondaryEmissionFactorSources ?? [];
  const [statement] = record.emissions;
  const ids = statement === undefined ? [] : idsOfRows(statement);
  const rows = record.evidence.factors.filter(({ id }) => ids.includes(id));
  const same: [where: string, here: unknown, there: unknown][] = [
    ['created', footprint.created, record.issued],
    ['companyIds', footprint.companyIds, record.issuer.company.ids],
    ['productIds', footprint.productIds, record.subject.productIds],
    ['precedingPfIds', footprint.precedingPfIds?.length ?? 0, Number(record.version) - 1],
    ['id', (footprint.precedingPfIds ?? [footprint.id])[0], record.id],
    ['pcf.declaredUnitOfMeasurement', pcf.declaredUnitOfMeasurement, record.functionalUnit.unit],
    ['pcf.referencePeriodStart', pcf.referencePeriodStart, record.period.from],
    ['pcf.referencePeriodEnd', pcf.referencePeriodEnd, record.period.to],
    ['pcf.primaryDataShare', pcf.primaryDataShare, record.dataQuality.primaryStrictPercent],
    ['companyName', footprint.companyName, record.issuer.company.name],
    ['productClassifications', footprint.productClassifications ?? [], record.subject.classifications],
    ['pcf.geographyCountry', pcf.geographyCountry, record.issuer.region.country],
    ['pcf.declaredUnitAmount', pcf.declaredUnitAmount, record.functionalUnit.amount],
    ['pcf.productMassPerDeclaredUnit', pcf.productMassPerDeclaredUnit, record.subject.massKgPerUnit],
    ['pcf.fossilCarbonContent', pcf.fossilCarbonContent, record.subject.fossilCarbonKgPerUnit],
    ['pcf.exemptedEmissionsPercent', pcf.exemptedEmissionsPercent, record.cutOff.exemptedPercent],
    [
      'pcf.pcfIncludingBiogenicUptake',
      pcf.pcfIncludingBiogenicUptake,
      sumOf([record.emissions[0]?.perUnitKgCo2e ?? '0', ...parts]),
    ],
    [
      'pcf.biogenicCO2Uptake',
      pcf.biogenicCO2Uptake,
      sumOf(record.upstream.map((part) => part.biogenicUptakeKgCo2ePerUnit)),
    ],
  ];
  for (const [where, here, there] of same)
    if (JSON.stringify(here) !== JSON.stringify(there))
      yield faultAt(where, here, `is ${JSON.stringify(there)} by ${place}`);
  for (const kind of RATED) yield* ratingFaults(pcf.dqi[`${kind}DQR`], kind, record, place);
  for (const row of rows)
    if (sources.some(({ version }) => version === row.id) === row.isSupplierSpecific)
      yield faultAt(
        'pcf.secondaryEmissionFactorSources',
        sources,
        `does not agree with the row ${row.id} of ${place}`,
      );
  if (lacksOf(record).length > 0 !== footprint.comment.startsWith(PARTIAL))
    yield faultAt(
      'comment',
      footprint.comment,
      `does not say first whether the footprint is partial, as ${place} does`,
    );
  if (footprint.precedingPfIds?.includes(footprint.id) === true)
    yield faultAt('precedingPfIds', footprint.id, 'is the footprint itself');
}

/** A rating is the mean of all scores by the size of their kg: within a hundredth above it, never below. */
function* ratingFaults(
  rating: string,
  kind: (typeof RATED)[number],
  { dataQuality, emissions, upstream }: FootprintRecord,
  place: string,
): Iterable<string> {
  const scores = [dataQuality[kind].score, ...upstream.map((part) => part.scores?.[kind] ?? UNTOLD_SCORE)];
  const kg = [emissions[0]?.perUnitKgCo2e ?? '0', ...upstream.map((part) => part.kgCo2ePerUnit)];
  const sizes = kg.map((size) => Math.abs(Number(size)));
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const due =
    all === 0
      ? Math.max(...scores.map(Number))
      : scores.reduce((sum, score, at) => sum + Number(score) * (sizes[at] ?? 0), 0) / all;
  const above = Number(rating) - due;
  if (!(above > -RATING_SLACK && above < RATING_STEP))
    yield faultAt(
      `pcf.dqi.${kind}DQR`,
      rating,
      `is not ${due.toFixed(4)}, the mean of the scores of ${place} by their kg`,
    );
}
