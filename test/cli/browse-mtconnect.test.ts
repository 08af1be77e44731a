import { afterEach, describe, expect, it } from 'vitest';
import { browseMtconnect } from '../../cli/browse/browse-mtconnect.ts';
import { checkConfig } from '../../config/check.ts';
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
    expect(text).toMatch(/electric\.activePower +w_n +KILOWATT +3\.2/);
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
