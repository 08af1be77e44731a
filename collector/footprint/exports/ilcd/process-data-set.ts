import { formatDay } from '../../../energy/calendar/civil-date.ts';
import { localAt } from '../../../energy/calendar/local-time.ts';
import { openZone } from '../../../energy/calendar/zone.ts';
import type { FootprintRecord, Score } from '../../record/footprint-record.ts';
import { viewWords } from '../record-words.ts';
import { element, reference, STRING_LETTERS_MAX, words, type DataSet, type Element } from './data-set.ts';
import { exchangeElement, type Exchange } from './exchange.ts';
import { classification, compliance, dataEntry, type Making } from './reference-data.ts';

/** What is told of a process apart from what every process of a record has in common. */
export interface ProcessFacts {
  id: string;
  version: string;
  name: string;
  /** How it came about, in a few words: `measured`, `declared`. */
  route: string;
  /** Which machines or which market it is of, in a few words. */
  mix: string;
  comment: string;
  /** ISIC Rev. 4, from the widest; TIDAS' own list. */
  classes: readonly (readonly [string, string])[];
  /** What one of the reference flow is. */
  functionalUnit: string;
  technology: string;
  /** Country, or `GLO` where nobody said. */
  location: string;
  restrictions: string | null;
  type: 'Unit process, single operation' | 'Unit process, black box' | 'LCI result';
  approach: string;
  /** Sentences of how it was modelled, by ILCD's name of the field. */
  treatment: readonly (readonly [field: (typeof TREATMENT_FIELDS)[number], text: string])[];
  sources: readonly DataSet[];
  /** Amount and unit, as TIDAS wants them. */
  volume: string;
  quality: readonly (readonly [indicator: string, score: Score['score']])[];
  isComplete: boolean | null;
  /** The first is the reference flow. */
  exchanges: readonly Exchange[];
}

/** Those that are written, in the order of the format. */
const TREATMENT_FIELDS = [
  'dataCutOffAndCompletenessPrinciples',
  'dataSelectionAndCombinationPrinciples',
  'dataTreatmentAndExtrapolationsPrinciples',
  'referenceToDataSource',
  'annualSupplyOrProductionVolume',
  'samplingProcedure',
  'dataCollectionPeriod',
  'uncertaintyAdjustments',
  'useAdviceForDataSet',
] as const;

const SCORES: Readonly<Record<Score['score'], string>> = {
  '1': 'Very good',
  '2': 'Good',
  '3': 'Fair',
  '4': 'Poor',
  '5': 'Very poor',
};

/** A process of a record: the metered one, or one that supplies it. Throws as `openZone` does. */
export function processDataSet(record: FootprintRecord, making: Making, facts: ProcessFacts): DataSet {
  return {
    kind: 'processes',
    id: facts.id,
    version: facts.version,
    title: facts.name,
    root: element('processDataSet', [
      information(record, facts),
      modelling(record, facts),
      administration(record, making, facts),
      element('exchanges', facts.exchanges.map(exchangeElement)),
    ]),
  };
}

function information({ period }: FootprintRecord, facts: ProcessFacts): Element {
  const clocks = openZone(period.zone);
  const lastDay = formatDay(localAt(clocks, Date.parse(period.to) - 1).dayNumber);
  return element('processInformation', [
    element('dataSetInformation', [
      element('common:UUID', facts.id),
      element('name', [
        words('baseName', facts.name, STRING_LETTERS_MAX),
        words('treatmentStandardsRoutes', facts.route, STRING_LETTERS_MAX),
        words('mixAndLocationTypes', facts.mix, STRING_LETTERS_MAX),
        words('functionalUnitFlowProperties', facts.functionalUnit, STRING_LETTERS_MAX),
      ]),
      classification(facts.classes),
      words('common:generalComment', facts.comment),
    ]),
    element(
      'quantitativeReference',
      [
        element('referenceToReferenceFlow', '0'),
        words('functionalUnitOrOther', facts.functionalUnit, STRING_LETTERS_MAX),
      ],
      { type: 'Reference flow(s)' },
    ),
    element('time', [
      element('common:referenceYear', lastDay.slice(0, 4)),
      words(
        'common:timeRepresentativenessDescription',
        `${period.name}: from ${period.from} to ${period.to} (${period.zone}). The reference year is that in which the period ends.`,
      ),
    ]),
    element('geography', [
      element(
        'locationOfOperationSupplyOrProduction',
        facts.restrictions === null ? [] : [words('descriptionOfRestrictions', facts.restrictions)],
        { location: facts.location },
      ),
    ]),
    element('technology', [words('technologyDescriptionAndIncludedProcesses', facts.technology)]),
  ]);
}

function modelling({ period }: FootprintRecord, facts: ProcessFacts): Element {
  const told = [
    ...facts.treatment.map(([field, text]) => words(field, text)),
    ...facts.sources.map((source) => reference('referenceToDataSource', source)),
    words('annualSupplyOrProductionVolume', facts.volume, STRING_LETTERS_MAX),
    words('dataCollectionPeriod', `${period.name} (${period.from} to ${period.to})`, STRING_LETTERS_MAX),
  ];
  return element('modellingAndValidation', [
    element('LCIMethodAndAllocation', [
      element('typeOfDataSet', facts.type),
      element('LCIMethodPrinciple', 'Attributional'),
      element('LCIMethodApproaches', facts.approach),
    ]),
    element(
      'dataSourcesTreatmentAndRepresentativeness',
      TREATMENT_FIELDS.flatMap((field) => told.filter(({ name }) => name === field)),
    ),
    element('completeness', [
      element(
        'completenessProductModel',
        facts.isComplete === false ? 'Relevant flows missing' : 'No statement',
      ),
    ]),
    element('validation', [
      element(
        'review',
        facts.quality.length === 0
          ? []
          : [
              element(
                'common:dataQualityIndicators',
                facts.quality.map(([name, score]) =>
                  element('common:dataQualityIndicator', [], { name, value: SCORES[score] }),
                ),
              ),
            ],
        { type: 'Not reviewed' },
      ),
    ]),
    compliance(true),
  ]);
}

function administration(record: FootprintRecord, making: Making, facts: ProcessFacts): Element {
  return element('administrativeInformation', [
    element('common:commissionerAndGoal', [
      reference('common:referenceToCommissioner', making.owner),
      words('common:intendedApplications', viewWords(record)),
    ]),
    dataEntry(making, reference('common:referenceToPersonOrEntityEnteringTheData', making.owner)),
    element('publicationAndOwnership', [
      element('common:dateOfLastRevision', making.issued),
      element('common:dataSetVersion', facts.version),
      element('common:permanentDataSetURI', `urn:uuid:${facts.id}`),
      element(
        'common:workflowAndPublicationStatus',
        record.evidence.status === 'final' ? 'Data set finalised; unpublished' : 'Working draft',
      ),
      reference('common:referenceToOwnershipOfDataSet', making.owner),
      // The record tells no terms of use, and a format that asks for them gets no promise.
      element('common:copyright', 'true'),
      element('common:licenseType', 'Other'),
      words('common:accessRestrictions', 'No terms of use are declared in the record: ask its owner.'),
    ]),
  ]);
}
