import { z } from 'zod';
import type { SimulatedTime } from '../protocols/clock.ts';
import { LOAD_PARTS, MACHINE_KINDS } from '../protocols/simulator/load-shares.ts';
import { SERVER_POLICIES } from '../protocols/simulator/opcua-policies.ts';
import { TROUBLES } from '../protocols/simulator/opcua-trouble.ts';
import { PHASES, QUANTITIES, QUANTITY_NAMES } from '../protocols/telemetry/quantity.ts';
import { UNITS } from '../protocols/telemetry/unit.ts';
import { duration, host, id, levelId, port, power, secretReference } from './scalars.ts';

const zoneOffset = z
  .string()
  .regex(/^[+-](0\d|1[0-4]):[0-5]\d$/, 'an offset from UTC such as +08:00 or -05:30')
  .describe('Local time minus UTC.');

const instant = z
  .string()
  .refine(
    (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d.*(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)),
    'a time with its zone, such as 2026-11-20T06:00:00Z',
  )
  .transform((text) => Date.parse(text));

const machine = z.strictObject({
  id: levelId,
  kind: z.enum(MACHINE_KINDS).describe('Decides the shifts and how the load is spread.'),
  ratedPower: power.describe('Rated power of the whole machine; its load stays below.'),
});

const listener = {
  id: id.describe('Name of the simulated device.'),
  host: host.default('127.0.0.1').describe('Address to listen on.'),
  port,
};
const modbusUnit = z
  .int()
  .min(0)
  .max(247)
  .default(1)
  .describe('Modbus unit id; devices of one port share it.');
const profile = z.string().describe('Device profile whose registers are served, such as siemens/pac3200.');

const modbusMeter = z
  .strictObject({
    type: z.literal('modbus-meter'),
    ...listener,
    unit: modbusUnit,
    profile,
    machine: levelId.describe('One of the machines above.'),
    component: z.enum(['supply', ...LOAD_PARTS]).default('supply'),
  })
  .describe('A meter of a simulated machine over Modbus TCP.');

const opcuaMachine = z
  .strictObject({
    type: z.literal('opcua-machine'),
    ...listener,
    machine: levelId.describe('One of the machines above; also the browse name.'),
    offers: z
      .array(z.enum(['itemState', 'spindle', 'cnc', 'energyProfile']))
      .default([])
      .describe('What it tells besides what every machine tool does: OPC 40001-1, 40502, energy profiles.'),
    filler: z.int().min(0).max(200_000).default(0).describe('Further nodes that mean nothing.'),
    policies: z
      .array(z.enum(SERVER_POLICIES))
      .min(1)
      .default([...SERVER_POLICIES])
      .describe('Security policies of its endpoints; None is the one without security.'),
    username: z.string().min(1).optional().describe('Clients must log in with it.'),
    password: secretReference.optional().describe('Where the password of that user is kept.'),
    limits: z
      .strictObject({
        nodesPerRead: z.int().min(1).optional(),
        nodesPerBrowse: z.int().min(1).optional(),
        monitoredItemsPerCall: z.int().min(1).optional(),
        subscriptions: z.int().min(0).optional(),
        sessions: z.int().min(1).optional(),
      })
      .prefault({})
      .describe('What it takes at once; otherwise as a large server.'),
    troubles: z
      .array(
        z.strictObject({
          kind: z.enum(TROUBLES).describe('What befalls it.'),
          every: duration.prefault('10min').describe('How often, real time.'),
          lasts: duration.prefault('20s').describe('How long, where it lasts.'),
        }),
      )
      .default([])
      .describe('What befalls it from time to time, as real controls.'),
  })
  .refine(({ username, password }) => (username === undefined) === (password === undefined), {
    message: 'username and password belong together',
    path: ['username'],
  })
  .refine(({ troubles }) => troubles.every(({ every }) => every >= 1000), {
    message: 'a trouble cannot come more often than every second',
    path: ['troubles'],
  })
  .describe('A control with the OPC 40501-1 node set and an energy meter over OPC UA.');

const mtconnectAgent = z
  .strictObject({
    type: z.literal('mtconnect-agent'),
    ...listener,
    machine: levelId.optional().describe('One of the machines above; instead of file.'),
    file: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Recorded log of an adapter (lines of time|item|value), plain or .gz, relative to this file.',
      ),
    devices: z
      .string()
      .min(1)
      .optional()
      .describe('What the agent of that log answers to /probe (Devices.xml), relative to this file.'),
    device: z
      .string()
      .min(1)
      .optional()
      .describe('Name or uuid of the device whose log it is, where that file declares several.'),
    begin: instant
      .optional()
      .describe(
        'When the recorded day begins; its times are moved by as much. Without it they stay as they are.',
      ),
    bufferSize: z
      .int()
      .min(2)
      .max(1_048_576)
      .default(131_072)
      .describe('Observations the agent keeps; a small one lets slow readers lose some.'),
  })
  .refine(
    ({ machine: ofMachine, file, devices, device, begin }) =>
      ofMachine === undefined
        ? file !== undefined && devices !== undefined
        : [file, devices, device, begin].every((of) => of === undefined),
    'needs either machine, or file and devices',
  )
  .describe('An MTConnect agent over HTTP: a simulated machine, or a recorded log at simulated time.');

const replay = z
  .strictObject({
    type: z.literal('replay'),
    ...listener,
    unit: modbusUnit,
    profile,
    file: z.string().min(1).describe('CSV file with a header line, relative to this file.'),
    timeColumn: z.string().min(1).default('time'),
    zoneOffset: zoneOffset.optional(),
    maxHold: duration
      .prefault('2s')
      .describe('A row is shown for so long when no other follows; then the meter is silent until the next.'),
    columns: z
      .array(
        z
          .strictObject({
            column: z.string().min(1).describe('Column of the file.'),
            quantity: z.enum(QUANTITY_NAMES),
            phase: z.enum(PHASES).default('total'),
            unit: z.string().describe('Unit of the column, such as kW or kWh.'),
          })
          .refine(
            (column) => UNITS[column.unit]?.canonical === QUANTITIES[column.quantity].unit,
            'unit is not one that the quantity can have',
          ),
      )
      .min(1),
  })
  .describe('A recording served as the registers of a meter, at simulated time.');

const PROTOCOLS = {
  'modbus-meter': 'modbus',
  replay: 'modbus',
  'opcua-machine': 'opcua',
  'mtconnect-agent': 'mtconnect',
} as const;

/** What `millwatt simulate -c` runs. */
export const simulationConfig = z
  .strictObject({
    site: id,
    seed: z
      .union([z.int(), z.string().min(1).max(64)])
      .default(1)
      .describe('The same seed gives the same plant.'),
    zoneOffset: zoneOffset.default('+00:00'),
    data: z
      .string()
      .default('./millwatt-data/simulator')
      .describe('Folder for certificates of OPC UA machines, relative to this file.'),
    time: z
      .strictObject({
        origin: instant.optional().describe('Simulated time at `start`; without it, real time.'),
        start: instant
          .optional()
          .describe('Real time at which simulated time begins; the same for all processes. Default: now.'),
        speed: z.number().positive().max(100_000).default(1).describe('Simulated seconds a real second.'),
        untilNow: z.boolean().default(false).describe('Run at real time once real time is reached.'),
      })
      .prefault({}),
    machines: z.array(machine).default([]),
    devices: z
      .array(z.discriminatedUnion('type', [modbusMeter, opcuaMachine, mtconnectAgent, replay]))
      .min(1),
  })
  .superRefine((config, context) => {
    const issue = (path: (string | number)[], message: string, cure?: string) =>
      context.addIssue({
        code: 'custom',
        path,
        message,
        ...(cure === undefined ? {} : { params: { cure } }),
      });
    const machines = new Set(config.machines.map((one) => one.id));
    if (machines.size < config.machines.length) issue(['machines'], 'two machines have the same id');
    const ids = new Set<string>();
    const places = new Map<string, 'modbus' | 'opcua' | 'mtconnect'>();
    config.devices.forEach((device, index) => {
      if (ids.has(device.id)) issue(['devices', index, 'id'], `another device is called ${device.id}`);
      ids.add(device.id);
      if ('machine' in device && device.machine !== undefined && !machines.has(device.machine))
        issue(
          ['devices', index, 'machine'],
          `there is no machine ${device.machine} above`,
          machines.size === 0
            ? 'Add it to machines.'
            : `Add it to machines, or choose one of: ${[...machines].join(', ')}.`,
        );
      const gateway = `${device.host}:${device.port}`;
      const protocol = PROTOCOLS[device.type];
      const place = 'unit' in device ? `${gateway} unit ${device.unit}` : gateway;
      if (places.has(place) || (places.get(gateway) ?? protocol) !== protocol)
        issue(['devices', index, 'port'], `another device already answers at ${place}`);
      places.set(gateway, protocol).set(place, protocol);
    });
  });

/** A simulation file, checked and with its defaults. */
export type SimulationConfig = z.output<typeof simulationConfig>;
/** One device of a simulation file. */
export type SimulatedDeviceConfig = SimulationConfig['devices'][number];

/** The time map of a simulation; `nowMs` is real wall time, where the file names no start. */
export function simulatedTimeOf(time: SimulationConfig['time'], nowMs: number): SimulatedTime {
  const startMs = time.start ?? nowMs;
  return { originMs: time.origin ?? startMs, startMs, speed: time.speed, untilNow: time.untilNow };
}

/** `+08:00` in ms. */
export function zoneOffsetMs(offset: string): number {
  const [, sign = '+', hours = '0', minutes = '0'] = /^([+-])(\d\d):(\d\d)$/.exec(offset) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
