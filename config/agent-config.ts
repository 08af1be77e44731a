import { z } from 'zod';
import { PHASES, QUANTITY_NAMES, STATUSES } from '../protocols/telemetry/quantity.ts';
import { UNITS } from '../protocols/telemetry/unit.ts';
import { byteSize, duration, host, id, levelId, port, secretReference } from './scalars.ts';

/** `activePower` (its total) or `voltage.l1`: what to read of a device. */
const point = z.string().refine(
  (text) => {
    const [quantity = '', phase = 'total', ...rest] = text.split('.');
    return rest.length === 0 && QUANTITY_NAMES.some((q) => q === quantity) && PHASES.some((p) => p === phase);
  },
  `a quantity such as activePower or voltage.l1 (${QUANTITY_NAMES.join(', ')}; ${PHASES.join(', ')})`,
);

const meter = z
  .strictObject({
    serial: z.string().max(64).describe('Serial number on the nameplate.').optional(),
    class: z.string().max(16).describe('Accuracy class on the nameplate, such as 1 or 0.5S.').optional(),
  })
  .describe('The physical meter, for the evidence.');

const transformer = (unitName: 'A' | 'V') =>
  z.strictObject({
    primary: z.number().positive().describe(`Primary ${unitName}.`),
    secondary: z.number().positive().describe(`Secondary ${unitName}.`),
  });

const wiring = {
  id: id.describe('Name of this device in the site; unique in this agent.'),
  machine: levelId.describe('The machine it measures.'),
  component: levelId
    .default('supply')
    .describe('What of the machine it measures: supply (all of it), spindle, drives, cabinet, ...'),
  every: duration.default(1000).describe('Time between two readings, 100ms to 1h.'),
  meter: meter.optional(),
};

export const modbusTcpSource = z
  .strictObject({
    ...wiring,
    protocol: z.literal('modbus-tcp'),
    host: host.describe('Host name or address of the meter or gateway.'),
    port: port.default(502),
    unit: z.int().min(0).max(255).default(1).describe('Modbus unit id.'),
    profile: z.string().describe('Device profile, such as siemens/pac3200; `millwatt profiles` lists them.'),
    read: z
      .array(point)
      .min(1)
      .optional()
      .describe('What to read; without it, the power, energy, current and voltage the profile has.'),
    addressOffset: z
      .int()
      .min(-1)
      .max(1)
      .default(0)
      .describe('Added to every address of the profile, where a device counts from 1.'),
    timeout: duration.default(1000).describe('How long one request may take.'),
    ct: transformer('A')
      .optional()
      .describe('Current transformer ratio, where the meter reports secondary values.'),
    vt: transformer('V')
      .optional()
      .describe('Voltage transformer ratio, where the meter reports secondary values.'),
  })
  .describe('A meter or drive over Modbus TCP.');

const opcuaNode = z.strictObject({
  node: z.string().describe('Node id with namespace URI: nsu=http://example.com/;s=Power'),
  component: levelId.optional().describe('Overrides the component of the source.'),
  quantity: z.enum(QUANTITY_NAMES).optional(),
  phase: z.enum(PHASES).default('total'),
  unit: z
    .string()
    .refine((name) => name in UNITS, `a known unit (${Object.keys(UNITS).join(', ')})`)
    .optional()
    .describe('Unit of the node; needed with quantity.'),
  status: z.enum(STATUSES).optional().describe('Instead of quantity: a word the control says of itself.'),
  vocabulary: z.string().default('raw').describe('Vocabulary of the status, such as umati/ProductionState.'),
});

export const opcuaSource = z
  .strictObject({
    ...wiring,
    component: levelId.default('control'),
    protocol: z.literal('opcua'),
    endpoint: z
      .string()
      .regex(/^opc\.tcp:\/\/[^\s/]+(:\d+)?(\/\S*)?$/, 'an address such as opc.tcp://192.168.1.30:4840'),
    securityPolicy: z
      .enum(['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'])
      .default('Basic256Sha256'),
    allowInsecure: z
      .boolean()
      .default(false)
      .describe('Speak without security; shown in health. For closed test networks.'),
    username: z.string().optional(),
    password: secretReference.optional(),
    model: z
      .enum(['machinetool'])
      .optional()
      .describe(
        'Find production state, operation mode and warm-up of an OPC 40501-1 machine tool by itself.',
      ),
    nodes: z.array(opcuaNode).default([]),
    timeout: duration.default(5000),
  })
  .describe('A machine control or meter over OPC UA.');

export const agentConfig = z.strictObject({
  site: id.describe('The plant.'),
  agent: id.describe('This gateway; also its MQTT user name.'),
  data: z
    .string()
    .default('./millwatt-data/agent')
    .describe('Folder of the spool and the key, relative to this file.'),
  broker: z.strictObject({
    url: z
      .string()
      .regex(
        /^mqtts?:\/\/[^\s/@]+$/,
        'an address such as mqtt://127.0.0.1:1883 or mqtts://collector:8883, without a password in it',
      ),
    password: secretReference.optional(),
    ca: z.string().optional().describe('PEM file of the certificate authority that signed the broker.'),
    cert: z.string().optional().describe("PEM file of this agent's certificate, for mutual TLS."),
    key: z.string().optional().describe('PEM file of the key of that certificate.'),
  }),
  collectorKey: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, 'the public key that the collector prints at its start')
    .optional()
    .describe(
      'Public key of the collector; without it, the first collector that answers is pinned for good.',
    ),
  spool: z
    .strictObject({
      maxSize: byteSize.default(1_000_000_000).describe('Disk the spool may take.'),
      keep: duration
        .default(72 * 3_600_000)
        .describe('How long receipted records are kept, space permitting.'),
      batchSamples: z.int().min(10).max(5000).default(1000),
      batchAge: duration.default(60_000),
    })
    .prefault({}),
  sources: z.array(z.discriminatedUnion('protocol', [modbusTcpSource, opcuaSource])).min(1),
});

export type AgentConfig = z.output<typeof agentConfig>;
export type SourceConfig = AgentConfig['sources'][number];
export type ModbusTcpSourceConfig = z.output<typeof modbusTcpSource>;
export type OpcuaSourceConfig = z.output<typeof opcuaSource>;
