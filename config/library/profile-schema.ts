import { z } from 'zod';
import { PIPELINING_MAX } from '../../protocols/modbus/client.ts';
import { PARITIES } from '../../protocols/modbus/endpoint.ts';
import { CONFIDENCES, REGISTER_TYPES } from '../../protocols/modbus/profile/profile.ts';
import {
  address,
  functionCode,
  order,
  pattern,
  pointLine,
  statusLine,
  textLayout,
} from './profile-point-schema.ts';

const range = z.strictObject({ first: address, last: address });

const limitKeys = {
  maxRegisters: z.int().min(1).max(125).describe('Registers a request may ask for.'),
  even: z.boolean().describe('Requests begin at even addresses and ask for even counts.'),
  wholeValues: z.boolean().describe('A request that cuts a value is refused.'),
  maxGap: z.int().min(0).max(124).describe('Unwanted registers in a row that may be read.'),
  forbidden: z.array(range).describe('Registers that no request may touch.'),
  readable: z.array(range).describe('A request must lie within one of these.'),
  whole: z.array(range).describe('Blocks that are read exactly, whole and alone.'),
};

const limits = z.strictObject({
  maxRegisters: limitKeys.maxRegisters.default(125),
  even: limitKeys.even.default(false),
  wholeValues: limitKeys.wholeValues.default(false),
  maxGap: limitKeys.maxGap.default(124),
  forbidden: limitKeys.forbidden.default([]),
  readable: limitKeys.readable.default([]),
  whole: limitKeys.whole.default([]),
});

const timing = z.strictObject({
  minTimeoutMs: z.int().min(0).max(60_000).default(0).describe('The least time to allow for an answer.'),
  guardMs: z.int().min(0).max(1000).default(0).describe('Silence to keep before each request.'),
  pipelining: z.int().min(1).max(PIPELINING_MAX).default(1).describe('Requests under way at once over TCP.'),
});

const serial = z.strictObject({
  baudRate: z.int().min(300).max(921_600),
  parity: z.enum(PARITIES),
  stopBits: z.union([z.literal(1), z.literal(2)]).default(1),
  unit: z.int().min(1).max(247).default(1),
});

const identityCheck = z
  .strictObject({
    title: z.string().min(1),
    functionCode,
    address,
    count: z.int().min(1).max(125).default(1),
    type: z.enum(['u16', 'u32', 'ascii']).default('u16'),
    layout: textLayout.optional(),
    oneOf: z.array(z.int().min(0).max(0xffff_ffff)).min(1).optional(),
    between: z.strictObject({ first: z.int().min(0), last: z.int().min(0) }).optional(),
    startsWith: z.array(z.string().min(1)).min(1).optional(),
  })
  .refine(
    ({ oneOf, between, startsWith }) =>
      [oneOf, between, startsWith].filter((one) => one !== undefined).length === 1,
    'takes exactly one of oneOf, between and startsWith',
  )
  .refine(
    ({ type, startsWith }) => (type === 'ascii') === (startsWith !== undefined),
    'startsWith goes with the type ascii',
  );

const detail = z.strictObject({
  is: z.enum(['serial', 'model', 'firmware', 'orderNumber']),
  functionCode,
  address,
  type: z.enum([...REGISTER_TYPES, 'ascii']),
  length: z.int().min(1).max(60).optional(),
  layout: textLayout.optional(),
  wordOrder: order.optional(),
  block: z.strictObject({ address, count: z.int().min(1).max(125) }).optional(),
});

const conventions = z.strictObject({
  activePower: z.enum(['import-positive', 'export-positive', 'unsigned']).optional(),
  powerFactor: z.enum(['sign-of-power', 'capacitive-positive', 'inductive-positive', 'unsigned']).optional(),
  energyTotals: z.enum(['sum-of-phases', 'net-of-phases']).optional(),
  transformers: z.enum(['applied', 'not-applied']).optional(),
});

const notes = z.array(z.string().min(1));

/** What a variant may say differently; points of the same name replace those of the profile. */
const variant = z.strictObject({
  title: z.string().min(1).max(80),
  models: z.array(z.string().min(1)).min(1).optional(),
  identity: z.array(identityCheck).optional(),
  wordOrder: order.optional(),
  functionCode: functionCode.optional(),
  limits: z.strictObject(limitKeys).partial().describe('Each instead of that of the profile.').optional(),
  accuracyClass: z.string().max(16).optional(),
  notes: notes.describe('Added to those of the profile.').optional(),
  points: z.array(pointLine).describe('Added, or instead of those of the same name.').optional(),
  without: z.array(z.string()).describe('Points it does not have: activePower, voltage.l1.').optional(),
});

/** What a device profile file may say, key for key; what contradicts across keys is found in profile-file.ts. */
export const profileKeys = z.strictObject({
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/, 'a version, such as 1.0.0')
    .describe('Moves whenever the meaning of a point changes.')
    .meta({ examples: ['1.0.0'] }),
  title: z
    .string()
    .min(1)
    .max(80)
    .describe('What people call the device.')
    .meta({ examples: ['Acme Wonder'] }),
  vendor: z
    .string()
    .min(1)
    .max(40)
    .describe('Who makes it.')
    .meta({ examples: ['Acme'] }),
  models: z
    .array(z.string().min(1))
    .min(1)
    .describe('As they stand on the nameplate.')
    .meta({ examples: [['Wonder 1']] }),
  aliases: z.array(z.string().min(1)).default([]).describe('The same registers under other names.'),
  kind: z
    .enum(['meter', 'drive'])
    .default('meter')
    .describe('A drive measures the motor side: never the total of a machine.'),
  confidence: z
    .enum(CONFIDENCES)
    .describe('high: two independent sources agree; medium: one.')
    .meta({ examples: ['medium'] }),
  sources: z
    .array(z.string().min(1))
    .min(1)
    .describe('Manuals with page, or implementations, it was read in.'),
  accuracyClass: z.string().max(16).describe('Only where a source states it.').optional(),
  transports: z
    .array(z.enum(['tcp', 'rtu']))
    .min(1)
    .default(['rtu']),
  wordOrder: order.default('big').describe('big: of several registers the most significant comes first.'),
  byteOrder: order.default('big').describe('Of the two bytes in a register; Modbus says big.'),
  functionCode: functionCode
    .describe('3 reads holding registers, 4 input registers.')
    .meta({ examples: [3] }),
  limits: limits.prefault({}),
  timing: timing.prefault({}),
  serial: serial.describe('Settings as it leaves the factory, where a source states them.').optional(),
  conventions: conventions.default({}),
  notAvailable: z
    .partialRecord(z.enum(REGISTER_TYPES), z.array(pattern).min(1))
    .default({})
    .describe('Bit patterns that mean "no value", by type; NaN always does.'),
  identity: z
    .array(identityCheck)
    .default([])
    .describe('Registers that tell the device; all of them must hold.'),
  details: z.array(detail).default([]).describe('What it tells of itself: serial number, model, firmware.'),
  deviceIdentification: z
    .boolean()
    .default(false)
    .describe('It answers Read Device Identification (function 43/14).'),
  notes: notes.default([]).describe('What an engineer must know before trusting a value.'),
  points: z.array(pointLine).min(1),
  statuses: z.array(statusLine).default([]).describe('Words the device says of itself.'),
  variants: z
    .record(z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/), variant)
    .default({})
    .describe('The same device with some things otherwise; used as vendor/model:name.'),
});

/** A profile file as written, defaults filled in. */
export type ProfileFile = z.output<typeof profileKeys>;
/** What a file says of a variant. */
export type VariantFile = z.output<typeof variant>;
