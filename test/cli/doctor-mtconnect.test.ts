import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { loadAgentConfig } from '../../config/load.ts';
import { systemClock } from '../../protocols/clock.ts';
import { silentLog } from '../../protocols/log.ts';
import { buildDrivers } from '../../cli/build-drivers.ts';
import { examineAgent } from '../../cli/doctor/doctor-agent.ts';
import { drawSource } from '../../cli/probe/probe-view.ts';
import type { Examination } from '../../cli/examination.ts';
import { ScriptedAgent } from '../protocols/mtconnect/scripted-agent.ts';

let agent: ScriptedAgent | undefined;
let folder: string | undefined;
afterEach(async () => {
  await agent?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

it('the doctor counts the words of an MTConnect source, and says what its operator should know', async () => {
  agent = new ScriptedAgent([
    { id: 'ex', category: 'EVENT', type: 'EXECUTION', at: 'path' },
    { id: 'av', category: 'EVENT', type: 'AVAILABILITY', at: 'device' },
    { id: 'es', category: 'EVENT', type: 'EMERGENCY_STOP', at: 'controller' },
    { id: 'w', category: 'SAMPLE', type: 'WATTAGE', at: 'device' },
  ]);
  agent.tell('ex', 'ACTIVE');
  await agent.start();
  folder = mkdtempSync(join(tmpdir(), 'millwatt-doctor-'));
  const file = join(folder, 'agent.yaml');
  writeFileSync(
    file,
    `site: s\nagent: a\ndata: ./data\nbroker: { url: "mqtt://127.0.0.1:1" }\nsources:\n  - { id: c, machine: m, protocol: mtconnect, url: "${agent.url}" }\n`,
  );
  const found: Examination[] = [];
  for await (const examination of examineAgent(file)) found.push(examination);
  const ofSource = found.filter(({ subject }) => subject === 'source c');
  expect(ofSource.map(({ result }) => result)).toEqual(['good', 'warning']);
  expect(ofSource[0]?.message).toMatch(/ with 0 of 0 values and 2 of 3 words$/);
  expect(ofSource[1]?.message).toContain('w_n (WATTAGE of Device Mill) has no unit');
});

it('a source of which nothing is read is no good one: the doctor warns, and probe says why', async () => {
  agent = new ScriptedAgent([{ id: 'w', category: 'SAMPLE', type: 'WATTAGE', at: 'device' }]);
  await agent.start();
  folder = mkdtempSync(join(tmpdir(), 'millwatt-doctor-'));
  const file = join(folder, 'agent.yaml');
  writeFileSync(
    file,
    `site: s\nagent: a\ndata: ./data\nbroker: { url: "mqtt://127.0.0.1:1" }\nsources:\n  - { id: c, machine: m, protocol: mtconnect, url: "${agent.url}" }\n`,
  );
  const found: Examination[] = [];
  for await (const examination of examineAgent(file)) found.push(examination);
  expect(found.find(({ subject }) => subject === 'source c')).toMatchObject({
    result: 'warning',
    message: expect.stringMatching(/ with 0 of 0 values$/),
    cure: expect.stringContaining('millwatt probe'),
  });

  const { config } = loadAgentConfig(file);
  const [driver] = await buildDrivers(config, {
    folder,
    dataFolder: folder,
    clock: systemClock,
    log: silentLog,
  });
  const poll = await driver!.poll();
  const remarks = { ofPoints: new Map<string, string>(), ofDevice: driver!.remarks?.() ?? [] };
  const lines = drawSource(driver!, { poll }, new Map(), remarks, 200);
  await driver!.close();
  expect(lines.join('\n')).toMatch(/has no unit[^]*Nothing is read of it\./);
});
