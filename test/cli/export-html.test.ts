import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCollectorJournal } from '../../cli/journal-access.ts';
import { readCsv } from '../../collector/footprint/exports/brightway/read-csv.ts';
import { checkHtml } from '../../collector/footprint/exports/html/check-html.ts';
import { readPage } from '../../collector/footprint/exports/html/read-page.ts';
import { writeHtml } from '../../collector/footprint/exports/html/write-html.ts';
import type { FootprintRecord } from '../../collector/footprint/record/footprint-record.ts';
import { fingerprint } from '../../protocols/evidence/keys.ts';
import { silentLog } from '../../protocols/log.ts';
import {
  monthJob,
  monthLine,
  monthPart,
  monthRecord,
} from '../collector/footprint/exports/html/month-record.ts';
import { tellMarks } from '../collector/reports/job-plant.ts';
import { derivePlant, plantConfig } from '../collector/reports/period-plant.ts';
import { requireTool } from '../support/tools.ts';

const run = promisify(execFile);
const chromiumPath = requireTool('chromium');
const MILLWATT = join(import.meta.dirname, '../../cli/millwatt.ts');
/** 11:00 in Ho Chi Minh City. */
const FROM_MS = Date.UTC(2026, 6, 6, 4);
const HOUR_MS = 3_600_000;
let plant: Awaited<ReturnType<typeof derivePlant>>;

/** A site in Viet Nam with a roof of its own, a residual mix, losses, and a part of steel on a pallet. */
const YAML = `
site: plant
broker: { url: mqtt://127.0.0.1:1883 }
data: .
calendar: { zone: Asia/Ho_Chi_Minh }
footprint:
  company: { name: Công ty Cơ khí Chính xác Bình Dương, ids: [urn:lei:5493001KJTIIGC8Y1R12], country: VN, contact: energy@example.com }
  region: VN
  losses: 6.3
  tables: [my-contracts.csv]
  supplies: [{ name: solar, factor: my-contracts/VN/2026/solar, from: 2026-01-01, to: 2027-01-01, share: 40 }]
  lines: [{ id: line-a, machines: [mill-1] }]
  parts:
    - id: housing-7
      massKg: 3.2
      fossilCarbonKg: 0.013
      upstream:
        - { stage: material, name: 'steel bar 42CrMo4, 4.1 kg', kgCo2e: 4.48, source: supplier declaration 2026-02, primary: 100 }
        - { stage: packaging, name: pallet, kgCo2e: 0.05, source: own estimate, primary: 0 }
machines:
  - id: mill-1
    name: 五轴加工中心 VX-500 (Mill 1)
    ratedPower: 15kW
    metering: { supply: { ct: { class: '0.5' }, calibrated: 2026-03-01, calibrateEvery: 5, certificate: D-K-1 } }
    product: { description: 5-axis machining centre, parameters: { massKg: 8200, axes: 5, spindleKw: 15, year: 2021 } }
`;
const TABLE = `id,region,year,gCo2ePerKwh,gases,gwp,boundary,basis,losses,isSupplierSpecific,source
my-contracts/VN/2026/solar,VN,2026,41,CO2e,AR6,life-cycle,on-site,excluded,yes,roof of hall 2
my-contracts/VN/2025/residual,VN,2025,724,CO2e,AR6,life-cycle,residual,excluded,no,residual mix
`;

beforeAll(async () => {
  plant = await derivePlant(FROM_MS, 12, { config: plantConfig() });
  writeFileSync(join(plant.dataFolder, 'collector.yaml'), YAML);
  writeFileSync(join(plant.dataFolder, 'my-contracts.csv'), TABLE);
  const journal = openCollectorJournal(plant.dataFolder, silentLog);
  const at = (hour: number) => new Date(FROM_MS + hour * HOUR_MS).toISOString();
  tellMarks(journal, 'mill-1', [
    { id: 'b', kind: 'begin', at: at(2), job: '4711', part: 'housing-7' },
    { id: 'e', kind: 'end', at: at(6), job: '4711', goodParts: 10 },
  ]);
  journal.close();
}, 60_000);
afterAll(() => plant.close());

/** What the command writes; each run has its own time of issue. */
async function exported(format: string, of: readonly string[], config = 'collector.yaml'): Promise<string> {
  const asked = ['export', format, ...of, '--from', '2026-07-06T11:00', '--to', '2026-07-06T23:00'];
  const { stdout } = await run(process.execPath, [MILLWATT, ...asked, '-c', config, '--force', '--json'], {
    cwd: plant.dataFolder,
  });
  const told = JSON.parse(stdout) as { ok: boolean; file: string };
  expect(told.ok).toBe(true);
  return readFileSync(told.file, 'utf8');
}

describe.each([
  ['a machine', ['--machine', 'mill-1']],
  ['a line', ['--line', 'line-a']],
  ['a job', ['--machine', 'mill-1', '--job', '4711']],
  ['a part', ['--machine', 'mill-1', '--part', 'housing-7']],
])('millwatt export html of %s', (_, of) => {
  let page: string;
  let record: FootprintRecord;
  beforeAll(async () => {
    page = await exported('html', of);
    record = JSON.parse(await exported('json', of)) as FootprintRecord;
  }, 60_000);

  test('says what the record says, to the digit', async () => {
    const issued = readPage(page).found.find(({ path }) => path === 'issued')?.text ?? '';
    const ports = { fingerprintOf: fingerprint };
    expect(checkHtml([{ path: 'x.html', content: page }], { ...record, issued }, ports)).toEqual([]);
    const rows = new Map(readCsv(await exported('csv', of)).map(([path = '', value = '']) => [path, value]));
    const figures = readPage(page).found.filter(({ text }) => /^-?\d+(?:\.\d+)?$/.test(text));
    expect(figures.length).toBeGreaterThan(60);
    for (const { path, text } of figures)
      if (!path.startsWith('sum.')) expect(rows.get(path), path).toBe(text);
  }, 60_000);

  test.skipIf(chromiumPath === undefined)(
    'prints to two pages of A4, with nothing in an appendix',
    async () => {
      const browser = await chromium.launch({
        executablePath: chromiumPath ?? '',
        args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
      });
      try {
        const tab = await browser.newPage();
        await tab.setContent(page);
        const pdf = await tab.pdf({ preferCSSPageSize: true });
        expect(pdf.toString('latin1').match(/\/Type \/Page\b/g)).toHaveLength(2);
        expect(await tab.locator('h2 a').count()).toBe(0);
      } finally {
        await browser.close();
      }
    },
    60_000,
  );
});

test.each([
  ['a machine', []],
  ['a part', ['--part', 'housing-7']],
])(
  'says of %s where an entered class of a meter is not that of the signed wiring, and which was used',
  async (_, of) => {
    const other = YAML.replace('metering: {', "metering: { spindle: { class: '1%', direct: true },");
    writeFileSync(join(plant.dataFolder, 'other.yaml'), other);
    const record = JSON.parse(
      await exported('json', ['--machine', 'mill-1', ...of], 'other.yaml'),
    ) as FootprintRecord;
    const said =
      'Class of the meter of spindle of mill-1: 1% was entered, 0.5S is in the signed wiring; the entered one was used.';
    expect(record.remarks.filter((remark) => remark.startsWith('Class of the meter'))).toEqual([said]);
    const page = String(writeHtml(record, { fingerprintOf: fingerprint })[0]?.content);
    expect(readPage(page).found.map(({ text }) => text)).toContain(said);
    expect(record.meters.find(({ component }) => component === 'spindle')?.accuracyClass).toBe('1%');
  },
  60_000,
);

// How high each part of these is in print, print-html.test.ts holds against Chromium.
describe.each([
  ['a machine', monthRecord],
  ['a line', monthLine],
  ['a part', monthPart],
  ['a job', monthJob],
])(
  'the report of %s over a month in which five of six states are below the class of the transformers',
  (_, make) => {
    test('is two pages, with nothing in an appendix', () => {
      const record = make();
      const files = writeHtml(record, { fingerprintOf: fingerprint });
      expect(checkHtml(files, record, { fingerprintOf: fingerprint })).toEqual([]);
      const content = String(files[0]?.content);
      expect(content.match(/see appendix/g)).toBeNull();
      expect(content.match(/<article class="sheet">/g)).toHaveLength(2);
      expect(content).not.toContain('class="sheet appendix"');
    });
  },
);
