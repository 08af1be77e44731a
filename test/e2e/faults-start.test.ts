import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findFreePort } from '../support/mosquitto.ts';
import { makeFolder, onEnd, run, writeAgentFile, writeCollectorFile } from './fault-rig.ts';

/** Takes a port for the length of the test. */
async function takePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onEnd(() => void server.close());
  return (server.address() as { port: number }).port;
}

describe('what keeps millwatt from starting is said with its cure, and the exit code is 1', () => {
  it('a wrong configuration: every finding at once, with file, line and column', async () => {
    const folder = makeFolder();
    writeFileSync(
      join(folder, 'agent.yaml'),
      [
        'site: plant-1',
        'agent: gateway-1',
        'broker: { url: "mqtt://127.0.0.1" }',
        'sources:',
        '  - id: meter',
        '    protocol: modbus-tcp',
        '    host: 127.0.0.1',
        '    profile: siemens/pac320',
        '    machine: mill-1',
        '    every: 1 lightyear',
        '    colour: red',
        '',
      ].join('\n'),
    );
    const agent = run(folder, ['agent', '-c', 'agent.yaml']);
    expect(await agent.exited).toBe(1);
    for (const place of [
      /agent\.yaml:8:\d+: .*profile/,
      /agent\.yaml:10:\d+: .*every/,
      /agent\.yaml:11:\d+: .*colour/,
    ])
      expect(agent.output()).toMatch(place);
    expect(agent.output()).toContain('siemens/pac3200');
    expect(agent.output()).toContain(
      'cure: Correct the 3 places above, then run: millwatt check -c agent.yaml',
    );
  });

  it('a configuration that is not there', async () => {
    const collector = run(makeFolder(), ['collector', '-c', 'nowhere.yaml']);
    expect(await collector.exited).toBe(1);
    expect(collector.output()).toMatch(/nowhere\.yaml is not there\.\n {2}cure: /);
  });

  it('a data folder that cannot be written', async () => {
    const folder = makeFolder();
    // Below a file there can be no folder, not even for root.
    writeFileSync(join(folder, 'file'), '');
    writeAgentFile(folder, { brokerPort: await findFreePort(), meters: { meter: 1 }, data: './file/agent' });
    writeCollectorFile(folder, {
      broker: `{ embedded: { port: ${await findFreePort()} } }`,
      httpPort: await findFreePort(),
      data: './file/collector',
    });
    const agent = run(folder, ['agent', '-c', 'agent.yaml']);
    const collector = run(folder, ['collector', '-c', 'collector.yaml']);
    expect(await agent.exited).toBe(1);
    expect(await collector.exited).toBe(1);
    expect(agent.output()).toMatch(/file\/agent cannot be used: .*\n {2}cure: .*choose another with `data:`/);
    expect(collector.output()).toMatch(
      /file\/collector cannot be used: .*\n {2}cure: .*choose another with `data:`/,
    );
    expect(agent.output() + collector.output()).not.toContain('    at ');
  });

  it('a folder that another process has', async () => {
    const folder = makeFolder();
    const ports = [await findFreePort(), await findFreePort()];
    writeCollectorFile(folder, { broker: `{ embedded: { port: ${ports[0]} } }`, httpPort: ports[1] ?? 0 });
    writeAgentFile(folder, { brokerPort: ports[0] ?? 0, meters: { meter: 1 } });
    const first = run(folder, ['agent', '-c', 'agent.yaml']);
    await first.waitFor(/The agent runs/);
    const second = run(folder, ['agent', '-c', 'agent.yaml']);
    expect(await second.exited).toBe(1);
    expect(second.output()).toMatch(/Another agent is using the folder .*\n {2}cure: Stop the other agent/);
    expect(await first.stop()).toBe(0);
  });

  it('the port of the page or of the embedded broker is taken', async () => {
    const taken = await takePort();
    const [one, other] = [makeFolder(), makeFolder()];
    writeCollectorFile(one, {
      broker: `{ embedded: { port: ${await findFreePort()} } }`,
      httpPort: taken,
    });
    writeCollectorFile(other, { broker: `{ embedded: { port: ${taken} } }`, httpPort: await findFreePort() });
    const page = run(one, ['collector', '-c', 'collector.yaml']);
    const broker = run(other, ['collector', '-c', 'collector.yaml']);
    expect(await page.exited).toBe(1);
    expect(await broker.exited).toBe(1);
    expect(page.output()).toMatch(new RegExp(`Port ${taken} of 127.0.0.1 is taken.\\n  cure: .*http.port`));
    expect(broker.output()).toMatch(
      new RegExp(
        `broker cannot listen on 127.0.0.1:${taken}: .*\\n  cure: .*another port for broker.embedded`,
      ),
    );
  });
});
