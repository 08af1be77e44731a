import { z } from 'zod';
import { MTCONNECT_MODES } from '../../protocols/mtconnect/mtconnect-options.ts';
import { listedPoint } from '../listed-point.ts';
import { duration, levelId } from '../scalars.ts';
import { wiring } from '../wiring-config.ts';

const item = z.strictObject({
  item: z
    .string()
    .min(1)
    .describe('Id or name of the data item, as `millwatt browse` prints it.')
    .meta({ examples: ['Sload'] }),
  skip: z.boolean().default(false).describe('Leave it out.'),
  ...listedPoint,
  vocabulary: z
    .string()
    .optional()
    .describe('Vocabulary of the status; mtconnect/ and its type where nothing is given.')
    .meta({ examples: ['mtconnect/Execution'] }),
});

/** A machine control behind an MTConnect agent. */
export const mtconnectSource = z
  .strictObject({
    ...wiring,
    component: levelId.default('control').describe('What of the machine its words speak of.'),
    protocol: z.literal('mtconnect').describe('How the device is spoken to.'),
    url: z
      .string()
      .regex(/^https?:\/\/[^\s/@?#]+(\/[^\s?#]*)?$/, 'an address such as http://192.168.1.40:5000')
      .describe('Address of the agent.')
      .meta({ examples: ['http://192.168.1.40:5000'] }),
    device: z
      .string()
      .optional()
      .describe('Name or uuid of the device, where the agent has several.')
      .meta({ examples: ['Mazak01'] }),
    mode: z
      .enum(MTCONNECT_MODES)
      .default('stream')
      .describe('The agent sends what is new (stream), or is asked each time (poll).'),
    heartbeat: duration.prefault('10s').describe('Longest silence of a stream, 1s to 5min.'),
    items: z.array(item).default([]).describe('What the agent offers, told otherwise or left out.'),
    ca: z
      .string()
      .optional()
      .describe('PEM file of the certificate authority that signed the agent, for https.')
      .meta({ examples: ['ca.pem'] }),
    timeout: duration.prefault('5s').describe('How long one request may take, 10ms to 60s.'),
  })
  .describe('A machine control behind an MTConnect agent.');

export type MtconnectSourceConfig = z.output<typeof mtconnectSource>;
