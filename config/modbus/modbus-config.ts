import { z } from 'zod';
import { PARITIES } from '../../protocols/modbus/endpoint.ts';
import { ORDERS } from '../../protocols/modbus/profile/profile.ts';
import { PHASES, QUANTITY_NAMES } from '../../protocols/telemetry/quantity.ts';
import { current, decimal, duration, host, port, power } from '../scalars.ts';
import { wiring } from '../wiring-config.ts';

const POINT_WORDS = `a quantity such as activePower or voltage.l1 (${QUANTITY_NAMES.join(', ')}; ${PHASES.join(', ')})`;

/** `activePower` (its total) or `voltage.l1`: a value of a device. */
const value = z.string().refine(isValueName, POINT_WORDS);

/** A value, or a word that a drive says of itself; which of them there are is the profile's to say. */
const point = z
  .string()
  .regex(/^[A-Za-z]+(\.[A-Za-z0-9]+)?$/, 'a point, such as activePower, voltage.l1 or execution');

function isValueName(text: string): boolean {
  const [quantity = '', phase = 'total', ...rest] = text.split('.');
  return rest.length === 0 && QUANTITY_NAMES.some((q) => q === quantity) && PHASES.some((p) => p === phase);
}

const transformer = (unitName: 'A' | 'V') => {
  const rated = unitName === 'A' ? current : z.number().positive();
  return z.strictObject({
    primary: rated.describe(`Primary ${unitName}.`).meta({ examples: [unitName === 'A' ? 100 : 10_000] }),
    secondary: rated.describe(`Secondary ${unitName}.`).meta({ examples: [unitName === 'A' ? 5 : 100] }),
  });
};

const slowerGroup = z.strictObject({
  every: duration.describe('Time between two readings of these points.').meta({ examples: ['1min'] }),
  read: z
    .array(point)
    .min(1)
    .describe('Points that are read at this pace only.')
    .meta({ examples: [['voltage.l1', 'voltage.l2', 'voltage.l3', 'frequency']] }),
});

/** What a Modbus source says of the device, whatever carries its frames. */
const device = {
  profile: z
    .string()
    .describe(
      'Device profile, such as siemens/pac3200, or a variant of one (vendor/model:variant); `millwatt profiles` lists them.',
    )
    .meta({ examples: ['siemens/pac3200'] }),
  read: z
    .array(point)
    .min(1)
    .optional()
    .describe('What to read; without it, the power, energy, current and voltage the profile has.')
    .meta({ examples: [['activePower', 'activeEnergyImport']] }),
  slower: z
    .array(slowerGroup)
    .optional()
    .describe('Points of this device that are read less often; each group is a source ID-EVERY of its own.'),
  ct: transformer('A')
    .optional()
    .describe('Current transformer ratio, where the meter reports secondary values.'),
  vt: transformer('V')
    .optional()
    .describe('Voltage transformer ratio, where the meter reports secondary values.'),
  ratedPower: power
    .optional()
    .describe('What 100 % is, for drives that tell power as a percentage of it.')
    .meta({ examples: ['7.5kW'] }),
  scales: z
    .record(value, decimal)
    .optional()
    .describe('By point: raw value x this = value in its unit, where the profile leaves it to you.')
    .meta({ examples: [{ activePower: 0.1 }] }),
  importOnly: z
    .boolean()
    .default(false)
    .describe('Nothing is ever fed back here: activeEnergySum (import and export in one) counts as import.'),
  addressOffset: z
    .int()
    .min(-1)
    .max(1)
    .default(0)
    .describe('Added to every address of the profile, where a device counts from 1.'),
  wordOrder: z
    .enum(ORDERS)
    .optional()
    .describe('Which word of a 32-bit value comes first, where it was changed in the device.')
    .meta({ examples: ['big'] }),
  timeout: duration.prefault('1s').describe('How long one request may take, 10ms to 60s.'),
};

const SERIAL_UNIT_WORDS = 'a unit id of 1 to 247, as set in the menu of the device';
const serialUnit = z
  .int()
  .min(1, SERIAL_UNIT_WORDS)
  .max(247, SERIAL_UNIT_WORDS)
  .default(1)
  .describe('Modbus unit id (address) of the device on its serial line, 1 to 247.');

/** Files of the TLS identity of a source, relative to the configuration. */
const tls = z.strictObject({
  ca: z
    .string()
    .optional()
    .describe("PEM file of the authority that signed the device's certificate; without it, the system's.")
    .meta({ examples: ['meters-ca.pem'] }),
  cert: z
    .string()
    .optional()
    .describe("PEM file of this agent's certificate, where the device asks for one.")
    .meta({ examples: ['modbus.pem'] }),
  key: z
    .string()
    .optional()
    .describe('PEM file of the key of that certificate.')
    .meta({ examples: ['modbus.key'] }),
  serverName: host
    .optional()
    .describe("Name in the device's certificate, where it is not the host.")
    .meta({ examples: ['meter-1.plant.example'] }),
});

/** A meter, drive or Modbus gateway over Modbus TCP. */
export const modbusTcpSource = z
  .strictObject({
    ...wiring,
    protocol: z.literal('modbus-tcp').describe('How the device is spoken to.'),
    host: host.describe('Host name or address of the meter or gateway.').meta({ examples: ['192.168.1.20'] }),
    port: port
      .optional()
      .describe('TCP port of the meter or gateway; without it 502, with tls 802.')
      .meta({ examples: [502] }),
    tls: tls.optional().describe('Modbus/TCP Security, where the device has it; `tls: {}` needs no files.'),
    unit: z.int().min(0).max(255).default(1).describe('Modbus unit id; behind a gateway that of the device.'),
    ...device,
  })
  .describe('A meter or drive over Modbus TCP, itself or behind a Modbus gateway.');

const PORT_WORDS = 'a serial port of this computer, such as /dev/ttyUSB0';

/** A meter or drive on a serial port of this computer. */
export const modbusRtuSource = z
  .strictObject({
    ...wiring,
    protocol: z.literal('modbus-rtu').describe('How the device is spoken to.'),
    serialPort: z
      .string(PORT_WORDS)
      .regex(/^\/dev\/(?!.*\.\.)[!-~]+$/, PORT_WORDS)
      .describe('The serial port of this computer; sources of one port share it.')
      .meta({ examples: ['/dev/ttyUSB0'] }),
    baudRate: z
      .int()
      .min(300)
      .max(921_600)
      .optional()
      .describe(
        'Bits a second on the line, once for all sources of a port; else the factory setting of the devices, else 9600.',
      )
      .meta({ examples: [9600] }),
    parity: z
      .enum(PARITIES)
      .optional()
      .describe('Parity bit; else the factory setting of the devices, else none.')
      .meta({ examples: ['none'] }),
    stopBits: z
      .union([z.literal(1), z.literal(2)])
      .optional()
      .describe('Stop bits, 1 or 2; else the factory setting of the devices, else 1.')
      .meta({ examples: [1] }),
    unit: serialUnit,
    ...device,
  })
  .describe('A meter or drive on a serial port (RS-485, RS-232) of this computer.');

/** A meter or drive behind a serial device server that does not speak Modbus itself. */
export const modbusRtuOverTcpSource = z
  .strictObject({
    ...wiring,
    protocol: z.literal('modbus-rtu-over-tcp').describe('How the device is spoken to.'),
    host: host.describe('Host name or address of the device server.').meta({ examples: ['192.168.1.40'] }),
    port: port
      .describe('TCP port that the device server gives to its serial line.')
      .meta({ examples: [4001] }),
    unit: serialUnit,
    ...device,
  })
  .describe(
    'A meter or drive behind a serial device server that passes bytes on as they are (raw, transparent).',
  );

export type ModbusTcpSourceConfig = z.output<typeof modbusTcpSource>;
export type ModbusRtuSourceConfig = z.output<typeof modbusRtuSource>;
export type ModbusRtuOverTcpSourceConfig = z.output<typeof modbusRtuOverTcpSource>;
/** A source of any of the three Modbus transports. */
export type ModbusSourceConfig = ModbusTcpSourceConfig | ModbusRtuSourceConfig | ModbusRtuOverTcpSourceConfig;

/** True for a source that is spoken to in Modbus, whatever carries its frames. */
export function isModbus<S extends { protocol: string }>(
  source: S,
): source is Extract<S, { protocol: ModbusSourceConfig['protocol'] }> {
  return source.protocol.startsWith('modbus-');
}
