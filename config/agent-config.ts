import { z } from 'zod';
import { modbusRtuOverTcpSource, modbusRtuSource, modbusTcpSource } from './modbus/modbus-config.ts';
import { mtconnectSource } from './mtconnect/mtconnect-config.ts';
import { opcuaSource } from './opcua/opcua-config.ts';
import { address, byteSize, duration, id, mqttVersion, secretReference } from './scalars.ts';

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
      url: address(
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
      mqtt: mqttVersion,
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
      maxAge: duration
        .prefault('365d')
        .describe(
          'Records that no collector took in so many days of running are dropped, counted; 1d or more.',
        ),
      keep: duration.prefault('72h').describe('How long receipted records are kept, space permitting.'),
      durability: z
        .enum(['always', 'group', 'os'])
        .default('group')
        .describe(
          'When readings are on disk: at each poll, together within a second, or when the operating system likes (then a power cut may cost more than a second).',
        ),
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
        mtconnectSource,
      ]),
    )
    .min(1)
    .describe('The meters, drives and controls to read.'),
});

export type AgentConfig = z.output<typeof agentConfig>;
/** Any source, told apart by its protocol. */
export type SourceConfig = AgentConfig['sources'][number];
