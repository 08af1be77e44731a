import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runBrowse } from '../../cli/browse/browse-command.ts';
import { readCsvPower } from '../../cli/calibrate/csv-power.ts';
import { runExport } from '../../cli/export/export-command.ts';
import { writeWhole } from '../../cli/export/write-file.ts';
import { runJobsImport } from '../../cli/jobs/import-command.ts';
import { readManifest } from '../../cli/ledger/backup-manifest.ts';
import { readHeads, writeHeads, type Heads } from '../../cli/ledger/heads-file.ts';
import { runRegress } from '../../cli/regress/regress-command.ts';
import { checkProfileFolder } from '../../cli/scan/scan-profiles.ts';
import { openPackage } from '../../cli/verify/package-file.ts';
import { readAuthorities } from '../../cli/verify/trusted-keys.ts';
import { checkConfig } from '../../config/check.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { makeFolder } from '../e2e/fault-rig.ts';

it.each([
  ['hmtl', 'Did you mean html? '],
  ['evidnce', 'Did you mean evidence? '],
  ['something', ''],
])('of a format that is none (%s) the nearest is told, and all', async (format, guess) => {
  await expect(runExport(format, { config: 'none.yaml', issue: '1' })).rejects.toMatchObject({
    code: 'usage',
    cure: expect.stringMatching(
      new RegExp(`^${guess.replace('?', '\\?')}Formats are json, .*, html, evidence\\.$`),
    ),
  });
});

const PLANT = 'site: p\nbroker: { url: mqtt://127.0.0.1:1883 }\n';

it.each([
  [
    'machines: [ { id: a, ratedPower: 15kW, product: { parameters: { spindleKw: 22, axes: 5 } } } ]',
    'Give one of those that are declared: --over axes, --over spindleKw.',
  ],
  ['machines: [ { id: a, ratedPower: 15kW } ]', expect.stringMatching(/^No machine has one: write it/)],
])('a regression over nothing tells over what it could be', async (machines, cure) => {
  const file = join(makeFolder(), 'collector.yaml');
  writeFileSync(file, `${PLANT}${machines}\n`);
  await expect(runRegress({ config: file })).rejects.toMatchObject({ code: 'usage', cure });
});

it('a company that is missing is shown as it is written', () => {
  const { findings } = checkConfig(`${PLANT}footprint: { region: VN }\n`, 'collector.yaml', 'collector');
  expect(findings.map(({ cure }) => cure)).toContain(
    'Add company (the company that answers for the figures), for example company: { name: Example Machining Co, ids: [urn:lei:5493001KJTIIGC8Y1R12], country: VN }.',
  );
});

const NOWHERE = '/nowhere/at-all';
const HEADS: Heads = { v: 1, site: 'p', noted: '', ledger: [], journal: { entries: 0, hash: '' } };

it.each<[what: string, use: () => unknown]>([
  ['-c', () => loadCollectorConfig(NOWHERE)],
  ['verify PACKAGE', () => openPackage(NOWHERE)],
  ['verify --tsa-ca', () => readAuthorities(NOWHERE)],
  ['browse --ca', () => runBrowse('http://127.0.0.1:1', { ca: NOWHERE })],
  ['browse --password-file', () => runBrowse('opc.tcp://127.0.0.1:1', { user: 'a', passwordFile: NOWHERE })],
  [
    'jobs import FILE',
    () => {
      const config = join(makeFolder(), 'collector.yaml');
      writeFileSync(config, `${PLANT}machines: [ { id: a, ratedPower: 15kW } ]\n`);
      runJobsImport('a', NOWHERE, { config });
    },
  ],
  ['calibrate --csv', () => readCsvPower({ file: NOWHERE, unit: 'kW' })],
  ['export -o', () => writeWhole(`${NOWHERE}/x.json`, '{}')],
  ['ledger verify --heads', () => writeHeads(NOWHERE, HEADS)],
  ['ledger verify --since', () => readHeads(NOWHERE)],
  ['ledger backup --check', () => readManifest(NOWHERE)],
  ['scan --profiles', () => checkProfileFolder(NOWHERE)],
])('a file that is not there is told of in words, with a cure: %s', async (_, use) => {
  const error: unknown = await Promise.resolve()
    .then(use)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MillwattError);
  const { remedy, message, cure } = error as MillwattError;
  expect(remedy).toBe('refuse');
  expect(message).toContain('/nowhere');
  expect(message).toMatch(/no such f|there is no such folder|is not there|is no folder/);
  expect(message).not.toMatch(/ENO|open '|scandir/);
  expect(cure).toMatch(/\w/);
});
