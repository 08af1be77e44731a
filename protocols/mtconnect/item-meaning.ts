import type { Quantity, Status } from '../telemetry/quantity.ts';
import type { ComponentStep, DataItem } from './mtconnect-document.ts';

const QUANTITY_OF: ReadonlyMap<string, Quantity> = new Map([
  ['WATTAGE', 'activePower'],
  ['VOLT_AMPERE', 'apparentPower'],
  ['VOLT_AMPERE_REACTIVE', 'reactivePower'],
  ['POWER_FACTOR', 'powerFactor'],
  ['ELECTRICAL_ENERGY', 'activeEnergyImport'],
  ['VOLTAGE', 'voltage'],
  ['VOLTAGE_AC', 'voltage'],
  ['VOLTAGE_DC', 'voltage'],
  ['AMPERAGE', 'current'],
  ['AMPERAGE_AC', 'current'],
  ['AMPERAGE_DC', 'current'],
  ['FREQUENCY', 'frequency'],
  ['LOAD', 'load'],
  ['ROTARY_VELOCITY', 'rotationalSpeed'],
  ['SPINDLE_SPEED', 'rotationalSpeed'],
  ['TEMPERATURE', 'temperature'],
  ['TORQUE', 'torque'],
]);

/** What is wanted, programmed or allowed is not measured. */
const MEASURED_SUBTYPES = ['ACTUAL', 'ALTERNATING', 'DIRECT', 'MEASURED'];

const STATUS_OF: ReadonlyMap<string, Status> = new Map([
  ['EXECUTION', 'execution'],
  ['CONTROLLER_MODE', 'mode'],
  ['OPERATING_MODE', 'mode'],
  ['PROGRAM', 'program'],
  ['PART_COUNT', 'partCount'],
  ['EMERGENCY_STOP', 'emergencyStop'],
  ['AVAILABILITY', 'availability'],
  ['WAIT_STATE', 'waitState'],
  ['FUNCTIONAL_MODE', 'functionalMode'],
  ['EQUIPMENT_MODE', 'equipmentMode'],
]);

const POWER_TYPES = ['POWER_STATE', 'POWER_STATUS'];
/** Times that a control counts: ACCUMULATED_TIME, EQUIPMENT_TIMER, PROCESS_TIMER, and what vendors named so. */
const TIMER = /^(?:\w+:)?(?:\w*_)?(?:TIME|TIMER)$/;
/** These tell a date and a time of day; nothing is counted. */
const TIME_OF_DAY = /(?:CLOCK|DATE|PROCESS|CREATION|START|END)_TIME$/;

/** The parts of a machine whose words speak of the machine itself. */
const OF_THE_MACHINE = ['Device', 'Controllers', 'Controller', 'Path'];
const OF_ITS_POWER = [...OF_THE_MACHINE, 'Systems', 'Electric', 'System'];

/** What a data item means to us: something measured, or a word. */
export type ItemMeaning =
  | { kind: 'measured'; quantity: Quantity }
  | { kind: 'word'; status: Status; vocabulary: string };

/** What a data item means by its type and place; undefined for what we do not read (positions, feeds, tools, ...). */
export function meaningOf(item: DataItem): ItemMeaning | undefined {
  if (item.category === 'CONDITION') return word('condition', 'mtconnect/Condition');
  if (!['VALUE', 'DISCRETE'].includes(item.representation)) return undefined;
  if (item.category === 'SAMPLE') {
    const quantity = QUANTITY_OF.get(item.type);
    if (quantity !== undefined) return isMeasured(item) ? { kind: 'measured', quantity } : undefined;
  }
  if (isTimer(item)) return word('timer', 'raw');
  if (item.category !== 'EVENT') return undefined;
  const owner = ownerOf(item);
  if (POWER_TYPES.includes(item.type)) {
    if (!OF_ITS_POWER.includes(owner?.kind ?? '')) return undefined;
    return word(item.subType === 'CONTROL' ? 'controlPower' : 'linePower', 'mtconnect/PowerState');
  }
  const status = STATUS_OF.get(item.type);
  // A loader or a bar feeder executes as well; its words say nothing of the machine.
  if (status === undefined || !isOfTheMachine(item)) return undefined;
  return word(status, ['program', 'partCount'].includes(status) ? 'raw' : vocabularyOf(item));
}

/** The vocabulary of an item's words: `mtconnect/` and its type in PascalCase. */
export function vocabularyOf({ category, type }: Pick<DataItem, 'category' | 'type'>): string {
  if (category === 'CONDITION') return 'mtconnect/Condition';
  const bare = type.slice(type.indexOf(':') + 1).toLowerCase();
  const name = bare.replace(/(^|[^a-z0-9]+)([a-z0-9]?)/g, (_, _gap, first: string) => first.toUpperCase());
  return `mtconnect/${name.slice(0, 64)}`;
}

/** The component that has the item. */
export function ownerOf(item: DataItem): ComponentStep | undefined {
  return item.path.at(-1);
}

function isMeasured({ subType, statistic }: DataItem): boolean {
  return (
    (subType === undefined || MEASURED_SUBTYPES.includes(subType)) &&
    (statistic === undefined || ['AVERAGE', 'ROOT_MEAN_SQUARE'].includes(statistic))
  );
}

function isTimer({ type, units }: DataItem): boolean {
  return (
    TIMER.test(type) &&
    !TIME_OF_DAY.test(type) &&
    (units === undefined || /^(SECOND|MINUTE|HOUR)$/.test(units))
  );
}

function isOfTheMachine({ path }: DataItem): boolean {
  return path.every(({ kind }) => OF_THE_MACHINE.includes(kind));
}

function word(status: Status, vocabulary: string): ItemMeaning {
  return { kind: 'word', status, vocabulary };
}
