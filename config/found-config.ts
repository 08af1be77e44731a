import { z } from 'zod';
import { levelId } from './scalars.ts';

/** What a source found by itself, told otherwise by the operator. */
export const foundPoint = z
  .strictObject({
    point: z
      .string()
      .min(1)
      .describe('The point as `millwatt browse` prints it, or the beginning of several.')
      .meta({ examples: ['CncAxisList/X'] }),
    component: levelId
      .optional()
      .describe('What of the machine it speaks of.')
      .meta({ examples: ['axis-x'] }),
    skip: z.boolean().default(false).describe('Leave it out.'),
  })
  .describe('What was found, told otherwise.');
