import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { writeFragment } from '../../cli/scan/scan-fragment.ts';
import { checkConfig } from '../../config/check.ts';
import { formatFinding } from '../../config/finding.ts';
import type { ModbusEndpoint } from '../../protocols/modbus/endpoint.ts';
import { listSuspects } from '../../protocols/modbus/scan/identify-suspects.ts';
import type { DeviceProfile } from '../../protocols/modbus/profile/profile.ts';
import type { FoundDevice } from '../../protocols/modbus/scan/scan-line.ts';
import { parseScanTarget } from '../../protocols/modbus/scan/scan-target.ts';
import type { RegisterBank } from '../../protocols/simulator/modbus-answer.ts';
import { startRtuServer } from '../../protocols/simulator/modbus-rtu-server.ts';
import { startModbusServer } from '../../protocols/simulator/modbus-server.ts';
import { makeFolder, onEnd, run } from '../e2e/fault-rig.ts';
import { libraryProfiles, mainsBank, profileOf } from '../protocols/modbus/scan/identify-devices.ts';
import { findFreePort } from '../support/mosquitto.ts';

interface ScanJson {
  target: unknown;
  asksMax: number;
  requests: number;
  isComplete: boolean;
  devices: {
    where: string;
    unit: number;
    alsoUnits: number[];
    certainty: string;
    candidates: { profile: string; certainty: string; rank: number; reasons: string[] }[];
    details: Record<string, string>;
    values: { point: string; value: number | null; unit: string }[];
    requests: number;
  }[];
  remarks: string[];
  fragment: string;
}

async function serve(
  units: ReadonlyMap<number, RegisterBank>,
  host = '127.0.0.1',
  port = 0,
): Promise<number> {
  const server = await startModbusServer({ host, port, units });
  onEnd(() => server.close());
  return server.port;
}

async function scan(...args: string[]): Promise<{ code: number | null; output: string }> {
  const started = run(makeFolder(), ['scan', ...args]);
  return { code: await started.exited, output: started.output() };
}

/** What the check of an agent's file with this fragment in it says: errors, and warnings. */
function checkFragment(fragment: string): { errors: string[]; warnings: string[]; sources: number } {
  const text = `site: plant\nagent: hall-1\nbroker: { url: "mqtt://127.0.0.1:1883" }\nsources:\n${fragment}`;
  const file = join(makeFolder(), 'agent.yaml');
  writeFileSync(file, text);
  const { config, findings } = checkConfig(text, file, 'agent');
  const of = (severity: string) => findings.filter((one) => one.severity === severity).map(formatFinding);
  return { errors: of('error'), warnings: of('warning'), sources: config?.sources.length ?? 0 };
}

/** A device as a scan would have found it. */
function foundAs(profile: DeviceProfile, endpoint: ModbusEndpoint, unit: number): FoundDevice {
  return {
    endpoint,
    unit,
    alsoUnits: [],
    candidates: [{ profile, alike: [], certainty: 'likely', rank: 1, reasons: [] }],
    details: { serial: `S${unit}` },
    identification: null,
    values: [],
    refusesAll: false,
    requests: 1,
  };
}

describe('the fragment', () => {
  it('is a configuration for every profile and variant, drives that lack a scale included', () => {
    const endpoint = { transport: 'tcp', host: 'gateway.plant', port: 502 } as const;
    const lines = writeFragment(libraryProfiles.map((profile, i) => foundAs(profile, endpoint, i + 1)));
    const { errors, sources } = checkFragment(`${lines.join('\n')}\n`);
    expect(errors).toEqual([]);
    // Of some drives no document states a scale at all: those stand behind a #.
    const open = libraryProfiles.filter(({ points }) =>
      points.every(({ scaleFrom }) => scaleFrom === 'operator'),
    );
    expect(sources).toBe(libraryProfiles.length - open.length);
    for (const line of lines) expect(line.length, line).toBeLessThan(80);
  });

  it('fits a terminal, long serial numbers and names with blanks in them included', () => {
    const endpoint = { transport: 'tcp', host: 'gateway.plant', port: 502 } as const;
    const serial = `A  ${'12 '.repeat(30)}`.slice(0, 56);
    const device = { ...foundAs(profileOf('siemens/pac3200'), endpoint, 4), details: { serial } };
    const lines = writeFragment([device]);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(parse(lines.join('\n'))).toMatchObject([{ meter: { serial, class: 'unknown' } }]);
  });

  it('gives two devices of a serial port the settings that were found', () => {
    const endpoint = {
      transport: 'rtu',
      path: '/dev/ttyUSB0',
      baudRate: 19_200,
      parity: 'even',
      stopBits: 1,
    } as const;
    const lines = writeFragment([
      foundAs(profileOf('eastron/sdm630'), endpoint, 4),
      foundAs(profileOf('acrel/adl400'), endpoint, 17),
    ]);
    expect(lines.filter((line) => line.includes('parity: even'))).toHaveLength(2);
    expect(checkFragment(`${lines.join('\n')}\n`)).toMatchObject({ errors: [], sources: 2 });
  });

  it.each(['/dev/serial/by-id/usb-A+B_C=1@2-if00-port0', '/dev/serial/by-id/a\\x20b"c', '/dev/x#y:z'])(
    'names the port %s as check takes it',
    (path) => {
      expect(parseScanTarget(path)).toEqual({ kind: 'serial', path });
      const endpoint = { transport: 'rtu', path, baudRate: 9600, parity: 'none', stopBits: 1 } as const;
      const fragment = `${writeFragment([foundAs(profileOf('eastron/sdm630'), endpoint, 4)]).join('\n')}\n`;
      expect(parse(fragment)).toMatchObject([{ serialPort: path }]);
      expect(checkFragment(fragment)).toMatchObject({ errors: [], sources: 1 });
    },
  );
});

describe('millwatt scan', () => {
  it('finds the meters behind a gateway, and its fragment can be pasted as it is', async () => {
    const meters = libraryProfiles.filter(({ kind, id }) => kind === 'meter' && !id.includes(':'));
    const port = await serve(
      new Map(
        meters.map((profile, i) => [i + 1, mainsBank(profile, { details: { serial: String(70_001 + i) } })]),
      ),
    );
    const { code, output } = await scan(
      `tcp://127.0.0.1:${port}`,
      '--units',
      `1-${meters.length}`,
      '--rate',
      '200',
      '--json',
    );
    expect(code, output).toBe(0);
    const json = JSON.parse(output) as ScanJson;
    expect(json.devices).toHaveLength(meters.length);
    expect(json).toMatchObject({ isComplete: true, asksMax: meters.length });
    const pac = json.devices[meters.findIndex(({ id }) => id === 'siemens/pac3200')];
    expect(pac).toMatchObject({
      where: `127.0.0.1:${port}`,
      alsoUnits: [],
      details: { serial: expect.stringMatching(/^700\d\d$/) },
    });
    expect(pac?.values).toContainEqual({ point: 'activePower', value: 1000, unit: 'W', isRefused: false });
    expect(pac?.candidates[0]?.reasons.join()).toMatch(/I&M0/);

    const known = json.devices.filter(({ candidates }) => candidates.length > 0);
    const checked = checkFragment(json.fragment);
    expect(checked.errors).toEqual([]);
    expect(checked.sources).toBe(known.length);
    // What is left to do is written beside it.
    for (const [index, line] of json.fragment.split('\n').entries()) {
      if (/^ {4}(machine|component):/.test(line)) expect(line).toContain('# fill in');
      if (/^ {4}meter:.*class:/.test(line))
        expect(json.fragment.split('\n')[index - 1]).toContain('# fill in the class');
    }
    expect(checked.warnings.filter((warning) => !/secondary values|activeEnergySum/.test(warning))).toEqual(
      [],
    );
  }, 120_000);

  it('quotes what a device says of itself, so that a serial number cannot write configuration', async () => {
    const evil = 'x", class: "0"}#{';
    const bank = mainsBank(profileOf('carlo-gavazzi/em24-e1'), { details: { serial: evil.slice(0, 14) } });
    const port = await serve(new Map([[1, bank]]));
    const { output } = await scan(`tcp://127.0.0.1:${port}`, '--units', '1', '--json');
    const json = JSON.parse(output) as ScanJson;
    expect(json.devices[0]?.details['serial']).toBe(evil.slice(0, 14));
    expect(checkFragment(json.fragment)).toMatchObject({ errors: [], sources: 1 });
    expect(json.fragment).toContain(JSON.stringify(evil.slice(0, 14)));
  }, 30_000);

  it('shows people a table, why, and what to paste; on the way, what it does', async () => {
    const port = await serve(
      new Map([
        [1, mainsBank(profileOf('carlo-gavazzi/em340'))],
        [2, { read: () => ({ exception: 2 }) }],
      ]),
    );
    const { code, output } = await scan(`tcp://127.0.0.1:${port}`, '--units', '1-3');
    expect(code).toBe(0);
    expect(output).toMatch(
      /^Asks at most 3 unit ids at 127\.0\.0\.1:\d+; at most 20 requests a second, reads only: up to 3 s/,
    );
    expect(output).toMatch(/asked 1 of at most 3, now 127\.0\.0\.1:\d+ unit 1; 0 found\n/);
    expect(output).toMatch(/where +unit +profile +certainty +shows/);
    expect(output).toMatch(/127\.0\.0\.1:\d+ +1 +carlo-gavazzi\/em340 +certain +230 V 50\.0 Hz 1000 W/);
    expect(output).toMatch(/ 2 +- +unknown +- +- +a Modbus device, unknown kind/);
    expect(output).toContain('is a gateway with 2 devices; it says of 1 unit id that nobody is there.');
    expect(output).toMatch(/To paste below sources: in agent\.yaml\n\n {2}# Carlo Gavazzi/);
  }, 30_000);

  it('writes a source for a device server, which check takes', async () => {
    const server = await startRtuServer({
      at: { host: '127.0.0.1', port: 0 },
      units: new Map([[7, mainsBank(profileOf('chint/dtsu666'))]]),
    });
    onEnd(() => server.close());
    const { output } = await scan(`rtu+tcp://127.0.0.1:${server.port}`, '--units', '7', '--json');
    const { fragment } = JSON.parse(output) as ScanJson;
    expect(fragment).toMatch(
      /protocol: modbus-rtu-over-tcp\n {4}host: "127\.0\.0\.1"\n {4}port: \d+\n {4}unit: 7/,
    );
    expect(checkFragment(fragment)).toMatchObject({ errors: [], sources: 1 });
  }, 30_000);

  it('finds nothing in a dead network, in the time it said, and fails', async () => {
    const port = await findFreePort();
    const startedMs = performance.now();
    const { code, output } = await scan(
      '127.0.0.0/28',
      '--network',
      '--port',
      String(port),
      '--timeout',
      '300ms',
    );
    expect(code).toBe(1);
    expect(output).toMatch(/^Asks at most 14 hosts at port \d+ .*: up to 2 s/);
    expect(output).toContain('No Modbus device was found.');
    expect(performance.now() - startedMs).toBeLessThan(15_000);
  }, 30_000);

  it.each([
    [['10.0.0.0/19', '--network'], /larger than \/20/],
    [['10.0.0.0/24'], /add --network/],
    [['8.8.8.0/24', '--network'], /add --public/],
    [['tcp://127.0.0.1', '--baud', '9600'], /no baud rate/],
    [['tcp://127.0.0.1', '--units', '300'], /no unit ids of 0 to 255/],
    [['tcp://127.0.0.1', '--rate', '5000'], /0\.1 to 200/],
    [['/dev/ttyUSB0', '--parity', 'mark'], /none,even,odd/],
    [[], /missing required argument/],
  ])('refuses %j as a slip on the command line', async (args, message) => {
    const { code, output } = await scan(...args);
    expect(code, output).toBe(2);
    expect(output).toMatch(message);
  });

  it('gives scripts an object when nobody lets it in', async () => {
    const { code, output } = await scan(`tcp://127.0.0.1:${await findFreePort()}`, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(output)).toMatchObject({
      devices: [],
      error: expect.stringMatching(/nothing listens/),
    });
  });

  it('ends at Ctrl-C at once and prints what it has found', async () => {
    const silent: RegisterBank = { read: () => 'silent' };
    const port = await serve(
      new Map([
        [1, mainsBank(profileOf('carlo-gavazzi/em340'))],
        [2, silent],
      ]),
    );
    const started = run(makeFolder(), [
      'scan',
      `tcp://127.0.0.1:${port}`,
      '--units',
      '1-100',
      '--timeout',
      '60s',
    ]);
    await started.waitFor(/asked|found .*EM330/);
    await started.waitFor(/found 127\.0\.0\.1:\d+ unit 1/);
    const sinceMs = performance.now();
    process.kill(started.pid, 'SIGINT');
    expect(await started.exited, started.output()).toBe(0);
    expect(performance.now() - sinceMs).toBeLessThan(3000);
    expect(started.output()).toMatch(/Ended before it was through/);
    expect(started.output()).toMatch(/ 1 +carlo-gavazzi\/em340 +certain/);
    expect(started.output()).toContain('profile: carlo-gavazzi/em340');
  }, 30_000);

  it('says the most it will ask of each device', async () => {
    const port = await serve(new Map([[1, { read: (_, __, count) => new Uint16Array(count) }]]));
    const { output } = await scan(`tcp://127.0.0.1:${port}`, '--units', '1', '--rate', '200');
    const [, most] = /at most (\d+) requests more/.exec(output) ?? [];
    expect(Number(most)).toBe(listSuspects(libraryProfiles).requestsMax);
  });

  it('does not pass over a folder of profiles that is not there', async () => {
    const { code, output } = await scan('tcp://127.0.0.1:1', '--profiles', '/nowhere/profiles');
    expect([code, output]).toEqual([2, expect.stringContaining('is no folder')]);
  });

  it('survives a host that speaks something else', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
      onEnd(() => void socket.destroy());
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onEnd(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { code, output } = await scan(`tcp://127.0.0.1:${port}`, '--units', '1,255');
    expect(code).toBe(1);
    expect(output.replaceAll('\n', ' ')).toMatch(
      /unit 1, 255 answered what is no Modbus TCP; .*: millwatt scan rtu\+tcp:\/\/127/,
    );
  }, 30_000);
});
