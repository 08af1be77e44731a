import { describe, expect, test } from 'vitest';
import {
  chooseEndpoint,
  requireNoDowngrade,
  type OfferedEndpoint,
} from '../../../../protocols/opcua/link/endpoint-choice.ts';
import { opcuaSource } from '../opcua-source.ts';

const at = (mode: string, policy: string, logins: OfferedEndpoint['logins'] = []): OfferedEndpoint => ({
  mode,
  policy,
  logins,
});
const ALL = [
  at('None', 'None'),
  at('Sign', 'Basic256Sha256'),
  at('SignAndEncrypt', 'Basic128Rsa15'),
  at('SignAndEncrypt', 'Basic256Sha256'),
  at('SignAndEncrypt', 'Aes128_Sha256_RsaOaep'),
  at('SignAndEncrypt', 'Aes256_Sha256_RsaPss'),
];

function refusalOf(offered: readonly OfferedEndpoint[], over: Parameters<typeof opcuaSource>[0]): string {
  try {
    chooseEndpoint(offered, opcuaSource(over));
  } catch (error) {
    const { message, cure, remedy } = error as { message: string; cure: string; remedy: string };
    expect(remedy).toBe('retry');
    return `${message} ${cure}`;
  }
  throw new Error('it was accepted');
}

describe('chooseEndpoint', () => {
  test.each([
    ['all', ALL, 'Aes256_Sha256_RsaPss'],
    ['in any order', ALL.toReversed(), 'Aes256_Sha256_RsaPss'],
    ['without the strongest', ALL.slice(0, 5), 'Aes128_Sha256_RsaOaep'],
    ['only the oldest that is safe', ALL.slice(0, 4), 'Basic256Sha256'],
  ])('best is the strongest in the configured mode: %s', (_, offered, policy) => {
    expect(chooseEndpoint(offered, opcuaSource())).toMatchObject({ mode: 'SignAndEncrypt', policy });
  });

  test('what is configured is taken, even where there is something stronger', () => {
    const options = opcuaSource({ securityPolicy: 'Basic256Sha256', securityMode: 'Sign' });
    expect(chooseEndpoint(ALL, options)).toMatchObject({ mode: 'Sign', policy: 'Basic256Sha256' });
  });

  test('never None, and nothing that is broken: it is said what there is, and what to do', () => {
    expect(refusalOf([at('None', 'None')], {})).toMatch(
      /offers no security \(None\)\. Enable SignAndEncrypt .*allowInsecure: true/,
    );
    expect(refusalOf([at('SignAndEncrypt', 'Basic128Rsa15')], {})).toMatch(
      /offers SignAndEncrypt with Basic128Rsa15\. Enable/,
    );
    expect(refusalOf([], {})).toContain('it offers none.');
  });

  test('another mode or policy is named where there is one', () => {
    expect(refusalOf([at('Sign', 'Basic256Sha256')], {})).toContain('Write securityMode: Sign,');
    expect(refusalOf(ALL.slice(0, 4), { securityPolicy: 'Aes256_Sha256_RsaPss' })).toContain(
      'Write securityPolicy: Basic256Sha256, or best.',
    );
  });

  test('a login that the server does not take is said before anything is sent', () => {
    const named = [at('SignAndEncrypt', 'Basic256Sha256', [{ type: 'username', policy: '' }])];
    expect(chooseEndpoint(named, opcuaSource({ username: 'a' })).policy).toBe('Basic256Sha256');
    expect(refusalOf(named, {})).toMatch(/does not accept clients without a user; it accepts user names/);
    expect(refusalOf(named, { userCertificate: 'PEM' })).toContain('does not accept user certificates');
  });

  test('a password is not sent readable in messages that are only signed', () => {
    const readable = [at('Sign', 'Basic256Sha256', [{ type: 'username', policy: 'None' }])];
    const sign = { securityMode: 'Sign', username: 'a' } as const;
    expect(refusalOf(readable, sign)).toContain('password sent readable');
    const hidden = [at('Sign', 'Basic256Sha256', [{ type: 'username', policy: 'Basic256Sha256' }])];
    expect(chooseEndpoint(hidden, opcuaSource(sign)).mode).toBe('Sign');
  });
});

test('a stronger endpoint that shows only once the session is secured was hidden by someone', () => {
  const chosen = { mode: 'SignAndEncrypt', policy: 'Basic256Sha256' };
  expect(() => requireNoDowngrade(ALL, chosen, opcuaSource())).toThrow(
    expect.objectContaining({ code: 'untrusted', cure: expect.stringContaining('Aes256_Sha256_RsaPss') }),
  );
  requireNoDowngrade(ALL.slice(0, 4), chosen, opcuaSource());
  requireNoDowngrade(ALL, chosen, opcuaSource({ securityPolicy: 'Basic256Sha256' }));
});
