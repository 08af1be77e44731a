import type { CounterTraits } from '../../telemetry/channel.ts';
import type { Phase, Quantity, Status } from '../../telemetry/quantity.ts';
import type { Parity } from '../endpoint.ts';
import { multiply, rationalOf, UNITS, type Rational } from '../../telemetry/unit.ts';

/** How a value lies in registers: unsigned, signed, IEEE 754; the number is its width in bits. */
export const REGISTER_TYPES = ['u16', 'i16', 'u32', 'i32', 'f32', 'u64', 'i64', 'f64'] as const;
export type RegisterType = (typeof REGISTER_TYPES)[number];

/** 3 reads holding registers, 4 reads input registers. */
export type RegisterFunction = 3 | 4;

/** `big`: the most significant comes first. */
export const ORDERS = ['big', 'little'] as const;
export type Order = (typeof ORDERS)[number];

/**
 * Encodings beyond a plain number. `four-quadrant`: a power factor that tells its quadrant by leaving -1 .. 1
 * (Schneider 4Q_FP_PF); decoded it is -1 .. 1, negative while active power is exported.
 */
export const ENCODINGS = ['four-quadrant'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Where one more raw value lies that a point is computed from. */
export interface RegisterValue {
  /** Address in the protocol data unit, 0 .. 65535: what goes over the wire, never the printed 4xxxx number. */
  address: number;
  type: RegisterType;
  /** Overrides the profile's. */
  functionCode?: RegisterFunction;
  /** Overrides the profile's. */
  wordOrder?: Order;
}

/**
 * A factor that the device keeps in a register of its own. `factor`: value x scale multiplies the reading (a transformer
 * ratio). `decimals`: the reading has so many decimals. `thousands`: the value 0, 1, 2 stands for 1, 1000, 1000000.
 * A factor that is 0 or not available makes the reading null: nobody knows what it means.
 */
export interface RegisterFactor extends RegisterValue {
  as: 'factor' | 'decimals' | 'thousands';
  /** With `factor`: a positive decimal. */
  scale: string;
  /** Of a 16-bit register only this byte counts. */
  byte?: 'high' | 'low';
}

/**
 * Where the factor from raw to unit comes from besides `scale`. `operator`: no source states it, the operator must (in
 * the source's `scales`). `rated-power`: raw x scale is a percentage of the power that the operator enters (`ratedPower`).
 */
export const SCALE_ORIGINS = ['operator', 'rated-power'] as const;
export type ScaleOrigin = (typeof SCALE_ORIGINS)[number];

/** One value that a device offers, and where it lies. */
export interface ProfilePoint extends RegisterValue {
  quantity: Quantity;
  phase: Phase;
  /** raw x scale = value in `unit`, as a positive decimal. */
  scale: string;
  /** The device's own unit, a key of UNITS. */
  unit: string;
  encoding?: Encoding;
  scaleFrom?: ScaleOrigin;
  /** Factors in registers of the device, each multiplied into the reading. */
  factors?: readonly RegisterFactor[];
  /** Further registers of the same type whose raw values are added: the second tariff of an energy. */
  plus?: readonly number[];
  /** Bit patterns that mean "no value" here, besides the profile's. */
  notAvailable?: readonly string[];
  /** Where it is not the profile's: `medium` when only one source has it. */
  confidence?: Confidence;
  /** Only with cumulative quantities, and always with them. */
  counter?: CounterTraits;
}

/** `high`: two independent sources agree; `medium`: one source. */
export const CONFIDENCES = ['high', 'medium'] as const;
export type Confidence = (typeof CONFIDENCES)[number];

/** How text lies in registers: two characters each, the two swapped, or one character each. */
export const TEXT_LAYOUTS = ['plain', 'swapped', 'one-per-register'] as const;
export type TextLayout = (typeof TEXT_LAYOUTS)[number];

/** A word a device says of itself: a number, one bit of a register, or text. Carried as it was read. */
export interface StatusPoint {
  status: Status;
  address: number;
  functionCode?: RegisterFunction | undefined;
  type: RegisterType | 'bit' | 'ascii';
  /** With `bit`: 0 (least significant) .. 15. */
  bit?: number | undefined;
  /** With `ascii`: registers. */
  length?: number | undefined;
  layout?: TextLayout | undefined;
  /** What the values mean, so that a state map can be chosen: `siemens/sinamics-g120/status`. */
  vocabulary: string;
}

/** Registers `first` .. `last`, both included. */
export interface RegisterRange {
  first: number;
  last: number;
}

/** What one request to the device may look like. */
export interface ReadLimits {
  /** Registers a request may ask for, 1 .. 125. */
  maxRegisters: number;
  /** Every request must begin at an even address and ask for an even count. */
  even: boolean;
  /** The device refuses a request that begins or ends inside one of its values. */
  wholeValues: boolean;
  /** Registers in a row that nobody wants and that may be read rather than making another request; 0 bars holes. */
  maxGap: number;
  /** Registers that no request may touch. */
  forbidden: readonly RegisterRange[];
  /** When not empty, a request must lie within one of these. */
  readable: readonly RegisterRange[];
  /** Blocks that a request touching them must read exactly, whole and alone (I&M0; ids that read otherwise in a block). */
  whole: readonly RegisterRange[];
}

/** How fast the device may be asked. */
export interface DeviceTiming {
  /** The least time to allow for an answer, ms; a shorter timeout in the configuration is raised to it. */
  minTimeoutMs: number;
  /** Silence to keep before each request to the device, ms. */
  guardMs: number;
  /** Requests that may be under way at once on one TCP connection; 1 unless a source states more. */
  pipelining: number;
}

/** Settings of the serial line as the device leaves the factory. */
export interface SerialDefaults {
  baudRate: number;
  parity: Parity;
  stopBits: 1 | 2;
  unit: number;
}

/** A register, or text, that tells whether the device is what the profile describes. All checks of a profile must hold. */
export interface IdentityCheck {
  title: string;
  functionCode: RegisterFunction;
  address: number;
  /** Registers to ask for; some blocks can only be read whole. */
  count: number;
  /** The value lies in the first registers of the answer. */
  type: 'u16' | 'u32' | 'ascii';
  layout?: TextLayout | undefined;
  /** Numbers it may be. */
  oneOf?: readonly number[] | undefined;
  /** Or the numbers between which it lies, both included. */
  between?: RegisterRange | undefined;
  /** Or what the text begins with, whatever the case. */
  startsWith?: readonly string[] | undefined;
}

/** Something the device tells of itself that belongs on a record: shown by scan and probe. */
export interface DeviceDetail {
  is: 'serial' | 'model' | 'firmware' | 'orderNumber';
  functionCode: RegisterFunction;
  address: number;
  type: RegisterType | 'ascii';
  /** With `ascii`: registers. */
  length?: number | undefined;
  layout?: TextLayout | undefined;
  wordOrder?: Order | undefined;
  /** The request that must be made to see it, where the value lies inside a block that is only read whole. */
  block?: { address: number; count: number } | undefined;
}

/** What signs and sums mean on this device, where a source states it. */
export interface Conventions {
  activePower?: 'import-positive' | 'export-positive' | 'unsigned' | undefined;
  powerFactor?: 'sign-of-power' | 'capacitive-positive' | 'inductive-positive' | 'unsigned' | undefined;
  /** Whether a total is the sum of the phases' counters or nets one phase against another. */
  energyTotals?: 'sum-of-phases' | 'net-of-phases' | undefined;
  /** `applied`: values are those of the primary side; `not-applied`: the operator's ratios must multiply them. */
  transformers?: 'applied' | 'not-applied' | undefined;
}

/** A kind of device as data: everything the driver must know of it. */
export interface DeviceProfile {
  /** vendor/model in kebab-case: `siemens/pac3200`; a variant adds its name: `carlo-gavazzi/em340:msw-first`. */
  id: string;
  /** Moves whenever the meaning of a point changes. */
  version: string;
  title: string;
  vendor: string;
  models: readonly string[];
  /** The same registers under other names: what an engineer may read on the nameplate. */
  aliases: readonly string[];
  /** A drive measures the motor side: a signal below a machine, never its total. */
  kind: 'meter' | 'drive';
  confidence: Confidence;
  sources: readonly string[];
  /** Class of active energy where a source states it; absent means that the operator must read the nameplate. */
  accuracyClass?: string;
  transports: readonly ('tcp' | 'rtu')[];
  wordOrder: Order;
  /** Order of the two bytes in a register; Modbus says `big`. */
  byteOrder: Order;
  functionCode: RegisterFunction;
  limits: ReadLimits;
  timing: DeviceTiming;
  /** As the device leaves the factory, where a source states it. */
  serial?: SerialDefaults;
  conventions: Conventions;
  /**
   * Bit patterns (hexadecimal, most significant first) that mean "no value"; X stands for any digit. NaN and infinities
   * always do.
   */
  notAvailable: Readonly<Partial<Record<RegisterType, readonly string[]>>>;
  identity: readonly IdentityCheck[];
  details: readonly DeviceDetail[];
  /** The device answers Read Device Identification (43/14). */
  deviceIdentification: boolean;
  /** What an engineer must know before trusting a value. */
  notes: readonly string[];
  points: readonly ProfilePoint[];
  statuses: readonly StatusPoint[];
  /** Names of the variants of this profile; a variant has none. */
  variants: readonly string[];
}

/** Registers a value takes. */
export function registerCount(type: RegisterType): 1 | 2 | 4 {
  return type.endsWith('16') ? 1 : type.endsWith('32') ? 2 : 4;
}

/** The function code that reads a point. */
export function functionCodeOf(
  profile: Pick<DeviceProfile, 'functionCode'>,
  point: Pick<ProfilePoint, 'functionCode'>,
): RegisterFunction {
  return point.functionCode ?? profile.functionCode;
}

/** How people and configurations name a point: `activePower`, `voltage.l1`. */
export function pointName(point: Pick<ProfilePoint, 'quantity' | 'phase'>): string {
  return point.phase === 'total' ? point.quantity : `${point.quantity}.${point.phase}`;
}

/** raw x this = value in the quantity's canonical unit, without any transformer ratio. */
export function canonicalScale(point: ProfilePoint): Rational {
  const unit = UNITS[point.unit];
  if (unit === undefined) throw new RangeError(`${point.unit} is not a unit we know`);
  return multiply(rationalOf(point.scale), unit.factor);
}
