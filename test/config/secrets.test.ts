import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveOptionalSecret, resolveSecret } from '../../config/secrets.ts';
import { MillwattError } from '../../protocols/errors.ts';

const CANARY = 'canary-8c1f';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millwatt-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function writeSecret(name: string, text: string, mode: number): void {
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), mode);
}

function refusal(reference: string, env: Record<string, string> = {}): MillwattError {
  try {
    resolveSecret(reference, { env, folder });
  } catch (error) {
    if (error instanceof MillwattError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('a secret', () => {
  test('comes from the environment that was handed in', () => {
    expect(resolveSecret('${env:PW}', { env: { PW: CANARY }, folder })).toBe(CANARY);
    expect(resolveOptionalSecret(undefined, { env: {}, folder })).toBeUndefined();
  });

  test('comes from a file of its owner, without the line break at its end', () => {
    writeSecret('pw', `${CANARY}\n`, 0o600);
    expect(resolveSecret('${file:pw}', { env: {}, folder })).toBe(CANARY);
    expect(resolveSecret(`\${file:${join(folder, 'pw')}}`, { env: {}, folder: '/' })).toBe(CANARY);
  });

  for (const mode of [0o640, 0o644, 0o604, 0o620, 0o601]) {
    test(`in a file of mode ${mode.toString(8)} is refused, with chmod as the cure`, () => {
      writeSecret('pw', CANARY, mode);
      const error = refusal('${file:pw}');
      expect(error.code).toBe('open-secret');
      expect(error.cure).toBe(`Run: chmod 600 ${join(folder, 'pw')}`);
    });
  }

  test('that is not there is refused by the name of its place', () => {
    expect(refusal('${env:PW}').message).toContain('PW');
    expect(refusal('${file:nowhere}').message).toContain(join(folder, 'nowhere'));
    expect(refusal('${file:nowhere}').remedy).toBe('refuse');
  });

  test('is never repeated in an error', () => {
    writeSecret('lines', `${CANARY}\nsecond`, 0o600);
    writeSecret('open', CANARY, 0o644);
    const errors = [
      refusal(CANARY),
      refusal('${file:lines}'),
      refusal('${file:open}'),
      refusal('${env:PW}', { PW: `${CANARY}\n${CANARY}` }),
    ];
    for (const error of errors)
      expect(`${error.message} ${error.cure} ${error.stack} ${String(error.cause)}`).not.toContain(CANARY);
  });
});
