import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packZip, unpackZip, type PackageBytes } from '../../../collector/evidence/canonical-zip.ts';
import { seedRandom } from '../../../protocols/simulator/seeded-random.ts';

const SEED = process.env['MILLWATT_TEST_SEED'] ?? '20261122';
const REPLAY = `MILLWATT_TEST_SEED=${SEED} npx vitest run test/collector/evidence/canonical-zip.test.ts`;

const FILES = [
  { path: 'manifest.json', bytes: Buffer.from('{"v":1}') },
  { path: 'raw/2026-10-01.records', bytes: Buffer.alloc(300, 7) },
  { path: 'raw/2026-10-02.records', bytes: Buffer.alloc(0) },
  { path: 'statement.dsse.json', bytes: Buffer.from('{}') },
];

const bytesOf = (bytes: Buffer): PackageBytes => ({
  size: bytes.length,
  read: (offset, length) => bytes.subarray(offset, offset + length),
});
const filesOf = (bytes: Buffer) =>
  [...unpackZip(bytesOf(bytes))].map(({ path, bytes: content }) => ({ path, bytes: Buffer.from(content) }));

describe(`a package's container (${REPLAY})`, () => {
  const whole = Buffer.concat([...packZip(FILES)]);

  it('gives back what was packed, and other tools open it', () => {
    expect(filesOf(whole)).toEqual(FILES);
    expect(filesOf(Buffer.concat([...packZip([])]))).toEqual([]);
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-package-'));
    try {
      writeFileSync(join(folder, 'p.zip'), whole);
      const read = `import zipfile; z = zipfile.ZipFile('p.zip'); assert z.testzip() is None; print([(n, len(z.read(n))) for n in z.namelist()])`;
      const { stdout, stderr } = spawnSync('python3', ['-c', read], { cwd: folder, encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(stdout.trim()).toBe(
        "[('manifest.json', 7), ('raw/2026-10-01.records', 300), ('raw/2026-10-02.records', 0), ('statement.dsse.json', 2)]",
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has one text: what differs in a byte, is cut or goes on, is refused or has another content', () => {
    for (let at = 0; at < whole.length; at++)
      for (const bit of [1, 0x80]) {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ bit;
        expect(() => filesOf(changed), `byte ${at}`).toThrow(/at byte \d+/);
      }
    for (let length = 0; length < whole.length; length++)
      expect(() => filesOf(whole.subarray(0, length))).toThrow(/ends too early/);
    expect(() => filesOf(Buffer.concat([whole, Buffer.of(0)]))).toThrow(/behind its end/);
  });

  it('is what its writer writes, whatever it was made of: two texts that can be read differ in content', () => {
    const random = seedRandom(SEED, 'splice');
    let read = 0;
    for (let run = 0; run < 20_000; run++) {
      const changed = Buffer.from(whole);
      const length = random.whole(1, 40);
      const [from, to] = [random.whole(0, whole.length - length), random.whole(0, whole.length - length)];
      changed.copy(changed, to, from, from + length);
      let files: ReturnType<typeof filesOf>;
      try {
        files = filesOf(changed);
      } catch {
        continue;
      }
      read++;
      expect(Buffer.concat([...packZip(files)])).toEqual(changed);
    }
    expect(read).toBeGreaterThan(0);
  });

  it('takes no path that could leave a folder, and none out of order', () => {
    const pack = (...paths: string[]) => [
      ...packZip(paths.map((path) => ({ path, bytes: Buffer.alloc(1) }))),
    ];
    for (const path of ['../x', '/x', 'a//b', 'a/../b', 'A', 'a\\b', '', '.x', 'a/', 'x'.repeat(201)])
      expect(() => pack(path)).toThrow(/no name of a file/);
    expect(() => pack('b', 'a')).toThrow(/comes after/);
    expect(() => pack('a', 'a')).toThrow(/comes after/);
  });
});
