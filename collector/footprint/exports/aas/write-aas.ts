import type { FootprintRecord, Instant, UpstreamPart } from '../../record/footprint-record.ts';
import type { ExportFile } from '../export-file.ts';
import { carbonFiguresOf, type CarbonFigures } from '../pact/carbon-figures.ts';
import { issuesOf, type UuidOf } from '../pact/footprint-id.ts';
import { commentOf, sayPartial, sayScope, sayUncertainty } from '../pact/footprint-words.ts';
import { PACT_VERSION } from '../pact/product-footprint.ts';
import { validityOf } from '../pact/validity.ts';
import { collection, elementList, englishText, meaning, property, type AasElement } from './aas-elements.ts';
import { METHOD, NO_RULE, PHASES, TEMPLATE_ID, UNITS } from './aas-terms.ts';

/** What the export needs besides the record. */
export interface AasPorts {
  uuidOf: UuidOf;
  /** Until when it may be used, as in PACT; three years after the period without. */
  validUntil?: Instant;
  /** Where the PACT footprint of the record can be had, without path: `https://pact.example.com`. */
  pactEndpoint?: string;
}

const KINDS = {
  machine: 'Instance',
  line: 'Instance',
  job: 'Instance',
  part: 'Type',
  model: 'Type',
} as const;

/**
 * One file, `<record id>.aas.json`: an environment of the Asset Administration Shell 3.0 with the product's shell and its
 * submodel Carbon Footprint (IDTA 02023-1-0). With an endpoint it says where the same footprint can be had from a PACT API.
 * What the record says in words is in descriptions. The figure is of all emissions, biogenic uptake not subtracted. Throws errors of class `refuse`: `no-emissions`, `no-factor-row`,
 * `bad-validity`.
 */
export function writeAas(record: FootprintRecord, ports: AasPorts): ExportFile[] {
  const { subject } = record;
  const [product = '', ...otherProducts] = subject.productIds;
  const submodel = submodelOf(record, ports);
  const environment = {
    assetAdministrationShells: [
      {
        modelType: 'AssetAdministrationShell',
        id: `urn:uuid:${ports.uuidOf(`shell of ${product}`)}`,
        idShort: 'Shell',
        description: englishText(subject.description),
        assetInformation: {
          assetKind: KINDS[subject.kind],
          globalAssetId: product,
          ...(otherProducts.length > 0 && {
            specificAssetIds: otherProducts.map((value) => ({ name: 'productId', value })),
          }),
        },
        submodels: [{ type: 'ModelReference', keys: [{ type: 'Submodel', value: submodel['id'] }] }],
      },
    ],
    submodels: [submodel],
  };
  return [{ path: `${record.id}.aas.json`, content: `${JSON.stringify(environment, null, 2)}\n` }];
}

function submodelOf(record: FootprintRecord, ports: AasPorts): AasElement {
  const figures = carbonFiguresOf(record);
  return {
    modelType: 'Submodel',
    id: `urn:uuid:${ports.uuidOf(`carbon footprint submodel of ${record.id}`)}`,
    idShort: 'CarbonFootprint',
    kind: 'Instance',
    administration: { version: record.version, revision: '0', templateId: TEMPLATE_ID },
    description: englishText(`${record.functionalUnit.description}, ${record.period.name}.`),
    semanticId: meaning('CarbonFootprint'),
    submodelElements: [
      elementList('ProductCarbonFootprints', 'ProductCarbonFootprint', [footprint(record, figures, ports)]),
      ...(ports.pactEndpoint === undefined
        ? []
        : [
            elementList('ProductOrSectorSpecificCarbonFootprints', 'ProductOrSectorSpecificCarbonFootprint', [
              footprintElsewhere(record, figures, ports, ports.pactEndpoint),
            ]),
          ]),
    ],
  };
}

function footprint(record: FootprintRecord, figures: CarbonFigures, { validUntil }: AasPorts): AasElement {
  const { functionalUnit } = record;
  const words = [sayPartial(record), sayScope(record), sayUncertainty(record, figures)];
  return collection(
    null,
    'ProductCarbonFootprint',
    [
      methods(),
      property('PcfCO2eq', 'PcfCO2eq', 'xs:decimal', { value: figures.excludingUptakeKg, id: null }),
      property(
        'ReferenceImpactUnitForCalculation',
        'ReferenceImpactUnitForCalculation',
        'xs:string',
        UNITS[functionalUnit.unit],
      ),
      property('QuantityOfMeasureForCalculation', 'QuantityOfMeasureForCalculation', 'xs:double', {
        value: functionalUnit.amount,
        id: null,
      }),
      elementList(
        'LifeCyclePhases',
        'LifeCyclePhase',
        phasesOf(record).map((phase) => property(null, 'LifeCyclePhase', 'xs:string', PHASES[phase])),
      ),
      property('PublicationDate', 'PublicationDate', 'xs:dateTime', { value: record.issued, id: null }),
      property('ExpirationDate', 'ExpirationDate', 'xs:dateTime', {
        value: validityOf(record, validUntil).to,
        id: null,
      }),
    ],
    englishText(words.filter((one) => one !== '').join(' ')),
  );
}

/** Where the same footprint can be had with everything that this template has no room for, and that in words. */
function footprintElsewhere(
  record: FootprintRecord,
  figures: CarbonFigures,
  { uuidOf }: AasPorts,
  endpoint: string,
): AasElement {
  const id = issuesOf(record, uuidOf).at(-1) ?? record.id;
  const words = (name: 'PcfRuleOperator' | 'PcfRuleName' | 'PcfRuleVersion' | 'PcfApiQuery', value: string) =>
    property(name, name, 'xs:string', { value, id: null });
  return collection(null, 'ProductOrSectorSpecificCarbonFootprint', [
    methods(),
    collection('ProductOrSectorSpecificRule', 'ProductOrSectorSpecificRule', [
      words('PcfRuleOperator', NO_RULE.operator),
      words('PcfRuleName', NO_RULE.name),
      words('PcfRuleVersion', PACT_VERSION),
    ]),
    collection('ExternalPcfApi', 'ExternalPcfApi', [
      property('PcfApiEndpoint', 'PcfApiEndpoint', 'xs:anyURI', { value: endpoint, id: null }),
      words('PcfApiQuery', `/3/footprints/${id}`),
    ]),
    collection('PcfInformation', 'PcfInformation', [
      property('Comment', 'ArbitraryContent', 'xs:string', { value: commentOf(record, figures), id: null }),
    ]),
  ]);
}

function methods(): AasElement {
  return elementList('PcfCalculationMethods', 'PcfCalculationMethod', [
    property(null, 'PcfCalculationMethod', 'xs:string', METHOD),
  ]);
}

const RAW_MATERIAL: readonly UpstreamPart['stage'][] = ['material', 'purchased-part'];

function phaseOf({ stage }: UpstreamPart): 'A1' | 'A2' | 'A3' {
  return RAW_MATERIAL.includes(stage) ? 'A1' : stage === 'transport' ? 'A2' : 'A3';
}

/** The phases that the figure is of: energy of use for a machine-hour; production and what was declared for what is made. */
function phasesOf({ view, upstream }: FootprintRecord): (keyof typeof PHASES)[] {
  if (view === 'use-phase') return ['B6'];
  return [...new Set(['A3' as const, ...upstream.map(phaseOf)])].sort();
}
