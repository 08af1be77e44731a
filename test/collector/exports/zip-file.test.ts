import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { zipOf } from '../../../collector/exports/zip-file.ts';

it('the same files are the same bytes, and Python reads them', async () => {
  const files = [
    { path: 'openlca.json', content: '{"schemaVersion":2}' },
    { path: 'flows/a.txt', content: new Uint8Array([0, 255, 10]) },
  ];
  const bytes = await buffer(zipOf(files));
  expect(await buffer(zipOf(files))).toEqual(bytes);
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-zip-'));
  try {
    writeFileSync(join(folder, 'x.zip'), bytes);
    const read = `import json, zipfile; z = zipfile.ZipFile('x.zip'); assert z.testzip() is None; print(json.dumps({n: list(z.read(n)) for n in z.namelist()}))`;
    const { stdout, stderr } = spawnSync('python3', ['-c', read], { cwd: folder });
    expect(stderr.toString()).toBe('');
    expect(JSON.parse(stdout.toString())).toEqual({
      'openlca.json': [...Buffer.from('{"schemaVersion":2}')],
      'flows/a.txt': [0, 255, 10],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
