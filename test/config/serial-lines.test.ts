import { describe, expect, test } from 'vitest';
import { lineLoadsOf } from '../../config/modbus/line-load.ts';
import {
  modbusRtuOverTcpSource,
  modbusRtuSource,
  modbusTcpSource,
} from '../../config/modbus/modbus-config.ts';
import { endpointOf } from '../../config/modbus/modbus-endpoint.ts';
import { loadProfile } from '../../config/library/profile-library.ts';
import { serialSettingsOf, type SerialUser } from '../../config/modbus/serial-format.ts';
import { checkConfig } from '../../config/check.ts';

const SDM = loadProfile('eastron/sdm630').profile;
const FACTORY = { baudRate: 2400, parity: 'even', stopBits: 1, unit: 1 } as const;

function user(unit: number, more: object = {}, serial?: SerialUser['profile']): SerialUser {
  const source = modbusRtuSource.parse({
    id: `m${unit}`,
    protocol: 'modbus-rtu',
    serialPort: '/dev/ttyUSB0',
    unit,
    machine: `m${unit}`,
    profile: 'eastron/sdm630',
    ...more,
  });
  return { source, profile: serial };
}

describe('the settings of a serial port', () => {
  test('9600 8N1 where nobody says anything', () => {
    expect(serialSettingsOf([user(1)])).toEqual({
      format: { baudRate: 9600, parity: 'none', stopBits: 1 },
      origins: { baudRate: 'assumed', parity: 'assumed', stopBits: 'assumed' },
      conflicts: [],
    });
  });

  test('those of the factory where a profile states them', () => {
    const { format, origins } = serialSettingsOf([user(1), user(2, {}, { serial: FACTORY })]);
    expect(format).toEqual({ baudRate: 2400, parity: 'even', stopBits: 1 });
    expect(origins.parity).toBe('factory');
  });

  test('what one source writes holds for all of the port, before the factory', () => {
    const users = [user(1, {}, { serial: FACTORY }), user(2, { baudRate: 19_200 }), user(3)];
    expect(serialSettingsOf(users)).toEqual({
      format: { baudRate: 19_200, parity: 'even', stopBits: 1 },
      origins: { baudRate: 'written', parity: 'factory', stopBits: 'factory' },
      conflicts: [],
    });
  });

  test('two that differ are a conflict, and the first holds', () => {
    const { format, conflicts } = serialSettingsOf([user(1, { stopBits: 1 }), user(2, { stopBits: 2 })]);
    expect(format.stopBits).toBe(1);
    expect(conflicts).toEqual([{ key: 'stopBits', origin: 'written', values: [1, 2] }]);
  });
});

describe('where a source is', () => {
  const tcp = (more: object) =>
    endpointOf(
      modbusTcpSource.parse({
        id: 'a',
        protocol: 'modbus-tcp',
        host: '10.0.0.1',
        machine: 'm',
        profile: 'x/y',
        ...more,
      }),
      { users: [], tls: { ca: 'PEM' } },
    );

  test('port 502, with TLS 802, unless another is written', () => {
    expect(tcp({})).toEqual({ transport: 'tcp', host: '10.0.0.1', port: 502 });
    expect(tcp({ tls: {} })).toEqual({ transport: 'tcp', host: '10.0.0.1', port: 802, tls: { ca: 'PEM' } });
    expect(tcp({ tls: {}, port: 8802 })).toMatchObject({ port: 8802, tls: {} });
    expect(tcp({ port: 15_020 })).toEqual({ transport: 'tcp', host: '10.0.0.1', port: 15_020 });
  });

  test('a port of another name is not counted in', () => {
    const users = [user(1), user(2, { serialPort: '/dev/ttyUSB1', baudRate: 19_200 })];
    const [first, second] = users.map(({ source }) => endpointOf(source, { users }));
    expect(first).toMatchObject({ path: '/dev/ttyUSB0', baudRate: 9600 });
    expect(second).toMatchObject({ path: '/dev/ttyUSB1', baudRate: 19_200 });
  });
});

describe('how busy a line is', () => {
  const load = (count: number, more: object) => {
    const users = Array.from({ length: count }, (_, n) => ({
      source: user(n + 1, more).source,
      profile: SDM,
    }));
    const [line] = lineLoadsOf(users);
    if (line === undefined) throw new Error('there is no line');
    return line;
  };

  test('as the wire says: every request has 13 bytes about its registers', () => {
    // 2 registers: 8 + 5 + 4 characters of 10 bits, two silences of 3.5 characters, 20 ms of thinking; once a second.
    const line = load(1, { read: ['activePower'], baudRate: 9600, parity: 'none', stopBits: 1 });
    expect(line.wireShare).toBeCloseTo(((17 + 7) * 10) / 9600, 6);
    expect(line.busyShare).toBeCloseTo(((17 + 7) * 10) / 9600 + 0.02, 6);
    expect(line).toMatchObject({ line: '/dev/ttyUSB0 9600 8N1', settings: 'written', requestsPerSecond: 1 });
  });

  test('more with each device, less with a faster line or a slower pace', () => {
    const one = load(1, {});
    expect(load(5, {}).busyShare).toBeCloseTo(5 * one.busyShare, 6);
    expect(load(5, {}).sources).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
    expect(load(1, { baudRate: 38_400 }).busyShare).toBeLessThan(one.busyShare / 2);
    expect(load(1, { every: '10s' }).busyShare).toBeCloseTo(one.busyShare / 10, 6);
    const slower = [{ every: '1min', read: ['voltage.l1', 'voltage.l2', 'voltage.l3', 'frequency'] }];
    expect(load(1, { slower }).busyShare).toBeLessThan(one.busyShare);
  });

  test('a device server is taken for 9600 baud, and Modbus TCP has no line', () => {
    const base = { machine: 'm', profile: 'eastron/sdm630', host: '10.0.0.1' };
    const loads = lineLoadsOf([
      { source: modbusTcpSource.parse({ ...base, id: 'a', protocol: 'modbus-tcp' }), profile: SDM },
      {
        source: modbusRtuOverTcpSource.parse({
          ...base,
          id: 'b',
          protocol: 'modbus-rtu-over-tcp',
          port: 4001,
        }),
        profile: SDM,
      },
    ]);
    expect(loads).toMatchObject([{ line: '10.0.0.1:4001', sources: ['b'], settings: 'unknown' }]);
  });

  test('a check of a good file comes with its lines', () => {
    const source =
      '{ id: a, protocol: modbus-rtu, serialPort: /dev/ttyUSB0, machine: m, profile: eastron/sdm630 }';
    const text = `site: s\nagent: a\nbroker: { url: "mqtt://127.0.0.1:1883" }\nsources: [${source}]\n`;
    const { lines, findings } = checkConfig(text, 'f', 'agent');
    expect(findings).toEqual([]);
    expect(lines).toMatchObject([{ line: '/dev/ttyUSB0 9600 8N1', settings: 'factory' }]);
  });
});

test('more channels than the wiring of an agent has room for are told', () => {
  const sources = Array.from(
    { length: 280 },
    (_, n) =>
      `  - { id: m${n}, protocol: modbus-tcp, host: 10.${n >> 8}.${n & 255}.1, machine: m${n}, profile: eastron/sdm630 }`,
  );
  const check = (count: number) =>
    checkConfig(
      `site: s\nagent: a\nbroker: { url: "mqtt://127.0.0.1:1883" }\nsources:\n${sources.slice(0, count).join('\n')}\n`,
      'f',
      'agent',
    ).findings;
  // 11 channels each.
  expect(check(272)).toEqual([]);
  expect(check(273)).toMatchObject([{ severity: 'warning', path: 'sources' }]);
});
