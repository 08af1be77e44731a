import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { runBrowse } from '../../cli/browse/browse-command.ts';
import { browseMtconnect } from '../../cli/browse/browse-mtconnect.ts';
import { writePrintableJson } from '../../cli/browse/browse-text.ts';
import { checkConfig } from '../../config/check.ts';
import { makeFolder, onEnd, run } from '../e2e/fault-rig.ts';
import { ScriptedAgent, type ScriptedItem } from '../protocols/mtconnect/scripted-agent.ts';

const ITEMS: readonly ScriptedItem[] = [
  { id: 'av', category: 'EVENT', type: 'AVAILABILITY', at: 'device' },
  { id: 'w', category: 'SAMPLE', type: 'WATTAGE', at: 'electric', more: 'units="KILOWATT"' },
  { id: 'pf', category: 'SAMPLE', type: 'POWER_FACTOR', at: 'electric' },
  { id: 'xp', category: 'SAMPLE', type: 'POSITION', at: 'axis', more: 'units="MILLIMETER"' },
  { id: 'ex', category: 'EVENT', type: 'EXECUTION', at: 'path' },
];

const agents: ScriptedAgent[] = [];
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.stop()));
});

async function startAgent(): Promise<ScriptedAgent> {
  const agent = new ScriptedAgent(ITEMS);
  agents.push(agent);
  await agent.start();
  return agent;
}

function findingsOf(lines: readonly string[]) {
  const start = lines.findIndex((line) => line.startsWith('For sources:')) + 1;
  const fragment = lines.slice(start).join('\n');
  const text = `site: plant\nagent: hall-1\nbroker: { url: "mqtt://127.0.0.1:1883" }\nsources:\n${fragment}\n`;
  return {
    fragment,
    findings: checkConfig(text, 'agent.yaml', 'agent').findings,
    bare: checkConfig(text.replaceAll(/^ {4}#(items:| {2}- )/gm, '    $1'), 'agent.yaml', 'agent').findings,
  };
}

describe('browsing an MTConnect agent', () => {
  it('shows what is read, what waits for a unit, and what is left out, with values of now', async () => {
    const agent = await startAgent();
    agent.tell('w', '3.2');
    agent.tell('ex', 'ACTIVE\u001b[31m'.replaceAll('\u001b', '&#x85;'));
    agent.tell('xp', '17.5');
    const { lines, json } = await browseMtconnect(`${agent.url}/probe`, { timeoutMs: 3000, width: 100 });
    const text = lines.join('\n');
    expect(text).toMatch(/electric\.activePower +w_n +kW \(KILOWATT\) +3\.2/);
    expect(text).toMatch(/control\.execution +ex_n +mtconnect\/Execution +ACTIVE/);
    expect(text).toMatch(/pf_n +powerFactor +electric +-/);
    expect(text).toMatch(/xp_n +POSITION +MILLIMETER +17\.5/);
    expect(text).not.toMatch(/[\u0080-\u009f]/);
    expect(json).toMatchObject({
      protocol: 'mtconnect',
      url: agent.url,
      devices: ['Mill'],
      withoutUnit: [{ item: 'pf', quantity: 'powerFactor', value: null }],
    });
  });

  it('prints a configuration that passes the check, with and without its comments', async () => {
    const agent = await startAgent();
    const { lines } = await browseMtconnect(agent.url, { timeoutMs: 3000 });
    const { fragment, findings, bare } = findingsOf(lines);
    expect(findings).toEqual([]);
    expect(bare).toEqual([]);
    expect(fragment).toContain('#  - { item: "pf", unit: "1" }');
    expect(fragment).toContain('component: supply');
  });

  it('names the devices where there are several', async () => {
    const agent = await startAgent();
    agent.devices = agent.probe().replace('</Devices>', '<Device id="d2" name="Lathe" uuid="u2"/></Devices>');
    const { lines } = await browseMtconnect(agent.url, { timeoutMs: 3000 });
    expect(lines.join(' ')).toMatch(/2 devices: Mill, Lathe\. .*--device/);
    const chosen = await browseMtconnect(agent.url, { timeoutMs: 3000, device: 'Mill' });
    expect(chosen.lines).toContain('    device: "Mill"');
    expect(findingsOf(chosen.lines).findings).toEqual([]);
  });

  it('says what it has where it is ended before the values come', async () => {
    const agent = await startAgent();
    const stop = new AbortController();
    stop.abort();
    await expect(browseMtconnect(agent.url, { timeoutMs: 3000, signal: stop.signal })).rejects.toMatchObject({
      code: 'stopped',
    });

    const later = new AbortController();
    const slow = createHttpServer((request, response) => {
      if (request.url?.endsWith('/probe') === true) response.end(agent.probe());
      else later.abort();
    }).listen(0, '127.0.0.1');
    onEnd(() => void slow.close());
    await once(slow, 'listening');
    const { port } = slow.address() as { port: number };
    const url = `http://127.0.0.1:${port}`;
    const { json, lines, isCut } = await browseMtconnect(url, { timeoutMs: 9000, signal: later.signal });
    expect(isCut).toBe(true);
    expect(json).toMatchObject({ isComplete: false, device: { name: 'Mill' } });
    expect(lines).toContain('Ended before its values had come.');
  });

  it('lets no name that an agent gives command the terminal', async () => {
    const agent = await startAgent();
    const evil = 'Mi&#x9b;31mll';
    agent.devices = agent.probe().replace('name="Mill"', `name="${evil}"`);
    const { lines, json } = await browseMtconnect(agent.url, { timeoutMs: 3000 });
    expect(lines.join('\n')).not.toMatch(/[\u0080-\u009f]/);
    expect(writePrintableJson(json)).not.toMatch(/[\u0080-\u009f]/);
    agent.instead = {
      status: 200,
      body: agent.error('UNSUPPORTED', `no &#x9b;31m ${'x'.repeat(500)}`),
      type: 'text/xml',
    };
    const refused: unknown = await browseMtconnect(agent.url, { timeoutMs: 3000 }).catch(
      (error: unknown) => error,
    );
    expect((refused as Error).message).toMatch(/UNSUPPORTED: no {2}31m x+\.$/);
    expect((refused as Error).message.length).toBeLessThan(300);
  });

  it.each([
    ['http://me:canary@127.0.0.1:5000'],
    ['http://canary@127.0.0.1:5000'],
    ['opc.tcp://me:can/canary@127.0.0.1:4840'],
    ['me:canary@127.0.0.1:4840'],
  ])('refuses an address with a login in it, and does not print it: %s', async (url) => {
    const refused: unknown = await runBrowse(url, {}).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'usage' });
    const { message, cure } = refused as { message: string; cure: string };
    expect(`${message} ${cure}`).not.toContain('canary');
  });

  it.each([
    ['an MTConnect agent', 'http', []],
    ['an OPC UA server', 'opc.tcp', ['--security', 'none']],
  ])('prints one object when Ctrl-C ends it while %s says nothing', async (_, scheme, more) => {
    const mute = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
    onEnd(() => void mute.close());
    await once(mute, 'listening');
    const asked = once(mute, 'connection');
    const { port } = mute.address() as { port: number };
    const started = run(makeFolder(), ['browse', `${scheme}://127.0.0.1:${port}`, '--json', ...more]);
    await asked;
    process.kill(started.pid, 'SIGINT');
    expect(await started.exited).toBe(130);
    const output = started.output();
    expect(JSON.parse(output.slice(output.indexOf('{\n')))).toMatchObject({
      ok: false,
      code: 'stopped',
      isComplete: false,
    });
  });

  it('says what is wrong where no agent answers', async () => {
    const agent = await startAgent();
    agent.instead = { status: 200, body: '<!doctype html><p>Router</p>', type: 'text/html' };
    await expect(browseMtconnect(agent.url, { timeoutMs: 3000 })).rejects.toMatchObject({
      code: 'bad-frame',
    });
    const { url } = agent;
    await agent.stop();
    await expect(browseMtconnect(url, { timeoutMs: 3000 })).rejects.toMatchObject({ code: 'refused' });
  });
});
