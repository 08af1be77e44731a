import { z } from 'zod';
import { ENCODINGS, ORDERS, REGISTER_TYPES, registerCount } from '../protocols/modbus/profile.ts';
import type { DeviceProfile, ProfilePoint } from '../protocols/modbus/profile.ts';
import { PHASES, QUANTITIES, QUANTITY_NAMES } from '../protocols/telemetry/quantity.ts';
import { rationalOf, UNITS } from '../protocols/telemetry/unit.ts';

const address = z.int().min(0).max(65_535);
const functionCode = z.union([z.literal(3), z.literal(4)]);
const order = z.enum(ORDERS);
const pattern = z.string().regex(/^0x[0-9A-F]+$/, 'a bit pattern such as 0xFFFFFFFF');

const decimal = z
  .union([z.number(), z.string()])
  .transform(String)
  .refine(isPositiveDecimal, 'a positive decimal such as 0.1');

/** The arithmetic of a counter, as protocols/telemetry/channel.ts explains it. */
const counter = z.strictObject({
  modulus: z.string().regex(/^\d+$/).describe('Raw value at which it starts again at 0.').optional(),
  resolution: decimal.describe('Raw steps it moves in.').optional(),
  behaviour: z.enum(['monotone', 'saturating', 'resettable']),
});

/** One line of a profile: a value, or the same value of several conductors side by side. */
const pointLine = z.strictObject({
  quantity: z.enum(QUANTITY_NAMES),
  phase: z.enum(PHASES).default('total'),
  phases: z
    .array(z.enum(PHASES))
    .min(2)
    .describe('Instead of phase: one value each, in this order.')
    .optional(),
  address: address.describe('In the protocol data unit, counted from 0; of the first phase.'),
  step: z
    .int()
    .min(1)
    .max(1000)
    .describe('Registers from one phase to the next; else they are adjacent.')
    .optional(),
  type: z.enum(REGISTER_TYPES),
  unit: z.string().refine((name) => name in UNITS, `a known unit (${Object.keys(UNITS).join(', ')})`),
  scale: decimal.default('1').describe('raw x scale = value in the unit.'),
  functionCode: functionCode.optional(),
  wordOrder: order.optional(),
  encoding: z.enum(ENCODINGS).optional(),
  counter: counter.optional(),
});

/** The one declaration of a device profile file: validation and defaults; its output is a DeviceProfile without id. */
export const profileFile = z
  .strictObject({
    version: z.string().regex(/^\d+\.\d+\.\d+$/, 'a version such as 1.0.0'),
    title: z.string().min(1).max(80),
    vendor: z.string().min(1).max(40),
    models: z.array(z.string().min(1)).min(1),
    confidence: z.enum(['high', 'medium']),
    sources: z
      .array(z.string().min(1))
      .min(1)
      .describe('Manuals with page, or implementations, it was read in.'),
    accuracyClass: z.string().max(16).describe('Only where a source states it.').optional(),
    wordOrder: order.default('big'),
    byteOrder: order.default('big'),
    functionCode,
    limits: z
      .strictObject({
        maxRegisters: z.int().min(1).max(125).default(125),
        even: z.boolean().default(false),
        wholeValues: z.boolean().default(false),
        maxGap: z.int().min(0).max(124).default(16),
        forbidden: z.array(z.strictObject({ first: address, last: address })).default([]),
      })
      .prefault({}),
    notAvailable: z.partialRecord(z.enum(REGISTER_TYPES), z.array(pattern).min(1)).default({}),
    identity: z
      .array(
        z.strictObject({
          title: z.string(),
          functionCode,
          address,
          count: z.int().min(1).max(125).default(1),
          oneOf: z.array(address).min(1),
        }),
      )
      .default([]),
    deviceIdentification: z.boolean().default(false),
    notes: z.array(z.string().min(1)).default([]),
    points: z.array(pointLine).min(1),
  })
  .superRefine((file, context) => {
    const add = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    for (const [type, patterns] of Object.entries(file.notAvailable))
      for (const [i, text] of patterns.entries())
        if (text.length !== 2 + Number(type.slice(1)) / 4)
          add(['notAvailable', type, i], `${text} is not ${type.slice(1)} bits wide`);
    for (const [i, { first, last }] of file.limits.forbidden.entries())
      if (last < first) add(['limits', 'forbidden', i], `ends at ${last}, before it begins`);
    const names = new Set<string>();
    const takenBy = new Map<string, string>();
    for (const [i, line] of file.points.entries()) {
      const { cumulative, unit } = QUANTITIES[line.quantity];
      if (UNITS[line.unit]?.canonical !== unit)
        add(
          ['points', i, 'unit'],
          `${line.quantity} is measured in ${unit}, and ${line.unit} is no unit of that`,
        );
      if (!cumulative && line.counter !== undefined)
        add(['points', i, 'counter'], `${line.quantity} does not count`);
      if (line.encoding === 'four-quadrant' && line.quantity !== 'powerFactor')
        add(['points', i, 'encoding'], 'four-quadrant belongs to powerFactor');
      if (line.step !== undefined && line.phases === undefined)
        add(['points', i, 'step'], 'step needs phases');
      for (const point of expandLine(line)) {
        const name = `${point.quantity}.${point.phase}`;
        if (names.has(name)) add(['points', i], `${name} is there twice`);
        names.add(name);
        const count = registerCount(point.type);
        if (point.address + count > 65_536)
          add(['points', i, 'address'], `${name} ends beyond register 65535`);
        for (let register = point.address; register < point.address + count; register++) {
          const key = `${point.functionCode ?? file.functionCode}:${register}`;
          const other = takenBy.get(key);
          if (other !== undefined && other !== name)
            add(['points', i, 'address'], `${name} overlaps ${other} in register ${register}`);
          takenBy.set(key, name);
        }
      }
    }
  })
  .transform((file): Omit<DeviceProfile, 'id'> => {
    const { accuracyClass, points, ...rest } = file;
    return {
      ...rest,
      ...(accuracyClass === undefined ? {} : { accuracyClass }),
      points: points.flatMap(expandLine),
    };
  });

type PointLine = z.output<typeof pointLine>;

function expandLine(line: PointLine): ProfilePoint[] {
  const { quantity, type, unit, scale, functionCode: own, wordOrder, encoding, counter: traits } = line;
  const step = line.step ?? registerCount(type);
  return (line.phases ?? [line.phase]).map((phase, i) => ({
    quantity,
    phase,
    address: line.address + i * step,
    type,
    scale,
    unit,
    ...(own === undefined ? {} : { functionCode: own }),
    ...(wordOrder === undefined ? {} : { wordOrder }),
    ...(encoding === undefined ? {} : { encoding }),
    ...(QUANTITIES[quantity].cumulative ? { counter: counterTraits(traits) } : {}),
  }));
}

function counterTraits(traits: PointLine['counter']): NonNullable<ProfilePoint['counter']> {
  return {
    behaviour: traits?.behaviour ?? 'monotone',
    ...(traits?.modulus === undefined ? {} : { modulus: traits.modulus }),
    ...(traits?.resolution === undefined ? {} : { resolution: traits.resolution }),
  };
}

function isPositiveDecimal(text: string): boolean {
  try {
    rationalOf(text);
    return true;
  } catch {
    return false;
  }
}
