import type { IConnectPacket, IPublishPacket } from 'mqtt-packet';
import { afterEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../../protocols/log.ts';
import { startEmbeddedBroker } from '../../../protocols/mqtt/embedded-broker.ts';
import type { IncomingMessage, Link, LinkOptions } from '../../../protocols/mqtt/link.ts';
import { connectLink, type LinkTiming } from '../../../protocols/mqtt/mqtt-link.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { requireTool } from '../../support/tools.ts';
import { awaitUntil } from './await-until.ts';
import { acknowledge, startScriptedBroker, type Script, type ScriptedBroker } from './scripted-broker.ts';

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const TOPIC = 'millwatt/1/pune/gw1/batch';

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
      mqtt: 5,
      subscriptions: [],
      onMessage: (message) => void messages.push(message),
      onState: (state) => void states.push(state),
      ...options,
    },
    { backOffBaseMs: 30, backOffCapMs: 100, ...timing },
  );
  closers.push(() => link.close());
  return { link, messages, states };
}

async function startScripted(script: Script): Promise<ScriptedBroker> {
  const broker = await startScriptedBroker(script);
  closers.push(() => broker.close());
  return broker;
}

const publishes = (broker: ScriptedBroker) =>
  broker.packets
    .filter(({ packet }) => packet.cmd === 'publish')
    .map(({ packet }) => packet as IPublishPacket);

test('what we ask for: no session kept, our own Receive Maximum and largest packet', async () => {
  const broker = await startScripted({});
  const { link } = open(broker.port);
  await awaitUntil('it is connected', () => link.connected());
  const connect = broker.packets[0]?.packet as IConnectPacket;
  expect(connect).toMatchObject({
    protocolVersion: 5,
    clean: true,
    clientId: 'gw1',
    properties: { sessionExpiryInterval: 0, receiveMaximum: 64 },
  });
  expect(connect.properties?.maximumPacketSize).toBeGreaterThan(128 * 1024);
});

test.each([{ receiveMaximum: 0 }, { maximumPacketSize: 0 }])(
  'a broker that announces that it takes nothing is left and told of, not waited for: %o',
  async (properties) => {
    const broker = await startScripted({ connack: () => ({ properties }) });
    const { link, states } = open(broker.port);
    await awaitUntil('it is said', () => states.some(({ connected }) => !connected));
    expect(states[0]?.reason).toMatch(/announces that it takes nothing/);
    expect(link.connected()).toBe(false);
    await awaitUntil('it is tried again', () => broker.connections() > 1);
  },
);

describe('the Receive Maximum of the broker', () => {
  test('a message that it refuses gives its place to the next', async () => {
    let messages = 0;
    const broker = await startScripted({
      connack: () => ({ properties: { receiveMaximum: 1 } }),
      onPublish: (packet, client) => acknowledge(packet, client, messages++ < 3 ? 0x97 : 0),
    });
    const { link } = open(broker.port);
    await awaitUntil('it is connected', () => link.connected());
    const sent = Array.from({ length: 4 }, (_, n) => link.publish(TOPIC, `${n}`, { qos: 1 }));
    const results = await Promise.allSettled(sent);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled']);
  });

  test('never more are without PUBACK than it announced, records and status together; the rest follows in order', async () => {
    const held: (() => void)[] = [];
    let most = 0;
    let out = 0;
    const broker = await startScripted({
      connack: () => ({ properties: { receiveMaximum: 3 } }),
      onPublish: (packet, client) => {
        out += 1;
        most = Math.max(most, out);
        held.push(() => {
          out -= 1;
          acknowledge(packet, client);
        });
      },
    });
    const { link } = open(broker.port);
    await awaitUntil('it is connected', () => link.connected());
    expect(link.receiveMaximum?.()).toBe(3);
    const all = Array.from({ length: 12 }, (_, index) =>
      link.publish(index % 4 === 3 ? 'millwatt/1/pune/gw1/status' : TOPIC, `${index}`, { qos: 1 }),
    );
    // QoS 0 is outside of it.
    await link.publish('millwatt/1/pune/gw1/live/mill', '{}', { qos: 0 });
    for (let answered = 0; answered < 12; answered++) {
      await awaitUntil('another came', () => held.length > answered);
      held[answered]?.();
    }
    await Promise.all(all);
    expect(most).toBe(3);
    const texts = publishes(broker).flatMap(({ qos, payload }) => (qos === 1 ? [payload.toString()] : []));
    expect(texts).toEqual(Array.from({ length: 12 }, (_, index) => `${index}`));
  });

  test('whoever waits in line is told when the connection ends, and nothing of it is sent later', async () => {
    const broker = await startScripted({
      connack: () => ({ properties: { receiveMaximum: 1 } }),
      onPublish: (_packet, client) => client.socket.destroy(),
    });
    const { link } = open(broker.port);
    await awaitUntil('it is connected', () => link.connected());
    const outcomes = await Promise.allSettled([0, 1, 2].map((n) => link.publish(TOPIC, `${n}`, { qos: 1 })));
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'unacknowledged' } });
    await awaitUntil('it is back', () => broker.connections() >= 2 && link.connected());
    expect(publishes(broker)).toHaveLength(1);
  });

  test('closing does not wait in line', async () => {
    const broker = await startScripted({
      connack: () => ({ properties: { receiveMaximum: 1 } }),
      onPublish: () => {},
    });
    const { link } = open(broker.port);
    await awaitUntil('it is connected', () => link.connected());
    const stuck = link.publish(TOPIC, 'x', { qos: 1 }).catch(() => {});
    const beganMs = performance.now();
    await link.close({ topic: 'millwatt/1/pune/gw1/status', payload: 'offline', retain: true });
    expect(performance.now() - beganMs).toBeLessThan(2000);
    await stuck;
  });
});

test('a message larger than the broker takes is refused here, with a cure, and the rest goes on', async () => {
  const broker = await startScripted({ connack: () => ({ properties: { maximumPacketSize: 1000 } }) });
  const { link } = open(broker.port);
  await awaitUntil('it is connected', () => link.connected());
  await expect(link.publish(TOPIC, Buffer.alloc(1000), { qos: 1 })).rejects.toMatchObject({
    remedy: 'quarantine',
    code: 'oversized-message',
    message: expect.stringContaining('(1000)') as string,
    cure: expect.stringContaining('262144') as string,
  });
  await link.publish(TOPIC, Buffer.alloc(900), { qos: 1 });
  expect(publishes(broker)).toHaveLength(1);
  expect(broker.connections()).toBe(1);
});

test("the broker's keep-alive is kept instead of ours", async () => {
  const broker = await startScripted({ connack: () => ({ properties: { serverKeepAlive: 1 } }) });
  const { link } = open(broker.port);
  await awaitUntil('it is connected', () => link.connected());
  await awaitUntil('it says that it lives', () =>
    broker.packets.some(({ packet }) => packet.cmd === 'pingreq'),
  );
  expect(broker.connections()).toBe(1);
});

test('a broker that keeps no messages is not sent any to keep', async () => {
  const broker = await startScripted({ connack: () => ({ properties: { retainAvailable: false } }) });
  const { link } = open(broker.port);
  await awaitUntil('it is connected', () => link.connected());
  await link.publish('millwatt/1/pune/gw1/status', '{}', { qos: 1, retain: true });
  expect(publishes(broker)[0]?.retain).toBe(false);
});

test.each([
  [0x80, /it gives no reason/],
  [0x82, /broke the protocol/],
  [0x84, /does not speak the version of MQTT/],
  [0x85, /refuses our client id/],
  [0x86, /user name or password/],
  [0x87, /authorise/],
  [0x88, /unavailable/],
  [0x89, /it is busy/],
  [0x8a, /we are banned/],
  [0x97, /a quota is used up/],
  [0x9a, /does not keep messages/],
  [0x9c, /another server/],
  [0x9f, /connect too often/],
  [0xee, /reason 0xee/],
])(
  'a connection refused with reason 0x%s is told once, in words, and tried again',
  async (code, sentence) => {
    const broker = await startScripted({ connack: () => ({ reasonCode: code }) });
    const { states } = open(broker.port);
    await awaitUntil('several attempts', () => broker.connections() >= 3);
    expect(states).toHaveLength(1);
    expect(states[0]?.reason).toMatch(sentence);
    expect(states[0]?.cure.length).toBeGreaterThan(10);
  },
);

test('a broker that takes QoS 0 only is not used', async () => {
  const broker = await startScripted({ connack: () => ({ properties: { maximumQoS: 0 } }) });
  const { states } = open(broker.port);
  await awaitUntil('it is told', () => states.length > 0);
  expect(states[0]?.reason).toMatch(/takes QoS 0 only/);
});

test('a refused message says why, and the connection stays', async () => {
  const broker = await startScripted({
    onPublish: (packet, client) =>
      acknowledge(packet, client, packet.payload.toString() === 'bad' ? 0x87 : 0x10),
  });
  const { link } = open(broker.port);
  await awaitUntil('it is connected', () => link.connected());
  await expect(link.publish(TOPIC, 'bad', { qos: 1 })).rejects.toMatchObject({
    remedy: 'retry',
    code: 'refused-message',
    message: expect.stringContaining('we have no right to it') as string,
    cure: expect.stringContaining('access list') as string,
  });
  // 0x10: nobody listens just now, which a receipt will tell.
  await link.publish(TOPIC, 'good', { qos: 1 });
  expect(broker.connections()).toBe(1);
});

test('a connection that the broker ends says why', async () => {
  const broker = await startScripted({
    onPublish: (_packet, client) => client.send({ cmd: 'disconnect', reasonCode: 0x8e }),
  });
  const { link, states } = open(broker.port);
  await awaitUntil('it is connected', () => link.connected());
  await expect(link.publish(TOPIC, 'x', { qos: 1 })).rejects.toMatchObject({ code: 'unacknowledged' });
  expect(states[1]?.reason).toMatch(/ended the connection: another client came with our id/);
  await awaitUntil('it is back', () => link.connected() && broker.connections() >= 2);
});

test.each([0x80, 0x87, 0x8f, 0x97, 0xa2])(
  'a subscription refused with 0x%s names the filter, and is tried again',
  async (code) => {
    const broker = await startScripted({ suback: (filter) => (filter.endsWith('receipt') ? code : 1) });
    const { states } = open(broker.port, {
      subscriptions: [
        { filter: 'millwatt/1/+/gw1/other', qos: 1 },
        { filter: 'millwatt/1/+/gw1/receipt', qos: 1 },
      ],
    });
    await awaitUntil('several attempts', () => broker.connections() >= 3);
    expect(states).toHaveLength(1);
    expect(states[0]?.reason).toMatch(/does not let us read millwatt\/1\/\+\/gw1\/receipt/);
  },
);

test.each([
  ['CONNECT', { connack: () => undefined }, /does not answer as an MQTT broker/],
  ['SUBSCRIBE', { answersSubscribe: false }, /does not answer our subscriptions/],
] as const)(
  'a broker that leaves %s unanswered is left at our own deadline',
  async (_what, script, sentence) => {
    const broker = await startScripted(script);
    const { states } = open(
      broker.port,
      { subscriptions: [{ filter: 'a/b', qos: 1 }] },
      { connectDeadlineMs: 150, subscribeDeadlineMs: 150 },
    );
    await awaitUntil('several attempts', () => broker.connections() >= 3);
    expect(states).toHaveLength(1);
    expect(states[0]?.reason).toMatch(sentence);
  },
);

test('the embedded broker, which speaks 3.1.1 only, is told apart with a cure', async () => {
  const broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, log: silentLog });
  closers.push(() => broker.close());
  const { states } = open(broker.port);
  await awaitUntil('it is told', () => states.length > 0);
  expect(states[0]).toMatchObject({
    connected: false,
    reason: expect.stringContaining('version of MQTT') as string,
    cure: expect.stringContaining('3.1.1') as string,
  });
});

describe.skipIf(requireTool('mosquitto') === undefined)('with a real mosquitto', () => {
  test('its limits are kept: 1 of 2 in flight, packets of 2,000 bytes at most', async () => {
    const broker = await startMosquitto({ config: 'max_inflight_messages 2\nmax_packet_size 2000' });
    closers.push(() => broker.stop());
    const centre = open(broker.port, {
      username: 'collector',
      subscriptions: [{ filter: 'millwatt/1/+/+/batch', qos: 1 }],
    });
    const agent = open(broker.port);
    await awaitUntil('both are connected', () => centre.link.connected() && agent.link.connected());
    expect(agent.link.receiveMaximum?.()).toBe(2);
    await expect(agent.link.publish(TOPIC, Buffer.alloc(2000), { qos: 1 })).rejects.toMatchObject({
      code: 'oversized-message',
    });
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => agent.link.publish(TOPIC, `${index}`, { qos: 1 })),
    );
    await awaitUntil('all arrive', () => centre.messages.length === 200);
    expect(agent.states).toHaveLength(1);
    expect(centre.states).toHaveLength(1);
  });

  test('on 3.1.1 the same broker only ends the connection', async () => {
    const broker = await startMosquitto({ config: 'max_packet_size 2000' });
    closers.push(() => broker.stop());
    const agent = open(broker.port, { mqtt: '3.1.1' });
    await awaitUntil('it is connected', () => agent.link.connected());
    expect(agent.link.receiveMaximum?.()).toBe(Infinity);
    await expect(agent.link.publish(TOPIC, Buffer.alloc(2000), { qos: 1 })).rejects.toMatchObject({
      code: 'unacknowledged',
    });
  });

  test('a client that comes with the same id ends the connection of the other, which says so', async () => {
    const broker = await startMosquitto();
    closers.push(() => broker.stop());
    const first = open(broker.port, {}, { backOffBaseMs: 60_000, backOffCapMs: 60_000 });
    await awaitUntil('it is connected', () => first.link.connected());
    open(broker.port);
    await awaitUntil('it is told', () => first.states.length > 1);
    expect(first.states[1]?.reason).toMatch(/another client came with our id|closed the connection/);
    // Mosquitto 2.0.11 ends it without a word.
    expect(first.states[1]?.cure).toMatch(/same id|id of its own/);
  });

  test('a broker that is stopped says that it is shutting down', async () => {
    const broker = await startMosquitto();
    const { link, states } = open(broker.port);
    await awaitUntil('it is connected', () => link.connected());
    await broker.stop();
    await awaitUntil('it is told', () => states.length > 1);
    expect(states[1]?.reason).toMatch(/shutting down|closed the connection/);
  });
});
