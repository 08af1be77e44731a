import { MillwattError } from '../../errors.ts';

/** Where to look for devices. */
export type ScanTarget = NetworkTarget | HostTarget | SerialTarget;

/** Every host of a range of IPv4 addresses. */
export interface NetworkTarget {
  kind: 'network';
  /** As it was written: 192.168.1.0/24. */
  text: string;
  hosts: readonly string[];
  port: number;
}

/** One host: a device, a gateway, or a serial device server without Modbus. */
export interface HostTarget {
  kind: 'host';
  transport: 'tcp' | 'rtu-over-tcp';
  host: string;
  port: number;
}

/** A serial port of this computer. */
export interface SerialTarget {
  kind: 'serial';
  path: string;
}

const MODBUS_PORT = 502;
/** A longer prefix is a smaller range: /20 is 4094 hosts. */
const PREFIX_MIN = 20;
const PRIVATE_RANGES = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '127.0.0.0/8',
];
const HOST = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$/;
const HOST_EXAMPLES = 'tcp://192.168.1.20:502, rtu+tcp://192.168.1.40:4001 or /dev/ttyUSB0';
const EXAMPLES = `192.168.1.0/24 (with --network), ${HOST_EXAMPLES}`;

/**
 * Reads a target as people write it. Throws an error of class `refuse` (code `usage`) for what is none, for a range
 * without `network`, above /20, or of public addresses without `isPublicAllowed`.
 * @param options.port of the hosts of a range; 502
 * @param options.isProbe one device is to be looked at, which messages then say
 */
export function parseScanTarget(
  text: string,
  options: { network?: boolean; isPublicAllowed?: boolean; port?: number; isProbe?: boolean } = {},
): ScanTarget {
  const { isProbe = false } = options;
  if (/^(tls|mbaps|tcps|tcp\+tls|modbus\+tls):\/\//i.test(text))
    throw usageError(
      `${text} cannot be ${isProbe ? 'probed' : 'scanned'} by its address: TLS needs certificates.`,
      'Write the device into a configuration with `tls:` and its port (802 by default), then run: millwatt probe -c agent.yaml',
    );
  // What names below /dev/serial hold: letters, digits, #+-.:=@_ and, for anything else, \x20.
  if (/^\/dev\/(?!.*\.\.)[!-~]+$/.test(text)) return { kind: 'serial', path: text };
  if (/^\d+(\.\d+){3}\/\d+$/.test(text)) return networkTarget(text, options);
  const [, scheme = 'tcp', host = '', portText] =
    /^(?:(tcp|rtu\+tcp):\/\/)?(\[[0-9A-Fa-f:.]+\]|[^\s:/@[\]]+)(?::(\d{1,5}))?\/?$/.exec(text) ?? [];
  const plainHost = host.replace(/^\[|\]$/g, '');
  const isHost = host.startsWith('[') || HOST.test(plainHost);
  if (!isHost)
    throw usageError(
      `${JSON.stringify(text)} is nothing that can be ${isProbe ? 'probed' : 'scanned'}.`,
      isProbe ? `Write ${HOST_EXAMPLES}; or a configuration: -c agent.yaml.` : `Write ${EXAMPLES}.`,
    );
  const transport = scheme === 'tcp' ? 'tcp' : 'rtu-over-tcp';
  if (transport === 'rtu-over-tcp' && portText === undefined)
    throw usageError(
      `${text} lacks the port that the device server gives to its serial line.`,
      `Add it, for example ${text}:4001.`,
    );
  const port = portText === undefined ? (options.port ?? MODBUS_PORT) : Number(portText);
  if (port < 1 || port > 65_535) throw usageError(`${port} is no TCP port.`, 'Write a port of 1 to 65535.');
  return { kind: 'host', transport, host: plainHost, port };
}

/** Numbers such as `1-10,20`, each once, in the order they are written. Throws as `parseScanTarget`. */
export function parseNumbers(text: string, what: string, least: number, most: number): number[] {
  const numbers = new Set<number>();
  for (const part of text.split(',')) {
    const [, first = '', last = first] = /^\s*(\d{1,7})(?:\s*-\s*(\d{1,7}))?\s*$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === '' || from < least || to > most || from > to)
      throw usageError(
        `${JSON.stringify(text)} are no ${what} of ${least} to ${most}.`,
        `Write them as 1-10,20 or as one number.`,
      );
    for (let number = from; number <= to; number++) numbers.add(number);
  }
  return [...numbers];
}

/** The command line itself is wrong. */
export function usageError(message: string, cure: string): MillwattError {
  return new MillwattError('refuse', 'usage', message, { cure });
}

function networkTarget(
  text: string,
  {
    network = false,
    isPublicAllowed = false,
    port = MODBUS_PORT,
  }: Parameters<typeof parseScanTarget>[1] & object,
): NetworkTarget {
  const { first, size, prefix } = readRange(text);
  if (prefix < PREFIX_MIN)
    throw usageError(
      `${text} is larger than /${PREFIX_MIN}, which is the most that is scanned at once.`,
      'Scan the part of the network in which the meters are, for example a /24.',
    );
  if (!network)
    throw usageError(
      `${text} is a network: ${size === 1 ? 'its host' : `up to ${size} hosts`} would be asked.`,
      'Ask whoever runs the network, then add --network.',
    );
  if (!isPublicAllowed && !PRIVATE_RANGES.some((range) => contains(range, first, size)))
    throw usageError(
      `${text} is not a private network: strangers may live there.`,
      'Check the address; where these addresses are your own plant, add --public.',
    );
  // The first and last address of a range are no hosts, unless the range is one or two addresses.
  const edge = prefix >= 31 ? 0 : 1;
  const hosts = Array.from({ length: size - 2 * edge }, (_, i) => addressText(first + edge + i));
  return { kind: 'network', text, hosts, port };
}

function readRange(text: string): { first: number; size: number; prefix: number } {
  const [address = '', prefixText = ''] = text.split('/');
  const bytes = address.split('.').map(Number);
  const prefix = Number(prefixText);
  if (bytes.some((byte) => byte > 255) || prefix > 32)
    throw usageError(`${text} is no range of IPv4 addresses.`, 'Write it as 192.168.1.0/24.');
  const size = 2 ** (32 - prefix);
  const number = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return { first: Math.floor(number / size) * size, size, prefix };
}

function contains(range: string, first: number, size: number): boolean {
  const outer = readRange(range);
  return first >= outer.first && first + size <= outer.first + outer.size;
}

function addressText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
