import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PHASES, type Phase, type Quantity } from '../../protocols/telemetry/quantity.ts';
import { sharedFile } from '../support/shared-files.ts';

/** Where the facts collected from manuals and implementations lie; absent outside the house they were collected in. */
export const FACT_FOLDER = sharedFile('facts/devices');

/** One value of a device as a manual or an implementation states it. */
export interface FactPoint {
  quantity: string;
  phase?: string;
  address: number;
  type: string;
  /** Raw x scale = value in `unit`; null where no source states it. */
  scale: number | null;
  unit: string;
  functionCode?: number;
  wordOrder?: string;
  confidence?: string;
  note?: string;
}

/** What was collected of one kind of device. */
export interface DeviceFacts {
  id: string;
  functionCode: 3 | 4;
  wordOrder: string;
  byteOrder: string;
  confidence: string;
  transport: string[];
  kind: string;
  maxRegistersPerRead: number | null;
  readRules: string[] | null;
  quirks: string[];
  accuracyClass: { activeEnergy: string } | null;
  notANumber: Record<string, string> | null;
  serialDefaults: Record<string, unknown> | null;
  ctHandling: { registers?: { what: string; address: number; type: string }[] } | null;
  identify: {
    registers?: {
      what: string;
      address?: number;
      offsetInBlock?: number;
      equals?: unknown;
      range?: [number, number];
    }[];
  } | null;
  points: FactPoint[];
  variants?: Record<string, FactPoint[]>;
}

/** Devices whose facts do not make a profile, and why. */
export const NO_PROFILE: Readonly<Record<string, string>> = {
  'accuenergy-acuvim-ii': 'one source has the power in kW, another in W',
  'drive-abb-acs': 'neither a scale nor a register of power is known for certain',
  'drive-lenze-i500': 'no register is known',
  'drive-yaskawa-a1000': 'the registers of power and energy are not known',
};

/** Profiles that are not called as their facts are: by fact id. */
const NAMED_OTHERWISE: Readonly<Record<string, string>> = {
  'carlo-gavazzi-em330-em340': 'carlo-gavazzi/em340',
  'drive-delta-vfd': 'delta/ms300',
  'drive-mitsubishi-fr700-800': 'mitsubishi/fr-a700',
  'drive-schneider-altivar': 'schneider/altivar-312',
  'drive-vacon-10': 'vacon/vacon-10',
};

/** Limits that a fact states in other words than ours, by fact id. */
export const LIMITS_IN_OUR_WORDS: Readonly<
  Record<string, { maxRegisters: number; wholeValues: boolean; why: string }>
> = {
  'drive-danfoss-vlt-fc': {
    maxRegisters: 2,
    wholeValues: false,
    why: 'one parameter a request, and one of 32 bits takes two registers',
  },
};

/** Everything collected of devices that speak Modbus, without those of NO_PROFILE. */
export function readFacts(): DeviceFacts[] {
  return readdirSync(FACT_FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map(
      (name) =>
        JSON.parse(readFileSync(join(FACT_FOLDER, name), 'utf8')) as DeviceFacts & { protocol: string },
    )
    .filter((facts) => facts.protocol === 'modbus' && !(facts.id in NO_PROFILE));
}

/** What holds for a device and was written down with another. */
interface Borrowed {
  from: string;
  identify?: true;
  notANumber?: true;
  points?: RegExp;
  why: string;
}

/** By fact id. */
const BORROWED: Readonly<Record<string, Borrowed>> = {
  'socomec-diris-b30': {
    from: 'socomec-countis-diris',
    identify: true,
    why: 'the signature is the same, and its product name stands in the list there',
  },
  'phoenix-eem-350-d-mcb': {
    from: 'carlo-gavazzi-em24-rs485',
    notANumber: true,
    why: 'the same meter with the same registers under another name',
  },
  'janitza-umg604-native': {
    from: 'janitza-umg-common',
    points: /^active_energy_(import|export) total$/,
    why: 'the direction of its own two was not confirmed; a UMG 604 has the common block as well',
  },
};

/** The facts of a profile: `siemens/pac2200` and siemens-pac2200, `danfoss/vlt-fc` and drive-danfoss-vlt-fc. */
export function factsOf(all: readonly DeviceFacts[], profileId: string): DeviceFacts | undefined {
  const joined = profileId.replace('/', '-');
  const own = all.find(
    ({ id }) => NAMED_OTHERWISE[id] === profileId || id === joined || id === `drive-${joined}`,
  );
  const borrowed = own === undefined ? undefined : BORROWED[own.id];
  const other = all.find(({ id }) => id === borrowed?.from);
  if (own === undefined || borrowed === undefined || other === undefined) return own;
  const { identify, notANumber, points } = borrowed;
  const isTheirs = ({ quantity, phase = 'total' }: FactPoint) =>
    points?.test(`${quantity} ${phase}`) === true;
  return {
    ...own,
    identify: identify === true ? other.identify : own.identify,
    notANumber: notANumber === true ? other.notANumber : own.notANumber,
    points: [...own.points.filter((fact) => !isTheirs(fact)), ...other.points.filter(isTheirs)],
  };
}

/** A fact in our words, or the reason why we carry no such point. */
export type NamedFact =
  | { quantity: Quantity; phase: Phase; optional?: string; addedTo?: true }
  | { leftOut: string };

/** Facts of a meter or drive that no profile has, by `quantity phase`, each with its reason. */
const LEFT_OUT: readonly (readonly [RegExp, string])[] = [
  [/ (avg|avg_or_sum)$/, 'a mean of phases is no phase'],
  [/^current (sum|total|vector_sum)$/, 'a sum of phase currents is no current of a conductor'],
  [/_net /, 'import minus export can fall, so it is no counter'],
  [/_partial /, 'may be reset by hand; the total is there'],
  [/_f32 /, 'a lossy copy of the integer counter'],
  [/_selected /, 'import, export or their balance by a setting of the device'],
  [/^reactive_energy(_total)? /, 'import and export are not told apart, or their difference is taken'],
  [/^active_power_(import|export) /, 'the positive or negative part of activePower'],
  [/^phase_angle |^power_factor_angle /, 'we have no quantity for an angle'],
  [/^cos_phi /, 'of the fundamental only: no power factor'],
  [/^rotation_field /, 'order of the phases, no quantity of ours'],
  [/^dc_(bus|link)_voltage /, 'inside the drive'],
  [/^(motor|output)_voltage /, 'behind the inverter, and not of one pair of conductors'],
  [/^mains_voltage /, 'computed by the drive from its DC link, of no pair of conductors'],
  [/_thermal_state /, 'a model of the drive, no temperature'],
  [/^(frequency_command|speed_setpoint|control_priority) /, 'what was asked for, not what was measured'],
  [/^(rated_power|firmware) /, 'a constant of the device'],
  [/^(operating|running)_hours /, 'we have no quantity for hours'],
  [/^(status|status_word|drive_status|fault_warning|fault_number_0) /, 'a status word'],
];

const QUANTITY_OF: Readonly<Record<string, Quantity>> = {
  voltage_ln: 'voltage',
  voltage_ll: 'voltage',
  active_energy_total: 'activeEnergySum',
  active_energy_import_fine: 'activeEnergyImport',
  active_energy_export_fine: 'activeEnergyExport',
  active_energy_import_t2: 'activeEnergyImport',
  active_energy_export_t2: 'activeEnergyExport',
  apparent_energy_import: 'apparentEnergy',
  output_power: 'activePower',
  motor_power: 'activePower',
  input_power: 'activePower',
  energy: 'activeEnergyImport',
  energy_consumed: 'activeEnergyImport',
  motor_speed: 'rotationalSpeed',
  speed_actual: 'rotationalSpeed',
  motor_torque: 'torque',
  torque_actual: 'torque',
  motor_current: 'current',
  output_current: 'current',
  output_frequency: 'frequency',
};

/** Points that a profile may have, and need not, with the reason. */
const OPTIONAL: Readonly<Record<string, string>> = {
  active_energy_total: 'import + export only where it is certain',
  apparent_energy_import: 'our apparentEnergy has no direction',
};

/** What a fact is in our names. */
export function nameFact(fact: FactPoint): NamedFact {
  const phaseName = fact.phase ?? 'total';
  const reason = LEFT_OUT.find(([pattern]) => pattern.test(`${fact.quantity} ${phaseName}`))?.[1];
  if (reason !== undefined) return { leftOut: reason };
  // A drive's torque in percent of a nominal torque that nobody entered.
  if (fact.quantity === 'motor_torque' && fact.unit === '%')
    return { leftOut: 'a percentage of a torque that nobody states' };
  const phase = PHASES.find((known) => known === phaseName.toLowerCase().replace('-l', ''));
  const quantity =
    QUANTITY_OF[fact.quantity] ??
    (fact.quantity.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) as Quantity);
  if (phase === undefined) throw new Error(`${fact.quantity} ${phaseName} of the facts has no name here`);
  const optional = OPTIONAL[fact.quantity];
  return {
    quantity,
    phase,
    ...(optional === undefined ? {} : { optional }),
    ...(fact.quantity.endsWith('_t2') ? { addedTo: true as const } : {}),
  };
}
