/** Modbus TCP, plain or with TLS (Modbus/TCP Security). */
export interface TcpEndpoint {
  transport: 'tcp';
  host: string;
  port: number;
  tls?: TlsSettings;
}

/** Who may be at the other end, and who we are. PEM texts, never paths. */
export interface TlsSettings {
  /** Authority that signed the device's certificate; absent means those of the system. */
  ca?: string;
  /** Our certificate and its key, where the device asks for one. */
  cert?: string;
  key?: string;
  /** The name in the device's certificate where it is not the host. */
  serverName?: string;
}

/** Modbus RTU on a serial port of this computer. */
export interface SerialEndpoint extends SerialFormat {
  transport: 'rtu';
  /** Such as /dev/ttyUSB0. */
  path: string;
}

/** How bits follow each other on a serial line. */
export interface SerialFormat {
  /** Bits a second, 300 .. 921600. */
  baudRate: number;
  parity: Parity;
  stopBits: 1 | 2;
}

/** What the parity bit of a character says. */
export const PARITIES = ['none', 'even', 'odd'] as const;
export type Parity = (typeof PARITIES)[number];

/** RTU frames, checksum included, through a TCP connection: what a serial device server without Modbus does. */
export interface RtuOverTcpEndpoint {
  transport: 'rtu-over-tcp';
  host: string;
  port: number;
}

/** Where a line is. */
export type ModbusEndpoint = TcpEndpoint | SerialEndpoint | RtuOverTcpEndpoint;

/** As people know it: `192.168.1.20:502`, `/dev/ttyUSB0 9600 8E1`. */
export function describeEndpoint(endpoint: ModbusEndpoint): string {
  if (endpoint.transport === 'rtu')
    return `${endpoint.path} ${endpoint.baudRate} 8${endpoint.parity.charAt(0).toUpperCase()}${endpoint.stopBits}`;
  return describeHost(endpoint.host, endpoint.port);
}

/** `192.168.1.20:502`, `[fd00::7]:502`. */
export function describeHost(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Equal for two endpoints that are one line. Settings of a serial port are not part of it: a port has one line. */
export function endpointKey(endpoint: ModbusEndpoint): string {
  return endpoint.transport === 'rtu'
    ? `rtu ${endpoint.path}`
    : `${endpoint.transport} ${endpoint.host.toLowerCase()}:${endpoint.port}`;
}
