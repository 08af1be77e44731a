/** What a channel measures. Names and import/export directions follow IEC 62053 and OBIS (1.8.0 import, 2.8.0 export). */
export const QUANTITIES = {
  activePower: { unit: 'W', cumulative: false },
  apparentPower: { unit: 'VA', cumulative: false },
  reactivePower: { unit: 'var', cumulative: false },
  powerFactor: { unit: '1', cumulative: false },
  current: { unit: 'A', cumulative: false },
  voltage: { unit: 'V', cumulative: false },
  frequency: { unit: 'Hz', cumulative: false },
  activeEnergyImport: { unit: 'Wh', cumulative: true },
  activeEnergyExport: { unit: 'Wh', cumulative: true },
  reactiveEnergyImport: { unit: 'varh', cumulative: true },
  reactiveEnergyExport: { unit: 'varh', cumulative: true },
  /** Import plus export in one register (OBIS 15.8.0): counts as import only where the operator says nothing is exported. */
  activeEnergySum: { unit: 'Wh', cumulative: true },
  apparentEnergy: { unit: 'VAh', cumulative: true },
  rotationalSpeed: { unit: '1/min', cumulative: false },
  torque: { unit: 'Nm', cumulative: false },
  load: { unit: '%', cumulative: false },
  temperature: { unit: 'degC', cumulative: false },
  gasVolume: { unit: 'Nm3', cumulative: true },
} as const;

export type Quantity = keyof typeof QUANTITIES;
/** The names of all quantities. */
export const QUANTITY_NAMES = Object.keys(QUANTITIES) as [Quantity, ...Quantity[]];

/** Which conductor, pair of conductors or sum a value belongs to. */
export const PHASES = ['total', 'l1', 'l2', 'l3', 'n', 'l12', 'l23', 'l31'] as const;
export type Phase = (typeof PHASES)[number];

/**
 * What a machine's control says of itself; the value travels as the control wrote it. `linePower` and `controlPower` are
 * whether supply and control are switched on, `itemState` is the machinery item state of OPC 40001-1, `channelState` that
 * of a control's channel; `condition` is a warning or fault, `timer` a counter of time or of parts that is kept only for
 * comparison: of those two, and of several equal words, each has a name.
 */
export const STATUSES = [
  'execution',
  'mode',
  'program',
  'partCount',
  'warmUp',
  'emergencyStop',
  'availability',
  'linePower',
  'controlPower',
  'waitState',
  'functionalMode',
  'equipmentMode',
  'itemState',
  'channelState',
  'energySaving',
  'spindleState',
  'condition',
  'timer',
] as const;
export type Status = (typeof STATUSES)[number];

/** How far a reading can be trusted: `uncertain` still counts, `bad` never becomes energy. */
export const QUALITIES = ['good', 'uncertain', 'bad'] as const;
export type Quality = (typeof QUALITIES)[number];
