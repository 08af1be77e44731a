import { decimalOf } from '../../figures/decimal.ts';
import type { FootprintRecord } from '../../record/footprint-record.ts';
import { inventoryOf } from '../inventory.ts';
import { versionOf } from '../openlca/entity.ts';
import {
  boundaryWords,
  completenessWords,
  coverageWords,
  emissionWords,
  meterWords,
  obtainedWords,
  qualityWords,
  sensitivityWords,
  sentences,
  subjectWords,
  uncertaintyWords,
  viewWords,
} from '../record-words.ts';
import type { DataSet } from './data-set.ts';
import { companyContact, productFlow } from './flow-data-sets.ts';
import { processDataSet } from './process-data-set.ts';
import { foundationDataSets, foundationOf, source, type Making } from './reference-data.ts';
import {
  declaredSupply,
  electricitySupply,
  MACHINING,
  ownerOf,
  type Frame,
  type IlcdPorts,
  type Supply,
} from './supply-data-sets.ts';

/** What the spread of the electricity is not. */
const MEASURED_ALONE = 'The spread is that of measuring: variances of a pedigree are not in it';

/** ILCD's word by the rule of the record; every other one is an explicit assignment. */
const APPROACHES: Readonly<Record<string, string>> = {
  none: 'Not applicable',
  time: 'Allocation - physical causality',
  energy: 'Allocation - physical causality',
  mass: 'Allocation - mass',
  equal: 'Allocation - equal distribution',
};

/**
 * The data sets of a record, as ILCD and TIDAS both have them: one process of a functional unit that takes electricity and
 * declared parts and emits nothing itself, a process (LCI result) for each of those with its CO2 equivalents booked as
 * fossil CO2, and everything they refer to. Electricity is counted in MJ, ILCD's reference unit of energy: kWh x 3.6, exact.
 * Ids are the same in every re-issue; processes have a higher version then. Throws errors of class `refuse` (codes
 * `no-figure-per-unit`, `unknown-zone`).
 */
export function dataSetsOf(record: FootprintRecord, { uuidOf }: IlcdPorts): DataSet[] {
  const inventory = inventoryOf(record);
  const { company } = record.issuer;
  const contact = companyContact(record.issued, {
    id: uuidOf(`ilcd/contact/${company.ids[0] ?? company.name}`),
    ...company,
  });
  const making: Making = { issued: record.issued, owner: contact };
  const frame: Frame = {
    record,
    inventory,
    uuidOf,
    making,
    foundation: foundationOf(making),
    version: versionOf(Number(record.version)),
    evidence: evidenceSource(record, making, inventory.processName, uuidOf),
  };
  const supplies = [
    electricitySupply(frame),
    ...inventory.declared.map((part) => declaredSupply(frame, part)),
  ];
  const all = [
    ...meteredProcess(frame, supplies),
    ...supplies.flatMap(({ dataSets }) => dataSets),
    frame.evidence,
    contact,
    ...foundationDataSets(frame.foundation),
  ];
  const byId = new Map(all.map((dataSet) => [dataSet.id, dataSet]));
  return needed([...byId.values()]);
}

/** Without units and flows that nothing refers to. */
function needed(all: readonly DataSet[]): DataSet[] {
  const texts = new Map(all.map((dataSet) => [dataSet.id, JSON.stringify(dataSet.root)]));
  const kept = new Set(all.filter(({ kind }) => kind === 'processes').map(({ id }) => id));
  for (const id of kept)
    for (const other of texts.keys())
      if (texts.get(id)?.includes(`"refObjectId":"${other}"`)) kept.add(other);
  return all.filter(({ id }) => kept.has(id));
}

/** The process of a functional unit and its product. */
function meteredProcess(frame: Frame, supplies: readonly Supply[]): DataSet[] {
  const { record, inventory, making, foundation, version, evidence, uuidOf } = frame;
  const { subject, issuer, view, functionalUnit, allocation, dataQuality } = record;
  const measuredIn = {
    hour: foundation.duration,
    piece: foundation.items,
    kilogram: foundation.mass,
  }[functionalUnit.unit];
  const names = [
    ownerOf(record),
    view,
    subject.kind,
    subject.id,
    functionalUnit.unit,
    functionalUnit.basis ?? '',
  ];
  const product = productFlow(making, {
    id: uuidOf(`ilcd/product/${names.join('/')}`),
    name: inventory.productName,
    measuredIn,
    route: view === 'use-phase' ? 'machine at work' : 'machined',
    comment: functionalUnit.description,
  });
  const { country, subdivision } = issuer.region;
  const metered = processDataSet(record, making, {
    id: record.id,
    version,
    name: inventory.processName,
    route: 'electricity measured, duty as recorded',
    mix: `${subject.machines.length === 1 ? 'single machine' : `${subject.machines.length} machines`}, at plant`,
    comment: commentOf(record),
    classes: MACHINING,
    functionalUnit: functionalUnit.description,
    technology: sentences([subjectWords(record), boundaryWords(record)]),
    location: country,
    restrictions: sentences([
      `Site ${issuer.site}${subdivision === null ? '' : `, ${subdivision}`}`,
      `Machines: ${subject.machines.join(', ')}`,
    ]),
    type: subject.machines.length === 1 ? 'Unit process, single operation' : 'Unit process, black box',
    approach: APPROACHES[allocation.rule] ?? 'Allocation - other explicit assignment',
    treatment: [
      ['dataCutOffAndCompletenessPrinciples', `${coverageWords(record)} ${boundaryWords(record)}`],
      ['dataSelectionAndCombinationPrinciples', qualityWords(record)],
      ['dataTreatmentAndExtrapolationsPrinciples', obtainedWords(record)],
      ...meteredBy(record),
      ['uncertaintyAdjustments', sentences([uncertaintyWords(record), MEASURED_ALONE])],
      [
        'useAdviceForDataSet',
        sentences([
          completenessWords(record),
          viewWords(record),
          'Electricity and declared parts are inputs with suppliers of their own: link them to others rather than adding to them',
          sensitivityWords(record),
        ]),
      ],
    ],
    sources: [evidence],
    volume: `${functionalUnit.count ?? '0'} ${measuredIn.unit} in ${record.period.name}, the period of this data set`,
    quality: [
      ['Technological representativeness', dataQuality.technological.score],
      // It is of its machines, their place and the period themselves: how far the factor is, its supplier says.
      ['Time representativeness', '1'],
      ['Geographical representativeness', '1'],
      ['Completeness', dataQuality.completeness.score],
      ['Precision', dataQuality.precision.score],
    ],
    isComplete: !record.completeness.isPartial,
    exchanges: [
      {
        flow: product,
        direction: 'Output',
        amount: decimalOf(functionalUnit.amount),
        twoSigmaPercent: null,
        source: null,
        derivation: 'Calculated',
        comment: functionalUnit.description,
      },
      ...supplies.map(({ input }) => input),
    ],
  });
  return [metered, product];
}

const meteredBy = (record: FootprintRecord): ['samplingProcedure', string][] =>
  record.meters.length === 0 ? [] : [['samplingProcedure', meterWords(record)]];

function commentOf(record: FootprintRecord): string {
  const { functionalUnit, activity, emissions, remarks } = record;
  return [
    completenessWords(record),
    `${functionalUnit.description}: ${activity.perUnitKwh} kWh of electricity.`,
    ...emissions.map((statement) => emissionWords(statement, functionalUnit.unit)),
    viewWords(record),
    ...remarks,
  ].join('\n');
}

/** Where the hashes and keys stand that the figures can be checked by. */
function evidenceSource(
  record: FootprintRecord,
  making: Making,
  processName: string,
  uuidOf: IlcdPorts['uuidOf'],
): DataSet {
  const { evidence, issuer, id, version } = record;
  const { count, sha256 } = evidence.hours;
  return source(
    making,
    {
      kind: 'sources',
      id: uuidOf(`ilcd/evidence/${id}`),
      version: versionOf(Number(version)),
      title: `Evidence of ${processName}`,
    },
    {
      class: ['6', 'Other source types'],
      publicationType: 'Direct measurement',
      citation: `Record ${id}, version ${version}, ${evidence.status}; ${issuer.software}`,
      comment: sentences([
        `${count} machine-hours, SHA-256 over their canonical texts ${sha256} (base64url)`,
        `Collector ${issuer.collector}, public key ${issuer.key}`,
        `Algorithms: ${[...evidence.algorithms, evidence.uncertaintyModel].join(', ')}`,
        `Plan of the site: ${evidence.plan}`,
      ]),
    },
  );
}
