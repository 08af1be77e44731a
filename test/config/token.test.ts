import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createAccessGuard } from '../../collector/http/access-guard.ts';
import { checkConfig } from '../../config/check.ts';
import { readSurroundings } from '../../config/surroundings.ts';

const folder = mkdtempSync(join(tmpdir(), 'millwatt-token-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = (reference: string) =>
  `site: plant-1\nbroker: { embedded: {} }\nmachines: []\nhttp: { token: "${reference}" }\n`;

function refuses(token: string): boolean {
  try {
    createAccessGuard({ host: '127.0.0.1', token, tls: false, nowMs: () => 0 });
    return false;
  } catch {
    return true;
  }
}

test('a token is refused by the check exactly where the collector refuses it, and not shown', () => {
  for (const length of [1, 21, 22, 40]) {
    const token = 'q'.repeat(length);
    writeFileSync(join(folder, 'http.token'), `${token}\n`, { mode: 0o600 });
    const { findings } = checkConfig(text('${file:http.token}'), join(folder, 'collector.yaml'));
    expect(
      findings.some(({ path, severity }) => path === 'http.token' && severity === 'error'),
      `${length}`,
    ).toBe(refuses(token));
    expect(JSON.stringify(findings)).not.toContain('qq');
  }
});

test('a variable that is not set is a warning where the environment may be seen, and nothing elsewhere', () => {
  const check = (env?: Record<string, string>) =>
    checkConfig(text('${env:PAGE_TOKEN}'), 'collector.yaml', 'collector', readSurroundings({ env })).findings;
  expect(check()).toEqual([]);
  expect(check({})).toMatchObject([{ severity: 'warning', path: 'http.token' }]);
  expect(check({ PAGE_TOKEN: 'q'.repeat(22) })).toEqual([]);
  expect(check({ PAGE_TOKEN: 'short' })).toMatchObject([{ severity: 'error', path: 'http.token' }]);
});

test('the token for marks is checked like that of the page, and may not be it', () => {
  const check = (http: string, env: Record<string, string>) =>
    checkConfig(
      `site: plant-1\nbroker: { embedded: {} }\nmachines: []\nhttp: ${http}\n`,
      'collector.yaml',
      'collector',
      readSurroundings({ env }),
    ).findings;
  const env = { PAGE: 'q'.repeat(22), MES: 'z'.repeat(22), SHORT: 'short' };
  expect(check('{ token: "${env:PAGE}", marksToken: "${env:MES}" }', env)).toEqual([]);
  expect(check('{ marksToken: "${env:MES}" }', env)).toEqual([]);
  for (const http of [
    '{ marksToken: "${env:SHORT}" }',
    '{ token: "${env:PAGE}", marksToken: "${env:PAGE}" }',
  ])
    expect(check(http, env), http).toMatchObject([{ severity: 'error', path: 'http.marksToken' }]);
});
