import { z } from 'zod';
import { PHASES, QUANTITY_NAMES, STATUSES } from '../protocols/telemetry/quantity.ts';
import { UNITS } from '../protocols/telemetry/unit.ts';
import { modbusRtuOverTcpSource, modbusRtuSource, modbusTcpSource } from './modbus/modbus-config.ts';
import { byteSize, duration, id, levelId, secretReference } from './scalars.ts';
import { wiring } from './wiring-config.ts';

const opcuaNode = z.strictObject({
  node: z
    .string()
    .describe('Node id with namespace URI: nsu=http://example.com/;s=Power')
    .meta({ examples: ['nsu=http://example.com/;s=Power'] }),
  component: levelId
    .optional()
    .describe('Overrides the component of the source.')
    .meta({ examples: ['spindle'] }),
  quantity: z
    .enum(QUANTITY_NAMES)
    .optional()
    .describe('What the node measures.')
    .meta({ examples: ['activePower'] }),
  phase: z.enum(PHASES).default('total').describe('Conductor or sum the node belongs to.'),
  unit: z
    .enum(Object.keys(UNITS) as [string, ...string[]])
    .optional()
    .describe('Unit of the node; needed with quantity.')
    .meta({ examples: ['kW'] }),
  status: z
    .enum(STATUSES)
    .optional()
    .describe('Instead of quantity: a word the control says of itself.')
    .meta({ examples: ['execution'] }),
  vocabulary: z.string().default('raw').describe('Vocabulary of the status, such as umati/ProductionState.'),
});

/** A machine control or meter over OPC UA. */
export const opcuaSource = z
  .strictObject({
    ...wiring,
    component: levelId.default('control').describe('What of the machine its nodes speak of.'),
    protocol: z.literal('opcua').describe('How the device is spoken to.'),
    endpoint: z
      .string()
      .regex(/^opc\.tcp:\/\/[^\s/@]+(:\d+)?(\/\S*)?$/, 'an address such as opc.tcp://192.168.1.30:4840')
      .describe('Address of the server.')
      .meta({ examples: ['opc.tcp://192.168.1.30:4840'] }),
    securityPolicy: z
      .enum(['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'])
      .default('Basic256Sha256')
      .describe('How messages are signed and encrypted.'),
    allowInsecure: z
      .boolean()
      .default(false)
      .describe('Speak without security; shown in health. For closed test networks.'),
    username: z
      .string()
      .optional()
      .describe('User of the server, where it asks for one.')
      .meta({ examples: ['millwatt'] }),
    password: secretReference
      .optional()
      .describe('Where the password of that user is kept.')
      .meta({ examples: ['${file:opcua.password}'] }),
    model: z
      .enum(['machinetool'])
      .optional()
      .describe('Find production state, operation mode and warm-up of an OPC 40501-1 machine tool by itself.')
      .meta({ examples: ['machinetool'] }),
    nodes: z.array(opcuaNode).default([]).describe('Single nodes to read, besides the model.'),
    timeout: duration.prefault('5s').describe('How long one request may take, 10ms to 60s.'),
  })
  .describe('A machine control or meter over OPC UA.');

/** All that an agent can be told: the one declaration behind validation, defaults, sample and editor schema. */
export const agentConfig = z.strictObject({
  site: id.describe('The plant.').meta({ examples: ['my-plant'] }),
  agent: id.describe('This gateway; also its MQTT user name.').meta({ examples: ['hall-1'] }),
  data: z
    .string()
    .default('./millwatt-data/agent')
    .describe('Folder of the spool and the key, relative to this file.'),
  broker: z
    .strictObject({
      url: z
        .string()
        .regex(
          /^mqtts?:\/\/[^\s/@]+$/,
          'an address such as mqtt://127.0.0.1:1883 or mqtts://collector:8883, without a password in it',
        )
        .describe('Address of the MQTT broker.')
        .meta({ examples: ['mqtt://127.0.0.1:1883'] }),
      password: secretReference
        .optional()
        .describe("Where this agent's password is kept.")
        .meta({ examples: ['${file:broker.password}'] }),
      ca: z
        .string()
        .optional()
        .describe('PEM file of the certificate authority that signed the broker.')
        .meta({ examples: ['ca.pem'] }),
      cert: z
        .string()
        .optional()
        .describe("PEM file of this agent's certificate, for mutual TLS.")
        .meta({ examples: ['agent.pem'] }),
      key: z
        .string()
        .optional()
        .describe('PEM file of the key of that certificate.')
        .meta({ examples: ['agent.key'] }),
    })
    .describe('The MQTT broker that carries batches to the collector.'),
  collectorKey: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, 'the public key that the collector prints at its start')
    .optional()
    .describe('Public key of the collector; without it, the first collector that answers is pinned for good.')
    .meta({ examples: ['the-43-letters-that-the-collector-prints...'] }),
  spool: z
    .strictObject({
      maxSize: byteSize.prefault('1GB').describe('Disk the spool may take.'),
      keep: duration.prefault('72h').describe('How long receipted records are kept, space permitting.'),
      batchSamples: z.int().min(10).max(5000).default(1000).describe('Readings in one batch.'),
      batchAge: duration
        .prefault('60s')
        .describe('Age at which a batch is sealed though not full, 1s to 10min.'),
    })
    .prefault({})
    .describe('Where readings wait until the collector has them.'),
  sources: z
    .array(
      z.discriminatedUnion('protocol', [
        modbusTcpSource,
        modbusRtuSource,
        modbusRtuOverTcpSource,
        opcuaSource,
      ]),
    )
    .min(1)
    .describe('The meters, drives and controls to read.'),
});

export type AgentConfig = z.output<typeof agentConfig>;
/** Any source, told apart by its protocol. */
export type SourceConfig = AgentConfig['sources'][number];
export type OpcuaSourceConfig = z.output<typeof opcuaSource>;
