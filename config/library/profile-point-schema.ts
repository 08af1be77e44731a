import { z } from 'zod';
import {
  CONFIDENCES,
  ENCODINGS,
  ORDERS,
  REGISTER_TYPES,
  registerCount,
  SCALE_ORIGINS,
  TEXT_LAYOUTS,
  type ProfilePoint,
} from '../../protocols/modbus/profile/profile.ts';
import { PHASES, QUANTITIES, QUANTITY_NAMES, STATUSES } from '../../protocols/telemetry/quantity.ts';
import { UNITS } from '../../protocols/telemetry/unit.ts';
import { decimal } from '../scalars.ts';

/** An address in the protocol data unit, counted from 0. */
export const address = z.int().min(0).max(65_535);
/** 3 reads holding registers, 4 input registers. */
export const functionCode = z.union([z.literal(3), z.literal(4)]);
/** Which comes first. */
export const order = z.enum(ORDERS);
/** A bit pattern, X for any digit. */
export const pattern = z.string().regex(/^0x[0-9A-FX]+$/, 'a bit pattern, such as 0xFFFFFFFF or 0x7FFFXXXX');
/** How text lies in registers. */
export const textLayout = z.enum(TEXT_LAYOUTS);

const WHOLE_WORDS = 'a whole number, such as 4294967296';
const wholeNumber = z
  .union([z.int().min(0), z.string().regex(/^\d+$/, WHOLE_WORDS)], WHOLE_WORDS)
  .transform(String);

/** The arithmetic of a counter, as protocols/telemetry/channel.ts explains it. */
const counter = z.strictObject({
  modulus: wholeNumber.describe('Raw value at which it starts again at 0.').optional(),
  maximum: wholeNumber.describe('Raw value at which a saturating counter stops.').optional(),
  resolution: decimal.describe('Raw steps it moves in.').optional(),
  stepsBack: z
    .boolean()
    .describe('It may fall a little after a power loss: it is saved only now and then.')
    .optional(),
  behaviour: z
    .enum(['monotone', 'saturating', 'resettable'])
    .describe('It only counts up; it stops at its largest value; somebody may set it to 0.')
    .meta({ examples: ['monotone'] }),
});

const registerFactor = z
  .strictObject({
    address,
    type: z.enum(REGISTER_TYPES),
    functionCode: functionCode.optional(),
    wordOrder: order.optional(),
    as: z.enum(['factor', 'decimals', 'thousands']),
    scale: decimal.default('1').describe('With factor: register x scale is the factor.'),
    byte: z.enum(['high', 'low']).describe('Of a 16-bit register only this byte counts.').optional(),
  })
  .describe('A factor that the device keeps in a register of its own.');

/** One line of a profile: a value, or the same value of several conductors side by side. */
export const pointLine = z.strictObject({
  quantity: z
    .enum(QUANTITY_NAMES)
    .describe('What is measured.')
    .meta({ examples: ['activePower'] }),
  phase: z.enum(PHASES).default('total'),
  phases: z
    .array(z.enum(PHASES))
    .min(2)
    .describe('Instead of phase: one value each, in this order.')
    .optional(),
  address: address
    .describe('In the protocol data unit, counted from 0 (40001 is 0); of the first phase.')
    .meta({ examples: [0] }),
  step: z
    .int()
    .min(1)
    .max(1000)
    .describe('Registers from one phase to the next; else they are adjacent.')
    .optional(),
  type: z
    .enum(REGISTER_TYPES)
    .describe('How it lies in registers: unsigned, signed or float, and its bits.')
    .meta({ examples: ['f32'] }),
  unit: z
    .enum(Object.keys(UNITS))
    .describe('The unit of the value, after the scale.')
    .meta({ examples: ['W'] }),
  scale: decimal.default('1').describe('raw x scale = value in the unit.'),
  scaleFrom: z
    .enum(SCALE_ORIGINS)
    .describe(
      'operator: no source states it, scales in the source must. rated-power: a percentage of ratedPower.',
    )
    .optional(),
  factors: z.array(registerFactor).min(1).optional(),
  plus: z.array(address).min(1).describe('Registers of the same type that are added to it.').optional(),
  functionCode: functionCode.optional(),
  wordOrder: order.optional(),
  encoding: z.enum(ENCODINGS).optional(),
  notAvailable: z.array(pattern).min(1).optional(),
  confidence: z.enum(CONFIDENCES).optional(),
  counter: counter.optional(),
});

export type PointLine = z.output<typeof pointLine>;

/** A word a device says of itself. */
export const statusLine = z
  .strictObject({
    status: z.enum(STATUSES),
    address,
    functionCode: functionCode.optional(),
    type: z.enum([...REGISTER_TYPES, 'bit', 'ascii']),
    bit: z.int().min(0).max(15).optional(),
    length: z.int().min(1).max(60).optional(),
    layout: textLayout.optional(),
    vocabulary: z
      .string()
      .regex(/^[a-z0-9-]+(\/[A-Za-z0-9-]+)*$/, 'a name, such as siemens/sinamics-g120/status'),
  })
  .refine((line) => (line.type === 'bit') === (line.bit !== undefined), 'bit goes with the type bit')
  .refine(
    (line) => (line.type === 'ascii') === (line.length !== undefined),
    'length goes with the type ascii',
  );

/** The points of a line, one a phase. */
export function expandLine(line: PointLine): ProfilePoint[] {
  const { phase: _phase, phases, step: _step, address: first, counter: traits, factors, ...rest } = line;
  const step = line.step ?? registerCount(line.type);
  return (phases ?? [line.phase]).map((phase, i) => ({
    ...present(rest),
    phase,
    address: first + i * step,
    ...(rest.plus === undefined ? {} : { plus: rest.plus.map((more) => more + i * step) }),
    ...(factors === undefined ? {} : { factors: factors.map((factor) => present(factor)) }),
    ...(QUANTITIES[line.quantity].cumulative
      ? { counter: present({ behaviour: 'monotone' as const, ...traits }) }
      : {}),
  }));
}

/** Without the keys that are undefined: what the contract calls absent. */
type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Present<T>;
}
