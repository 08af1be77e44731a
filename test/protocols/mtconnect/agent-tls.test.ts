import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../protocols/clock.ts';
import { AgentClient } from '../../../protocols/mtconnect/agent-client.ts';
import { createAuthority, type Authority } from '../../support/certificates.ts';
import { requireTool } from '../../support/tools.ts';
import { ScriptedAgent } from './scripted-agent.ts';

const openssl = requireTool('openssl');

describe.skipIf(openssl === undefined)('an agent that speaks TLS', () => {
  let authority: Authority;
  let stranger: Authority;
  const agents: ScriptedAgent[] = [];

  beforeAll(() => {
    authority = createAuthority(openssl ?? '', 'plant');
    stranger = createAuthority(openssl ?? '', 'stranger');
  });
  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.stop()));
    authority.dispose();
    stranger.dispose();
  });

  async function ask(tls: { cert: string; key: string }, ca: string | undefined): Promise<string> {
    const agent = new ScriptedAgent([]);
    agents.push(agent);
    agent.tls = tls;
    await agent.start();
    const client = new AgentClient({ url: agent.url, ca }, systemClock);
    try {
      return (await client.ask('/probe', 5000)).document.kind;
    } finally {
      client.close();
    }
  }

  it('is read where the authority is ours', async () => {
    expect(await ask(authority.issue({ names: 'IP:127.0.0.1' }), authority.cert)).toBe('devices');
  });

  it.each([
    ['without an authority', () => [authority.issue({ names: 'IP:127.0.0.1' }), undefined] as const],
    ['with another authority', () => [stranger.issue({ names: 'IP:127.0.0.1' }), authority.cert] as const],
    ['with another name', () => [authority.issue({ names: 'IP:127.0.0.9' }), authority.cert] as const],
    [
      'that has expired',
      () => [authority.issue({ names: 'IP:127.0.0.1', isExpired: true }), authority.cert] as const,
    ],
  ])('is refused %s', async (_, make) => {
    const [tls, ca] = make();
    await expect(ask(tls, ca)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('is not trusted'),
      cure: expect.stringContaining('ca'),
    });
  });
});
