import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import * as fc from 'fast-check';
import type { AddressSpace } from 'node-opcua';
import { nodesets } from 'node-opcua-nodesets';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { runBrowse } from '../../cli/browse/browse-command.ts';
import { runBrowseOpcua } from '../../cli/browse/browse-opcua.ts';
import type { BrowseCommandOptions } from '../../cli/browse/browse-options.ts';
import { writePrintableJson } from '../../cli/browse/browse-text.ts';
import { writeOpcuaFragment } from '../../cli/browse/opcua-fragment.ts';
import { drawSurvey } from '../../cli/browse/opcua-view.ts';
import { checkConfig } from '../../config/check.ts';
import { formatFinding } from '../../config/finding.ts';
import type { Survey } from '../../protocols/opcua/browse/survey.ts';
import { createLoadProfile } from '../../protocols/simulator/load-profile.ts';
import { readMeter } from '../../protocols/simulator/machine-meter.ts';
import { startOpcuaMachine, type OpcuaMachine } from '../../protocols/simulator/opcua-machine.ts';
import { makeFolder, onEnd, run } from '../e2e/fault-rig.ts';
import { buildGermanMachine } from '../protocols/opcua/model/german-machine.ts';
import { CNC_NODESETS, setUnit } from '../protocols/opcua/model/machine-space.ts';
import { startTestServer, type TestServer } from '../protocols/opcua/model/test-server.ts';

interface BrowseJson {
  machines: { name: string; isMachineTool: boolean }[];
  models: {
    model: string;
    device: Record<string, string>;
    measured: { point: string; component: string; value: number | null; unit: string; accuracy?: object }[];
    statuses: { point: string; status: string; value: unknown }[];
  }[];
  others: { path: string; node: string; value: number; unit: string | null }[];
  fragment: string;
}

async function browse(folder: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const started = run(folder, ['browse', ...args], { TMPDIR: folder });
  return { code: await started.exited, output: started.output() };
}

/** What it prints, run here: a process of its own takes a second. */
async function browseHere(url: string, options: BrowseCommandOptions): Promise<string> {
  const words: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => words.push(String(text)) > 0);
  try {
    await runBrowseOpcua(url, options);
  } finally {
    spy.mockRestore();
  }
  return words.join('');
}

/** stderr comes first, where the server was slow. */
function jsonOf(output: string): BrowseJson {
  return JSON.parse(output.slice(output.indexOf('{\n'))) as BrowseJson;
}

/** Errors of an agent's file with this fragment in it, and how many sources it has. */
function checkFragment(fragment: string, folder = makeFolder()): { errors: string[]; sources: number } {
  const text = `site: plant\nagent: hall-1\nbroker: { url: "mqtt://127.0.0.1:1883" }\nsources:\n${fragment}`;
  const file = join(folder, 'agent.yaml');
  writeFileSync(file, text);
  const { config, findings } = checkConfig(text, file, 'agent');
  return {
    errors: findings.filter(({ severity }) => severity === 'error').map(formatFinding),
    sources: (config as { sources?: unknown[] } | undefined)?.sources?.length ?? 0,
  };
}

describe('millwatt browse at a machine tool without security', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer(CNC_NODESETS, buildGermanMachine);
  }, 60_000);
  afterAll(() => server.close());

  test('shows what models find with values, units and accuracy, and a fragment that passes check', async () => {
    const folder = makeFolder();
    const { code, output } = await browse(folder, server.endpoint, '--security', 'none', '--json');
    expect(code, output).toBe(0);
    // No certificate is left behind, neither there nor among the temporary files.
    expect(readdirSync(folder)).toEqual([]);
    const json = jsonOf(output);
    expect(json.machines).toMatchObject([{ name: 'Fräse', isMachineTool: true }]);
    expect(json.models).toHaveLength(1);
    expect(json.models[0]?.device).toMatchObject({ manufacturer: 'Muster Maschinen' });
    expect(json.models[0]?.measured).toContainEqual(
      expect.objectContaining({
        point: 'CncSpindleList/S1/ActPower',
        component: 'spindle',
        value: 3500,
        unit: 'W',
      }),
    );
    expect(json.models[0]?.measured[0]).toMatchObject({
      value: 7100,
      accuracy: { class: '0.5%', domain: 'PERCENT_FULL_SCALE' },
    });
    expect(json.models[0]?.statuses).toContainEqual(
      expect.objectContaining({ status: 'itemState', value: 'Executing' }),
    );
    expect(json.others.every(({ node }) => /^nsu=[^;]+;[sigb]=/.test(node))).toBe(true);
    expect(json.fragment).not.toMatch(/ns=\d/);
    expect(json.fragment).toContain('model: machinetool');
    expect(checkFragment(json.fragment)).toEqual({ errors: [], sources: 1 });
    expect(server.requestsOf('CallRequest', 'WriteRequest')).toBe(0);
  });

  test('is read by people, too', async () => {
    const output = await browseHere(server.endpoint, { security: 'none' });
    expect(output).toMatch(
      /EnergyMeasurement {2}supply\n {2}AcActivePowerTotal +activePower +7100 W +0\.5% full scale/,
    );
    expect(output).toMatch(/State\/CurrentState\/Number +execution +1 +umati\/ProductionState/);
    expect(output).toMatch(/Other numeric variables\n/);
    expect(output).toMatch(/and \d+ more: look below one with --path, or see all with --all/);
    expect(output).toContain('To paste below sources: in agent.yaml');
  });
});

describe('millwatt browse at a server without any model', () => {
  test('writes nodes with the units that the server names, and the fragment passes check', async () => {
    const server = await startTestServer([nodesets.standard], (space: AddressSpace) => {
      const own = space.registerNamespace('urn:maker:meter');
      const meter = own.addFolder(space.rootFolder.objects, { browseName: 'Meter 1' });
      for (const [name, code, text] of [
        ['Power', 'KWT', 'kW'],
        ['Energy', 'KWH', 'kWh'],
        ['Pressure', 'BAR', 'bar'],
      ] as const) {
        const variable = own.addVariable({
          organizedBy: meter,
          browseName: name,
          nodeId: `s=Meter.${name}`,
          dataType: 'Double',
          value: { dataType: 'Double', value: 12.5 },
        });
        setUnit(variable, code, text);
      }
    });
    onEnd(() => server.close());
    const output = await browseHere(server.endpoint, { security: 'none', json: true });
    const { others, fragment, models } = jsonOf(output);
    expect(models).toEqual([]);
    expect(others.map(({ node, value, unit }) => [node, value, unit])).toEqual([
      ['nsu=urn:maker:meter;s=Meter.Power', 12.5, 'kW'],
      ['nsu=urn:maker:meter;s=Meter.Energy', 12.5, 'kWh'],
      ['nsu=urn:maker:meter;s=Meter.Pressure', 12.5, null],
    ]);
    expect(fragment).toMatch(
      /node: "nsu=urn:maker:meter;s=Meter\.Power"\n +component: meter-1\n +quantity: activePower\n +unit: "kW"/,
    );
    expect(fragment).not.toContain('Pressure');
    expect(checkFragment(fragment)).toEqual({ errors: [], sources: 1 });
  });
});

describe('millwatt browse at a server with security', () => {
  let machine: OpcuaMachine;
  beforeAll(async () => {
    const load = createLoadProfile({ seed: 7, kind: 'machiningCentre', ratedPowerW: 20_000 });
    const atMs = Date.UTC(2026, 10, 18, 8);
    machine = await startOpcuaMachine(
      {
        name: 'Mill1',
        port: 0,
        pkiFolder: join(makeFolder(), 'server-pki'),
        user: { name: 'millwatt', password: 'wachsam-17' },
      },
      {
        moment: () => load.momentAt(atMs),
        measure: (component, quantity, phase) => readMeter(load, component, { quantity, phase }, atMs),
      },
    );
  }, 60_000);
  afterAll(() => machine.close());

  test('refuses a server that nobody trusts yet, and names the command; then shows it', async () => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'password'), 'wachsam-17\n', { mode: 0o600 });
    writeFileSync(
      join(folder, 'agent.yaml'),
      `site: plant\nagent: hall-1\nbroker: { url: "mqtt://127.0.0.1:1883" }\nsources:\n  - { id: m, machine: m, protocol: opcua, endpoint: "${machine.endpoint}", model: machinetool }\n`,
    );
    const login = ['--user', 'millwatt', '--password-file', 'password', '-c', 'agent.yaml'];
    const refused = await browse(folder, machine.endpoint, ...login);
    expect(refused.code).toBe(1);
    expect(refused.output).not.toMatch(/Source browse/);
    const [, command = ''] =
      /millwatt (trust add \S+ -c agent\.yaml)/.exec(refused.output.replace(/\n +/g, ' ')) ?? [];
    expect(command, refused.output).not.toBe('');
    const added = run(folder, command.split(' '));
    expect(await added.exited, added.output()).toBe(0);
    const output = await browseHere(machine.endpoint, {
      user: 'millwatt',
      passwordFile: join(folder, 'password'),
      config: join(folder, 'agent.yaml'),
      json: true,
    });
    const { fragment, models } = jsonOf(output);
    expect(models[0]?.statuses.map(({ status }) => status)).toContain('execution');
    expect(fragment).toContain(`password: "\${file:${join(folder, 'password')}}"`);
    expect(fragment).not.toContain('allowInsecure');
    expect(checkFragment(fragment, folder)).toEqual({ errors: [], sources: 1 });
    expect(refused.output + output).not.toContain('wachsam');
  });

  test('with a folder of certificates of its own the cure names that folder', async () => {
    const folder = makeFolder();
    await expect(browseHere(machine.endpoint, { pki: join(folder, 'mine') })).rejects.toMatchObject({
      message: expect.stringContaining('does not accept clients without a user'),
      cure: expect.stringContaining('Add --user and --password-file of a user that the control knows'),
    });
    writeFileSync(join(folder, 'password'), 'wachsam-17', { mode: 0o600 });
    const login = ['--user', 'millwatt', '--password-file', 'password'];
    const { code, output } = await browse(folder, machine.endpoint, '--pki', 'mine', ...login);
    expect(code).toBe(1);
    const [, from = '', to = ''] =
      /move its file from (\S+) to (\S+)/.exec(output.replace(/\n +/g, ' ')) ?? [];
    expect(from).toMatch(/\/mine\/rejected$/);
    expect(existsSync(from)).toBe(true);
    expect(to).toMatch(/\/mine\/trusted\/certs$/);
    expect(existsSync(to)).toBe(true);
  });
});

describe('millwatt browse that cannot', () => {
  test.each([
    ['192.168.1.30', {}, /is no address of a control/],
    ['opc.tcp://127.0.0.1:1', {}, /nothing says where they are.*--security none/],
    ['opc.tcp://127.0.0.1:1', { security: 'Basic128' }, /is no policy of OPC UA/],
    ['opc.tcp://127.0.0.1:1', { security: 'none', user: 'me' }, /--user and --password-file go together/],
    ['opc.tcp://127.0.0.1:1', { security: 'none', depth: '0' }, /is no depth/],
    ['opc.tcp://127.0.0.1:1', { pki: 'a', config: 'b' }, /name two folders/],
    ['opc.tcp://127.0.0.1:1', { security: 'none', timeout: '1h' }, /is no time/],
    ['http://127.0.0.1:1', { path: 'x' }, /--path is of no use for an MTConnect agent/],
    ['opc.tcp://127.0.0.1:1', { device: 'x' }, /--device is of no use for an OPC UA server/],
  ] as const)('%s %j is wrong on the command line', async (url, options, expected) => {
    const refusal: unknown = await runBrowse(url, options).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'usage' });
    const { message, cure } = refusal as { message: string; cure: string };
    expect(`${message} ${cure}`).toMatch(expected);
  });

  test('a port where nobody listens is said with what to check', async () => {
    const { code, output } = await browse(makeFolder(), 'opc.tcp://127.0.0.1:1', '--security', 'none');
    expect(code).toBe(1);
    expect(output).toMatch(/opc\.tcp:\/\/127\.0\.0\.1:1 refuses connections/);
    expect(output).toMatch(/cure: Check host and port/);
  });

  test('Ctrl-C ends it at once, without a word of a defect, while the server says nothing', async () => {
    const mute = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
    onEnd(() => void mute.close());
    const { port } = await new Promise<{ port: number }>((done) =>
      mute.on('listening', () => done(mute.address() as { port: number })),
    );
    const folder = makeFolder();
    const args = ['browse', `opc.tcp://127.0.0.1:${port}`, '--security', 'none'];
    const started = run(folder, args, { TMPDIR: folder });
    await started.waitFor(/connecting, \d+ s; Ctrl-C ends it/);
    expect(readdirSync(folder)).toHaveLength(1);
    process.kill(started.pid, 'SIGINT');
    expect(await started.exited).toBe(130);
    expect(readdirSync(folder)).toEqual([]);
    expect(started.output()).not.toMatch(/Error|at .*\.ts/);
  });
});

describe('what a server says', () => {
  const hostile = 'Mill\u001b[2J\n  - id: evil';
  const survey: Survey = {
    endpoint: 'opc.tcp://127.0.0.1:4840',
    isInsecure: false,
    machines: [
      { name: hostile, nodeId: 'ns=1;i=1', type: '', isMachineTool: true },
      { name: 'Mill2', nodeId: 'ns=1;i=2', type: '', isMachineTool: true },
    ],
    models: [
      {
        model: 'machinetool',
        instance: hostile,
        found: {
          device: { manufacturer: hostile },
          measured: [],
          statuses: [
            {
              nodeId: 'ns=1;i=3',
              point: `${hostile}/Name`,
              component: 'control',
              status: 'program',
              vocabulary: 'raw',
            },
          ],
          remarks: [hostile],
        },
        values: new Map([['ns=1;i=3', { value: hostile, quality: 'good' }]]),
      },
    ],
    others: [],
    othersLeft: 0,
    start: [],
    remarks: [],
    isCut: false,
  };

  test('never reaches the terminal as a command, nor the configuration as a key', () => {
    const lines = drawSurvey(survey, { policy: 'best' }, 80);
    expect(lines.join('\n')).not.toContain('\u001b');
    const fragment = writeOpcuaFragment(survey, { policy: 'Aes256_Sha256_RsaPss' }).join('\n');
    expect(fragment.split('\n').filter((line) => /^ {2}- id:/.test(line))).toHaveLength(1);
    expect(fragment).toContain('securityPolicy: Aes256_Sha256_RsaPss');
    expect(checkFragment(`${fragment}\n`)).toEqual({ errors: [], sources: 1 });
  });

  test('is the very same where the configuration is read, whatever letters it has', () => {
    const texts = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });
    const special = fc.constantFrom(
      '"',
      "': x",
      '\\',
      '${file:/etc/passwd}',
      '\u009b2J',
      '\u202e',
      '\u{e0001}',
      '\u2028',
    );
    fc.assert(
      fc.property(
        fc.tuple(special, texts).map(([a, b]) => a + b),
        (name) => {
          const [tool] = survey.models;
          if (tool === undefined) throw new Error('there is one');
          const named: Survey = { ...survey, models: [{ ...tool, instance: name }] };
          const fragment = writeOpcuaFragment(named, { policy: 'best' }).join('\n');
          expect(fragment).not.toMatch(/[^\P{C}\n]/u);
          expect(parse(`sources:\n${fragment}\n`)).toMatchObject({ sources: [{ instance: name }] });
          const node = `nsu=urn:maker;s=${name}.`;
          const value = { value: 1, quality: 'good' } as const;
          const others = [{ path: [name, name], node, value, unit: 'kW' }];
          const listed = writeOpcuaFragment({ ...survey, models: [], others }, { policy: 'best' }).join('\n');
          expect(listed).not.toMatch(/[^\P{C}\n]/u);
          expect(parse(`sources:\n${listed}\n`)).toMatchObject({ sources: [{ nodes: [{ node }] }] });
          const json = writePrintableJson({ name });
          expect(json).not.toMatch(/[^\P{C}\n]/u);
          expect(JSON.parse(json)).toEqual({ name });
        },
      ),
      { numRuns: 200 },
    );
  });

  test('no node is written by a number that may mean another one tomorrow', () => {
    const others = ['ns=2;s=Power', 'nsu=urn:maker;s=Power '].map((node) => ({
      path: ['Meter', 'Power'],
      node,
      value: { value: 1, quality: 'good' } as const,
      unit: 'kW',
    }));
    expect(writeOpcuaFragment({ ...survey, models: [], others }, { policy: 'best' })).toEqual([]);
  });

  test('fits into 80 columns but for addresses', () => {
    for (const line of drawSurvey(survey, { policy: 'best' }, 80))
      if (!/nsu=|instance:/.test(line)) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});
