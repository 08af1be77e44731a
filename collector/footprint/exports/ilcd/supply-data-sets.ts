import { decimalOf, decimalOfNumber, times, type Decimal } from '../../figures/decimal.ts';
import type { EmissionFactor } from '../../factors/emission-factor.ts';
import type { EmissionStatement, FootprintRecord, Score } from '../../record/footprint-record.ts';
import type { DeclaredPart, Inventory } from '../inventory.ts';
import { versionOf } from '../openlca/entity.ts';
import { factorsWords, sentences, supplyWords, uncertaintyWords, upstreamWords } from '../record-words.ts';
import type { DataSet } from './data-set.ts';
import type { Exchange } from './exchange.ts';
import { productFlow, uptakeFlow } from './flow-data-sets.ts';
import { processDataSet } from './process-data-set.ts';
import { source, type Foundation, type Making } from './reference-data.ts';

/** What the writers of ILCD and TIDAS need from outside. */
export interface IlcdPorts {
  /** UUID of a name, the same each time. */
  uuidOf: (name: string) => string;
}

/** What all data sets of a record are made of. */
export interface Frame extends IlcdPorts {
  record: FootprintRecord;
  inventory: Inventory;
  making: Making;
  foundation: Foundation;
  version: string;
  evidence: DataSet;
}

/** A supply: what goes into the functional unit, and the data sets that stand behind it. */
export interface Supply {
  input: Exchange;
  dataSets: DataSet[];
}

const ONE = decimalOf('1');
/** Exact: a kWh is 3.6 MJ by definition. */
const MJ_PER_KWH = decimalOf('3.6');
const TWO_SIGMA_PERCENT = 200;

/** ISIC Rev. 4, as TIDAS lists it. */
export const MACHINING = [
  ['C', 'Manufacturing'],
  ['25', 'Manufacture of fabricated metal products, except machinery and equipment'],
  ['259', 'Manufacture of other fabricated metal products; metalworking service activities'],
  ['2592', 'Treatment and coating of metals; machining'],
] as const;
const ELECTRICITY = [
  ['D', 'Electricity, gas, steam and air conditioning supply'],
  ['35', 'Electricity, gas, steam and air conditioning supply'],
  ['351', 'Electric power generation, transmission and distribution activities'],
] as const;

/** ILCD's indicators of what a declared part is scored for. */
const REPRESENTATIVENESS = [
  ['Technological representativeness', 'technological'],
  ['Time representativeness', 'temporal'],
  ['Geographical representativeness', 'geographical'],
] as const;

/** The electricity of a functional unit, and the process that emits for each kWh where the record has emissions. */
export function electricitySupply(frame: Frame): Supply {
  const { record, inventory, making, foundation, version, evidence, uuidOf } = frame;
  const { electricity, kwhPerUnit, energyRelative } = inventory;
  const { country, subdivision } = record.issuer.region;
  const flow = productFlow(making, {
    id: uuidOf(`ilcd/electricity/${country}`),
    name: electricity.productName,
    measuredIn: foundation.energy,
    route: 'electricity as drawn from the supply',
    isElectricity: true,
  });
  const { kgPerKwh, statement } = electricity;
  const factors = [...electricity.factors, ...upstreamRows(record, statement)];
  const sources = [...Map.groupBy(factors, ({ table }) => table)].map(([table, rows]) =>
    source(
      making,
      {
        kind: 'sources',
        id: uuidOf(`ilcd/factors/${record.id}/${table}`),
        version,
        title: `Emission factors ${table}`,
      },
      {
        class: ['2', 'Databases'],
        citation: [...new Set(rows.map((row) => `${row.source}. ${row.reference}`))]
          .join('; ')
          .slice(0, 1000),
        comment: sentences([
          factorsWords(rows),
          `SHA-256 of each row (base64url): ${rows.map(({ id, sha256 }) => `${id} ${sha256}`).join(', ')}`,
        ]),
      },
    ),
  );
  const supplier =
    statement === null || kgPerKwh === null
      ? null
      : processDataSet(record, making, {
          id: uuidOf(`ilcd/electricity/${record.id}`),
          version,
          name: electricity.processName,
          route: `${statement.factorSet} factors, ${statement.method}-based`,
          mix: 'electricity mix, as stated by its factors',
          comment: sentences([
            'Kilograms of CO2 equivalents, booked as fossil carbon dioxide: link to a background data set for any other impact',
            supplyWords(statement, kgPerKwh),
          ]),
          classes: ELECTRICITY,
          functionalUnit: '1 kWh (3.6 MJ) of electricity as drawn by the machines',
          technology: factorsWords(factors),
          location: country,
          restrictions: sentences([
            `Drawn in ${subdivision ?? country}`,
            `factors of ${[...new Set(factors.map(({ region }) => region))].join(', ')}`,
          ]),
          type: 'LCI result',
          approach: 'Not applicable',
          treatment: [
            ['dataCutOffAndCompletenessPrinciples', gasesWords(factors)],
            ['uncertaintyAdjustments', `Uncertainty of the factor: ${statement.factorUncertainty}.`],
            ['useAdviceForDataSet', 'Stands for the electricity of its record and for no other use.'],
          ],
          sources: [...sources, evidence],
          volume: `${record.activity.energyKwh} kWh in ${record.period.name}, the period of this data set`,
          quality: [
            ['Time representativeness', record.dataQuality.temporal.score],
            ['Geographical representativeness', record.dataQuality.geographical.score],
          ],
          isComplete: null,
          exchanges: [
            { ...reference(flow), amount: MJ_PER_KWH },
            {
              flow: foundation.co2ToAir,
              direction: 'Output',
              amount: decimalOf(kgPerKwh),
              twoSigmaPercent: twoSigmaPercent(electricity.factorRelative),
              source: isPrimary(record) ? 'Primary' : 'Secondary',
              derivation: 'Calculated',
              comment: `${kgPerKwh} kg of CO2 equivalents per kWh, booked as fossil carbon dioxide.`,
            },
          ],
        });
  return {
    input: {
      flow,
      direction: 'Input',
      amount: times(decimalOf(kwhPerUnit), MJ_PER_KWH),
      twoSigmaPercent: twoSigmaPercent(energyRelative),
      source: activitySource(record),
      derivation: measuredShare(record) >= 95 ? 'Measured' : 'Estimated',
      comment: `${kwhPerUnit} kWh = ${kwhPerUnit} x 3.6 MJ. ${uncertaintyWords(record)}`,
    },
    dataSets: [flow, ...(supplier === null ? [] : [supplier, ...sources])],
  };
}

/** A declared part: one goes into each functional unit, and its emissions are those of a process of its own. */
export function declaredSupply(
  frame: Frame,
  { name, key, emittedKg, takenUpKg, part }: DeclaredPart,
): Supply {
  const { record, making, foundation, version, evidence, uuidOf } = frame;
  const { subject, functionalUnit } = record;
  const flow = productFlow(making, {
    id: uuidOf(`ilcd/declared/${ownerOf(record)}/${subject.kind}/${subject.id}/${key}`),
    name,
    measuredIn: foundation.items,
    route: 'declared',
  });
  const declaration = source(
    making,
    {
      kind: 'sources',
      id: uuidOf(`ilcd/declaration/${ownerOf(record)}/${part.source}`),
      version: versionOf(1),
      title: part.source,
    },
    { class: ['6', 'Other source types'], citation: part.source.slice(0, 1000) },
  );
  const inKg = { twoSigmaPercent: null, source: null, derivation: 'Unknown derivation' } as const;
  const uptake =
    takenUpKg === null ? null : uptakeFlow(making, foundation.mass, uuidOf('ilcd/flow/co2-from-air'));
  const supplier = processDataSet(record, making, {
    id: uuidOf(`ilcd/declared/${record.id}/${key}`),
    version,
    name: `${name}, declared for ${subject.name}`,
    route: 'declared, not measured',
    mix: 'as declared',
    comment: upstreamWords(part),
    classes: MACHINING.slice(0, 1),
    functionalUnit: `what goes into ${functionalUnit.description}`,
    technology: upstreamWords(part),
    location: 'GLO',
    restrictions: 'The record does not tell where it is from.',
    type: 'LCI result',
    approach: 'Not applicable',
    treatment: [
      ['dataCutOffAndCompletenessPrinciples', 'As declared by its source; only CO2 equivalents are known.'],
      ['useAdviceForDataSet', 'Kilograms of CO2 equivalents, booked as fossil carbon dioxide.'],
    ],
    sources: [declaration, evidence],
    volume: `${functionalUnit.count ?? '0'} ${foundation.items.unit} in ${record.period.name}, the period of this data set`,
    quality: toldScores(part),
    isComplete: null,
    exchanges: [
      reference(flow),
      {
        ...inKg,
        flow: foundation.co2ToAir,
        direction: 'Output',
        amount: decimalOf(emittedKg),
        comment: upstreamWords(part),
      },
      ...(uptake === null || takenUpKg === null
        ? []
        : [
            { ...inKg, flow: uptake, direction: 'Input' as const, amount: decimalOf(takenUpKg), comment: '' },
          ]),
    ],
  });
  return {
    input: { ...reference(flow), direction: 'Input', comment: upstreamWords(part) },
    dataSets: [flow, supplier, declaration, ...(uptake === null ? [] : [uptake])],
  };
}

/** What was told of the quality of a declared part. */
const toldScores = ({ scores = {} }: DeclaredPart['part']) =>
  REPRESENTATIVENESS.flatMap(([indicator, kind]): [string, Score['score']][] => {
    const score = scores[kind];
    return score === undefined ? [] : [[indicator, score]];
  });

/** One of a product comes out. */
const reference = (flow: DataSet): Exchange => ({
  flow,
  direction: 'Output',
  amount: ONE,
  twoSigmaPercent: null,
  source: null,
  derivation: 'Calculated',
  comment: '',
});

/** Company and site: what they call a product is nobody else's product. */
export const ownerOf = ({ issuer: { company, site } }: FootprintRecord): string =>
  `${company.ids[0] ?? company.name}/${site}`;

/** Rows that were added to direct ones. */
function upstreamRows({ evidence }: FootprintRecord, statement: EmissionStatement | null): EmissionFactor[] {
  const ids = new Set((statement?.factors ?? []).map(({ upstream }) => upstream));
  return evidence.factors.filter(({ id }) => ids.has(id));
}

const gasesWords = (factors: readonly { gases: string }[]) =>
  factors.some(({ gases }) => gases === 'CO2')
    ? 'At least one factor is of CO2 alone: other gases are left out.'
    : 'The factors are of CO2 equivalents.';

const twoSigmaPercent = (relative: number | null): Decimal | null =>
  relative === null ? null : decimalOfNumber(relative * TWO_SIGMA_PERCENT, 9);

const measuredShare = ({ coverage }: FootprintRecord) => Number(coverage.measuredEnergyPercent ?? '0');

const isPrimary = ({ evidence, emissions }: FootprintRecord) =>
  (emissions[0]?.factors ?? []).every(
    ({ id }) => evidence.factors.find((row) => row.id === id)?.isSupplierSpecific === true,
  );

function activitySource({ dataQuality }: FootprintRecord): Exchange['source'] {
  const share = Number(dataQuality.primaryActivityPercent);
  if (share >= 100) return 'Primary';
  return share > 90 ? '> 90% primary' : share > 0 ? 'Mixed primary / secondary' : 'Secondary';
}
