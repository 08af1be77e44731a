import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../../protocols/log.ts';
import { startEmbeddedBroker } from '../../../protocols/mqtt/embedded-broker.ts';
import type { IncomingMessage, Link, LinkOptions } from '../../../protocols/mqtt/link.ts';
import { connectLink, type LinkTiming } from '../../../protocols/mqtt/mqtt-link.ts';
import { findFreePort, startMosquitto } from '../../support/mosquitto.ts';
import { requireTool } from '../../support/tools.ts';
import { awaitUntil } from './await-until.ts';

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const QUICK: LinkTiming = { backOffBaseMs: 30, backOffCapMs: 100 };

interface Party {
  link: Link;
  messages: IncomingMessage[];
  states: { connected: boolean; reason: string; cure: string }[];
}

function open(port: number, options: Partial<LinkOptions> = {}, timing: LinkTiming = {}): Party {
  const messages: IncomingMessage[] = [];
  const states: Party['states'] = [];
  const link = connectLink(
    {
      url: `mqtt://127.0.0.1:${port}`,
      clientId: options.username ?? 'gw1',
      username: 'gw1',
      subscriptions: [],
      onMessage: (message) => void messages.push(message),
      onState: (state) => void states.push(state),
      ...options,
    },
    { ...QUICK, ...timing },
  );
  closers.push(() => link.close());
  return { link, messages, states };
}

/** Brokers that can be stopped and started again on their port. */
interface Courier {
  port: number;
  stop(): Promise<void>;
  start(): Promise<void>;
}

async function startEmbedded(): Promise<Courier> {
  let broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, log: silentLog });
  const { port } = broker;
  closers.push(() => broker.close());
  return {
    port,
    stop: () => broker.close(),
    start: async () => {
      broker = await startEmbeddedBroker({ host: '127.0.0.1', port, log: silentLog });
    },
  };
}

async function startReal(): Promise<Courier> {
  const broker = await startMosquitto();
  closers.push(() => broker.stop());
  return { port: broker.port, stop: () => broker.kill9(), start: () => broker.restart() };
}

const mosquitto = requireTool('mosquitto');

describe.each([
  { name: 'the embedded broker', startCourier: startEmbedded, missing: false },
  { name: 'mosquitto', startCourier: startReal, missing: mosquitto === undefined },
])('with $name', ({ startCourier, missing }) => {
  test.skipIf(missing)('messages go both ways, binary and retained ones too', async () => {
    const courier = await startCourier();
    const centre = open(courier.port, {
      username: 'collector',
      subscriptions: [
        { filter: 'millwatt/1/+/+/batch', qos: 1 },
        { filter: 'millwatt/1/+/+/live/+', qos: 0 },
      ],
    });
    const agent = open(courier.port, { subscriptions: [{ filter: 'millwatt/1/+/gw1/receipt', qos: 1 }] });
    await awaitUntil('both are connected', () => centre.link.connected() && agent.link.connected());
    const bytes = Uint8Array.from({ length: 128 * 1024 }, (_, index) => index % 256);
    await agent.link.publish('millwatt/1/pune/gw1/batch', bytes, { qos: 1 });
    await agent.link.publish('millwatt/1/pune/gw1/live/mill', '{}', { qos: 0, retain: true });
    await centre.link.publish('millwatt/1/pune/gw1/receipt', 'ok', { qos: 1 });
    await awaitUntil('all arrive', () => centre.messages.length === 2 && agent.messages.length === 1);
    expect(Buffer.from(centre.messages[0]?.payload ?? []).equals(Buffer.from(bytes))).toBe(true);
    expect(agent.messages[0]?.topic).toBe('millwatt/1/pune/gw1/receipt');
  });

  test.skipIf(missing)('it comes back after the broker has been away, and says so once each', async () => {
    const courier = await startCourier();
    const party = open(courier.port);
    await awaitUntil('it is connected', () => party.link.connected());
    await courier.stop();
    await awaitUntil('it has noticed', () =>
      party.states.some(({ reason }) => reason.includes('Nothing listens')),
    );
    await expect(party.link.publish('millwatt/1/pune/gw1/batch', 'x', { qos: 1 })).rejects.toMatchObject({
      code: 'not-connected',
    });
    await courier.start();
    await awaitUntil('it is back', () => party.link.connected());
    await party.link.publish('millwatt/1/pune/gw1/batch', 'x', { qos: 1 });
    const reasons = party.states.map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason.includes('Nothing listens'))).toHaveLength(1);
    expect(party.states.at(-1)).toEqual({ connected: true, reason: '', cure: '' });
    for (const state of party.states) if (!state.connected) expect(state.cure).not.toBe('');
  });

  test.skipIf(missing)('a slow handler holds back nothing but its own acknowledgement', async () => {
    const courier = await startCourier();
    let inHand = 0;
    let most = 0;
    let handled = 0;
    const centre = open(courier.port, {
      username: 'collector',
      subscriptions: [{ filter: 'millwatt/1/+/+/batch', qos: 1 }],
      onMessage: async () => {
        inHand += 1;
        most = Math.max(most, inHand);
        await new Promise((resolve) => {
          setTimeout(resolve, 50);
        });
        inHand -= 1;
        handled += 1;
      },
    });
    const agent = open(courier.port);
    await awaitUntil('both are connected', () => centre.link.connected() && agent.link.connected());
    // More than any broker's in-flight window: without our acknowledgements the rest would never come.
    for (let index = 0; index < 100; index++)
      await agent.link.publish('millwatt/1/pune/gw1/batch', `${index}`, { qos: 1 });
    await awaitUntil('all are handled', () => handled === 100);
    expect(most).toBeGreaterThan(5);
  });
});

test('what was not acknowledged is rejected as unknown when the connection drops', async () => {
  const broker = await startSilentBroker();
  const party = open(broker.port);
  await awaitUntil('it is connected', () => party.link.connected());
  const published = party.link.publish('millwatt/1/pune/gw1/batch', 'x', { qos: 1 });
  const outcome = expect(published).rejects.toMatchObject({ remedy: 'retry', code: 'unacknowledged' });
  for (const socket of broker.sockets) socket.destroy();
  await outcome;
});

test('a broker that stops acknowledging is left for a new connection', async () => {
  const broker = await startSilentBroker();
  const party = open(broker.port, {}, { publishDeadlineMs: 200 });
  await awaitUntil('it is connected', () => party.link.connected());
  await expect(party.link.publish('millwatt/1/pune/gw1/batch', 'x', { qos: 1 })).rejects.toMatchObject({
    code: 'unacknowledged',
  });
  await awaitUntil('it has connected anew', () => broker.connections() >= 2);
  expect(party.states.some(({ reason }) => reason.includes('no longer acknowledges'))).toBe(true);
});

test('closing ends within two seconds with messages outstanding', async () => {
  const broker = await startSilentBroker();
  const party = open(broker.port);
  await awaitUntil('it is connected', () => party.link.connected());
  const outstanding = expect(party.link.publish('a/b', 'x', { qos: 1 })).rejects.toThrow('not acknowledged');
  const beganMs = performance.now();
  await party.link.close({ topic: 'a/status', payload: 'offline', retain: true });
  expect(performance.now() - beganMs).toBeLessThan(2000);
  await outstanding;
  await expect(party.link.publish('a/b', 'x', { qos: 1 })).rejects.toMatchObject({ code: 'not-connected' });
});

test('closing while the broker is away ends at once and for good', async () => {
  const port = await findFreePort();
  const party = open(port);
  await awaitUntil('it has tried', () => party.states.length > 0);
  await party.link.close();
  const broker = await startSilentBroker(port);
  await new Promise((resolve) => {
    setTimeout(resolve, 300);
  });
  expect(broker.connections()).toBe(0);
});

test('each way to fail has its own sentence and cure', async () => {
  const free = await findFreePort();
  const garbage = createServer((socket) => {
    socket.on('error', () => {});
    socket.resume();
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  const garbagePort = await listen(garbage);
  const cases: [string, string, RegExp][] = [
    ['mqtt', `127.0.0.1:${free}`, /Nothing listens at 127\.0\.0\.1/],
    ['mqtt', 'no-such-host.invalid:1883', /host name in no-such-host\.invalid:1883/],
    ['mqtt', `127.0.0.1:${garbagePort}`, /127\.0\.0\.1/],
    ['mqtts', `127.0.0.1:${garbagePort}`, /does not speak TLS/],
  ];
  for (const [scheme, host, sentence] of cases) {
    const party = open(0, { url: `${scheme}://${host}` });
    await awaitUntil(`${scheme}://${host} fails`, () => party.states.length > 0);
    expect(party.states[0]?.reason).toMatch(sentence);
    expect(party.states[0]?.cure.length).toBeGreaterThan(10);
    await party.link.close();
  }
});

test.each([
  [1, /version of MQTT/],
  [3, /unavailable/],
  [4, /user name or password/],
  [5, /authorise/],
])('a connection refused with code %i is told and tried again', async (code, sentence) => {
  const broker = await startSilentBroker(0, code);
  const party = open(broker.port);
  await awaitUntil('several attempts', () => broker.connections() >= 3);
  expect(party.states).toHaveLength(1);
  expect(party.states[0]?.reason).toMatch(sentence);
});

/** Answers CONNECT with the code, and nothing else: the courier that loses everything. */
async function startSilentBroker(
  port = 0,
  code = 0,
): Promise<{ port: number; sockets: Set<Socket>; connections: () => number }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(Uint8Array.of(0x20, 2, 0, code));
    });
  });
  const bound = await listen(server, port);
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
  });
  return { port: bound, sockets, connections: () => connections };
}

function listen(server: Server, port = 0): Promise<number> {
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
      }),
  );
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
