import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openConfiguredInflux } from '../../cli/influx-access.ts';
import { startFakeInflux } from '../collector/influx/fake-influx.ts';

const LINE = 'power,machine=m1 p_w=1 1000';
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A scripted fake that takes one password or token only, and a configuration whose secret is in a file. */
async function open(version: 1 | 2 | 3) {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-access-'));
  closers.push(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'secret');
  const writeSecret = (secret: string) => writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  writeSecret('first');
  let valid = 'first';
  const accepted = () =>
    version === 1
      ? `Basic ${Buffer.from(`u:${valid}`).toString('base64')}`
      : `${version === 2 ? 'Token' : 'Bearer'} ${valid}`;
  const fake = await startFakeInflux([], ({ authorization }) =>
    authorization === accepted() ? { status: 204 } : { status: 401, body: '{"error":"unauthorized"}' },
  );
  closers.push(() => fake.stop());
  const secret = '${file:secret}';
  const access = version === 1 ? { username: 'u', password: secret } : { token: secret, org: 'plant' };
  const store = openConfiguredInflux({ url: fake.url, version, database: 'millwatt', ...access }, folder);
  return { store, fake, file, writeSecret, rotate: (next: string) => (valid = next) };
}

test.each([1, 2, 3] as const)(
  '%i.x, a scripted fake: a secret that was rotated in its file is taken up at once, without a restart',
  async (version) => {
    const { store, fake, writeSecret, rotate } = await open(version);
    expect(await store.write(LINE)).toEqual({ kind: 'ok', expired: 0 });
    rotate('second');
    expect(await store.write(LINE)).toMatchObject({
      kind: 'halt',
      cure: expect.stringContaining('read again'),
    });
    writeSecret('second');
    const before = fake.writes.length;
    expect(await store.write(LINE)).toEqual({ kind: 'ok', expired: 0 });
    expect(fake.writes.length - before).toBe(2);
    expect(await store.write(LINE)).toEqual({ kind: 'ok', expired: 0 });
    expect(fake.writes.length - before).toBe(3);
  },
);

test('a secret file that is not there when it is to be read again halts with what to do, and is taken when it comes', async () => {
  const { store, file, writeSecret, rotate } = await open(2);
  rotate('second');
  rmSync(file);
  const outcome = await store.write(LINE);
  expect(outcome).toMatchObject({ kind: 'halt', reason: expect.stringContaining('is not there') });
  expect(JSON.stringify(outcome)).not.toContain('first');
  writeSecret('second');
  expect((await store.write(LINE)).kind).toBe('ok');
});
