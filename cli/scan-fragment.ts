import { describeEndpoint, type ModbusEndpoint } from '../protocols/modbus/endpoint.ts';
import { pointName, type DeviceProfile } from '../protocols/modbus/profile.ts';
import type { FoundDevice } from '../protocols/modbus/scan-line.ts';
import { choosePoints } from '../protocols/modbus/wanted-points.ts';
import { wrapText } from './text-table.ts';

const COMMENT_WIDTH = 74;

/**
 * Entries for `sources:` of an agent's file, indented by two. What only the operator knows has a placeholder or stands
 * behind a #, with a comment; texts that a device told are quoted. Devices of unknown kind are comments.
 */
export function writeFragment(devices: readonly FoundDevice[]): string[] {
  return devices.flatMap((device, index) => writeSource(device, index + 1));
}

function writeSource(device: FoundDevice, number: number): string[] {
  const best = device.candidates.filter(({ rank }) => rank === 1);
  const [first, ...others] = best;
  const where = `${describeEndpoint(device.endpoint)} unit ${device.unit}`;
  if (first === undefined)
    return comment(`${where}: a Modbus device of unknown kind; \`millwatt profiles\` lists what is known.`);
  const { profile, certainty } = first;
  return [
    ...comment(`${profile.title} at ${where} (${certainty})`),
    ...(others.length === 0
      ? []
      : comment(`Or ${others.map(({ profile: other }) => other.id).join(', ')}: look at the nameplate.`)),
    ...(first.alike.length === 0
      ? []
      : comment(`Or its variant ${first.alike.join(', ')}: see \`millwatt profiles ${profile.id}\`.`)),
    `  - id: meter-${number}`,
    `    machine: machine-${number}          # fill in: the machine it measures`,
    `    component: supply           # fill in: supply (all of it), spindle, ...`,
    ...writeEndpoint(device.endpoint),
    `    unit: ${device.unit}`,
    `    profile: ${profile.id}`,
    ...writeRead(profile),
    ...writeMeter(profile, device.details.serial),
    ...(profile.conventions.transformers === 'applied'
      ? []
      : [
          profile.conventions.transformers === 'not-applied'
            ? '    #ct: { primary: 100, secondary: 5 }   # fill in: it tells secondary values'
            : '    #ct: { primary: 100, secondary: 5 }   # only if its own ratio is left at 1',
        ]),
    ...(profile.points.some(({ scaleFrom }) => scaleFrom === 'rated-power')
      ? ['    #ratedPower: 7.5kW          # fill in: it tells power as a percentage of this']
      : []),
  ];
}

function writeEndpoint(endpoint: ModbusEndpoint): string[] {
  switch (endpoint.transport) {
    case 'tcp':
      return [
        '    protocol: modbus-tcp',
        `    host: ${JSON.stringify(endpoint.host)}`,
        `    port: ${endpoint.port}`,
      ];
    case 'rtu-over-tcp':
      return [
        '    protocol: modbus-rtu-over-tcp',
        `    host: ${JSON.stringify(endpoint.host)}`,
        `    port: ${endpoint.port}`,
      ];
    case 'rtu':
      return [
        '    protocol: modbus-rtu',
        `    serialPort: ${endpoint.path}`,
        `    baudRate: ${endpoint.baudRate}`,
        `    parity: ${endpoint.parity}`,
        `    stopBits: ${endpoint.stopBits}`,
      ];
  }
}

/** The usual points, where one of them waits for a scale that the operator must enter first. */
function writeRead(profile: DeviceProfile): string[] {
  const usual = choosePoints(profile, undefined, 'scan');
  const open = usual.filter(({ scaleFrom }) => scaleFrom === 'operator').map(pointName);
  if (open.length === 0) return [];
  const known = usual.filter(({ scaleFrom }) => scaleFrom === undefined).map(pointName);
  return [
    ...(known.length === 0 ? [] : [`    read: [${known.join(', ')}]`]),
    `    #scales: { ${open.map((name) => `${name}: 0.1`).join(', ')} }   # fill in, add to read`,
  ];
}

function writeMeter({ kind, accuracyClass }: DeviceProfile, serial: string | undefined): string[] {
  const serialText = serial === undefined ? [] : [`serial: ${JSON.stringify(serial.slice(0, 64))}`];
  if (kind === 'drive' || accuracyClass !== undefined)
    return serialText.length === 0 ? [] : [`    meter: { ${serialText.join(', ')} }`];
  return [
    `    meter: { ${[...serialText, 'class: unknown'].join(', ')} }   # fill in: class on the nameplate`,
  ];
}

function comment(text: string): string[] {
  return wrapText(text, COMMENT_WIDTH).map((line) => `  # ${line}`);
}
