import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commonNameOf } from '../../config/certificate-name.ts';
import { checkConfig } from '../../config/check.ts';
import { readSurroundings } from '../../config/surroundings.ts';
import { createAuthority, type Authority } from '../support/certificates.ts';
import { requireTool } from '../support/tools.ts';

const openssl = requireTool('openssl');

describe.skipIf(openssl === undefined)('the certificate of an agent', () => {
  let authority: Authority;
  beforeAll(() => void (authority = createAuthority(openssl ?? '', 'ca')));
  afterAll(() => authority.dispose());

  test('tells whose it is; what is no certificate tells nothing', () => {
    expect(commonNameOf(authority.issue({ commonName: 'hall-1' }).cert)).toBe('hall-1');
    expect(commonNameOf('-----BEGIN CERTIFICATE-----\nMC4=\n-----END CERTIFICATE-----\n')).toBeUndefined();
    expect(commonNameOf('')).toBeUndefined();
  });

  test('is that of the agent, or a check says whose it is', () => {
    const check = (commonName: string) => {
      const { cert, key } = authority.issue({ commonName });
      const texts: Record<string, string> = { '/c/agent.pem': cert, '/c/agent.key': key };
      return checkConfig(
        'site: s\nagent: hall-1\ndata: ./data\nbroker: { url: "mqtts://127.0.0.1:8883", cert: agent.pem, key: agent.key }\nsources: []\n',
        '/c/agent.yaml',
        undefined,
        {
          ...readSurroundings(),
          stat: (path) => (path in texts ? { mode: 0o600 } : 'missing'),
          readText: (path) => texts[path],
        },
      ).findings.filter(({ path }) => path === 'broker.cert');
    };
    expect(check('hall-1')).toEqual([]);
    expect(check('hall-2')).toMatchObject([
      {
        severity: 'warning',
        message: expect.stringContaining('the certificate of hall-2, not of agent hall-1') as unknown,
        cure: expect.stringContaining('-subj /CN=hall-1') as unknown,
      },
    ]);
  });
});
