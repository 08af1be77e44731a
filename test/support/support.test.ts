import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'mqtt';
import { describe, expect, test } from 'vitest';
import { startMosquitto } from './mosquitto.ts';
import { findTool, missingToolMessage, requireTool } from './tools.ts';

test('a tool is found on the PATH before the folders of daemons', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-tools-'));
  writeFileSync(join(folder, 'influxd'), '', { mode: 0o755 });
  expect(findTool('influxd', { PATH: folder })).toBe(join(folder, 'influxd'));
  rmSync(folder, { recursive: true });
  expect(missingToolMessage('influxd')).toContain('apt-get install influxdb');
});

test('with MILLWATT_REQUIRE_TOOLS=1 a missing tool is an error', (context) => {
  const empty = { PATH: '/nonexistent', MILLWATT_REQUIRE_TOOLS: '1' };
  if (findTool('chromium', empty) !== undefined) return context.skip('chromium is outside the PATH here');
  return expect(() => requireTool('chromium', empty)).toThrow('chromium is not installed');
});

describe.skipIf(requireTool('mosquitto') === undefined)('the test broker', () => {
  test('accepts clients, survives kill -9 with its retained messages, and leaves nothing behind', async () => {
    const broker = await startMosquitto();
    try {
      await publishRetained(broker.url, 'kept', 'one');
      await broker.restart();
      expect(await readRetained(broker.url, 'kept')).toBe('one');
      await broker.kill9();
      await broker.restart();
      expect(await readRetained(broker.url, 'kept')).toBe('one');
    } finally {
      await broker.stop();
    }
  });
});

async function publishRetained(url: string, topic: string, text: string): Promise<void> {
  const client = connect(url, { reconnectPeriod: 0 });
  await client.publishAsync(topic, text, { qos: 1, retain: true });
  await client.endAsync();
}

async function readRetained(url: string, topic: string): Promise<string> {
  const client = connect(url, { reconnectPeriod: 0 });
  const text = new Promise<string>((resolve, reject) => {
    client.once('message', (_topic, payload) => resolve(payload.toString('utf8')));
    client.once('error', reject);
  });
  await client.subscribeAsync(topic, { qos: 1 });
  const value = await text;
  await client.endAsync(true);
  return value;
}
