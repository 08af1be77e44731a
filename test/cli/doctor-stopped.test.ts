import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder, onEnd, run } from '../e2e/fault-rig.ts';

test('Ctrl-C ends the doctor with what was examined until then, as one object for scripts', async () => {
  const mute = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  onEnd(() => void mute.close());
  await once(mute, 'listening');
  const asked = once(mute, 'connection');
  const { port } = mute.address() as { port: number };
  const folder = makeFolder();
  writeFileSync(
    join(folder, 'agent.yaml'),
    `site: s\nagent: a\ndata: ./data\nbroker: { url: "mqtt://127.0.0.1:1" }\nsources:\n  - { id: c, machine: m, protocol: mtconnect, url: "http://127.0.0.1:${port}", timeout: 60s }\n`,
  );
  const started = run(folder, ['doctor', '-c', 'agent.yaml', '--json']);
  await asked;
  process.kill(started.pid, 'SIGINT');
  expect(await started.exited).toBe(130);
  const output = started.output();
  expect(JSON.parse(output.slice(output.indexOf('{\n')))).toMatchObject({
    ok: false,
    isComplete: false,
    examinations: expect.arrayContaining([
      expect.objectContaining({ subject: 'configuration', result: 'good' }),
    ]),
  });
});
