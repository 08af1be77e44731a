import { z } from 'zod';
import {
  OPCUA_MODELS,
  OPCUA_READINGS,
  SECURITY_MODES,
  SECURITY_POLICIES,
} from '../../protocols/opcua/opcua-options.ts';
import { foundPoint } from '../found-config.ts';
import { listedPoint } from '../listed-point.ts';
import { duration, levelId, secretReference } from '../scalars.ts';
import { wiring } from '../wiring-config.ts';

const opcuaNode = z.strictObject({
  node: z
    .string()
    .describe('Node id with namespace URI: nsu=http://example.com/;s=Power')
    .meta({ examples: ['nsu=http://example.com/;s=Power'] }),
  ...listedPoint,
  deadband: z
    .number()
    .min(0)
    .optional()
    .describe('Changes smaller than this, in the unit of the node, are not sent by the server.')
    .meta({ examples: [5] }),
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
      .regex(
        /^opc\.tcp:\/\/[^\s/@]+(:\d+)?(\/\S*)?$/,
        'an address that begins with opc.tcp://, such as opc.tcp://192.168.1.30:4840',
      )
      .describe('Address of the server.')
      .meta({ examples: ['opc.tcp://192.168.1.30:4840'] }),
    securityPolicy: z
      .enum(['best', ...SECURITY_POLICIES])
      .default('best')
      .describe('How messages are signed and encrypted; best is the strongest that the server offers.'),
    securityMode: z
      .enum(SECURITY_MODES)
      .default('SignAndEncrypt')
      .describe('Sign leaves messages readable, for servers that cannot encrypt.'),
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
    userCertificate: z
      .string()
      .optional()
      .describe('PEM file of a certificate that stands for the user, instead of a password.')
      .meta({ examples: ['opcua-user.pem'] }),
    userKey: z
      .string()
      .optional()
      .describe('PEM file of the key of that certificate.')
      .meta({ examples: ['opcua-user.key'] }),
    model: z
      .enum(OPCUA_MODELS)
      .optional()
      .describe(
        'Find by itself what the server offers: machinetool (OPC 40501-1, 40001-1, 40502, energy profiles) or sinumerik.',
      )
      .meta({ examples: ['machinetool'] }),
    instance: z
      .string()
      .optional()
      .describe('Browse name of the machine, where the server has several.')
      .meta({ examples: ['Mill1'] }),
    found: z
      .array(foundPoint)
      .default([])
      .describe('What the model found, told otherwise: another component, or left out.'),
    nodes: z.array(opcuaNode).default([]).describe('Single nodes to read, besides the model.'),
    reading: z
      .enum(OPCUA_READINGS)
      .default('subscribe')
      .describe('The server reports changes (subscribe), or all nodes are read each time (read).'),
    queue: z
      .int()
      .min(1)
      .max(1000)
      .default(10)
      .describe('Values that the server keeps for a node between two reports.'),
    timeout: duration.prefault('5s').describe('How long one request may take, 10ms to 60s.'),
  })
  .describe('A machine control or meter over OPC UA.');

export type OpcuaSourceConfig = z.output<typeof opcuaSource>;
