import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runExport } from '../../cli/export/export-command.ts';
import { runRegress } from '../../cli/regress/regress-command.ts';
import { checkConfig } from '../../config/check.ts';
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
