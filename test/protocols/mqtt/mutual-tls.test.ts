import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { silentLog, type Log } from '../../../protocols/log.ts';
import { startEmbeddedBroker } from '../../../protocols/mqtt/embedded-broker.ts';
import type { Link, LinkOptions } from '../../../protocols/mqtt/link.ts';
import { connectLink } from '../../../protocols/mqtt/mqtt-link.ts';
import { createAuthority, type Authority, type Identity } from '../../support/certificates.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { recordLog } from '../../collector/ledger/recorded-log.ts';
import { requireTool } from '../../support/tools.ts';
import { awaitUntil } from './await-until.ts';

const openssl = requireTool('openssl');
const mosquitto = requireTool('mosquitto');

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Party {
  link: Link;
  messages: string[];
  states: { connected: boolean; reason: string; cure: string }[];
}

function open(port: number, username: string, options: Partial<LinkOptions>): Party {
  const messages: string[] = [];
  const states: Party['states'] = [];
  const link = connectLink(
    {
      url: `mqtts://127.0.0.1:${port}`,
      clientId: username,
      username,
      subscriptions: [],
      onMessage: ({ payload }) => void messages.push(Buffer.from(payload).toString('utf8')),
      onState: (state) => void states.push(state),
      ...options,
    },
    { backOffBaseMs: 30, backOffCapMs: 100 },
  );
  closers.push(() => link.close());
  return { link, messages, states };
}

describe.skipIf(openssl === undefined)('certificates of both sides', () => {
  let authority: Authority;
  let stranger: Authority;
  let server: Identity;
  let collector: Identity;
  let gw1: Identity;
  let gw2: Identity;
  beforeAll(() => {
    authority = createAuthority(openssl ?? '', 'plant');
    stranger = createAuthority(openssl ?? '', 'stranger');
    server = authority.issue({ names: 'IP:127.0.0.1', commonName: 'broker' });
    collector = authority.issue({ commonName: 'collector' });
    gw1 = authority.issue({ commonName: 'gw1' });
    gw2 = authority.issue({ commonName: 'gw2' });
  });
  afterAll(() => {
    authority.dispose();
    stranger.dispose();
  });

  /** Only certificates: nobody has a password. */
  async function startEmbedded(own: Identity = server, log: Log = silentLog): Promise<number> {
    const broker = await startEmbeddedBroker({
      host: '127.0.0.1',
      port: 0,
      tls: own,
      clientCa: authority.cert,
      log,
    });
    closers.push(() => broker.close());
    return broker.port;
  }

  async function startReal(own: Identity = server): Promise<number> {
    const broker = await startMosquitto({
      write: ({ port, folder }) => {
        const at = (name: string, text: string) => {
          writeFileSync(join(folder, name), text, { mode: 0o600 });
          return join(folder, name);
        };
        return [
          `listener ${port} 127.0.0.1`,
          `cafile ${at('ca.pem', authority.cert)}`,
          `certfile ${at('broker.pem', own.cert)}`,
          `keyfile ${at('broker.key', own.key)}`,
          'require_certificate true',
          'use_identity_as_username true',
          `acl_file ${at('acl', 'pattern write millwatt/1/+/%u/batch\npattern read millwatt/1/+/%u/receipt\nuser collector\ntopic read millwatt/1/#\ntopic write millwatt/1/+/+/receipt\n')}`,
        ].join('\n');
      },
    });
    closers.push(() => broker.stop());
    return broker.port;
  }

  const tlsOf = (identity?: Identity, ca = authority.cert) => ({ tls: { ca, ...identity } });

  describe.each([
    { name: 'the embedded broker', start: startEmbedded, isMissing: false },
    { name: 'mosquitto', start: startReal, isMissing: mosquitto === undefined },
  ])('with $name', ({ start, isMissing }) => {
    test.skipIf(isMissing)('each is known by its certificate, and messages go both ways', async () => {
      const port = await start();
      const centre = open(port, 'collector', {
        ...tlsOf(collector),
        subscriptions: [{ filter: 'millwatt/1/+/+/batch', qos: 1 }],
      });
      const agent = open(port, 'gw1', {
        ...tlsOf(gw1),
        subscriptions: [{ filter: 'millwatt/1/+/gw1/receipt', qos: 1 }],
      });
      await awaitUntil('both are connected', () => centre.link.connected() && agent.link.connected());
      await agent.link.publish('millwatt/1/pune/gw2/batch', 'forged', { qos: 1 });
      await agent.link.publish('millwatt/1/pune/gw1/batch', 'honest', { qos: 1 });
      await centre.link.publish('millwatt/1/pune/gw1/receipt', 'ok', { qos: 1 });
      await awaitUntil('both arrive', () => centre.messages.length === 1 && agent.messages.length === 1);
      expect(centre.messages).toEqual(['honest']);
    });

    test.skipIf(isMissing).each([
      [
        'no certificate',
        () => undefined,
        /asks for a certificate of ours|closed the connection without an answer/,
      ],
      [
        'a certificate of another authority',
        () => stranger.issue({ commonName: 'gw1' }),
        /does not trust the authority that issued our certificate|without an answer/,
      ],
      [
        'a certificate that has run out',
        () => authority.issue({ commonName: 'gw1', isExpired: true }),
        /our certificate has run out|without an answer/,
      ],
      [
        'a certificate that is meant for servers only',
        () => authority.issue({ commonName: 'gw1', usage: 'serverAuth' }),
        /refuses our certificate|without an answer/,
      ],
    ])('%s is refused, with a sentence and a cure', async (_what, identity, sentence) => {
      const port = await start();
      const { link, states } = open(port, 'gw1', tlsOf(identity()));
      await awaitUntil('the refusal is told', () => states.length > 0);
      expect(states[0]?.reason).toMatch(sentence);
      expect(states[0]?.cure.length).toBeGreaterThan(10);
      expect(link.connected()).toBe(false);
    });

    test.skipIf(isMissing)("another agent's certificate does not make us that agent", async () => {
      const port = await start();
      const centre = open(port, 'collector', {
        ...tlsOf(collector),
        subscriptions: [{ filter: 'millwatt/1/+/+/batch', qos: 1 }],
      });
      const honest = open(port, 'gw2', { ...tlsOf(gw2), clientId: 'honest' });
      // It says that it is gw1, and shows the certificate of gw2.
      const thief = open(port, 'gw1', {
        ...tlsOf(gw2),
        clientId: 'thief',
        subscriptions: [{ filter: 'millwatt/1/+/gw1/receipt', qos: 1 }],
      });
      await awaitUntil('the others are in', () => centre.link.connected() && honest.link.connected());
      await awaitUntil('its fate is told', () => thief.states.length > 0);
      // The embedded broker compares the names; mosquitto takes that of the certificate, and its access list holds.
      if (!thief.link.connected()) expect(thief.states[0]?.reason).toMatch(/user name or password/);
      else await thief.link.publish('millwatt/1/pune/gw1/batch', 'forged', { qos: 1 });
      await centre.link.publish('millwatt/1/pune/gw1/receipt', 'for gw1', { qos: 1 });
      await honest.link.publish('millwatt/1/pune/gw2/batch', 'honest', { qos: 1 });
      await awaitUntil('the honest one arrives', () => centre.messages.includes('honest'));
      expect(centre.messages).toEqual(['honest']);
      expect(thief.messages).toEqual([]);
    });

    test.skipIf(isMissing).each([
      ['of an authority we do not know', () => stranger.issue({ names: 'IP:127.0.0.1' }), /not trusted/],
      [
        'that has run out',
        () => authority.issue({ names: 'IP:127.0.0.1', isExpired: true }),
        /not valid today/,
      ],
      ['for another host', () => authority.issue({ names: 'DNS:elsewhere.example' }), /another name/],
    ])("the broker's own certificate %s is refused", async (_what, own, sentence) => {
      const port = await start(own());
      const { states } = open(port, 'gw1', tlsOf(gw1));
      await awaitUntil('the refusal is told', () => states.length > 0);
      expect(states[0]?.reason).toMatch(sentence);
      expect(states[0]?.cure.length).toBeGreaterThan(10);
    });
  });

  test('the log of the embedded broker says whose certificate it was, and what to do', async () => {
    const log = recordLog();
    const port = await startEmbedded(server, log);
    const { states } = open(port, 'gw1', tlsOf(gw2));
    await awaitUntil('the refusal is told', () => states.length > 0);
    expect(states[0]?.cure).toMatch(/certificate .* common name/);
    expect(log.lines).toMatchObject([
      {
        message: 'the broker refused a login',
        fields: {
          username: 'gw1',
          certificate: 'gw2',
          cure: expect.stringContaining('common name') as unknown,
        },
      },
    ]);
  });

  test('with passwords as well, both are asked for', async () => {
    const broker = await startEmbeddedBroker({
      host: '0.0.0.0',
      port: 0,
      tls: server,
      clientCa: authority.cert,
      agents: new Map([['gw1', 'one']]),
      collector: { username: 'collector', password: 'secret' },
      log: silentLog,
    });
    closers.push(() => broker.close());
    const right = open(broker.port, 'gw1', { ...tlsOf(gw1), password: 'one' });
    const wrong = open(broker.port, 'gw1', { ...tlsOf(gw1), clientId: 'other', password: 'two' });
    await awaitUntil('one is in', () => right.link.connected());
    await awaitUntil('the other is told', () => wrong.states.length > 0);
    expect(wrong.states[0]?.reason).toMatch(/refuses the user name or password/);
  });

  test('certificates are enough to listen wider than loopback; without one of its own the broker refuses', async () => {
    const options = { host: '0.0.0.0', port: 0, clientCa: authority.cert, log: silentLog };
    const broker = await startEmbeddedBroker({ ...options, tls: server });
    closers.push(() => broker.close());
    await expect(startEmbeddedBroker(options)).rejects.toMatchObject({
      remedy: 'refuse',
      code: 'no-broker-certificate',
    });
  });
});
