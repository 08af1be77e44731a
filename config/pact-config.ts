import { z } from 'zod';
import { address, host, levelId, port, secretReference } from './scalars.ts';

const HTTPS_WORDS =
  'an address such as https://pact.example.com, without a password or a question mark in it';
const CLIENT_WORDS = '1 to 128 letters, digits, "_", ".", "@" or "-", such as oem-1';
const URN_WORDS = 'a urn, such as urn:gtin:4712345060507';

const https = address(/^https:\/\/[^\s/@?#]+(\/[^\s@?#]*)?$/, HTTPS_WORDS);
const clientId = z.string().regex(/^[A-Za-z0-9_.@-]{1,128}$/, CLIENT_WORDS);
const named = z.string().trim().min(1).max(500);

const published = z
  .strictObject({
    machine: levelId
      .optional()
      .describe('A machine: its machine-hours; with part, what it made.')
      .meta({ examples: ['mill-1'] }),
    line: named
      .optional()
      .describe('A line of footprint.lines: its machine-hours.')
      .meta({ examples: ['line-a'] }),
    model: named
      .optional()
      .describe('A model of footprint.models: the machine-hours of a typical unit.')
      .meta({ examples: ['vmc-850'] }),
    part: named
      .optional()
      .describe('A part that the machine makes; without machine, one whose steps footprint.parts tells.')
      .meta({ examples: ['housing-7'] }),
    period: z
      .enum(['month', 'year'])
      .default('month')
      .describe('Of which whole periods of the calendar there is a footprint each.'),
    since: z.iso
      .date('a date, such as 2026-01-01')
      .optional()
      .describe('Periods that begin before are not offered; without it, all that are still valid.')
      .meta({ examples: ['2026-01-01'] }),
    provisional: z
      .boolean()
      .default(false)
      .describe('Also what may still change because not all readings have arrived.'),
  })
  .describe('Footprints that are offered: of one subject, one for each period that has ended.');

const partnerEvents = z
  .strictObject({
    url: https.describe('Its address for events.').meta({ examples: ['https://oem.example.com/3/events'] }),
    tokenUrl: https
      .optional()
      .describe('Where it gives tokens; without it /auth/token of the same host.')
      .meta({ examples: ['https://oem.example.com/auth/token'] }),
    clientId: clientId.describe('Who we are there.').meta({ examples: ['my-plant'] }),
    secret: secretReference
      .describe('Where the secret that goes with it is kept.')
      .meta({ examples: ['${file:at-oem-1.secret}'] }),
    ca: z
      .string()
      .optional()
      .describe("PEM file of the authority that signed its certificate; without it, the system's.")
      .meta({ examples: ['oem-ca.pem'] }),
  })
  .describe('Where it is told of new footprints, and gets what it asked for.');

const partner = z
  .strictObject({
    id: clientId.describe('Its client id here.').meta({ examples: ['oem-1'] }),
    secret: secretReference
      .describe('Where its client secret is kept, of 22 characters or more.')
      .meta({ examples: ['${file:oem-1.secret}'] }),
    sees: z
      .union(
        [z.literal('all'), z.array(z.string().regex(/^urn:[!-~]+$/i, URN_WORDS)).min(1)],
        '`all`, or ids of products',
      )
      .describe('Ids of the products whose footprints it may see, or all.')
      .meta({ examples: [['urn:pact:example.com:part:housing-7']] }),
    may: z
      .array(z.enum(['read', 'events']))
      .min(1)
      .default(['read', 'events'])
      .describe('What its tokens are for: to read footprints, to send events.'),
    events: partnerEvents.optional(),
  })
  .describe('Someone with whom footprints are exchanged.');

/** The host of a PACT API, beside the collector. */
export const pactConfig = z
  .strictObject({
    url: https
      .describe('Address at which partners reach it; it stands in events and footprints.')
      .meta({ examples: ['https://pact.example.com'] }),
    host: host.default('127.0.0.1').describe('Address to listen on.'),
    port: port.default(8486).describe('TCP port to listen on, always with TLS.'),
    cert: z
      .string()
      .describe('PEM file of the certificate of the server.')
      .meta({ examples: ['pact.pem'] }),
    key: z
      .string()
      .describe('PEM file of the key of that certificate.')
      .meta({ examples: ['pact.key'] }),
    schema: z
      .boolean()
      .default(true)
      .describe('Serve the JSON Schema of the record that footprints carry, and name it by its address.'),
    publish: z
      .array(published)
      .default([])
      .describe('What is offered.')
      .meta({ examples: [[{ machine: 'mill-1', part: 'housing-7', period: 'month' }]] }),
    partners: z
      .array(partner)
      .default([])
      .describe('With whom.')
      .meta({
        examples: [
          [{ id: 'oem-1', secret: '${file:oem-1.secret}', sees: ['urn:pact:example.com:part:housing-7'] }],
        ],
      }),
  })
  .describe('Exchange footprints with partners by the API of PACT, version 3. Needs footprint.');

export type PactConfig = z.output<typeof pactConfig>;
