import { z } from 'zod';
import { address, secretReference } from './scalars.ts';

const timeStamp = z
  .strictObject({
    url: address(
      /^https?:\/\/[^\s@]+$/,
      'an address such as https://tsa.example.com/tsr, without a password in it',
    )
      .describe('Address of the authority (RFC 3161 over HTTP).')
      .meta({ examples: ['https://tsa.example.com/tsr'] }),
    ca: z
      .string()
      .optional()
      .describe(
        'PEM file of the authorities that issue the certificates of its stamps; stamps of others are not kept. Without it, all are kept and none is trusted here.',
      )
      .meta({ examples: ['tsa-ca.pem'] }),
    serverCa: z
      .string()
      .optional()
      .describe(
        "PEM file of the authority that signed the server's own certificate, where the system does not know it.",
      )
      .meta({ examples: ['ca.pem'] }),
    username: z
      .string()
      .optional()
      .describe('User, where it asks for one.')
      .meta({ examples: ['millwatt'] }),
    password: secretReference
      .optional()
      .describe('Where the password of that user is kept.')
      .meta({ examples: ['${file:tsa.password}'] }),
    policy: z
      .string()
      .regex(/^[0-2](\.(0|[1-9]\d{0,8})){1,30}$/, 'an object identifier such as 1.3.6.1.4.1.13762.3')
      .optional()
      .describe('Policy under which it is to stamp; without it, its own choice.')
      .meta({ examples: ['1.3.6.1.4.1.13762.3'] }),
    certReq: z
      .boolean()
      .default(true)
      .describe(
        "Ask for the certificate of its signer with each stamp; false only where ca holds the signer's own.",
      ),
  })
  .describe('An authority that stamps the root of each day: it proves that the records were there.');

/** What proves later that records were there. */
export const evidenceConfig = z
  .strictObject({ timeStamp: timeStamp.optional() })
  .describe('What proves later when records were there.');
