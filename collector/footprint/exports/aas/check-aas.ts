import type { ExportFile } from '../export-file.ts';
import { also, dateTime, decimalText, faultAt, list, object, onlyOne, text } from '../json-rule.ts';
import { collection, description, elements, exactly, means, named, property, term } from './aas-rules.ts';
import { FORBIDDEN, METHOD, PHASES, TEMPLATE_ID, UNITS } from './aas-terms.ts';

const said = text();

const METHODS = elements(
  'PcfCalculationMethods',
  'PcfCalculationMethod',
  term('PcfCalculationMethod', [METHOD]),
  true,
);

const FOOTPRINT = collection(
  'ProductCarbonFootprint',
  {
    PcfCalculationMethods: METHODS,
    PcfCO2eq: property('PcfCO2eq', 'PcfCO2eq', 'xs:decimal', decimalText({ least: '0' })),
    ReferenceImpactUnitForCalculation: term(
      'ReferenceImpactUnitForCalculation',
      Object.values(UNITS),
      'ReferenceImpactUnitForCalculation',
    ),
    QuantityOfMeasureForCalculation: property(
      'QuantityOfMeasureForCalculation',
      'QuantityOfMeasureForCalculation',
      'xs:double',
      decimalText({ least: '0.000000001' }),
    ),
    LifeCyclePhases: elements(
      'LifeCyclePhases',
      'LifeCyclePhase',
      term('LifeCyclePhase', Object.values(PHASES)),
      true,
    ),
    PublicationDate: property('PublicationDate', 'PublicationDate', 'xs:dateTime', dateTime),
    ExpirationDate: property('ExpirationDate', 'ExpirationDate', 'xs:dateTime', dateTime),
  },
  false,
);

const ELSEWHERE = collection(
  'ProductOrSectorSpecificCarbonFootprint',
  {
    PcfCalculationMethods: METHODS,
    ProductOrSectorSpecificRule: collection(
      'ProductOrSectorSpecificRule',
      {
        PcfRuleOperator: property('PcfRuleOperator', 'PcfRuleOperator', 'xs:string', said),
        PcfRuleName: property('PcfRuleName', 'PcfRuleName', 'xs:string', said),
        PcfRuleVersion: property('PcfRuleVersion', 'PcfRuleVersion', 'xs:string', said),
      },
      true,
    ),
    ExternalPcfApi: collection(
      'ExternalPcfApi',
      {
        PcfApiEndpoint: property(
          'PcfApiEndpoint',
          'PcfApiEndpoint',
          'xs:anyURI',
          text(/^https:\/\/[^\s/]+(\/\S*)?$/, 'is no address with https'),
        ),
        PcfApiQuery: property(
          'PcfApiQuery',
          'PcfApiQuery',
          'xs:string',
          text(/^\/3\/footprints\/[0-9a-f-]{36}$/, 'asks for no footprint'),
        ),
      },
      true,
    ),
    PcfInformation: collection(
      'PcfInformation',
      { Comment: property('Comment', 'ArbitraryContent', 'xs:string', said) },
      true,
    ),
  },
  false,
);

const urnUuid = text(/^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'is no urn:uuid');

const SUBMODEL = object({
  modelType: exactly('Submodel'),
  id: urnUuid,
  idShort: exactly('CarbonFootprint'),
  kind: exactly('Instance'),
  administration: object({
    version: text(/^[1-9]\d{0,3}$/, 'is no version of at most four digits'),
    revision: exactly('0'),
    templateId: exactly(TEMPLATE_ID),
  }),
  description,
  semanticId: means('CarbonFootprint'),
  submodelElements: named(
    {
      ProductCarbonFootprints: elements('ProductCarbonFootprints', 'ProductCarbonFootprint', FOOTPRINT),
    },
    {
      ProductOrSectorSpecificCarbonFootprints: elements(
        'ProductOrSectorSpecificCarbonFootprints',
        'ProductOrSectorSpecificCarbonFootprint',
        ELSEWHERE,
      ),
    },
  ),
});

const SHELL = object({
  modelType: exactly('AssetAdministrationShell'),
  id: urnUuid,
  idShort: exactly('Shell'),
  description,
  assetInformation: object(
    { assetKind: exactly('Instance', 'Type'), globalAssetId: said },
    { specificAssetIds: list(object({ name: exactly('productId'), value: said })) },
  ),
  submodels: onlyOne(
    object({
      type: exactly('ModelReference'),
      keys: onlyOne(object({ type: exactly('Submodel'), value: said })),
    }),
  ),
});

const ENVIRONMENT = also(
  object({ assetAdministrationShells: onlyOne(SHELL), submodels: onlyOne(SUBMODEL) }),
  (value) => [...crossFaults(value as Environment)],
);

interface Environment {
  assetAdministrationShells: [{ submodels: [{ keys: [{ value: string }] }] }];
  submodels: [
    { id: string; submodelElements: { idShort: string; value: { value: (Leaf | { value: Leaf[] })[] }[] }[] },
  ];
}
interface Leaf {
  idShort?: string;
  value: string;
}

/** Our own check of files that `writeAas` made, without the library of the standard: each fault with file, place and value. */
export function checkAas(files: readonly ExportFile[]): string[] {
  return files.flatMap(({ path, content }) => {
    try {
      const text = typeof content === 'string' ? content : new TextDecoder().decode(content);
      const environment: unknown = JSON.parse(text);
      return [...characterFaults(environment, ''), ...ENVIRONMENT(environment, '')].map(
        (fault) => `${path}: ${fault}`,
      );
    } catch (error) {
      return [`${path}: cannot be read: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
}

function characterFaults(value: unknown, place: string): string[] {
  if (typeof value === 'string')
    return value.search(FORBIDDEN) < 0
      ? []
      : [faultAt(place, value, 'has characters that the standard forbids')];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => characterFaults(inner, `${place}/${key}`));
}

/** What has to agree between elements. */
function* crossFaults({
  assetAdministrationShells: [shell],
  submodels: [submodel],
}: Environment): Iterable<string> {
  const [
    {
      keys: [{ value: reference }],
    },
  ] = shell.submodels;
  if (reference !== submodel.id)
    yield faultAt('assetAdministrationShells[0].submodels', reference, 'is not the submodel of this file');
  const list = submodel.submodelElements.find(({ idShort }) => idShort === 'ProductCarbonFootprints');
  for (const [at, footprint] of (list?.value ?? []).entries()) {
    const place = `submodels[0].ProductCarbonFootprints[${at}]`;
    const members = new Map(footprint.value.map((member) => [(member as Leaf).idShort, member.value]));
    const unit = members.get('ReferenceImpactUnitForCalculation');
    const phases = members.get('LifeCyclePhases') as Leaf[];
    const ofUse = phases.some(({ value }) => value === PHASES.B6.value);
    if (ofUse && phases.length > 1)
      yield faultAt(
        `${place}.LifeCyclePhases`,
        phases.map(({ value }) => value),
        'sums use and production',
      );
    if (ofUse !== (unit === UNITS.hour.value))
      yield faultAt(`${place}.ReferenceImpactUnitForCalculation`, unit, 'does not go with the phases');
    const [from, to] = ['PublicationDate', 'ExpirationDate'].map((name) => members.get(name) as string);
    if (!(Date.parse(from ?? '') < Date.parse(to ?? '')))
      yield faultAt(`${place}.ExpirationDate`, to, 'is not after the publication');
  }
}
