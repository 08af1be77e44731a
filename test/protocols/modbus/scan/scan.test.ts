import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createModbusClient } from '../../../../protocols/modbus/connect.ts';
import { describeEndpoint } from '../../../../protocols/modbus/endpoint.ts';
import { listSuspects } from '../../../../protocols/modbus/scan/identify-suspects.ts';
import type { ScanProgress } from '../../../../protocols/modbus/scan/scan-line.ts';
import { planScan, type ScanOptions } from '../../../../protocols/modbus/scan/scan-plan.ts';
import { runScan, type ScanResult } from '../../../../protocols/modbus/scan/scan-run.ts';
import { parseNumbers, parseScanTarget } from '../../../../protocols/modbus/scan/scan-target.ts';
import type { RegisterBank } from '../../../../protocols/simulator/modbus-answer.ts';
import { startRtuServer } from '../../../../protocols/simulator/modbus-rtu-server.ts';
import { startModbusServer } from '../../../../protocols/simulator/modbus-server.ts';
import { openSerialPair } from '../../../support/serial-pair.ts';
import { requireTool } from '../../../support/tools.ts';
import { libraryProfiles, mainsBank, profileOf } from './identify-devices.ts';

const suspects = listSuspects(libraryProfiles);
const cleanUps: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Watched extends ScanResult {
  asked: string[];
  remarks: string[];
}

async function scan(
  target: string,
  options: ScanOptions & { port?: number; signal?: AbortSignal; onAsk?: () => void } = {},
): Promise<Watched> {
  const { port, signal = new AbortController().signal, onAsk, ...rest } = options;
  const asked: string[] = [];
  const remarks: string[] = [];
  const progress: ScanProgress = {
    onAsk: (endpoint, unit) => {
      asked.push(`${describeEndpoint(endpoint)}${unit === undefined ? '' : ` unit ${unit}`}`);
      onAsk?.();
    },
    onFound: () => {},
    onFewer: () => {},
    onRemark: (text) => remarks.push(text),
  };
  const parsed = parseScanTarget(target, { network: true, ...(port === undefined ? {} : { port }) });
  const plan = planScan(parsed, { ratePerSecond: 500, ...rest });
  const result = await runScan(plan, { createClient: createModbusClient, suspects, progress, signal });
  return { ...result, asked, remarks };
}

async function serve(
  units: ReadonlyMap<number, RegisterBank>,
  at: { host?: string; port?: number } = {},
): Promise<number> {
  const server = await startModbusServer({ host: at.host ?? '127.0.0.1', port: at.port ?? 0, units });
  cleanUps.push(() => server.close());
  return server.port;
}

const namesOf = ({ devices }: ScanResult) =>
  devices.map(({ unit, candidates }) => `${unit} ${candidates[0]?.profile.id ?? 'unknown'}`);

describe('a target', () => {
  it('is a network, a host or a serial port', () => {
    expect(parseScanTarget('/dev/ttyUSB0')).toEqual({ kind: 'serial', path: '/dev/ttyUSB0' });
    expect(parseScanTarget('tcp://10.0.0.7')).toMatchObject({ kind: 'host', transport: 'tcp', port: 502 });
    expect(parseScanTarget('meter-1.plant')).toMatchObject({ host: 'meter-1.plant', port: 502 });
    expect(parseScanTarget('tcp://[fd00::7]:1502')).toMatchObject({ host: 'fd00::7', port: 1502 });
    expect(parseScanTarget('rtu+tcp://box:4001')).toMatchObject({ transport: 'rtu-over-tcp', port: 4001 });
    const network = parseScanTarget('192.168.1.9/24', { network: true });
    expect(network).toMatchObject({ kind: 'network', port: 502 });
    const hosts = network.kind === 'network' ? network.hosts : [];
    expect([hosts.length, hosts[0], hosts.at(-1)]).toEqual([254, '192.168.1.1', '192.168.1.254']);
  });

  it.each([
    ['10.0.0.0/24', {}, /--network/],
    ['10.0.0.0/19', { network: true }, /part of the network/],
    ['0.0.0.0/0', { network: true, isPublicAllowed: true }, /part of the network/],
    ['8.8.8.0/24', { network: true }, /--public/],
    ['172.31.255.0/23', { network: true }, undefined],
    ['172.32.0.0/24', { network: true }, /--public/],
    ['10.0.0.256/24', { network: true }, /192\.168\.1\.0/],
    ['rtu+tcp://box', {}, /:4001/],
    ['opc.tcp://box', {}, /tcp:/],
    ['tcp://box:70000', {}, /1 to 65535/],
    ['/etc/passwd', {}, /ttyUSB0/],
    ['/dev/../etc/x', {}, /ttyUSB0/],
    ['tcp://box\u001b[2J', {}, /ttyUSB0/],
  ])('%s with %j is refused where it should be', (text, options, cure) => {
    if (cure === undefined) expect(parseScanTarget(text, options).kind).toBe('network');
    else
      expect(() => parseScanTarget(text, options)).toThrow(
        expect.objectContaining({ code: 'usage', cure: expect.stringMatching(cure) }),
      );
  });

  it('has unit ids as they are written', () => {
    expect(parseNumbers('1-3, 20,2', 'unit ids', 0, 255)).toEqual([1, 2, 3, 20]);
    for (const text of ['', '0-256', '5-1', 'a', '1-', '-1'])
      expect(() => parseNumbers(text, 'unit ids', 0, 255), text).toThrow(/are no unit ids of 0 to 255/);
  });
});

describe('a plan', () => {
  it('says the most it will take', () => {
    const network = planScan(parseScanTarget('192.168.1.0/24', { network: true }));
    expect(network.asksMax).toBe(254);
    expect(network.spanMsMax).toBeGreaterThan(24_000);
    expect(network.spanMsMax).toBeLessThan(28_000);
    const serial = planScan({ kind: 'serial', path: '/dev/ttyUSB0' });
    expect(serial.formats).toHaveLength(14);
    expect(serial.asksMax).toBe(14 * 247);
    const quick = planScan({ kind: 'serial', path: '/dev/ttyUSB0' }, { isQuick: true });
    expect(quick.asksMax).toBe(4 * 10);
  });
});

describe('a network', () => {
  it('of which nobody is there is asked once a host, within the time it said', async () => {
    const [asks, startedMs] = [14, performance.now()];
    const port = await freePort();
    const result = await scan('127.0.0.0/28', { port, timeoutMs: 300 });
    expect(result).toMatchObject({ devices: [], isComplete: true, requests: asks });
    expect(new Set(result.asked).size).toBe(asks);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  it('keeps to its rate', async () => {
    const startedMs = performance.now();
    const port = await freePort();
    await scan('127.0.0.0/28', { port, timeoutMs: 300, ratePerSecond: 20 });
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(13 * 50 - 5);
  });

  it('gives its devices, and tells of gateways and of what is no Modbus', async () => {
    const meter = mainsBank(profileOf('carlo-gavazzi/em340'));
    const port = await serve(new Map([[1, meter]]), { host: '127.0.0.3' });
    await serve(
      new Map([
        [0, meter],
        [1, meter],
        [255, meter],
      ]),
      { host: '127.0.0.5', port },
    );
    await listen('127.0.0.6', port);
    const result = await scan('127.0.0.0/28', { port, timeoutMs: 300 });
    const found = result.devices.map(
      ({ endpoint, alsoUnits }) => `${describeEndpoint(endpoint)} ${alsoUnits.join()}`,
    );
    expect(found.sort()).toEqual([`127.0.0.3:${port} `, `127.0.0.5:${port} 255,0`]);
    expect(result.remarks.sort()).toEqual([
      expect.stringMatching(/^127\.0\.0\.3.* may be a gateway; look behind it/),
      expect.stringMatching(/^127\.0\.0\.6.* answers no Modbus/),
    ]);
  });

  it('gives its devices by address, whichever answered first', async () => {
    const meter = mainsBank(profileOf('carlo-gavazzi/em340'));
    const late = new Map<number, RegisterBank>([
      [1, { read: () => 'silent' }],
      [255, meter],
    ]);
    const port = await serve(late, { host: '127.0.0.81' });
    await serve(new Map([[1, meter]]), { host: '127.0.0.82', port });
    const { devices } = await scan('127.0.0.80/29', { port, timeoutMs: 300 });
    expect(devices.map(({ endpoint }) => describeEndpoint(endpoint))).toEqual([
      `127.0.0.81:${port}`,
      `127.0.0.82:${port}`,
    ]);
  });

  it('tells of what refuses everything that there may be more behind it', async () => {
    const refuses: RegisterBank = { read: () => ({ exception: 4 }) };
    const port = await serve(new Map([1, 255, 0].map((unit) => [unit, refuses])), { host: '127.0.0.77' });
    const result = await scan('127.0.0.77/32', { port });
    expect(result.devices).toMatchObject([{ unit: 1, alsoUnits: [255, 0], refusesAll: true }]);
    expect(result.remarks).toEqual([
      expect.stringMatching(/where it is a gateway, look behind it with: millwatt scan tcp:/),
    ]);
  });
});

describe('a host', () => {
  it('that is one device whatever the unit id is asked a few ids, and told once', async () => {
    const bank = mainsBank(profileOf('siemens/pac3200'));
    const everyUnit = new Map(Array.from({ length: 256 }, (_, unit) => [unit, bank] as const));
    const port = await serve(everyUnit);
    const result = await scan(`tcp://127.0.0.1:${port}`);
    expect(result.devices).toMatchObject([{ unit: 1, alsoUnits: [255, 0, 2] }]);
    expect(result.asked).toHaveLength(4);
    expect(result.remarks).toEqual([expect.stringMatching(/answers to every unit id alike/)]);
  });

  it('that minds no unit id and has no serial number is found out by its counter', async () => {
    const bank = mainsBank(profileOf('janitza/umg-common'));
    const everyUnit = new Map(Array.from({ length: 256 }, (_, unit) => [unit, bank] as const));
    const port = await serve(everyUnit);
    const result = await scan(`tcp://127.0.0.1:${port}`);
    expect(result.devices).toMatchObject([{ unit: 1, alsoUnits: [255, 0, 2] }]);
  });

  it('that has one device only is not called a gateway', async () => {
    const port = await serve(new Map([[1, mainsBank(profileOf('eastron/sdm630'))]]));
    const { remarks } = await scan(`tcp://127.0.0.1:${port}`, { units: [1, 2, 3, 4] });
    expect(remarks).toEqual([
      `127.0.0.1:${port} answers for unit 1 only, and says of 3 others that nobody is there: a single device, or a gateway with one behind it`,
    ]);
  });

  it('that is a gateway gives all meters behind it, alike as they are, and is quick about ids that are not there', async () => {
    const alike = (energyWh: number) => mainsBank(profileOf('janitza/umg-common'), { energyWh });
    const port = await serve(
      new Map([
        [1, alike(120_000)],
        [2, alike(140_000)],
        [30, alike(160_000)],
        // Some gateways take 255 for their first device.
        [255, alike(120_000)],
      ]),
    );
    const result = await scan(`tcp://127.0.0.1:${port}`);
    expect(namesOf(result)).toEqual([
      '1 janitza/umg-common',
      '2 janitza/umg-common',
      '30 janitza/umg-common',
    ]);
    expect(result.asked).toHaveLength(249);
    expect(result.remarks).toEqual([
      expect.stringMatching(/ is a gateway with 3 devices; it says of 245 unit ids/),
    ]);
  }, 30_000);

  it.each([
    [4, undefined],
    // Nothing tells this one from a device that lacks what it was asked for: each id is looked into.
    [2, [1, 255, 0, 2, 9, 10, 11]],
  ])(
    'that answers exception %i for ids that are not there hides no meter behind them',
    async (exception, units) => {
      const refuses: RegisterBank = { read: () => ({ exception }) };
      const everyUnit = Array.from({ length: 256 }, (_, unit) => [unit, refuses] as const);
      const port = await serve(
        new Map([
          ...everyUnit,
          [10, mainsBank(profileOf('eastron/sdm630'))],
          [11, { read: () => ({ exception: 3 }) }],
        ]),
      );
      const result = await scan(`tcp://127.0.0.1:${port}`, { units });
      expect(namesOf(result)).toEqual(['1 unknown', '10 eastron/sdm630', '11 unknown']);
      expect(result.asked).toHaveLength(units?.length ?? 249);
      expect(result.requests).toBeLessThan(8 * suspects.requestsMax + 249);
      if (exception === 4)
        expect(result.remarks).toEqual([
          expect.stringMatching(/ is a gateway with 3 devices; it says of 243 unit ids/),
        ]);
    },
    60_000,
  );

  it('that does not let anybody in is an error, not 249 of them', async () => {
    const target = `tcp://127.0.0.1:${await freePort()}`;
    await expect(scan(target)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/nothing listens/),
    });
  });

  it('is left at once when the scan is ended, and what was found is kept', async () => {
    const silent: RegisterBank = { read: () => 'silent' };
    const port = await serve(
      new Map([
        [1, mainsBank(profileOf('carlo-gavazzi/em340'))],
        [2, silent],
      ]),
    );
    const stop = new AbortController();
    let stoppedMs = Number.NaN;
    const result = await scan(`tcp://127.0.0.1:${port}`, {
      units: [1, 2, 3],
      timeoutMs: 60_000,
      signal: stop.signal,
      onAsk: () => {
        setTimeout(() => {
          stoppedMs = performance.now();
          stop.abort();
        }, 2000);
      },
    });
    expect(performance.now() - stoppedMs).toBeLessThan(2000);
    expect(namesOf(result)).toEqual(['1 carlo-gavazzi/em340']);
    expect(result.isComplete).toBe(false);
  }, 20_000);
});

describe('a device server without Modbus', () => {
  it('is asked unit after unit', async () => {
    const server = await startRtuServer({
      at: { host: '127.0.0.1', port: 0 },
      units: new Map([
        [2, mainsBank(profileOf('eastron/sdm120'))],
        [5, mainsBank(profileOf('schneider/iem3000'))],
      ]),
    });
    cleanUps.push(() => server.close());
    const result = await scan(`rtu+tcp://127.0.0.1:${server.port}`, {
      units: [0, 1, 2, 3, 4, 5],
      timeoutMs: 400,
    });
    expect(namesOf(result)).toEqual(['2 eastron/sdm120', '5 schneider/iem3000']);
    // Unit 0 means all of them, and is nobody.
    expect(result.asked).toHaveLength(5);
  }, 30_000);
});

// A pseudo-terminal takes every baud rate and parity, so that a wrong one cannot be seen here.
describe.skipIf(requireTool('socat') === undefined)('a serial port', () => {
  it('is asked with the usual settings, and keeps the first that finds a device', async () => {
    const pair = await openSerialPair();
    cleanUps.push(() => pair.close());
    const server = await startRtuServer({
      at: { path: pair.far, baudRate: 9600, parity: 'none', stopBits: 1 },
      units: new Map([
        [3, mainsBank(profileOf('eastron/sdm630'))],
        [12, mainsBank(profileOf('socomec/diris-b30'))],
      ]),
    });
    cleanUps.push(() => server.close());
    const plan = planScan(
      { kind: 'serial', path: pair.near },
      { timeoutMs: 250, baudRates: [19_200, 9600], ratePerSecond: 500 },
    );
    const asked: string[] = [];
    const fewer: number[] = [];
    const progress: ScanProgress = {
      onAsk: (endpoint, unit) => asked.push(`${describeEndpoint(endpoint)} ${unit}`),
      onFound: () => {},
      onFewer: (asksMax) => fewer.push(asksMax),
      onRemark: () => {},
    };
    const stop = new AbortController();
    const result = await runScan(
      { ...plan, moreUnits: [11, 12, 13] },
      { createClient: createModbusClient, suspects, progress, signal: stop.signal },
    );
    expect(namesOf(result)).toEqual(['3 eastron/sdm630', '12 socomec/diris-b30']);
    expect(asked).toHaveLength(10 + 3);
    expect(fewer).toEqual([10 + 3]);
    expect(asked.every((one) => one.includes('19200 8N1'))).toBe(true);
  }, 60_000);

  it('goes on to the next setting where nobody answers', async () => {
    const pair = await openSerialPair();
    cleanUps.push(() => pair.close());
    const asked: string[] = [];
    const plan = planScan(
      { kind: 'serial', path: pair.near },
      { timeoutMs: 50, baudRates: [9600, 19_200], units: [1, 2], ratePerSecond: 500 },
    );
    const result = await runScan(plan, {
      createClient: createModbusClient,
      suspects,
      progress: {
        onAsk: (endpoint) => asked.push(describeEndpoint(endpoint).replace(pair.near, '')),
        onFound: () => {},
        onFewer: () => {},
        onRemark: () => {},
      },
      signal: new AbortController().signal,
    });
    expect(result).toMatchObject({ devices: [], isComplete: true });
    expect([...new Set(asked)]).toEqual([' 9600 8N1', ' 9600 8E1', ' 19200 8N1', ' 19200 8E1']);
  }, 30_000);

  it('that is not there is an error with its cure, not a search in vain', async () => {
    await expect(
      runScan(planScan({ kind: 'serial', path: '/dev/ttyMillwattNone' }), {
        createClient: createModbusClient,
        suspects,
        progress: { onAsk: () => {}, onFound: () => {}, onFewer: () => {}, onRemark: () => {} },
        signal: new AbortController().signal,
      }),
    ).rejects.toMatchObject({ code: 'refused', cure: expect.stringMatching(/adapter/) });
  });
});

/** A port of the system's choice on which nobody listens (any more). */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A TCP server that never says a word. */
async function listen(host: string, port: number): Promise<void> {
  const server = createServer((socket) => {
    cleanUps.push(() => void socket.destroy());
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => {
    server.listen(port, host, resolve);
  });
  cleanUps.push(() => void server.close());
}
