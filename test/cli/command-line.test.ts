import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, run, startMeter, writeAgentFile, writeCollectorFile } from '../e2e/fault-rig.ts';
import { findFreePort } from '../support/mosquitto.ts';

const COMMANDS = [
  'demo',
  'agent',
  'collector',
  'check',
  'scan',
  'probe',
  'profiles',
  'simulate',
  'hours',
  'doctor',
];

/** Runs a command to its end. */
async function finish(folder: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const started = run(folder, args);
  const code = await started.exited;
  return { code, output: started.output() };
}

describe('the command line', () => {
  it('has help with an example for every command', async () => {
    const folder = makeFolder();
    const overview = await finish(folder, '--help');
    expect(overview.code).toBe(0);
    for (const command of COMMANDS) {
      expect(overview.output).toContain(`  ${command} `);
      const help = await finish(folder, command, '--help');
      expect(help.code, command).toBe(0);
      expect(help.output, command).toMatch(new RegExp(`Example:\\n {2}millwatt ${command}`));
    }
  });

  it('ends with 2 when the line itself is wrong, and with 1 when what it asks for fails', async () => {
    const folder = makeFolder();
    for (const args of [['frobnicate'], ['agent'], ['hours', '-c', 'x', '--colour'], []])
      expect((await finish(folder, ...args)).code, args.join(' ')).toBe(2);
    for (const args of [
      ['agent', '-c', 'none.yaml'],
      ['check', '-c', 'none.yaml'],
      ['doctor', '-c', 'none.yaml'],
    ]) {
      const { code, output } = await finish(folder, ...args);
      expect(code, args.join(' ')).toBe(1);
      expect(output).toContain('none.yaml is not there');
      expect(output).not.toContain('    at ');
    }
    const version = await finish(folder, '--version');
    const { version: expected } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect(version).toEqual({ code: 0, output: `${expected}\n` });
  });

  it('ends without a word when whoever reads its output has seen enough', async () => {
    const cli = join(import.meta.dirname, '../../cli/millwatt.ts');
    const child = spawn(process.execPath, [cli, 'profiles', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = (await once(child, 'close')) as [number | null];
    expect([code, errors]).toEqual([141, '']);
  });

  it('check tells findings of several files as JSON', async () => {
    const folder = makeFolder();
    writeAgentFile(folder, { brokerPort: 1883, meters: { meter: 502 } });
    writeFileSync(
      join(folder, 'bad.yaml'),
      'site: plant-1\nbroker: { embedded: {} }\nmachines: []\nfoo: 1\n',
    );
    const { code, output } = await finish(folder, 'check', '--json', '-c', 'agent.yaml', 'bad.yaml');
    expect(code).toBe(1);
    const { ok, reports } = JSON.parse(output) as {
      ok: boolean;
      reports: { file: string; kind: string; findings: { line: number; path: string; cure: string }[] }[];
    };
    expect(ok).toBe(false);
    expect(reports[0]).toMatchObject({ file: 'agent.yaml', kind: 'agent' });
    expect(reports[1]?.findings).toContainEqual(expect.objectContaining({ line: 4, path: 'foo' }));
    expect(reports[1]?.findings.every(({ cure }) => cure !== '')).toBe(true);
    const good = await finish(folder, 'check', '-c', 'agent.yaml');
    expect(good.code).toBe(0);
    expect(good.output).toContain('agent.yaml: good (agent configuration)');
  });

  it('check compares the files it is given', async () => {
    const folder = makeFolder();
    writeAgentFile(folder, { brokerPort: 1883, meters: { meter: 502 } });
    writeFileSync(join(folder, 'collector.yaml'), 'site: plant-9\nbroker: { embedded: {} }\nmachines: []\n');
    const { code, output } = await finish(folder, 'check', '-c', 'agent.yaml', 'collector.yaml');
    expect(code).toBe(0);
    expect(output).toContain(
      'agent.yaml says site plant-1, collector.yaml says plant-9; they will never meet.',
    );
  });

  it('profiles lists, explains, and guesses what was meant', async () => {
    const folder = makeFolder();
    const list = await finish(folder, 'profiles');
    expect(list.code).toBe(0);
    expect(list.output).toContain('siemens/pac3200');
    const one = await finish(folder, 'profiles', 'siemens/pac3200');
    expect(one.output).toMatch(/activePower +65 +f32/);
    expect(one.output).toMatch(/^source: /m);
    const wrong = await finish(folder, 'profiles', 'siemens/pac320');
    expect(wrong.code).toBe(1);
    expect(wrong.output).toContain('cure: Did you mean siemens/pac3200?');
    const json = JSON.parse((await finish(folder, 'profiles', '--json')).output) as { id: string }[];
    expect(json.map(({ id }) => id)).toContain('shelly/pro-3em');
  });

  it('probe shows values with units, tells a dead source apart, and prints JSON', async () => {
    const folder = makeFolder();
    const meter = await startMeter();
    const dead = await findFreePort();
    writeAgentFile(folder, { brokerPort: 1883, meters: { meter: meter.port, dead } });
    const both = await finish(folder, 'probe', '-c', 'agent.yaml', '--once');
    expect(both.code).toBe(1);
    expect(both.output).toMatch(/mill-1\.supply\.activePower +40\d\d +W +good/);
    expect(both.output).toMatch(/dead .*\n.*cannot be reached: .*ECONNREFUSED.* Cure: Check host and port/);
    const one = await finish(folder, 'probe', '-c', 'agent.yaml', '--once', '--source', 'meter', '--json');
    expect(one.code).toBe(0);
    expect(JSON.parse(one.output)).toMatchObject({
      source: 'meter',
      error: null,
      readings: [
        { channel: 'mill-1.supply.activePower', unit: 'W', quality: 'good' },
        { channel: 'mill-1.supply.activeEnergyImport', unit: 'Wh', quality: 'good' },
      ],
    });
    const unknown = await finish(folder, 'probe', '-c', 'agent.yaml', '--once', '--source', 'metre');
    expect(unknown.code).toBe(1);
    expect(unknown.output).toContain('Choose one of: meter, dead.');
  });

  it('probe goes on until Ctrl-C, and a dead source holds up no other', async () => {
    const folder = makeFolder();
    const meter = await startMeter();
    writeAgentFile(folder, { brokerPort: 1883, meters: { meter: meter.port, dead: await findFreePort() } });
    const probe = run(folder, ['probe', '-c', 'agent.yaml']);
    await probe.waitFor(/(activePower[^]*){3}/);
    process.kill(probe.pid, 'SIGINT');
    expect(await probe.exited).toBe(0);
  });

  it('doctor tries what an agent needs', async () => {
    const folder = makeFolder();
    const meter = await startMeter();
    const [brokerPort, httpPort] = [await findFreePort(), await findFreePort()];
    writeAgentFile(folder, { brokerPort, meters: { meter: meter.port, dead: await findFreePort() } });
    const bad = await finish(folder, 'doctor', '-c', 'agent.yaml', '--json');
    expect(bad.code).toBe(1);
    const { ok, examinations } = JSON.parse(bad.output) as {
      ok: boolean;
      examinations: { subject: string; result: string; message: string; cure: string }[];
    };
    expect(ok).toBe(false);
    const resultOf = (subject: string) => examinations.find((one) => one.subject === subject);
    expect(resultOf('source meter')).toMatchObject({ result: 'good' });
    expect(resultOf('source dead')).toMatchObject({
      result: 'failed',
      cure: expect.stringMatching(/Check host and port/),
    });
    expect(resultOf('broker')).toMatchObject({
      result: 'failed',
      message: expect.stringMatching(/Nothing listens/),
      cure: expect.stringMatching(/Start the broker/),
    });

    writeCollectorFile(folder, { broker: `{ embedded: { port: ${brokerPort} } }`, httpPort });
    const before = await finish(folder, 'doctor', '-c', 'collector.yaml');
    expect(before.output).toContain('Everything that was tried works.');
    expect(before.code).toBe(0);
    const collector = run(folder, ['collector', '-c', 'collector.yaml']);
    await collector.waitFor(/The page is served/);
    writeAgentFile(folder, { brokerPort, meters: { meter: meter.port } });
    const good = await finish(folder, 'doctor', '-c', 'agent.yaml');
    expect(good.output).toContain('lets us in');
    expect(good.code).toBe(0);
    const taken = await finish(folder, 'doctor', '-c', 'collector.yaml');
    expect(taken.code).toBe(0);
    expect(taken.output).toMatch(/good +page: 127\.0\.0\.1:\d+ is taken by this collector: it is running/);
    expect(taken.output).toMatch(/good +embedded broker: .* is taken by this collector/);
    const text = readFileSync(join(folder, 'collector.yaml'), 'utf8');
    writeFileSync(join(folder, 'other.yaml'), text.replace(/^site: .*/m, 'site: another'));
    const other = await finish(folder, 'doctor', '-c', 'other.yaml');
    expect(other.code).toBe(1);
    expect(other.output).toMatch(/failed +page: 127\.0\.0\.1:\d+ cannot be listened on.*\n +cure: /);
  });
});
