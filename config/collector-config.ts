import { z } from 'zod';
import { OPERATING_STATES } from '../protocols/telemetry/operating-state.ts';
import { calendarConfig } from './calendar-config.ts';
import { evidenceConfig } from './evidence-config.ts';
import { footprintConfig, machineProductConfig } from './footprint-config.ts';
import {
  dutyCycleConfig,
  jobsConfig,
  mainMeterConfig,
  mediumConfig,
  meteringConfig,
  sharedLoadConfig,
} from './metering-config.ts';
import { pactConfig } from './pact-config.ts';
import {
  address,
  byteSize,
  duration,
  host,
  id,
  levelId,
  mqttVersion,
  port,
  power,
  secretReference,
} from './scalars.ts';

const state = z.enum(OPERATING_STATES);

const machine = z.strictObject({
  id: levelId.describe('As the agents name it.').meta({ examples: ['mill-1'] }),
  name: z
    .string()
    .max(80)
    .optional()
    .describe('What people call it.')
    .meta({ examples: ['Mill 1'] }),
  ratedPower: power
    .describe('Rated power of the whole machine; no counter may rise faster than 1.2 times this.')
    .meta({ examples: ['15kW'] }),
  componentRatedPower: z
    .record(levelId, power)
    .default({})
    .describe('Rated power of a component, where it is known.')
    .meta({ examples: [{ spindle: '9kW' }] }),
  tree: z
    .record(levelId, levelId)
    .default({})
    .describe('Components that are part of another one, not of the supply directly: {spindle: drives}.')
    .meta({ examples: [{ spindle: 'drives' }] }),
  metering: z
    .record(levelId, meteringConfig)
    .default({})
    .describe('How each component is metered: transformers, calibration. Without it, no uncertainty is told.')
    .meta({ examples: [{ supply: { ct: { class: '0.5' }, ratedCurrent: '5A' } }] }),
  media: z
    .record(levelId, mediumConfig)
    .default({})
    .describe('Energy behind compressed air and other media, by component.')
    .meta({
      examples: [{ compressedAir: { energy: '0.12', source: 'measured at the compressor, 2026-03' } }],
    }),
  jobs: jobsConfig.optional(),
  dutyCycle: dutyCycleConfig.optional(),
  product: machineProductConfig.optional(),
  offBelow: power
    .optional()
    .describe('Supply power below which the machine is off, whatever its control says.')
    .meta({ examples: ['50W'] }),
  bands: z
    .array(
      z.strictObject({
        state: state.describe('Operating state in this band.').meta({ examples: ['standby'] }),
        below: power
          .optional()
          .describe('Where the band ends.')
          .meta({ examples: ['400W'] }),
      }),
    )
    .default([])
    .describe('States by supply power, lowest first, where no control tells; the last has no upper bound.')
    .meta({
      examples: [
        [{ state: 'standby', below: '400W' }, { state: 'ready', below: '1.5kW' }, { state: 'processing' }],
      ],
    }),
  hysteresis: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.05)
    .describe(
      'Share by which power must pass offBelow or the end of a band before the state changes, 0 to 0.5: at 0.05 and 400W, up above 420W and down below 380W.',
    ),
  dwell: duration
    .prefault('3s')
    .describe(
      'How long power must stay beyond it; the state then changed when power passed it. Shorter peaks change no state.',
    ),
  calibration: z
    .string()
    .optional()
    .describe(
      'File of bands that were calibrated and adopted, relative to this file; each holds from its own date on.',
    )
    .meta({ examples: ['mill-1.calibration.yaml'] }),
  stateMap: z
    .record(z.string(), state)
    .default({})
    .describe(
      'Words of the control that our maps do not know, or mean otherwise here: {"ACTIVE": processing}.',
    )
    .meta({ examples: [{ ACTIVE: 'processing' }] }),
  quietAfter: duration
    .prefault('5min')
    .describe('A status word is stale when its source has been silent for so long.'),
  bridge: duration
    .prefault('2min')
    .describe(
      'A silence of the control of at most so long, between two words that tell the same state, is given that state; 0s turns it off.',
    ),
});

const pemFile = (what: string, example: string) =>
  z
    .string()
    .optional()
    .describe(`PEM file of ${what}.`)
    .meta({ examples: [example] });

const embeddedBroker = z
  .strictObject({
    host: host
      .default('127.0.0.1')
      .describe('Address to listen on; wider than loopback needs agents, cert and key.'),
    port: port.default(1883).describe('TCP port to listen on.'),
    agents: z
      .record(id, secretReference)
      .default({})
      .describe('Agent ids and their passwords; needed to listen wider than loopback.')
      .meta({ examples: [{ 'hall-1': '${file:hall-1.password}' }] }),
    cert: pemFile('the certificate of the broker', 'broker.pem'),
    key: pemFile('the key of that certificate', 'broker.key'),
    ca: pemFile(
      "the authority that signed the agents' certificates; with it an agent without one is refused",
      'agents-ca.pem',
    ),
  })
  .describe('Run a broker inside the collector, for small plants; instead of url.');

const broker = z
  .strictObject({
    url: address(
      /^mqtts?:\/\/[^\s/@]+$/,
      'an address such as mqtt://127.0.0.1:1883, without a password in it',
    )
      .optional()
      .describe('Address of the MQTT broker.')
      .meta({ examples: ['mqtt://127.0.0.1:1883'] }),
    username: z.string().default('collector').describe('User of the broker.'),
    password: secretReference
      .optional()
      .describe('Where the password of that user is kept.')
      .meta({ examples: ['${file:broker.password}'] }),
    ca: pemFile('the certificate authority that signed the broker', 'ca.pem'),
    cert: pemFile("the collector's certificate, for mutual TLS", 'collector.pem'),
    key: pemFile('the key of that certificate', 'collector.key'),
    mqtt: mqttVersion,
    embedded: embeddedBroker.optional(),
  })
  .describe('The MQTT broker that brings batches from the agents.');

const ledger = z
  .strictObject({
    keep: duration
      .optional()
      .describe(
        'How long readings are kept at full resolution; without it, for ever. Machine-hours, minutes and the signed headers of records stay.',
      )
      .meta({ examples: ['730d'] }),
    maxSize: byteSize
      .optional()
      .describe('Disk the readings may take: the oldest months go first; without it, all there is.')
      .meta({ examples: ['50GB'] }),
    reserve: byteSize
      .prefault('100MB')
      .describe(
        'With less free on the disk no record is taken, and agents keep theirs, until there is room.',
      ),
  })
  .describe('How long what the agents sent is kept.');

const influx = z
  .strictObject({
    url: address(/^https?:\/\/[^\s@]+$/, 'an address such as http://127.0.0.1:8086, without a password in it')
      .describe('Address of InfluxDB.')
      .meta({ examples: ['http://127.0.0.1:8086'] }),
    version: z
      .union([z.literal(1), z.literal(2), z.literal(3)])
      .default(2)
      .describe('Its generation: 1, 2 or 3.'),
    database: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/,
        '1 to 64 letters, digits, "_", "." or "-", beginning with a letter or digit',
      )
      .default('millwatt')
      .describe('Database (1.x, 3.x) or bucket (2.x).'),
    org: z
      .string()
      .optional()
      .describe('Organisation (2.x).')
      .meta({ examples: ['millwatt'] }),
    username: z
      .string()
      .optional()
      .describe('User (1.x).')
      .meta({ examples: ['millwatt'] }),
    password: secretReference
      .optional()
      .describe('Where the password of that user is kept (1.x).')
      .meta({ examples: ['${file:influx.password}'] }),
    token: secretReference
      .optional()
      .describe('Where the API token is kept (2.x, 3.x).')
      .meta({ examples: ['${file:influx.token}'] }),
  })
  .describe('Write every point and machine-hour to InfluxDB as well.');

const http = z
  .strictObject({
    host: host
      .default('127.0.0.1')
      .describe('Address to listen on; wider than loopback needs token, cert and key.'),
    port: port.default(8484).describe('TCP port of page, API and metrics.'),
    token: secretReference
      .optional()
      .describe('Bearer token; needed to listen wider than loopback.')
      .meta({ examples: ['${file:http.token}'] }),
    marksToken: secretReference
      .optional()
      .describe('Another bearer token, for an MES: with it marks of jobs are taken, without it none are.')
      .meta({ examples: ['${file:marks.token}'] }),
    cert: pemFile('the certificate of the server', 'collector.pem'),
    key: pemFile('the key of that certificate', 'collector.key'),
  })
  .describe('Page, API and metrics.');

/** All that a collector can be told: the one declaration behind validation, defaults, sample and editor schema. */
export const collectorConfig = z.strictObject({
  site: id.describe('The plant, as the agents name it.').meta({ examples: ['my-plant'] }),
  collector: id.default('collector').describe('Name of this collector.'),
  data: z
    .string()
    .default('./millwatt-data/collector')
    .describe('Folder of the ledger and the key, relative to this file.'),
  broker,
  ledger: ledger.prefault({}),
  influx: influx.optional(),
  http: http.prefault({}),
  calendar: calendarConfig.optional(),
  mainMeters: z
    .array(mainMeterConfig)
    .default([])
    .describe('Main meters and bills, to compare the sum of the machines with.')
    .meta({ examples: [[{ id: 'hall-a', covers: ['mill-1', 'mill-2'] }]] }),
  sharedLoads: z
    .array(sharedLoadConfig)
    .default([])
    .describe('Loads that serve several machines, such as a compressor.')
    .meta({ examples: [[{ id: 'compressor', serves: ['mill-1', 'mill-2'] }]] }),
  footprint: footprintConfig.optional(),
  evidence: evidenceConfig.optional(),
  pact: pactConfig.optional(),
  machines: z
    .array(machine)
    .default([])
    .describe('Machines not listed here are shown, with rated power and states unknown.'),
});

export type CollectorConfig = z.output<typeof collectorConfig>;
export type MachineConfig = z.output<typeof machine>;
