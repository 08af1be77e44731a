import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LEAVES, liveTopicOf, topicOf } from '../../protocols/telemetry/topics.ts';
import { startMosquitto, type Mosquitto, type MosquittoPlace } from '../support/mosquitto.ts';
import { findTool, requireTool } from '../support/tools.ts';

const FOLDER = join(import.meta.dirname, '../../deploy/mosquitto');
const CONF = readFileSync(join(FOLDER, 'mosquitto.conf'), 'utf8');
const AGENTS = ['hall-1', 'hall-2'] as const;
const USERS = ['collector', ...AGENTS];
const missing = [requireTool('mosquitto'), requireTool('mosquitto_passwd')].includes(undefined);

test('the broker listens on loopback, asks for a password, and survives restarts', () => {
  const settings = CONF.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(settings.filter((line) => line.startsWith('listener'))).toEqual(['listener 1883 127.0.0.1']);
  expect(settings).toEqual(
    expect.arrayContaining([
      'allow_anonymous false',
      'persistence true',
      'autosave_interval 30',
      'max_queued_messages 100000',
      'max_packet_size 262144',
    ]),
  );
});

describe.skipIf(missing)('a real mosquitto with our configuration', () => {
  let broker: Mosquitto;
  const open: MqttClient[] = [];

  beforeAll(async () => {
    broker = await startMosquitto({ write: writeOurConfig });
  });
  afterAll(async () => {
    await Promise.all(open.map((client) => client.endAsync(true)));
    await broker.stop();
  });

  const connectAs = async (username: string, options: { clientId?: string; clean?: boolean } = {}) => {
    const client = await connectAsync(broker.url, {
      username,
      password: passwordOf(username),
      reconnectPeriod: 0,
      ...options,
    });
    client.on('error', () => {});
    open.push(client);
    return client;
  };

  test('lets nobody in without a name, or with a wrong password', async () => {
    await expect(connectAsync(broker.url, { reconnectPeriod: 0 }, false)).rejects.toThrow(/authori[sz]ed/i);
    await expect(
      connectAsync(broker.url, { username: 'hall-1', password: 'guess', reconnectPeriod: 0 }, false),
    ).rejects.toThrow(/authori[sz]ed/i);
  });

  test('each agent writes its own leaves, and nothing else reaches anyone', async () => {
    const seen = new Set<string>();
    const collector = await connectAs('collector');
    collector.on('message', (topic, payload) => seen.add(`${payload.toString()} wrote ${topic}`));
    await collector.subscribeAsync('millwatt/1/#', { qos: 1 });

    const allowed = new Set<string>();
    for (const agent of AGENTS) {
      const client = await connectAs(agent);
      for (const other of [...AGENTS, 'collector', 'any']) {
        for (const topic of topicsOf(other)) {
          await client.publishAsync(topic, agent, { qos: 1 });
          const own = other === agent && !topic.endsWith('/receipt');
          if (own) allowed.add(`${agent} wrote ${topic}`);
        }
      }
      for (const topic of [
        'millwatt/1/plant',
        'millwatt/2/plant/hall-1/batch',
        'elsewhere',
        `${agent}/batch`,
      ])
        await client.publishAsync(topic, agent, { qos: 1 });
    }
    // What the broker had refused would have come before this one, which is the last.
    const last = topicOf('plant', AGENTS[1], 'status');
    const client = await connectAs(AGENTS[1]);
    await client.publishAsync(last, 'last', { qos: 1 });
    await until(() => seen.has(`last wrote ${last}`));
    seen.delete(`last wrote ${last}`);
    expect([...seen].sort()).toEqual([...allowed].sort());
    expect(allowed.size).toBe(AGENTS.length * LEAVES.length - AGENTS.length);
  });

  test('each agent reads its own receipts, whatever it subscribes to', async () => {
    const heard = new Map<string, string[]>(AGENTS.map((agent) => [agent, []]));
    for (const agent of AGENTS) {
      const client = await connectAs(agent);
      client.on('message', (topic) => heard.get(agent)?.push(topic));
      const other = AGENTS.find((one) => one !== agent) ?? '';
      for (const filter of [
        topicOf('plant', agent, 'receipt'),
        topicOf('plant', other, 'receipt'),
        topicOf('plant', other, 'batch'),
        'millwatt/1/+/+/receipt',
        'millwatt/#',
        '#',
        '$SYS/#',
        `$share/thieves/${topicOf('plant', other, 'receipt')}`,
      ])
        // A refusal is as good as silence.
        await client.subscribeAsync(filter, { qos: 1 }).catch(() => undefined);
    }
    const collector = await connectAs('collector');
    const writer = await connectAs('hall-1');
    await writer.publishAsync(topicOf('plant', 'hall-1', 'batch'), 'x', { qos: 1 });
    for (const agent of AGENTS)
      await collector.publishAsync(topicOf('plant', agent, 'receipt'), 'r', { qos: 1 });
    await until(() => AGENTS.every((agent) => (heard.get(agent)?.length ?? 0) > 0));
    // A second receipt each: what was to leak with the first has leaked by now.
    for (const agent of AGENTS)
      await collector.publishAsync(topicOf('plant', agent, 'receipt'), 'r', { qos: 1 });
    await until(() => AGENTS.every((agent) => (heard.get(agent)?.length ?? 0) > 1));
    for (const agent of AGENTS)
      expect([...new Set(heard.get(agent))]).toEqual([topicOf('plant', agent, 'receipt')]);
  });

  test('the collector writes receipts, and nothing in the name of an agent', async () => {
    const seen: string[] = [];
    const reader = await connectAs('collector');
    reader.on('message', (topic) => seen.push(topic));
    await reader.subscribeAsync('millwatt/1/#', { qos: 1 });
    const collector = await connectAs('collector');
    for (const topic of topicsOf('hall-1')) await collector.publishAsync(topic, 'c', { qos: 1 });
    await collector.publishAsync(topicOf('plant', 'hall-2', 'receipt'), 'last', { qos: 1 });
    await until(() => seen.includes(topicOf('plant', 'hall-2', 'receipt')));
    expect(seen).toEqual([topicOf('plant', 'hall-1', 'receipt'), topicOf('plant', 'hall-2', 'receipt')]);
  });

  test('3,000 messages for a collector that is away outlive a restart of the broker', async () => {
    const count = 3000;
    const topic = topicOf('plant', 'hall-1', 'batch');
    const session = { clientId: 'collector-1', clean: false };
    const before = await connectAs('collector', session);
    await before.subscribeAsync('millwatt/1/plant/+/batch', { qos: 1 });
    await before.endAsync();

    const agent = await connectAs('hall-1');
    await Promise.all(
      Array.from({ length: count }, (_, n) => agent.publishAsync(topic, `n${n}`, { qos: 1 })),
    );
    await agent.endAsync();
    await broker.restart();

    const got = new Set<string>();
    const after = joinListening(broker.url, session, (payload) => got.add(payload));
    open.push(after);
    await until(() => got.size === count);
    expect(got.has('n0') && got.has(`n${count - 1}`)).toBe(true);
  });

  test('a packet larger than any of ours ends the connection', async () => {
    const agent = await connectAs('hall-1');
    const closed = new Promise<void>((resolve) => {
      agent.once('close', resolve);
    });
    agent.publish(topicOf('plant', 'hall-1', 'batch'), Buffer.alloc(300_000), { qos: 1 }, () => {});
    await closed;
    const fits = await connectAs('hall-1');
    await fits.publishAsync(topicOf('plant', 'hall-1', 'batch'), Buffer.alloc(200_000), { qos: 1 });
  });
});

/** Connects a session that may have messages waiting: they come at once, so someone must listen from the start. */
function joinListening(
  url: string,
  session: { clientId: string; clean: boolean },
  hear: (payload: string) => void,
): MqttClient {
  const client = connect(url, {
    username: 'collector',
    password: passwordOf('collector'),
    reconnectPeriod: 0,
    ...session,
  });
  client.on('message', (_topic, payload) => hear(payload.toString()));
  return client;
}

/** Our files with another port and other paths, and a password file made by mosquitto's own tool. */
function writeOurConfig({ port, folder }: MosquittoPlace): string {
  const passwords = join(folder, 'passwd');
  writeFileSync(passwords, USERS.map((user) => `${user}:${passwordOf(user)}\n`).join(''));
  chmodSync(passwords, 0o600);
  const hashed = spawnSync(findTool('mosquitto_passwd') ?? '', ['-U', passwords], { encoding: 'utf8' });
  if (hashed.status !== 0) throw new Error(`mosquitto_passwd failed: ${hashed.stderr}`);
  writeFileSync(join(folder, 'acl'), readFileSync(join(FOLDER, 'acl')));
  const rewritten: Readonly<Record<string, string>> = {
    listener: `listener ${port} 127.0.0.1`,
    password_file: `password_file ${passwords}`,
    acl_file: `acl_file ${join(folder, 'acl')}`,
    persistence_location: `persistence_location ${join(folder, 'data')}/`,
  };
  const done = new Set<string>();
  const lines = CONF.split('\n').map((line) => {
    const [key = ''] = line.split(' ');
    const other = rewritten[key];
    if (other !== undefined) done.add(key);
    return other ?? line;
  });
  expect([...done].sort()).toEqual(Object.keys(rewritten).sort());
  return lines.join('\n');
}

function passwordOf(user: string): string {
  return `password-of-${user}`;
}

function topicsOf(agent: string): string[] {
  return LEAVES.map((leaf) =>
    leaf === 'live' ? liveTopicOf('plant', agent, 'mill-1') : topicOf('plant', agent, leaf),
  );
}

async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 15_000;
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error('waited 15 s in vain');
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}
