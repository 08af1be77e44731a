import { describeEndpoint, type ModbusEndpoint } from '../../protocols/modbus/endpoint.ts';
import { pointName, type DeviceProfile, type ProfilePoint } from '../../protocols/modbus/profile/profile.ts';
import type { FoundDevice } from '../../protocols/modbus/scan/scan-line.ts';
import { choosePoints } from '../../protocols/modbus/profile/wanted-points.ts';
import { wrapText } from '../text-table.ts';

const COMMENT_WIDTH = 74;
const LINE_WIDTH = 79;

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
  const usual = choosePoints(profile, undefined, 'scan');
  const known = usual.filter(({ scaleFrom }) => scaleFrom === undefined).map(pointName);
  const source = [
    `  - id: meter-${number}`,
    `    machine: machine-${number}          # fill in: the machine it measures`,
    profile.kind === 'drive'
      ? '    component: drives           # fill in: spindle, drives, coolant, ...'
      : '    component: supply           # fill in: supply (all of it), spindle, ...',
    ...writeEndpoint(device.endpoint),
    `    unit: ${device.unit}`,
    `    profile: ${profile.id}`,
    ...writeRead(usual, known),
    ...writeMeter(profile, device.details.serial),
    ...writeTransformers(profile),
  ];
  return [
    ...comment(`${profile.title} at ${where} (${certainty})`),
    ...(others.length === 0
      ? []
      : comment(`Or ${others.map(({ profile: other }) => other.id).join(', ')}: look at the nameplate.`)),
    ...(first.alike.length === 0
      ? []
      : comment(`Or its variant ${first.alike.join(', ')}: see \`millwatt profiles ${profile.id}\`.`)),
    // Without one point whose scale is known, it would be no configuration.
    ...(known.length > 0 ? source : source.map((line) => line.replace(/^ {2}#?/, '  #'))),
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
        `    serialPort: ${JSON.stringify(endpoint.path)}`,
        `    baudRate: ${endpoint.baudRate}`,
        `    parity: ${endpoint.parity}`,
        `    stopBits: ${endpoint.stopBits}`,
      ];
  }
}

/** The usual points that can be read as they are, where others wait for what only the operator can enter. */
function writeRead(usual: readonly ProfilePoint[], known: readonly string[]): string[] {
  const waiting = (origin: ProfilePoint['scaleFrom']) =>
    usual.filter(({ scaleFrom }) => scaleFrom === origin).map(pointName);
  const scales = waiting('operator');
  const percent = waiting('rated-power');
  if (scales.length + percent.length === 0) return [];
  return [
    ...(known.length === 0 ? [] : writeFlow('read: ', '[', known, ']')),
    ...(scales.length === 0
      ? []
      : [
          '    # fill in what one count is worth, and add the points to read:',
          ...writeFlow(
            'scales: ',
            '{ ',
            scales.map((name) => `${name}: 0.1`),
            ' }',
          ).map((line) => line.replace(/^ {4}/, '    #')),
        ]),
    ...(percent.length === 0
      ? []
      : [
          ...wrapText(`fill in, and add ${percent.join(', ')} to read:`, COMMENT_WIDTH - 2).map(
            (line) => `    # ${line}`,
          ),
          '    #ratedPower: 7.5kW',
        ]),
  ];
}

function writeTransformers({ kind, conventions: { transformers } }: DeviceProfile): string[] {
  if (kind === 'drive' || transformers === 'applied') return [];
  if (transformers === 'not-applied')
    return ['    #ct: { primary: 100, secondary: 5 }   # fill in: it tells secondary values'];
  return [
    '    # No source says whether its values are already those of the primary side:',
    '    # compare a current with the display; fill in only if it is the secondary:',
    '    #ct: { primary: 100, secondary: 5 }',
  ];
}

function writeMeter({ kind, accuracyClass }: DeviceProfile, serial: string | undefined): string[] {
  const serialText = serial === undefined ? [] : [`serial: ${JSON.stringify(serial.slice(0, 64))}`];
  if (kind === 'drive' || accuracyClass !== undefined)
    return serialText.length === 0 ? [] : writeFlow('meter: ', '{ ', serialText, ' }');
  return [
    '    # fill in the class on the nameplate, such as "1":',
    ...writeFlow('meter: ', '{ ', [...serialText, 'class: unknown'], ' }'),
  ];
}

/** A list or map on one line, or on several where it would be wider than a terminal usually is. */
function writeFlow(key: string, open: string, items: readonly string[], close: string): string[] {
  const line = `    ${key}${open}${items.join(', ')}${close}`;
  if (line.length <= LINE_WIDTH) return [line];
  const body: string[] = [];
  // Between items only: a blank within quotes is not one to break at.
  for (const [index, item] of items.entries()) {
    const text = index < items.length - 1 ? `${item},` : item;
    const last = body.at(-1);
    if (last !== undefined && last.length + 1 + text.length <= LINE_WIDTH)
      body[body.length - 1] = `${last} ${text}`;
    else body.push(`      ${text}`);
  }
  return [`    ${key}${open.trim()}`, ...body, `    ${close.trim()}`];
}

function comment(text: string): string[] {
  return wrapText(text, COMMENT_WIDTH).map((line) => `  # ${line}`);
}
