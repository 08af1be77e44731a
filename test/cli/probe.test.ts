import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Examination } from '../../cli/examination.ts';
import type { RegisterBank } from '../../protocols/simulator/modbus-answer.ts';
import { startModbusServer } from '../../protocols/simulator/modbus-server.ts';
import type { Driver } from '../../protocols/driver.ts';
import { probeAsJson } from '../../cli/probe/probe-json.ts';
import { drawSource } from '../../cli/probe/probe-view.ts';
import { makeFolder, onEnd, run, startMeter, writeAgentFile } from '../e2e/fault-rig.ts';
import { mainsBank, profileOf } from '../protocols/modbus/scan/identify-devices.ts';
import { findFreePort } from '../support/mosquitto.ts';

interface ProbeJson {
  source: string;
  profile: string | null;
  error: string | null;
  readings: {
    channel: string;
    value: number | null;
    unit: string;
    quality: string;
    point: string;
    registers: number[] | null;
  }[];
  status: { channel: string; value: unknown; registers: number[] | null }[];
  requests: { text: string; count: number; roundTripMs: number | null; outcome: string }[];
  remarks: Record<string, string>;
}

async function serve(bank: RegisterBank, unit = 1): Promise<number> {
  const server = await startModbusServer({ host: '127.0.0.1', port: 0, units: new Map([[unit, bank]]) });
  onEnd(() => server.close());
  return server.port;
}

async function probe(
  args: string[],
  folder = makeFolder(),
): Promise<{ code: number | null; output: string }> {
  const started = run(folder, ['probe', ...args]);
  return { code: await started.exited, output: started.output() };
}

const readJson = (output: string) => JSON.parse(output.trim()) as ProbeJson;

describe('millwatt probe', () => {
  it('gives scripts every point with its registers, and every request', async () => {
    const folder = makeFolder();
    const meter = await startMeter();
    writeAgentFile(folder, { brokerPort: 1883, meters: { 'mill-1': meter.port } });
    const { code, output } = await probe(['-c', 'agent.yaml', '--once', '--json'], folder);
    expect(code, output).toBe(0);
    const json = readJson(output);
    expect(json).toMatchObject({ source: 'mill-1', profile: 'siemens/pac3200', error: null });
    const power = json.readings.find(({ channel }) => channel === 'mill-1.supply.activePower');
    expect(power).toMatchObject({ unit: 'W', quality: 'good', point: 'fc3 65 f32' });
    const [high = 0, low = 0] = power?.registers ?? [];
    const bytes = Buffer.alloc(4);
    bytes.writeUInt16BE(high, 0);
    bytes.writeUInt16BE(low, 2);
    expect(bytes.readFloatBE(0)).toBe(power?.value);
    expect(json.requests.filter(({ outcome }) => outcome === 'ok').length).toBeGreaterThanOrEqual(2);
    for (const { text, count, roundTripMs } of json.requests) {
      expect(text).toMatch(/^fc3 \d+ \+\d+$/);
      expect(count).toBeGreaterThan(0);
      expect(roundTripMs).toBeGreaterThan(0);
    }
  }, 30_000);

  it('looks at a device that no configuration knows, with all its profile has', async () => {
    const port = await serve(mainsBank(profileOf('siemens/sinamics-g120')), 3);
    const { code, output } = await probe([
      `tcp://127.0.0.1:${port}`,
      '--profile',
      'siemens/sinamics-g120',
      '--unit',
      '3',
      '--once',
      '--json',
    ]);
    expect(code, output).toBe(0);
    const json = readJson(output);
    const { points, statuses } = profileOf('siemens/sinamics-g120');
    expect(json.readings).toHaveLength(points.length);
    expect(json.status).toHaveLength(statuses.length);
    for (const { registers } of [...json.readings, ...json.status])
      expect(registers?.length).toBeGreaterThan(0);
  }, 30_000);

  it('finds the profile out by itself where only one fits, and says which where several do', async () => {
    const port = await serve(mainsBank(profileOf('carlo-gavazzi/em340')));
    const { code, output } = await probe([`tcp://127.0.0.1:${port}`, '--once']);
    expect(code, output).toBe(0);
    expect(output).toContain('carlo-gavazzi/em340');
    expect(output).toMatch(/probe\.meter\.voltage\.l1 +230\.4 +V +good +0900 0000 +fc4 0 i32/);

    const pac = await serve(mainsBank(profileOf('siemens/pac3200')));
    const tie = await probe([`tcp://127.0.0.1:${pac}`, '--once']);
    expect(tie.code).toBe(2);
    expect(tie.output).toMatch(/fits siemens\/pac2200, siemens\/pac3200.*the nameplate tells which/);
  }, 30_000);

  it.each([
    [['tcp://127.0.0.1:1', '--unit', '3-5'], /"3-5" is more than one unit id/],
    [['tcp://127.0.0.1:1', '--baud', '9600'], /is no serial port/],
    [['/dev/ttyUSB0', '--parity', 'none,even'], /more than one parity/],
    [['tcp://127.0.0.1:1', '--profiles', '/nowhere/profiles'], /"\/nowhere\/profiles" is no folder/],
  ])('refuses %j before anything is asked', async (args, words) => {
    const { code, output } = await probe([...args, '--once']);
    expect(code, output).toBe(2);
    expect(output).toMatch(words);
  });

  it('says that the device may be another than the configuration means, and so does doctor', async () => {
    const bank = mainsBank(profileOf('siemens/pac3200'), { details: { serial: 'LQN/130412' } });
    const port = await serve(bank);
    const folder = makeFolder();
    writeFileSync(
      join(folder, 'agent.yaml'),
      `site: s
agent: a
broker: { url: "mqtt://127.0.0.1:${await findFreePort()}" }
sources:
  - { id: meter, protocol: modbus-tcp, host: 127.0.0.1, port: ${port}, profile: siemens/pac3200, machine: m,
      meter: { serial: "LQN/999", class: "1" } }
`,
    );
    const words = /device of source meter .*LQN\/130412\. Its readings are kept/;
    const json = readJson((await probe(['-c', 'agent.yaml', '--once', '--json'], folder)).output);
    expect(json).toMatchObject({ error: null, warnings: [expect.stringMatching(words)] });
    expect((await probe(['-c', 'agent.yaml', '--once'], folder)).output).toMatch(words);
    const doctor = run(folder, ['doctor', '-c', 'agent.yaml', '--json']);
    await doctor.exited;
    const { examinations } = JSON.parse(doctor.output()) as { examinations: Examination[] };
    expect(examinations.filter(({ subject }) => subject === 'source meter')).toMatchObject([
      { result: 'good' },
      { result: 'warning', message: expect.stringMatching(words) },
    ]);
  }, 30_000);

  it('looks at one of the slower groups of a source, too', async () => {
    const port = await serve(mainsBank(profileOf('siemens/pac3200')));
    const folder = makeFolder();
    writeFileSync(
      join(folder, 'agent.yaml'),
      `site: s
agent: a
broker: { url: "mqtt://127.0.0.1:1883" }
sources:
  - { id: meter, protocol: modbus-tcp, host: 127.0.0.1, port: ${port}, profile: siemens/pac3200, machine: m,
      read: [activePower], slower: [{ every: 10s, read: [activeEnergyImport] }], meter: { class: "1" } }
`,
    );
    const slow = readJson(
      (await probe(['agent.yaml', '--source', 'meter-10s', '--once', '--json'], folder)).output,
    );
    expect(slow.source).toBe('meter-10s');
    expect(slow.readings.map(({ channel }) => channel)).toEqual(['m.supply.activeEnergyImport']);
    const all = await probe(['agent.yaml', '--source', 'meter', '--once', '--json'], folder);
    expect(all.output.trim().split('\n')).toHaveLength(2);
    const none = await probe(['agent.yaml', '--source', 'meter-5s', '--once'], folder);
    expect(none.output).toContain('Choose one of: meter, meter-10s.');
  }, 30_000);

  it('says of a scale that nobody states, and of percent, that they are not known', async () => {
    const port = await serve(mainsBank(profileOf('mitsubishi/fr-a700')));
    const { output } = await probe([`tcp://127.0.0.1:${port}`, '--profile', 'mitsubishi/fr-a700', '--once']);
    expect(output).toContain('no source states its scale; shown as if one count were 1 kW');
    const drive = await serve(mainsBank(profileOf('schneider/altivar-312')));
    const percent = await probe([`tcp://127.0.0.1:${drive}`, '--profile', 'schneider/altivar-312', '--once']);
    expect(percent.output).toContain('activePower: shown in percent');
  }, 30_000);

  it('names registers that the device refuses, when they are asked for again, and how it reads round them', async () => {
    const bank = mainsBank(profileOf('siemens/pac3200'));
    const port = await serve({
      read: (code, address, count) =>
        address <= 63 && address + count > 63 ? { exception: 2 } : bank.read(code, address, count),
    });
    const { code, output } = await probe([
      `tcp://127.0.0.1:${port}`,
      '--profile',
      'siemens/pac3200',
      '--once',
    ]);
    expect(code, output).toBe(0);
    expect(output).toMatch(/probe\.meter\.apparentPower: the device .*fc3 63 \+2; asked again at 20/);
    // The hole is remembered: what is asked now lies on both sides of it.
    expect(output).toMatch(/fc3 1 \+\d+ +\d+ +\d+\.\d ms +ok/);
    expect(output).toMatch(/fc3 65 \+\d+ +\d+ +\d+\.\d ms +ok/);
    expect(output).not.toContain('exception');
    expect(output).toMatch(/probe\.meter\.activePower +1000 +W +good/);
    expect(output).toMatch(/probe\.meter\.apparentPower +- +VA +no value +-/);
  }, 30_000);

  it('fails with the reason and the request where the device does not answer', async () => {
    const port = await serve({ read: () => 'silent' });
    const { code, output } = await probe([
      `tcp://127.0.0.1:${port}`,
      '--profile',
      'siemens/pac3200',
      '--once',
    ]);
    expect(code).toBe(1);
    expect(output).toMatch(/did not answer within/);
    expect(output).toMatch(/fc3 1 \+70 +70 +- +timeout/);
    const nobody = await probe([`tcp://127.0.0.1:${await findFreePort()}`, '--once']);
    expect(nobody.code).toBe(1);
    expect(nobody.output).toMatch(/cure: Check host and port/);
  }, 30_000);

  it.each([
    [[], /Nothing says what to probe/],
    [['-c', 'agent.yaml', 'tcp://127.0.0.1'], /cannot both be probed/],
    [['10.0.0.0/24'], /millwatt scan 10\.0\.0\.0\/24 --network/],
    [['tcp://127.0.0.1', '--unit', '256'], /no unit id of 0 to 255/],
    [['tls://127.0.0.1'], /cannot be probed by its address: TLS needs certificates/],
    [['meter 3'], /"meter 3" is nothing that can be probed[^]*-c agent\.yaml/],
  ])('refuses %j as a slip on the command line', async (args, message) => {
    const { code, output } = await probe(args);
    expect(code, output).toBe(2);
    expect(output).toMatch(message);
  });
});

describe('the table', () => {
  const channel = (id: string, point: string) => ({
    kind: 'measured' as const,
    id,
    machine: 'mill-1',
    component: 'supply',
    quantity: 'activeEnergyImport' as const,
    phase: 'total' as const,
    source: 'meter',
    point,
    scale: ['1', '1'] as [string, string],
  });
  const id = 'mill-1.supply.activeEnergyImport';
  const driver: Driver = {
    description: { id: 'meter', protocol: 'modbus-tcp', address: '192.168.1.20:502 unit 1', everyMs: 1000 },
    channels: [channel(id, 'fc3 801 f64 + fc3 805 f64')],
    poll: () => Promise.reject(new Error('not polled here')),
    onStatus: () => {},
    trace: () => ({
      requests: [{ text: 'fc3 801 +8', count: 8, roundTripMs: 1.5, outcome: 'ok' }],
      raw: new Map([[id, Uint16Array.from([1, 2, 3, 4, 5, 6, 7, 8])]]),
      remarks: new Map([[id, 'the device refuses it, at length, so that the line must be broken somewhere']]),
    }),
    close: () => Promise.resolve(),
  };
  const DOUBT = 'the device of source meter tells another serial number, and this is said at some length';
  const outcome = {
    poll: {
      atMs: 0,
      roundTripMs: 1.5,
      readings: [{ channel: id, value: 123_456_789, quality: 'good' as const }],
    },
  };

  it.each([60, 80, 140])('fits %i columns', (width) => {
    const lines = drawSource(driver, outcome, new Map(), { ofPoints: new Map(), ofDevice: [DOUBT] }, width);
    for (const line of lines.slice(1)) expect(line.length, line).toBeLessThanOrEqual(width);
    const text = lines.join('\n');
    expect(text).toContain('123456789.0');
    expect(text.replaceAll('\n', ' ')).toContain(DOUBT);
    expect(text.includes('mill-1.supply.')).toBe(width === 140);
    expect(text.includes('0001 0002 0003 0004 0005')).toBe(width === 140);
    expect(text.includes('fc3 805 f64')).toBe(width === 140);
  });

  it.each([
    [2.3e-38, true],
    [-4e15, true],
    [0, false],
    [1e11, false],
    [null, false],
  ])('says of %j whether it looks like a wrong word order', (value, isAbsurd) => {
    const poll = { ...outcome.poll, readings: [{ channel: id, value, quality: 'good' as const }] };
    const remarks = { ofPoints: new Map<string, string>(), ofDevice: [] };
    const lines = drawSource(driver, { poll }, new Map(), remarks, 80);
    expect(lines.join(' ').includes('looks like a wrong word order')).toBe(isAbsurd);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    const json = JSON.stringify(probeAsJson(driver, { poll }, new Map(), remarks));
    expect(json.includes('looks like a wrong word order')).toBe(isAbsurd);
  });

  it('says which columns have no room', () => {
    const remarks = { ofPoints: new Map<string, string>(), ofDevice: [] };
    expect(drawSource(driver, outcome, new Map(), remarks, 60).join(' ')).toMatch(/left out \(.*\): widen/);
    expect(drawSource(driver, outcome, new Map(), remarks, 200).join(' ')).not.toContain('left out');
  });

  it('shows no registers where a protocol has none', () => {
    const plain: Driver = { ...driver };
    Reflect.deleteProperty(plain, 'trace');
    const text = drawSource(plain, outcome, new Map(), { ofPoints: new Map(), ofDevice: [] }, 140).join('\n');
    expect(text).not.toContain('registers');
    expect(text).toContain('fc3 801');
  });
});
