import { z } from 'zod';
import { current, decimal, levelId, power } from './scalars.ts';

const RATE_WORDS = 'a rate with its unit (% or ppm), such as 0.1% or 200ppm';

const rate = z
  .string(RATE_WORDS)
  .regex(/^\d{1,6}(\.\d{1,6})?\s*(%|ppm)$/, RATE_WORDS)
  .transform((text) => ({
    value: Number.parseFloat(text),
    unit: text.endsWith('%') ? ('%' as const) : ('ppm' as const),
  }));

/** A date; the value is wall ms of its midnight, UTC. */
const date = z.iso.date('a date, such as 2026-03-01').transform((text) => Date.parse(text));

/** How one component of a machine is metered, as far as no wiring tells: what its uncertainty is made of. */
export const meteringConfig = z
  .strictObject({
    class: z
      .union([z.number(), z.string()])
      .transform(String)
      .optional()
      .describe("The meter's accuracy class, where the agent's file does not say it.")
      .meta({ examples: ['0.5S'] }),
    ratedCurrent: current
      .optional()
      .describe("Nominal current at the meter's own terminals: 5A of a meter behind transformers.")
      .meta({ examples: ['5A'] }),
    maxCurrent: current
      .optional()
      .describe('Its largest current.')
      .meta({ examples: ['6A'] }),
    fullScale: power
      .optional()
      .describe('Power at full scale, where the class is a percentage of it.')
      .meta({ examples: ['50kW'] }),
    direct: z
      .boolean()
      .optional()
      .describe('True for a meter connected directly, or whose class includes its own transformers.'),
    ct: z
      .strictObject({
        class: z
          .union([z.number(), z.string()])
          .transform(String)
          .optional()
          .describe('Accuracy class on the nameplate.')
          .meta({ examples: ['0.5'] }),
        primary: current
          .optional()
          .describe('Rated primary current, where the ratio is set in the meter itself.')
          .meta({ examples: ['100A'] }),
        secondary: current
          .optional()
          .describe('Rated secondary current.')
          .meta({ examples: ['5A'] }),
        extended: z
          .number()
          .min(100)
          .max(1000)
          .optional()
          .describe('Highest current at which the class holds, % of the rated one: 150 for `ext. 150 %`.')
          .meta({ examples: [120] }),
        phaseError: z
          .number()
          .min(0)
          .max(600)
          .optional()
          .describe('Largest phase displacement of a certificate, minutes of arc.')
          .meta({ examples: [60] }),
      })
      .optional()
      .describe('The current transformers.'),
    vtClass: z
      .union([z.number(), z.string()])
      .transform(String)
      .optional()
      .describe('Accuracy class of the voltage transformers, where there are some.')
      .meta({ examples: ['0.5'] }),
    drift: rate
      .optional()
      .describe('What the maker says of drift, a year.')
      .meta({ examples: ['0.05%'] }),
    ambient: z
      .tuple([z.number().min(-60).max(100), z.number().min(-60).max(100)])
      .optional()
      .describe('Lowest and highest temperature where the meter stands, degC.')
      .meta({ examples: [[10, 40]] }),
    perKelvin: rate
      .optional()
      .describe('What the maker says of the influence of temperature, a kelvin.')
      .meta({ examples: ['100ppm'] }),
    calibrated: date
      .optional()
      .describe('Day of the last calibration or verification.')
      .meta({ examples: ['2026-03-01'] }),
    calibrateEvery: z
      .number()
      .positive()
      .max(20)
      .optional()
      .describe('Years for which it holds; a warning comes 60 days before the end.')
      .meta({ examples: [5] }),
    certificate: z
      .string()
      .max(200)
      .optional()
      .describe('Number or place of the certificate, for the evidence.')
      .meta({ examples: ['DAkkS D-K-15150 2026-03'] }),
  })
  .describe('How one component is metered: the facts its uncertainty rests on.');

/** What a medium takes to make, declared by the plant. */
export const mediumConfig = z
  .strictObject({
    energy: decimal.describe('Energy to make one norm cubic metre, kWh.').meta({ examples: ['0.12'] }),
    source: z
      .string()
      .min(1)
      .max(200)
      .describe('Where that figure comes from.')
      .meta({ examples: ['measured at the compressor, 2026-03'] }),
  })
  .describe('Energy that stands behind a medium, reported apart from what the machine drew.');

/** By which rule energy that no job drew itself is divided, and within what. */
export const jobsConfig = z
  .strictObject({
    rule: z
      .enum(['time', 'energy', 'equal', 'mass', 'none'])
      .default('time')
      .describe('By what non-productive energy is divided among the jobs of a window.'),
    window: z
      .enum(['shift', 'day', 'month'])
      .default('day')
      .describe('Within what it is divided, never across.'),
  })
  .describe('How energy is given to jobs.');

const PLANNED = ['off', 'standby', 'extendedStandby', 'warmUp', 'ready', 'processing'] as const;

/** A declared year of use. */
export const dutyCycleConfig = z
  .strictObject({
    hoursPerYear: z
      .partialRecord(z.enum(PLANNED), z.number().min(0).max(8784))
      .describe('Hours a year in each state; what is left out has none.')
      .meta({ examples: [{ processing: 3000, ready: 1000, standby: 1000, off: 3760 }] }),
    powers: z
      .partialRecord(
        z.enum(PLANNED),
        z.strictObject({
          power: power.describe('Mean power in the state.').meta({ examples: ['350W'] }),
          source: z
            .string()
            .min(1)
            .max(200)
            .describe('Where that figure comes from.')
            .meta({ examples: ['data sheet rev. C, page 12'] }),
        }),
      )
      .default({})
      .describe(
        'Powers of states in which the machine was never measured; where it was, the measured one counts.',
      ),
  })
  .describe('How the machine is used in a year, for models of its use phase.');

/** A meter that counts what several machines draw. */
export const mainMeterConfig = z.strictObject({
  id: levelId
    .describe('The machine whose supply is the main meter, or a name for readings of a bill.')
    .meta({ examples: ['hall-a'] }),
  covers: z
    .array(levelId)
    .min(1)
    .describe('The machines behind it.')
    .meta({ examples: [['mill-1', 'mill-2']] }),
  unmetered: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(80).describe('What is behind it without a meter of its own.'),
        power: power.describe('Its mean power, estimated.'),
      }),
    )
    .default([])
    .describe('What else is behind it, estimated: light, offices.')
    .meta({ examples: [[{ name: 'light', power: '2kW' }]] }),
});

/** A load that serves several machines. */
export const sharedLoadConfig = z.strictObject({
  id: levelId.describe('The machine that is the load.').meta({ examples: ['compressor'] }),
  by: z
    .enum(['time', 'energy', 'equal', 'mass', 'fixed'])
    .default('time')
    .describe('By what its energy is divided among the machines; time is time in which they are not off.'),
  serves: z
    .array(levelId)
    .min(1)
    .describe('The machines it serves.')
    .meta({ examples: [['mill-1', 'mill-2']] }),
  shares: z
    .record(levelId, z.number().min(0).max(1))
    .default({})
    .describe('Fixed shares, 0 to 1, with `by: fixed`.')
    .meta({ examples: [{ 'mill-1': 0.6, 'mill-2': 0.4 }] }),
});
