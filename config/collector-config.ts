import { z } from 'zod';
import { OPERATING_STATES } from '../protocols/telemetry/operating-state.ts';
import { duration, host, id, levelId, port, power, secretReference } from './scalars.ts';

const state = z.enum(OPERATING_STATES);

const machine = z.strictObject({
  id: levelId,
  name: z.string().max(80).optional().describe('What people call it.'),
  ratedPower: power.describe(
    'Rated power of the whole machine; no counter may rise faster than 1.2 times this.',
  ),
  componentRatedPower: z
    .record(levelId, power)
    .default({})
    .describe('Rated power of a component, where it is known.'),
  offBelow: power
    .optional()
    .describe('Supply power below which the machine is off, whatever its control says.'),
  bands: z
    .array(z.strictObject({ state, below: power.optional() }))
    .default([])
    .describe('States by supply power, lowest first, where no control tells; the last has no upper bound.'),
  stateMap: z
    .record(z.string(), state)
    .default({})
    .describe(
      'Words of the control that our maps do not know, or mean otherwise here: {"ACTIVE": processing}.',
    ),
  /** Gaps longer than this are bridged without state even where a band would hold. */
  quietAfter: duration
    .default(300_000)
    .describe('A status word is stale when its source has been silent for so long.'),
});

export const collectorConfig = z.strictObject({
  site: id,
  collector: id.default('collector'),
  data: z
    .string()
    .default('./millwatt-data/collector')
    .describe('Folder of the ledger and the key, relative to this file.'),
  broker: z.strictObject({
    url: z
      .string()
      .regex(/^mqtts?:\/\/[^\s/@]+$/, 'an address such as mqtt://127.0.0.1:1883, without a password in it')
      .optional(),
    username: z.string().default('collector'),
    password: secretReference.optional(),
    ca: z.string().optional(),
    cert: z.string().optional(),
    key: z.string().optional(),
    embedded: z
      .strictObject({
        host: host.default('127.0.0.1'),
        port: port.default(1883),
        agents: z
          .record(id, secretReference)
          .default({})
          .describe('Agent ids and their passwords; needed to listen wider than loopback.'),
        cert: z.string().optional(),
        key: z.string().optional(),
      })
      .optional()
      .describe('Run a broker inside the collector, for small plants.'),
  }),
  influx: z
    .strictObject({
      url: z.string().regex(/^https?:\/\/[^\s@]+$/, 'an address such as http://127.0.0.1:8086'),
      version: z.union([z.literal(1), z.literal(2), z.literal(3)]).default(2),
      database: z.string().default('millwatt').describe('Database (1.x, 3.x) or bucket (2.x).'),
      org: z.string().optional(),
      username: z.string().optional(),
      password: secretReference.optional(),
      token: secretReference.optional(),
    })
    .optional(),
  http: z
    .strictObject({
      host: host.default('127.0.0.1'),
      port: port.default(8484),
      token: secretReference.optional().describe('Bearer token; needed to listen wider than loopback.'),
      cert: z.string().optional(),
      key: z.string().optional(),
    })
    .prefault({}),
  machines: z
    .array(machine)
    .default([])
    .describe('Machines not listed here are shown, with rated power and states unknown.'),
});

export type CollectorConfig = z.output<typeof collectorConfig>;
export type MachineConfig = z.output<typeof machine>;
