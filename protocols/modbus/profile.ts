import type { CounterTraits } from '../telemetry/channel.ts';
import type { Phase, Quantity } from '../telemetry/quantity.ts';
import { multiply, rationalOf, UNITS, type Rational } from '../telemetry/unit.ts';

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

/** One value that a device offers, and where it lies. */
export interface ProfilePoint {
  quantity: Quantity;
  phase: Phase;
  /** Address in the protocol data unit, 0 .. 65535: what goes over the wire, never the printed 4xxxx number. */
  address: number;
  type: RegisterType;
  /** Overrides the profile's. */
  functionCode?: RegisterFunction;
  /** Overrides the profile's. */
  wordOrder?: Order;
  /** raw x scale = value in `unit`, as a positive decimal. */
  scale: string;
  /** The device's own unit, a key of UNITS. */
  unit: string;
  encoding?: Encoding;
  /** Only with cumulative quantities, and always with them. */
  counter?: CounterTraits;
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
  /** Up to so many registers that nobody wants are read rather than making another request. */
  maxGap: number;
  /** Registers that no request may touch. */
  forbidden: readonly RegisterRange[];
}

/** A register that tells whether the device is what the profile describes. */
export interface IdentityCheck {
  title: string;
  functionCode: RegisterFunction;
  address: number;
  /** Registers to ask for; some blocks can only be read whole. */
  count: number;
  /** The value lies in the first register of the answer and must be one of these. */
  oneOf: readonly number[];
}

/** A kind of device as data: everything the driver must know of it. */
export interface DeviceProfile {
  /** vendor/model in kebab-case: `siemens/pac3200`. */
  id: string;
  /** Moves whenever the meaning of a point changes. */
  version: string;
  title: string;
  vendor: string;
  models: readonly string[];
  /** `high`: two independent sources agree; `medium`: one source. */
  confidence: 'high' | 'medium';
  sources: readonly string[];
  /** Class of active energy where a source states it; absent means that the operator must read the nameplate. */
  accuracyClass?: string;
  wordOrder: Order;
  /** Order of the two bytes in a register; Modbus says `big`. */
  byteOrder: Order;
  functionCode: RegisterFunction;
  limits: ReadLimits;
  /** Bit patterns (hexadecimal, most significant first) that mean "no value"; NaN and infinities always do. */
  notAvailable: Readonly<Partial<Record<RegisterType, readonly string[]>>>;
  identity: readonly IdentityCheck[];
  /** The device answers Read Device Identification (43/14). */
  deviceIdentification: boolean;
  /** What an engineer must know before trusting a value. */
  notes: readonly string[];
  points: readonly ProfilePoint[];
}

/** Registers a value takes. */
export function registerCount(type: RegisterType): 1 | 2 | 4 {
  return type.endsWith('16') ? 1 : type.endsWith('32') ? 2 : 4;
}

/** The function code that reads a point. */
export function functionCodeOf(profile: DeviceProfile, point: ProfilePoint): RegisterFunction {
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
