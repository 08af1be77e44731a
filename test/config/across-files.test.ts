import { describe, expect, test } from 'vitest';
import { checkAcrossFiles } from '../../config/across-files.ts';
import { readSurroundings } from '../../config/surroundings.ts';

const agent = (site: string, ...machines: string[]) => ({
  file: 'agent.yaml',
  kind: 'agent' as const,
  text: [`agent: hall-1`, `site: ${site}`, 'sources:', ...machines.map((id) => `  - machine: ${id}`)].join(
    '\n',
  ),
});
const collector = (site: string, ...machines: string[]) => ({
  file: 'collector.yaml',
  kind: 'collector' as const,
  text: `site: ${site}\nmachines: [${machines.map((id) => `{ id: ${id} }`).join(', ')}]`,
});

test('an agent and a collector of different sites never meet', () => {
  expect(checkAcrossFiles([agent('plant-2', 'mill-1'), collector('plant-1', 'mill-1')])).toEqual([
    {
      severity: 'warning',
      file: 'agent.yaml',
      line: 2,
      column: 7,
      path: 'site',
      message: 'agent.yaml says site plant-2, collector.yaml says plant-1; they will never meet.',
      cure: 'Write the same site in both.',
    },
  ]);
});

test('a machine that the collector does not list is said once, with the one that was meant', () => {
  const findings = checkAcrossFiles([
    agent('plant-1', 'mill-1', 'mil-2', 'mil-2'),
    collector('plant-1', 'mill-1', 'mill-2'),
  ]);
  expect(findings).toMatchObject([
    { line: 5, path: 'sources[1].machine', cure: expect.stringMatching(/^Did you mean mill-[12]\?/) },
  ]);
});

test('another number is no slip', () => {
  const [finding] = checkAcrossFiles([agent('plant-1', 'mill-2'), collector('plant-1', 'mill-1')]);
  expect(finding?.cure).toBe('Describe mill-2 under machines in collector.yaml.');
});

test('files that belong together, agents alone, and files that are no configuration give nothing', () => {
  expect(checkAcrossFiles([agent('plant-1', 'mill-1'), collector('plant-1', 'mill-1')])).toEqual([]);
  expect(checkAcrossFiles([agent('plant-1', 'mill-1'), agent('plant-2', 'mill-1')])).toEqual([]);
  expect(
    checkAcrossFiles([
      { ...agent('a'), text: '[' },
      { ...collector('b'), text: '' },
    ]),
  ).toEqual([]);
});

test("a ratio of transformers that both files give is told on the collector's", () => {
  const withCt = (ct: string) => ({
    ...agent('plant-1', 'mill-1'),
    text: `site: plant-1\nsources:\n  - { id: meter, machine: mill-1, component: supply, ct: ${ct} }`,
  });
  const told = {
    ...collector('plant-1'),
    text: `site: plant-1\nmachines:\n  - id: mill-1\n    metering: { supply: { ct: { primary: 100A, secondary: 5A } } }`,
  };
  expect(checkAcrossFiles([withCt('{ primary: 100, secondary: 5 }'), told])).toMatchObject([
    {
      severity: 'warning',
      file: 'collector.yaml',
      line: 4,
      path: 'machines[0].metering.supply.ct.primary',
      cure: expect.stringMatching(/^Remove primary and secondary here/),
    },
  ]);
  // 1/1 says that the meter has the ratio itself: then it is told here.
  expect(checkAcrossFiles([withCt('{ primary: 1, secondary: 1 }'), told])).toEqual([]);
});

describe('agents of one site', () => {
  const world = readSurroundings();
  const meter = (id: string, machine: string, more = '') =>
    `  - { id: ${id}, protocol: modbus-tcp, host: 10.0.0.1, profile: siemens/pac3200, machine: ${machine}${more} }`;
  const file = (name: string, site: string, agentId: string, ...sources: string[]) => ({
    file: name,
    kind: 'agent' as const,
    text: [`site: ${site}`, `agent: ${agentId}`, 'sources:', ...sources].join('\n'),
    world,
  });

  test('may not read the same points: the later file is told, with the earlier one', () => {
    const findings = checkAcrossFiles([
      file('a.yaml', 'plant-1', 'hall-1', meter('x', 'mill-1')),
      file('b.yaml', 'plant-1', 'hall-2', meter('y', 'mill-2'), meter('z', 'mill-1')),
    ]);
    expect(findings).toMatchObject([
      {
        severity: 'error',
        file: 'b.yaml',
        line: 5,
        path: 'sources[1]',
        message: expect.stringMatching(
          /^mill-1\.supply\.activePower, .* more are already read by source "x" of agent hall-1 \(a\.yaml\)\.$/,
        ),
      },
    ]);
  });

  test('may read other components, other points, or another plant', () => {
    const first = file('a.yaml', 'plant-1', 'hall-1', meter('x', 'mill-1', ', read: [activePower]'));
    for (const other of [
      file('b.yaml', 'plant-1', 'hall-2', meter('y', 'mill-1', ', component: drives')),
      file('b.yaml', 'plant-1', 'hall-2', meter('y', 'mill-1', ', read: [frequency]')),
      file('b.yaml', 'plant-2', 'hall-1', meter('y', 'mill-1')),
    ])
      expect(checkAcrossFiles([first, other])).toEqual([]);
    expect(checkAcrossFiles([first, first])).toEqual([]);
  });

  test('have names of their own', () => {
    const findings = checkAcrossFiles([
      file('a.yaml', 'plant-1', 'hall-1', meter('x', 'mill-1')),
      file('b.yaml', 'plant-1', 'hall-1', meter('y', 'mill-2')),
    ]);
    expect(findings).toMatchObject([{ severity: 'error', file: 'b.yaml', line: 2, path: 'agent' }]);
  });
});

test('an agent that speaks MQTT 5 is not let in by the embedded broker', () => {
  const five = { ...agent('plant-1', 'mill-1') };
  five.text += '\nbroker: { url: "mqtt://127.0.0.1:1883", mqtt: 5 }';
  const embedded = { ...collector('plant-1', 'mill-1') };
  embedded.text += '\nbroker: { embedded: {} }';
  expect(checkAcrossFiles([five, embedded])).toMatchObject([
    { severity: 'error', file: 'agent.yaml', line: 5, path: 'broker.mqtt' },
  ]);
  const other = { ...collector('plant-1', 'mill-1') };
  other.text += '\nbroker: { url: "mqtt://127.0.0.1:1883" }';
  expect(checkAcrossFiles([five, other])).toEqual([]);
  expect(checkAcrossFiles([{ ...five, text: five.text.replace(', mqtt: 5', '') }, embedded])).toEqual([]);
});
