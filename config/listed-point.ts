import { z } from 'zod';
import { PHASES, QUANTITY_NAMES, STATUSES } from '../protocols/telemetry/quantity.ts';
import { UNITS } from '../protocols/telemetry/unit.ts';
import { levelId } from './scalars.ts';

/** What the operator may say of one point of a control, whatever it is called there: a node, a data item. */
export const listedPoint = {
  component: levelId
    .optional()
    .describe('What of the machine it speaks of, where that is not what the source or the device says.')
    .meta({ examples: ['spindle'] }),
  quantity: z
    .enum(QUANTITY_NAMES)
    .optional()
    .describe('What it measures.')
    .meta({ examples: ['activePower'] }),
  phase: z.enum(PHASES).default('total').describe('Conductor or sum it belongs to.'),
  unit: z
    .enum(Object.keys(UNITS) as [string, ...string[]])
    .optional()
    .describe('Its unit, where the device names none.')
    .meta({ examples: ['kW'] }),
  status: z
    .enum(STATUSES)
    .optional()
    .describe('Instead of quantity: a word the control says of itself.')
    .meta({ examples: ['execution'] }),
  name: levelId
    .optional()
    .describe('Tells apart several words of one status: the timer auto_time.')
    .meta({ examples: ['auto_time'] }),
};
