import {
  element,
  reference,
  STRING_LETTERS_MAX,
  words,
  type DataSet,
  type DataSetHead,
  type Element,
} from './data-set.ts';

/**
 * Version of data sets that ILCD itself publishes under the same ids. Ours hold only what is needed here, so the version is
 * below every published one: an importer that has the whole ones keeps them.
 */
const REFERENCE_VERSION = '00.00.000';
/** None of the compliance systems was tested against: every field says so. */
const COMPLIANCE_FIELDS = [
  'common:approvalOfOverallCompliance',
  'common:nomenclatureCompliance',
  'common:methodologicalCompliance',
  'common:reviewCompliance',
  'common:documentationCompliance',
  'common:qualityCompliance',
];

/** Reference units of a quantity, and the data sets that say so. */
export interface Quantity {
  property: DataSet;
  group: DataSet;
  /** Symbol of the unit in which amounts are written. */
  unit: string;
}

/** The data sets that all others refer to, and what every data set says of its own making. */
export interface Foundation {
  energy: Quantity;
  duration: Quantity;
  items: Quantity;
  mass: Quantity;
  /** Fossil carbon dioxide to air. */
  co2ToAir: DataSet;
  /** The format that the data sets are in. */
  format: DataSet;
  /** The compliance system that nothing is declared of. */
  entryLevel: DataSet;
}

/** How a data set came about: who owns it and when it was written. */
export interface Making {
  /** `2026-07-03T08:00:00.000Z`. */
  issued: string;
  owner: DataSetHead;
}

const FORMAT: DataSetHead = {
  kind: 'sources',
  id: 'a97a0155-0234-4b87-b4ce-a45da52f2a40',
  version: REFERENCE_VERSION,
  title: 'ILCD format',
};
const ENTRY_LEVEL: DataSetHead = {
  kind: 'sources',
  id: 'd92a1a12-2545-49e2-a585-55c259997756',
  version: REFERENCE_VERSION,
  title: 'ILCD Data Network - Entry-level',
};

/** Quantities, the elementary flow and the sources under the ids that ILCD and openLCA know them by. */
export function foundationOf(making: Making): Foundation {
  const mass = quantity(making, {
    property: ['93a60a56-a3c8-11da-a746-0800200b9a66', 'Mass'],
    group: ['93a60a57-a4c8-11da-a746-0800200c9a66', 'Units of mass'],
    units: [['kg', '1']],
  });
  return {
    energy: quantity(making, {
      property: ['f6811440-ee37-11de-8a39-0800200c9a66', 'Energy'],
      group: ['93a60a57-a3c8-11da-a746-0800200c9a66', 'Units of energy'],
      units: [
        ['MJ', '1'],
        ['kWh', '3.6'],
      ],
    }),
    duration: quantity(making, {
      property: ['c0447923-0e60-4b3c-97c2-a86dddd9eea5', 'Duration'],
      group: ['af638906-3ec7-4314-8de7-f76039f2dd01', 'Units of time'],
      units: [['h', '1']],
    }),
    items: quantity(making, {
      property: ['01846770-4cfe-4a25-8ad9-919d8d378345', 'Number of items'],
      group: ['5beb6eed-33a9-47b8-9ede-1dfe8f679159', 'Units of items'],
      units: [['Item(s)', '1']],
    }),
    mass,
    co2ToAir: co2ToAir(making, mass),
    format: source(making, FORMAT, { class: ['1', 'Data set formats'] }),
    entryLevel: source(making, ENTRY_LEVEL, { class: ['3', 'Compliance systems'] }),
  };
}

/** All data sets of a foundation. */
export function foundationDataSets(foundation: Foundation): DataSet[] {
  const { energy, duration, items, mass, co2ToAir: co2, format, entryLevel } = foundation;
  return [
    ...[energy, duration, items, mass].flatMap(({ property, group }) => [property, group]),
    co2,
    format,
    entryLevel,
  ];
}

/** A source data set. @param of class of TIDAS' list, and what is said of the source where something is */
export function source(
  making: Making,
  head: DataSetHead,
  of: { class: [string, string]; citation?: string; publicationType?: string; comment?: string },
): DataSet {
  return {
    ...head,
    root: element('sourceDataSet', [
      element('sourceInformation', [
        element('dataSetInformation', [
          element('common:UUID', head.id),
          words('common:shortName', head.title, STRING_LETTERS_MAX),
          classification([of.class]),
          of.citation === undefined ? null : element('sourceCitation', of.citation),
          of.publicationType === undefined ? null : element('publicationType', of.publicationType),
          of.comment === undefined ? null : words('sourceDescriptionOrComment', of.comment),
        ]),
      ]),
      administration(making, head.version),
    ]),
  };
}

/** Classes from the widest to the narrowest; a name says which list they are from where that is not the format's own. */
export function classification(classes: readonly (readonly [string, string])[], name?: string): Element {
  return element('classificationInformation', [
    element(
      'common:classification',
      classes.map(([classId, title], level) =>
        element('common:class', title, { level: String(level), classId }),
      ),
      name === undefined ? {} : { name },
    ),
  ]);
}

/** That nothing is declared of any compliance system. @param isWhole a process says it field by field, others at once */
export function compliance(isWhole: boolean): Element {
  return element('complianceDeclarations', [
    element('compliance', [
      reference('common:referenceToComplianceSystem', ENTRY_LEVEL),
      ...COMPLIANCE_FIELDS.slice(0, isWhole ? undefined : 1).map((name) => element(name, 'Not defined')),
    ]),
  ]);
}

/** When a data set was written, in which format; parts that only processes have stand in between. */
export function dataEntry({ issued }: Making, ...further: Element[]): Element {
  return element('dataEntryBy', [
    element('common:timeStamp', issued),
    reference('common:referenceToDataSetFormat', FORMAT),
    ...further,
  ]);
}

/** Who owns a data set that is no process. */
export function administration(making: Making, version: string): Element {
  return element('administrativeInformation', [
    dataEntry(making),
    element('publicationAndOwnership', [
      element('common:dataSetVersion', version),
      reference('common:referenceToOwnershipOfDataSet', making.owner),
    ]),
  ]);
}

function quantity(
  making: Making,
  of: { property: [string, string]; group: [string, string]; units: [string, string][] },
): Quantity {
  const [groupId, groupName] = of.group;
  const [propertyId, propertyName] = of.property;
  const group: DataSetHead = {
    kind: 'unitgroups',
    id: groupId,
    version: REFERENCE_VERSION,
    title: groupName,
  };
  return {
    unit: of.units[0]?.[0] ?? '',
    property: {
      kind: 'flowproperties',
      id: propertyId,
      version: REFERENCE_VERSION,
      title: propertyName,
      root: element('flowPropertyDataSet', [
        element('flowPropertiesInformation', [
          element('dataSetInformation', [
            element('common:UUID', propertyId),
            words('common:name', propertyName),
            classification([['1', 'Technical flow properties']]),
          ]),
          element('quantitativeReference', [reference('referenceToReferenceUnitGroup', group)]),
        ]),
        element('modellingAndValidation', [compliance(false)]),
        administration(making, REFERENCE_VERSION),
      ]),
    },
    group: {
      ...group,
      root: element('unitGroupDataSet', [
        element('unitGroupInformation', [
          element('dataSetInformation', [
            element('common:UUID', groupId),
            words('common:name', groupName),
            classification([['1', 'Technical unit groups']]),
          ]),
          element('quantitativeReference', [element('referenceToReferenceUnit', '0')]),
        ]),
        element('modellingAndValidation', [compliance(false)]),
        administration(making, REFERENCE_VERSION),
        element(
          'units',
          of.units.map(([symbol, factor], at) =>
            element('unit', [element('name', symbol), element('meanValue', factor)], {
              dataSetInternalID: String(at),
            }),
          ),
        ),
      ]),
    },
  };
}

function co2ToAir(making: Making, mass: Quantity): DataSet {
  return carbonDioxideFlow(making, mass, {
    id: '08a91e70-3ddc-11dd-923d-0050c2490048',
    version: REFERENCE_VERSION,
    name: 'carbon dioxide (fossil)',
    where: 'to air, unspecified',
    categories: [
      ['1', 'Emissions'],
      ['1.3', 'Emissions to air'],
      ['1.3.4', 'Emissions to air, unspecified'],
    ],
  });
}

/** Carbon dioxide that goes into the air or comes from it. */
export function carbonDioxideFlow(
  making: Making,
  mass: Quantity,
  of: {
    id: string;
    version: string;
    name: string;
    where: string;
    categories: readonly (readonly [catId: string, title: string])[];
    comment?: string;
  },
): DataSet {
  return {
    kind: 'flows',
    id: of.id,
    version: of.version,
    title: of.name,
    root: flowRoot(making, of.version, {
      type: 'Elementary flow',
      measuredIn: mass,
      information: [
        element('common:UUID', of.id),
        elementaryName(of.name, of.where),
        element('classificationInformation', [
          element(
            'common:elementaryFlowCategorization',
            of.categories.map(([catId, title], level) =>
              element('common:category', title, { level: String(level), catId }),
            ),
          ),
        ]),
        element('CASNumber', '000124-38-9'),
        element('sumFormula', 'CO2'),
        of.comment === undefined ? null : words('common:generalComment', of.comment),
      ],
    }),
  };
}

/** A flow's name with where it goes or comes from: older schemas of TIDAS require all three of elementary flows too. */
function elementaryName(name: string, where: string): Element {
  return element('name', [
    words('baseName', name),
    words('treatmentStandardsRoutes', 'unspecified'),
    words('mixAndLocationTypes', where),
  ]);
}

/** A flow data set's outermost element: its one flow property is its reference. */
export function flowRoot(
  making: Making,
  version: string,
  of: { type: string; measuredIn: Quantity; information: (Element | null)[] },
): Element {
  return element('flowDataSet', [
    element('flowInformation', [
      element('dataSetInformation', of.information),
      element('quantitativeReference', [element('referenceToReferenceFlowProperty', '0')]),
    ]),
    element('modellingAndValidation', [
      element('LCIMethod', [element('typeOfDataSet', of.type)]),
      compliance(false),
    ]),
    administration(making, version),
    element('flowProperties', [
      element(
        'flowProperty',
        [reference('referenceToFlowPropertyDataSet', of.measuredIn.property), element('meanValue', '1')],
        { dataSetInternalID: '0' },
      ),
    ]),
  ]);
}
