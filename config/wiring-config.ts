import { z } from 'zod';
import { duration, id, levelId } from './scalars.ts';

/** The physical meter behind a source. */
export const meter = z
  .strictObject({
    serial: z
      .string()
      .max(64)
      .optional()
      .describe('Serial number on the nameplate.')
      .meta({ examples: ['LQN/123456'] }),
    class: z
      .string()
      .max(16)
      .refine((text) => !/\d,\d/.test(text), 'a class with a decimal point, such as 0.5S')
      .optional()
      .describe('Accuracy class on the nameplate, such as 1 or 0.5S; unknown where it shows none.')
      .meta({ examples: ['0.5S'] }),
  })
  .describe('The physical meter, for the evidence.');

/** What every source says, whatever its protocol. */
export const wiring = {
  id: id
    .describe('Name of this device in the site; unique in this agent.')
    .meta({ examples: ['mill-1-supply'] }),
  machine: levelId.describe('The machine it measures.').meta({ examples: ['mill-1'] }),
  component: levelId
    .default('supply')
    .describe('What of the machine it measures: supply (all of it), spindle, drives, cabinet, ...'),
  every: duration.prefault('1s').describe('Time between two readings, 100ms to 1h.'),
  meter: meter.optional(),
};
