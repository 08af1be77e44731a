import { entity, FIRST_VERSION, REFERENCE_VERSION, refTo, type Ref, type RootEntity } from './entity.ts';

/** A quantity with its units; amounts are in any of them. */
export interface Quantity {
  property: RootEntity;
  group: RootEntity;
  /** By symbol. */
  units: Readonly<Record<string, Ref>>;
  /** Symbol of the unit in which flows of this quantity are counted. */
  refUnit: string;
}

/** Energy: MJ is the reference, kWh is 3.6 of them. */
export const ENERGY = quantity(
  ['f6811440-ee37-11de-8a39-0800200c9a66', 'Energy'],
  ['93a60a57-a3c8-11da-a746-0800200c9a66', 'Units of energy'],
  [
    ['MJ', '52765a6c-3896-43c2-b2f4-c679acf13efe', 1],
    ['kWh', '86ad2244-1f0e-4912-af53-7865283103e4', 3.6],
  ],
);
/** Duration, in hours. */
export const DURATION = quantity(
  ['c0447923-0e60-4b3c-97c2-a86dddd9eea5', 'Duration'],
  ['af638906-3ec7-4314-8de7-f76039f2dd01', 'Units of time'],
  [['h', '227a54d9-44e7-468c-b8bb-f2dd1ae68c7a', 1]],
);
/** Pieces. */
export const ITEMS = quantity(
  ['01846770-4cfe-4a25-8ad9-919d8d378345', 'Number of items'],
  ['5beb6eed-33a9-47b8-9ede-1dfe8f679159', 'Units of items'],
  [['Item(s)', '6dabe201-aaac-4509-92f0-d00c26cb72ab', 1]],
);
/** Mass, in kg. */
export const MASS = quantity(
  ['93a60a56-a3c8-11da-a746-0800200b9a66', 'Mass'],
  ['93a60a57-a4c8-11da-a746-0800200c9a66', 'Units of mass'],
  [['kg', '20aadc24-a391-41cf-b340-3e4529f44bde', 1]],
);

/** Fossil carbon dioxide to air: the elementary flow that every method of impact assessment weighs with 1 kg CO2e a kg. */
export const CO2_TO_AIR = elementaryFlow(
  '349b29d1-3e58-4c66-98b9-9d1a076efd2e',
  'Carbon dioxide, fossil',
  'Elementary flows/Emission to air/unspecified',
);
/** Carbon dioxide that plants took from the air. */
export const CO2_FROM_AIR = elementaryFlow(
  'cc6a1abb-b123-4ca6-8f16-38209df609be',
  'Carbon dioxide, in air',
  'Elementary flows/Resource/in air',
);

/** A flow that processes make and take; counted in the quantity's reference unit. */
export function productFlow(
  id: string,
  measuredIn: Quantity,
  fields: { name: string; category: string; description?: string; location?: Ref; lastChange: string },
): RootEntity {
  return entity('Flow', id, {
    version: FIRST_VERSION,
    ...fields,
    flowType: 'PRODUCT_FLOW',
    flowProperties: [factorOf(measuredIn)],
  });
}

/** How an exchange names a flow: with what Brightway reads nowhere else. */
export function flowRef(
  flow: RootEntity,
  { refUnit }: Quantity,
): Ref & { flowType: unknown; refUnit: string } {
  return { ...refTo(flow), flowType: flow['flowType'], refUnit };
}

function elementaryFlow(id: string, name: string, category: string): RootEntity {
  return entity('Flow', id, {
    name,
    category,
    version: REFERENCE_VERSION,
    flowType: 'ELEMENTARY_FLOW',
    cas: '124-38-9',
    formula: 'CO2',
    flowProperties: [factorOf(MASS)],
  });
}

function factorOf({ property }: Quantity) {
  return {
    '@type': 'FlowPropertyFactor',
    isRefFlowProperty: true,
    conversionFactor: 1,
    flowProperty: refTo(property),
  };
}

function quantity(
  [propertyId, propertyName]: [string, string],
  [groupId, groupName]: [string, string],
  units: [symbol: string, id: string, factor: number][],
): Quantity {
  const propertyRef: Ref = { '@type': 'FlowProperty', '@id': propertyId, name: propertyName };
  const groupRef: Ref = { '@type': 'UnitGroup', '@id': groupId, name: groupName };
  return {
    property: entity('FlowProperty', propertyId, {
      name: propertyName,
      category: 'Technical flow properties',
      version: REFERENCE_VERSION,
      flowPropertyType: 'PHYSICAL_QUANTITY',
      unitGroup: groupRef,
    }),
    group: entity('UnitGroup', groupId, {
      name: groupName,
      category: 'Technical unit groups',
      version: REFERENCE_VERSION,
      defaultFlowProperty: propertyRef,
      units: units.map(([symbol, id, factor]) => ({
        '@type': 'Unit',
        '@id': id,
        name: symbol,
        conversionFactor: factor,
        isRefUnit: factor === 1,
      })),
    }),
    units: Object.fromEntries(
      units.map(([symbol, id]) => [symbol, { '@type': 'Unit', '@id': id, name: symbol }]),
    ),
    refUnit: units.find(([, , factor]) => factor === 1)?.[0] ?? '',
  };
}
