import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FootprintBook } from '../../../collector/pact/footprint-book.ts';
import { openPactFile } from '../../../collector/pact/pact-file.ts';
import { sampleFootprints } from '../../collector/footprint/exports/pact/api/sample-footprints.ts';
import { run } from '../../e2e/fault-rig.ts';
import { makeSite } from './made-site.ts';

it('what was published to partners is in a backup, to the byte, while the collector has it open', async () => {
  const { folder } = await makeSite();
  const [footprint] = sampleFootprints();
  if (footprint === undefined) throw new Error('there is no sample');
  const db = openPactFile(folder);
  new FootprintBook(db).publish({ subject: 's', issue: 1, content: 'c', footprint }, 1, () => {});
  const started = run(folder, ['ledger', 'backup', '-c', 'collector.yaml', '../copy-with-pact', '--json']);
  const code = await started.exited;
  expect(code, started.output()).toBe(0);
  const said = JSON.parse(started.output()) as { folder: string; files: { file: string }[] };
  try {
    expect(said.files.map(({ file }) => file)).toContain('pact/pact.db');
    const copied = openPactFile(said.folder);
    expect(new FootprintBook(copied).textOf(footprint.id)).toBe(JSON.stringify(footprint));
    copied.close();
    const checking = run(folder, ['ledger', 'check', '-c', 'collector.yaml']);
    expect(await checking.exited, checking.output()).toBe(0);
    expect(checking.output()).toContain(join('pact', 'pact.db'));
  } finally {
    db.close();
    rmSync(said.folder, { recursive: true, force: true });
  }
}, 30_000);
