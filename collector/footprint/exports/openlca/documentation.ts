import { localAt } from '../../../energy/calendar/local-time.ts';
import { openZone } from '../../../energy/calendar/zone.ts';
import { formatDay } from '../../../energy/calendar/civil-date.ts';
import type { FootprintRecord } from '../../record/footprint-record.ts';
import {
  boundaryWords,
  completenessWords,
  coverageWords,
  factorsWords,
  meterWords,
  obtainedWords,
  qualityWords,
  sensitivityWords,
  sentences,
  subjectWords,
  uncertaintyWords,
  viewWords,
} from '../record-words.ts';
import type { ElectricitySupply } from '../inventory.ts';
import type { Ref } from './entity.ts';

/** Who and what a documentation names. */
export interface DocumentationRefs {
  company: Ref;
  evidence: Ref;
  sources: Ref[];
}

/** How the metered process came about: boundary, allocation, coverage, uncertainty and quality in words. */
export function processDocumentation(
  record: FootprintRecord,
  { company, evidence, sources }: DocumentationRefs,
): object {
  const { period, issuer, allocation, evidence: basis, subject } = record;
  const { country, subdivision } = issuer.region;
  return {
    '@type': 'ProcessDocumentation',
    ...validity(record),
    timeDescription: `${period.name}: from ${period.from} to ${period.to} (${period.zone}). All figures are of this period.`,
    geographyDescription: `${issuer.site}, ${country}${subdivision === null ? '' : ` (${subdivision})`}; machines: ${subject.machines.join(', ')}.`,
    technologyDescription: subjectWords(record),
    inventoryMethodDescription: `${viewWords(record)} Allocation (${allocation.rule}): ${allocation.statement}`,
    modelingConstantsDescription: boundaryWords(record),
    completenessDescription: `${completenessWords(record)} ${coverageWords(record)}`,
    dataSelectionDescription: qualityWords(record),
    dataTreatmentDescription: `${obtainedWords(record)} ${uncertaintyWords(record)}`,
    dataCollectionDescription: meterWords(record),
    useAdvice: sentences([
      'Electricity and declared parts are inputs with suppliers of their own: link them to others rather than adding to them',
      sensitivityWords(record),
    ]),
    intendedApplication: viewWords(record),
    projectDescription: `${issuer.software}; ${basis.algorithms.join(', ')}; ${basis.uncertaintyModel}; ${basis.status}.`,
    ...people(record, company),
    publication: evidence,
    sources: [evidence, ...sources],
  };
}

/** Where the emissions of a kWh come from. */
export function electricityDocumentation(
  record: FootprintRecord,
  { factors, statement }: ElectricitySupply,
  { company, sources }: DocumentationRefs,
): object {
  const { country, subdivision } = record.issuer.region;
  const gases = factors.some((row) => row.gases === 'CO2')
    ? 'At least one factor is of CO2 alone: other gases are left out.'
    : 'The factors are of CO2 equivalents.';
  return {
    '@type': 'ProcessDocumentation',
    ...validity(record),
    timeDescription: `Factors of the years ${[...new Set(factors.map(({ year }) => year))].join(', ')} for ${record.period.name}.`,
    geographyDescription: `Electricity drawn in ${subdivision ?? country}; factors of ${[...new Set(factors.map(({ region }) => region))].join(', ')}.`,
    dataSelectionDescription: factorsWords(factors),
    dataTreatmentDescription: `${gases} They are booked as fossil CO2 to air, so that methods of impact assessment weigh them with 1; other impacts of making electricity are not in this data set. Link the input to a background database for those.`,
    completenessDescription: sentences(statement?.remarks ?? []),
    ...people(record, company),
    sources,
  };
}

/** Who answers for a declared part: its source. */
export function declaredDocumentation(
  record: FootprintRecord,
  description: string,
  { company, sources }: DocumentationRefs,
): object {
  return {
    '@type': 'ProcessDocumentation',
    ...validity(record),
    geographyDescription: 'The declaration does not say where: the location stands for "not known".',
    dataTreatmentDescription: `${description} Booked as fossil CO2 to air (and biogenic uptake as CO2 taken from air); other impacts are not in this data set.`,
    ...people(record, company),
    sources,
  };
}

function people({ issued }: FootprintRecord, company: Ref): object {
  return {
    dataGenerator: company,
    dataDocumentor: company,
    dataSetOwner: company,
    creationDate: issued,
    isCopyrightProtected: false,
  };
}

/** First and last day of the period by the clocks of the site. */
function validity({ period: { from, to, zone } }: FootprintRecord): object {
  const clocks = openZone(zone);
  const dayAt = (atMs: number) => formatDay(localAt(clocks, atMs).dayNumber);
  return { validFrom: dayAt(Date.parse(from)), validUntil: dayAt(Date.parse(to) - 1) };
}
