import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { agentConfig } from './agent-config.ts';
import { collectorConfig } from './collector-config.ts';
import { renderJsonSchema, renderProfileSchema } from './json-schema.ts';
import { CONFIG_KINDS } from './kinds.ts';
import { renderSample } from './sample.ts';

/** Writes the generated files anew; a test fails when they are out of date. */
export const GENERATE_COMMAND = 'node config/generate.ts';

const READING = [
  'What must be given is given here; every other key stands behind a # with its default or an example,',
  'and taking the # away switches it on. Check a changed file with: millwatt check -c FILE',
  `Written by: ${GENERATE_COMMAND}`,
];

/** Every file that is made from the declarations, by its path below config/. */
export function generateFiles(): { path: string; text: string }[] {
  return [
    {
      path: 'samples/agent.yaml',
      text: renderSample(agentConfig, {
        title: ['An agent of millwatt: what it reads, and where its batches go.', ...READING],
        live: [
          ...['modbus-tcp', 'modbus-rtu', 'modbus-rtu-over-tcp'].flatMap((word) => [
            `sources.${word}.component`,
            `sources.${word}.unit`,
            `sources.${word}.meter`,
            `sources.${word}.meter.class`,
          ]),
          'sources.opcua.model',
        ],
        values: {
          'sources.modbus-rtu.id': 'mill-1-drives',
          'sources.modbus-rtu.component': 'drives',
          'sources.modbus-rtu.unit': 2,
          'sources.modbus-rtu.profile': 'eastron/sdm630',
          'sources.modbus-rtu-over-tcp.id': 'mill-1-coolant',
          'sources.modbus-rtu-over-tcp.component': 'coolant',
          'sources.modbus-rtu-over-tcp.profile': 'eastron/sdm630',
          'sources.opcua.id': 'mill-1-control',
          'sources.opcua.machine': 'mill-1',
          'sources.mtconnect.id': 'lathe-1-control',
          'sources.mtconnect.machine': 'lathe-1',
        },
      }),
    },
    {
      path: 'samples/collector.yaml',
      text: renderSample(collectorConfig, {
        title: ['A collector of millwatt: where batches come from, and what the machines are.', ...READING],
        live: ['broker.url', 'machines'],
        values: {},
      }),
    },
    ...CONFIG_KINDS.map((kind) => ({ path: `schema/${kind}.schema.json`, text: renderJsonSchema(kind) })),
    { path: 'schema/profile.schema.json', text: renderProfileSchema() },
  ];
}

if (import.meta.main) {
  for (const { path, text } of generateFiles()) {
    const file = join(import.meta.dirname, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
