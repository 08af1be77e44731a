import { connect as connectSocket, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../../protocols/log.ts';
import { startEmbeddedBroker, type EmbeddedBroker } from '../../../protocols/mqtt/embedded-broker.ts';
import type { IncomingMessage, Link, LinkOptions } from '../../../protocols/mqtt/link.ts';
import { connectLink } from '../../../protocols/mqtt/mqtt-link.ts';
import { awaitUntil } from './await-until.ts';
import { BROKER_CERT, BROKER_KEY, EXPIRED_CERT, EXPIRED_KEY, OTHER_CERT, OTHER_KEY } from './tls-pems.ts';

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(
  options: Partial<Parameters<typeof startEmbeddedBroker>[0]> = {},
): Promise<EmbeddedBroker> {
  const broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, log: silentLog, ...options });
  closers.push(() => broker.close());
  return broker;
}

interface Party {
  link: Link;
  messages: IncomingMessage[];
  states: { connected: boolean; reason: string; cure: string }[];
}

function join(broker: EmbeddedBroker, username: string, options: Partial<LinkOptions> = {}): Party {
  const messages: IncomingMessage[] = [];
  const states: Party['states'] = [];
  const link = connectLink(
    {
      url: `mqtt://127.0.0.1:${broker.port}`,
      clientId: username,
      username,
      subscriptions: [],
      onMessage: (message) => void messages.push(message),
      onState: (state) => void states.push(state),
      ...options,
    },
    { backOffBaseMs: 50, backOffCapMs: 200 },
  );
  closers.push(() => link.close());
  return { link, messages, states };
}

const agents = new Map([
  ['gw1', 'one'],
  ['gw2', 'two'],
]);
const collector = { username: 'collector', password: 'secret' };

test('each agent reaches the collector on its own leaves only, and reads only its own receipts', async () => {
  const broker = await start({ agents, collector });
  const centre = join(broker, 'collector', {
    password: 'secret',
    subscriptions: [{ filter: 'millwatt/1/#', qos: 1 }],
  });
  const one = join(broker, 'gw1', {
    password: 'one',
    subscriptions: [{ filter: 'millwatt/1/+/gw1/receipt', qos: 1 }],
  });
  const two = join(broker, 'gw2', {
    password: 'two',
    subscriptions: [{ filter: 'millwatt/1/pune/gw2/receipt', qos: 1 }],
  });
  await awaitUntil('all are connected', () => [centre, one, two].every(({ link }) => link.connected()));

  await one.link.publish('millwatt/1/pune/gw2/batch', 'forged', { qos: 1 });
  await one.link.publish('millwatt/1/pune/gw2/status', 'forged', { qos: 1, retain: true });
  await one.link.publish('millwatt/1/pune/gw2/receipt', 'forged', { qos: 1 });
  await one.link.publish('millwatt/1/pune/gw1/batch', 'honest', { qos: 1 });
  await centre.link.publish('millwatt/1/pune/gw1/receipt', 'for one', { qos: 1 });
  await centre.link.publish('millwatt/1/pune/gw2/receipt', 'for two', { qos: 1 });
  await awaitUntil('the receipts arrive', () => one.messages.length + two.messages.length === 2);
  await awaitUntil('the batch arrives', () => centre.messages.some(({ topic }) => topic.endsWith('/batch')));

  expect(centre.messages.filter(({ topic }) => !topic.endsWith('receipt')).map(text)).toEqual(['honest']);
  expect(one.messages.map(text)).toEqual(['for one']);
  expect(two.messages.map(text)).toEqual(['for two']);
  expect(broker.stats().denied).toBe(3);
});

test.each([
  ['another agent', 'gw1', 'one', 'millwatt/1/+/gw2/receipt'],
  ['everything', 'gw1', 'one', '#'],
  ['the batches', 'gw1', 'one', 'millwatt/1/+/gw1/batch'],
])('a subscription to %s is refused with a sentence', async (_what, username, password, filter) => {
  const broker = await start({ agents, collector });
  const party = join(broker, username, { password, subscriptions: [{ filter, qos: 1 }] });
  await awaitUntil('the refusal is told', () => party.states.length > 0);
  expect(party.states[0]?.connected).toBe(false);
  expect(party.states[0]?.reason).toContain(filter);
  expect(party.link.connected()).toBe(false);
});

test.each([
  ['a wrong password', { username: 'gw1', password: 'two' }],
  ['no password', { username: 'gw1' }],
  ['an unknown agent', { username: 'gw3', password: 'one' }],
  ['the collector by name alone', { username: 'collector' }],
])('%s is refused, once in the states and with a cure', async (_what, credentials) => {
  const broker = await start({ agents, collector });
  const party = join(broker, credentials.username, credentials);
  await awaitUntil('several attempts', () => broker.stats().refused >= 3);
  expect(party.states).toHaveLength(1);
  expect(party.states[0]?.reason).toMatch(/refuses the user name or password/);
  expect(party.states[0]?.cure).not.toBe('');
});

test('an id taken by another user does not push its owner out', async () => {
  const broker = await start({ agents, collector });
  const one = join(broker, 'gw1', { password: 'one' });
  await awaitUntil('the first is connected', () => one.link.connected());
  const two = join(broker, 'gw2', { password: 'two', clientId: 'gw1' });
  await awaitUntil('the second is connected', () => two.link.connected());
  await one.link.publish('millwatt/1/pune/gw1/health', 'still here', { qos: 1 });
  expect(one.states).toEqual([{ connected: true, reason: '', cure: '' }]);
});

test('the will speaks for an agent that vanishes and not for one that says goodbye', async () => {
  const broker = await start({ agents, collector });
  const centre = join(broker, 'collector', {
    password: 'secret',
    subscriptions: [{ filter: 'millwatt/1/+/+/status', qos: 1 }],
  });
  await awaitUntil('the collector is connected', () => centre.link.connected());
  const will = { topic: 'millwatt/1/pune/gw1/status', payload: 'vanished', retain: true };
  const polite = join(broker, 'gw1', { password: 'one', will });
  await awaitUntil('it is connected', () => polite.link.connected());
  await polite.link.close({ topic: will.topic, payload: 'goodbye', retain: true });
  const rude = await connectAndVanish(broker.port, 'gw2', 'two', 'millwatt/1/pune/gw2/status', 'gone');
  expect(rude).toBe(true);
  await awaitUntil('both statuses arrive', () => centre.messages.length >= 2);
  expect(centre.messages.map(text)).toEqual(['goodbye', 'gone']);

  const late = join(broker, 'collector', {
    clientId: 'late',
    password: 'secret',
    subscriptions: [{ filter: 'millwatt/1/+/gw1/status', qos: 1 }],
  });
  await awaitUntil('the retained status arrives', () => late.messages.length === 1);
  expect(late.messages.map(text)).toEqual(['goodbye']);
  expect(late.messages[0]?.retain).toBe(true);
});

describe('with TLS', () => {
  const tls = { cert: BROKER_CERT, key: BROKER_KEY };
  const secure = (broker: EmbeddedBroker, ca: string | undefined) =>
    join(broker, 'gw1', {
      url: `mqtts://127.0.0.1:${broker.port}`,
      password: 'one',
      ...(ca === undefined ? {} : { tls: { ca } }),
    });

  test('it may listen wider, and takes who trusts its certificate', async () => {
    const broker = await start({ agents, collector, tls, host: '0.0.0.0' });
    const party = secure(broker, BROKER_CERT);
    await awaitUntil('it is connected', () => party.link.connected());
    await party.link.publish('millwatt/1/pune/gw1/batch', Buffer.alloc(100_000), { qos: 1 });
    expect(broker.stats().published).toBe(1);
  });

  test.each([
    ['an authority we do not know', undefined, BROKER_CERT, BROKER_KEY, /not trusted/],
    ['a certificate for another name', OTHER_CERT, OTHER_CERT, OTHER_KEY, /another name/],
    ['a certificate that has run out', EXPIRED_CERT, EXPIRED_CERT, EXPIRED_KEY, /not valid today/],
  ])('%s is refused with a sentence and a cure', async (_what, ca, cert, key, sentence) => {
    const broker = await start({ agents, collector, tls: { cert, key } });
    const party = secure(broker, ca);
    await awaitUntil('the refusal is told', () => party.states.length > 0);
    expect(party.states[0]?.reason).toMatch(sentence);
    expect(party.states[0]?.cure.length).toBeGreaterThan(10);
    expect(party.link.connected()).toBe(false);
  });

  test('a client without TLS is told so', async () => {
    const broker = await start({ agents, collector, tls });
    const party = join(broker, 'gw1', { password: 'one' });
    await awaitUntil('the failure is told', () => party.states.length > 0);
    expect(party.states[0]?.cure).not.toBe('');
  });
});

test('it refuses to listen wider than loopback without agents and TLS', async () => {
  await expect(start({ host: '0.0.0.0' })).rejects.toMatchObject({ remedy: 'refuse', code: 'open-broker' });
  await expect(start({ host: '0.0.0.0', agents })).rejects.toMatchObject({ code: 'open-broker' });
});

test('a taken port is refused with a cure', async () => {
  const first = await start();
  await expect(start({ port: first.port })).rejects.toMatchObject({ remedy: 'refuse', code: 'port-taken' });
});

test('strangers that announce huge packets, speak HTTP or say nothing are cut off', async () => {
  const broker = await start();
  const before = process.memoryUsage().rss;
  const sockets = await Promise.all(Array.from({ length: 20 }, () => openSocket(broker.port)));
  const filler = Buffer.alloc(100_000);
  for (const socket of sockets) {
    socket.write(Uint8Array.of(0x10, 0xff, 0xff, 0xff, 0x7f));
    // 100 MB in all, had they been taken.
    for (let chunk = 0; chunk < 50; chunk++) socket.write(filler);
  }
  const http = await openSocket(broker.port);
  http.write('GET / HTTP/1.1\r\n\r\n');
  const silent = await openSocket(broker.port);
  await awaitUntil('all are cut off', () => [...sockets, http, silent].every((socket) => socket.closed));
  expect(broker.stats()).toMatchObject({ connections: 0, violations: 21 });
  expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
});

test('connections from one address are capped', async () => {
  const broker = await start({ connectionsPerAddressMax: 2 });
  const sockets = [
    await openSocket(broker.port),
    await openSocket(broker.port),
    await openSocket(broker.port),
  ];
  await awaitUntil('one is cut off', () => sockets.filter((socket) => socket.closed).length === 1);
  expect(broker.stats().connections).toBe(2);
});

test('what one agent leaves behind in the broker has a bound, and is delivered all the same', async () => {
  const broker = await start();
  const filter = { filter: 'millwatt/1/#', qos: 1 as const };
  const early = join(broker, 'collector', { clientId: 'early', subscriptions: [filter] });
  const agent = join(broker, 'gw1');
  await awaitUntil('both are connected', () => early.link.connected() && agent.link.connected());
  for (let machine = 0; machine < 1100; machine++)
    await agent.link.publish(`millwatt/1/pune/gw1/live/m${machine}`, 'x', { qos: 1, retain: true });
  await agent.link.publish('millwatt/1/pune/gw1/live/m5', 'newer', { qos: 1, retain: true });
  await awaitUntil('all came', () => early.messages.length === 1101);
  const late = join(broker, 'collector', { clientId: 'late', subscriptions: [filter] });
  await awaitUntil('the late one hears what was kept', () => late.messages.length >= 1024);
  await late.link.publish('millwatt/1/pune/gw1/receipt', 'end', { qos: 1 });
  await awaitUntil('that is all', () => late.messages.some((message) => text(message) === 'end'));
  expect(late.messages).toHaveLength(1025);
  expect(late.messages.map(text)).toContain('newer');
});

test('strangers cannot fill the log: refused logins and cut peers are counted, and told once a minute', async () => {
  const said: string[] = [];
  const log = { ...silentLog, warn: (_fields: object, message: string) => void said.push(message) };
  const broker = await start({ agents, collector, log });
  const knock = async (bytes: Uint8Array) => {
    const socket = await openSocket(broker.port);
    socket.write(bytes);
    await awaitUntil('it is turned away', () => socket.closed);
  };
  await Promise.all(Array.from({ length: 50 }, () => knock(connectPacket('gw1', 'guess'))));
  await Promise.all(Array.from({ length: 50 }, () => knock(Buffer.from('GET / HTTP/1.1\r\n\r\n'))));
  expect(broker.stats()).toMatchObject({ refused: 50, violations: 50 });
  expect(said).toEqual(['the broker refused a login', 'the broker cut a peer off']);
});

test('QoS 2 is refused', async () => {
  const broker = await start();
  const socket = await openSocket(broker.port);
  socket.write(connectPacket('gw1', ''));
  await new Promise((resolve) => {
    socket.once('data', resolve);
  });
  socket.write(publishPacket('millwatt/1/pune/gw1/batch', 2));
  await awaitUntil('the connection ends', () => socket.closed);
  expect(broker.stats().published).toBe(0);
});

function text(message: IncomingMessage): string {
  return Buffer.from(message.payload).toString('utf8');
}

async function openSocket(port: number): Promise<Socket> {
  const socket = connectSocket(port, '127.0.0.1');
  closers.push(() => void socket.destroy());
  socket.on('error', () => {});
  socket.resume();
  await new Promise((resolve) => {
    socket.once('connect', resolve);
  });
  return socket;
}

async function connectAndVanish(
  port: number,
  username: string,
  password: string,
  willTopic: string,
  will: string,
): Promise<boolean> {
  const socket = await openSocket(port);
  socket.write(connectPacket(username, password, { topic: willTopic, payload: will }));
  const reply = await new Promise<Buffer>((resolve) => {
    socket.once('data', resolve);
  });
  socket.destroy();
  return reply[0] === 0x20 && reply[3] === 0;
}

/** MQTT 3.1.1 packets by hand, so that the broker is tried by something that is not our client. */
function connectPacket(
  username: string,
  password: string,
  will?: { topic: string; payload: string },
): Buffer {
  const flags = 0x02 | 0x80 | 0x40 | (will === undefined ? 0 : 0x04);
  const body = Buffer.concat([
    field('MQTT'),
    Buffer.from([4, flags, 0, 60]),
    field(`raw-${username}`),
    ...(will === undefined ? [] : [field(will.topic), field(will.payload)]),
    field(username),
    field(password),
  ]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}

function publishPacket(topic: string, qos: number): Buffer {
  const body = Buffer.concat([field(topic), Buffer.from([0, 1]), Buffer.from('x')]);
  return Buffer.concat([Buffer.from([0x30 | (qos << 1), body.length]), body]);
}

function field(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}
