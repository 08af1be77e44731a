import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const LAUNCHER = fileURLToPath(new URL('../../bin/millwatt.js', import.meta.url));

it('the launcher hands on arguments, output and exit code, and works where no compiled code can be kept', () => {
  const start = (args: string[], env: NodeJS.ProcessEnv = {}) =>
    spawnSync(process.execPath, [LAUNCHER, ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
  for (const env of [{}, { NODE_COMPILE_CACHE: '/dev/null/nowhere' }]) {
    const version = start(['--version'], env);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(version.status).toBe(0);
    const wrong = start(['frobnicate'], env);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain("unknown command 'frobnicate'");
  }
});
