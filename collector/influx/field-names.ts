import type { StatusChannel } from '../../protocols/telemetry/channel.ts';
import type { Quantity, Status } from '../../protocols/telemetry/quantity.ts';

/** Where a quantity is stored. These names are a contract with everyone's dashboards: a rename is a breaking change. */
export const QUANTITY_FIELDS: Readonly<Record<Quantity, { measurement: 'power' | 'energy'; field: string }>> =
  {
    activePower: { measurement: 'power', field: 'p_w' },
    reactivePower: { measurement: 'power', field: 'q_var' },
    apparentPower: { measurement: 'power', field: 's_va' },
    powerFactor: { measurement: 'power', field: 'pf' },
    voltage: { measurement: 'power', field: 'u_v' },
    current: { measurement: 'power', field: 'i_a' },
    frequency: { measurement: 'power', field: 'f_hz' },
    rotationalSpeed: { measurement: 'power', field: 'rpm' },
    load: { measurement: 'power', field: 'load_pct' },
    torque: { measurement: 'power', field: 'torque_nm' },
    temperature: { measurement: 'power', field: 'temp_degc' },
    activeEnergyImport: { measurement: 'energy', field: 'import_wh' },
    activeEnergyExport: { measurement: 'energy', field: 'export_wh' },
    activeEnergySum: { measurement: 'energy', field: 'sum_wh' },
    reactiveEnergyImport: { measurement: 'energy', field: 'reactive_varh' },
    reactiveEnergyExport: { measurement: 'energy', field: 'reactive_export_varh' },
    apparentEnergy: { measurement: 'energy', field: 'apparent_vah' },
    gasVolume: { measurement: 'energy', field: 'gas_nm3' },
  };

/** Where a word of the control is stored, in measurement `status`: these have one field a machine. */
export const STATUS_FIELDS = {
  execution: 'execution',
  mode: 'mode',
  program: 'program',
  partCount: 'part_count',
  warmUp: 'warm_up',
  emergencyStop: 'emergency_stop',
} as const satisfies Partial<Record<Status, string>>;

/** Words of which a machine may have several: what tells them apart goes into the field's name. */
const NAMED_FIELDS: Readonly<Record<Exclude<Status, keyof typeof STATUS_FIELDS>, string>> = {
  availability: 'availability',
  linePower: 'line_power',
  controlPower: 'control_power',
  waitState: 'wait_state',
  functionalMode: 'functional_mode',
  equipmentMode: 'equipment_mode',
  itemState: 'item_state',
  channelState: 'channel_state',
  energySaving: 'energy_saving',
  spindleState: 'spindle_state',
  condition: 'condition',
  timer: 'timer',
};

/** The field of a status channel: `execution`, `condition_servo`, `spindle_state_spindle-2`. */
export function statusFieldOf({
  status,
  component,
  name,
}: Pick<StatusChannel, 'status' | 'component' | 'name'>): string {
  if (status in STATUS_FIELDS && name === undefined)
    return STATUS_FIELDS[status as keyof typeof STATUS_FIELDS];
  const field: Readonly<Record<Status, string>> = { ...STATUS_FIELDS, ...NAMED_FIELDS };
  return [
    field[status],
    ...(component === 'control' ? [] : [component]),
    ...(name === undefined ? [] : [name]),
  ].join('_');
}
