import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCollectorJournal } from '../../../cli/journal-access.ts';
import { checkBrightway } from '../../../collector/footprint/exports/brightway/check-brightway.ts';
import type { ExportFile } from '../../../collector/footprint/exports/export-file.ts';
import type { DataSetKind } from '../../../collector/footprint/exports/ilcd/data-set.ts';
import { checkOpenlca } from '../../../collector/footprint/exports/openlca/check-openlca.ts';
import { checkRecord } from '../../../collector/footprint/record/check-record.ts';
import type { FootprintRecord } from '../../../collector/footprint/record/footprint-record.ts';
import { silentLog } from '../../../protocols/log.ts';
import { aasCoreFaults } from '../../collector/footprint/exports/aas/aas-core.ts';
import {
  catenaXSchemaFaults,
  hasCatenaXSchema,
} from '../../collector/footprint/exports/catena-x/catena-x-schema.ts';
import { HAS_ILCD_SCHEMAS, schemaFaults } from '../../collector/footprint/exports/ilcd/ilcd-schemas.ts';
import { HAS_OLCA_CLASSES, openOlcaClasses } from '../../collector/footprint/exports/openlca/olca-classes.ts';
import { hasPactSchema, pactSchemaFaults } from '../../collector/footprint/exports/pact/pact-schema.ts';
import { HAS_TIDAS_SCHEMAS, tidasValidators } from '../../collector/footprint/exports/tidas/tidas-schemas.ts';
import { tellMarks } from '../../collector/reports/job-plant.ts';
import { derivePlant, plantConfig } from '../../collector/reports/period-plant.ts';

const run = promisify(execFile);
const MILLWATT = join(import.meta.dirname, '../../../cli/millwatt.ts');
/** 06:00 in Berlin, in summer. */
const FROM_MS = Date.UTC(2026, 6, 6, 4);
const HOUR_MS = 3_600_000;
/** 12 h of 40 min at 1.2 kW and 20 min at 6 kW, less the last 10 s, which no reading ends: 33.6 - 0.0167, in steps of 1 Wh. */
const KWH = '33.583';
let plant: Awaited<ReturnType<typeof derivePlant>>;
let config: string;

const YAML = `
site: plant
broker: { url: mqtt://127.0.0.1:1883 }
data: .
calendar: { zone: Europe/Berlin }
footprint:
  company: { name: Example Machining Co, ids: [urn:lei:5493001KJTIIGC8Y1R12], country: DE }
  region: DE
  losses: 4.2
  tables: [my-contracts.csv]
  supplies: [{ name: wind, factor: my-contracts/DE/2026/wind, from: 2026-01-01, to: 2027-01-01, share: 40 }]
  lines: [{ id: line-a, machines: [mill-1] }]
  models: [{ id: vx-500, machines: [mill-1], parameters: { spindleKw: 15 } }]
  parts:
    - id: housing-7
      machines: [mill-1]
      massKg: 3.2
      fossilCarbonKg: 0.013
      upstream: [{ stage: material, name: steel bar, kgCo2e: 4.48, source: supplier, primary: 100, scores: { technological: 2, temporal: 1 } }]
machines:
  - id: mill-1
    name: Mill 1
    ratedPower: 15kW
    metering: { supply: { ct: { class: '0.5' }, calibrated: 2026-03-01, calibrateEvery: 5, certificate: D-K-1 } }
    product: { description: 5-axis machining centre, parameters: { massKg: 8200 } }
`;
const TABLE = `id,region,year,gCo2ePerKwh,gases,gwp,boundary,basis,losses,isSupplierSpecific,source
my-contracts/DE/2026/wind,DE,2026,11,CO2e,AR6,life-cycle,contract,excluded,yes,contract 4711
my-contracts/DE/2025/residual,DE,2025,724,CO2e,AR6,life-cycle,residual,excluded,no,residual mix
`;
const TIME = ['--from', '2026-07-06T06:00', '--to', '2026-07-06T18:00'];

beforeAll(async () => {
  plant = await derivePlant(FROM_MS, 12, { config: plantConfig() });
  config = join(plant.dataFolder, 'collector.yaml');
  writeFileSync(config, YAML);
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

async function millwatt(...args: string[]): Promise<{ code: number; out: string }> {
  try {
    const { stdout, stderr } = await run(process.execPath, [MILLWATT, ...args], {
      cwd: plant.dataFolder,
      env: { ...process.env, COLUMNS: '200', NO_COLOR: '1' },
    });
    return { code: 0, out: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout + stderr };
  }
}

async function exported(format: string, file: string, ...of: string[]): Promise<Buffer> {
  const { code, out } = await millwatt('export', format, '-c', config, ...of, ...TIME, '-o', file);
  expect(out).toContain(`wrote ${join(plant.dataFolder, file)}`);
  expect(code).toBe(0);
  return readFileSync(join(plant.dataFolder, file));
}

/** What Python reads in a zip, which has its own reader. */
function unzip(file: string): ExportFile[] {
  const read =
    'import json,sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nprint(json.dumps([[n,z.read(n).decode()] for n in z.namelist()]))';
  const { stdout, stderr } = spawnSync('python3', ['-c', read, join(plant.dataFolder, file)], {
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  expect(stderr).toBe('');
  return (JSON.parse(stdout) as [string, string][]).map(([path, content]) => ({ path, content }));
}

const MACHINE = ['--machine', 'mill-1'];
const PART = [...MACHINE, '--part', 'housing-7'];
const kindOf = (path: string) => path.split('/').at(-2) as DataSetKind;

describe('millwatt export', () => {
  test('json: the record of twelve hours, with supplies, meters and evidence', async () => {
    const record = JSON.parse((await exported('json', 'use.json', ...MACHINE)).toString()) as FootprintRecord;
    expect(checkRecord(record)).toEqual([]);
    expect(record.activity.energyKwh).toBe(KWH);
    expect(record.coverage.isComplete).toBe(true);
    expect(record.emissions.map(({ method, factorSet }) => `${method} ${factorSet}`)).toEqual([
      'location default',
      'market default',
    ]);
    expect(record.meters[0]).toMatchObject({
      component: 'supply',
      serial: 'S-1',
      accuracyClass: '0.5S',
      transformers: 'CT 100/5 A class 0.5',
      calibrated: '2026-03-01',
      calibrationValidUntil: '2031-03-01',
      certificate: 'D-K-1',
      basis: 'counter',
    });
    expect(record.uncertainty.expandedPercent).toMatch(/^2\.9/);
    expect(record.dataQuality.reliability.score).toBe('1');
    expect(record.evidence.hours.count).toBe('12');
    // One class worse is 1 in place of 0.5S; the transformers stay.
    const [worse, ...others] = record.sensitivity.filter(({ choice }) => choice === 'meter-class');
    expect(others).toEqual([]);
    expect(worse).toMatchObject({ change: 'meter one class worse (0.5S to 1)', figure: 'expandedPercent' });
    expect(worse?.from).toBe(record.uncertainty.expandedPercent);
    expect(Number(worse?.to)).toBeGreaterThan(Number(worse?.from));
  }, 60_000);

  test('json: the model of which that machine is a sample', async () => {
    const { out } = await millwatt(
      'export',
      'csv',
      '-c',
      config,
      '--model',
      'vx-500',
      ...TIME,
      '-o',
      'model.csv',
    );
    expect(out).toContain('Declares a typical unit of the model by one machine, mill-1');
    const model = JSON.parse((await exported('json', 'model.json', '--model', 'vx-500')).toString());
    expect(checkRecord(model)).toEqual([]);
    expect(model).toMatchObject({
      subject: { kind: 'model', machines: ['mill-1'], parameters: { massKg: '8200', spindleKw: '15' } },
      activity: { energyKwh: KWH },
      scatter: { count: '1', standardDeviationKwhPerHour: null },
    });
  }, 60_000);

  test('csv says the same, figure by figure; parquet has the hours', async () => {
    const csv = (await exported('csv', 'use.csv', ...MACHINE)).toString();
    const record = JSON.parse(
      (await exported('json', 'again.json', ...MACHINE)).toString(),
    ) as FootprintRecord;
    expect(csv).toContain(`activity.energyKwh,${record.activity.energyKwh}\r\n`);
    expect(csv).toContain(`emissions[0].kgCo2e,${record.emissions[0]?.kgCo2e}\r\n`);
    const bytes = await exported('parquet', 'use.parquet', ...MACHINE);
    const rows = await parquetReadObjects({ file: Uint8Array.from(bytes).buffer });
    expect(rows).toHaveLength(12);
    const mwh = rows.reduce((sum, row) => sum + (row['energy_mWh'] as bigint), 0n);
    expect(String(Number(mwh) / 1e6)).toBe(record.activity.energyKwh);
  }, 60_000);

  test('pact, catena-x and aas of a part pass the schemas of their makers', async () => {
    const pact = JSON.parse((await exported('pact', 'part.pact.json', ...PART)).toString());
    if (hasPactSchema) expect(pactSchemaFaults('ProductFootprint', pact)).toEqual([]);
    expect(pact.pcf.productMassPerDeclaredUnit).toBe('3.2');
    expect(pact.extensions[0].data.upstream[0].scores).toEqual({ technological: '2', temporal: '1' });
    expect(pact.comment).toContain('count as 5: material steel bar (geographical).');
    const catenaX = JSON.parse((await exported('catena-x', 'part.cx.json', ...PART)).toString());
    if (hasCatenaXSchema) expect(catenaXSchemaFaults(catenaX)).toEqual([]);
    expect(aasCoreFaults(JSON.parse((await exported('aas', 'part.aas.json', ...PART)).toString()))).toEqual(
      [],
    );
    // Its steps are told by the configuration: here they are that machine.
    const steps = await exported('json', 'steps.json', '--part', 'housing-7');
    const step = await exported('json', 'step.json', ...PART);
    const worse = JSON.parse(step.toString()).sensitivity.find(
      ({ choice }: { choice: string }) => choice === 'meter-class',
    );
    expect(worse).toMatchObject({ change: 'meter one class worse (0.5S to 1)', figure: 'expandedPercent' });
    expect(Number(worse.to)).toBeGreaterThan(Number(worse.from));
    const issuedAway = (text: Buffer) => ({ ...JSON.parse(text.toString()), issued: '' });
    expect(issuedAway(steps)).toEqual(issuedAway(step));
    const told = await millwatt('export', 'pact', '-c', config, ...PART, ...TIME, '-o', 'told.json');
    expect(told.out).toContain(
      `with what was declared (1): ${pact.pcf.pcfIncludingBiogenicUptake} kg CO2e/piece`,
    );
    const job = await exported('pact', 'job.pact.json', ...MACHINE, '--job', '4711');
    expect(JSON.parse(job.toString()).pcf.pcfIncludingBiogenicUptake).toBe(
      pact.pcf.pcfIncludingBiogenicUptake,
    );
  }, 60_000);

  test('openlca, ilcd, tidas and brightway pass theirs', async () => {
    await exported('openlca', 'part.zip', ...PART);
    const openlca = unzip('part.zip');
    expect(checkOpenlca(openlca)).toEqual([]);
    if (HAS_OLCA_CLASSES) expect(openOlcaClasses()(openlca)).toEqual([]);
    await exported('ilcd', 'part.ilcd.zip', ...PART);
    if (HAS_ILCD_SCHEMAS)
      for (const kind of ['processes', 'flows'] as const) {
        const files = unzip('part.ilcd.zip').filter(({ path }) => kindOf(path) === kind);
        const texts = files.map(({ path, content }) => ({ path, text: String(content) }));
        expect(texts.length).toBeGreaterThan(1);
        expect(await schemaFaults(kind, texts)).toEqual([]);
      }
    await exported('tidas', 'part.tidas.zip', ...PART);
    if (HAS_TIDAS_SCHEMAS) {
      const validatorOf = tidasValidators();
      for (const { path, content } of unzip('part.tidas.zip').filter(
        (file) => kindOf(file.path) === 'processes',
      )) {
        const validate = validatorOf('processes');
        expect(validate(JSON.parse(String(content))), `${path} ${JSON.stringify(validate.errors)}`).toBe(
          true,
        );
      }
    }
    const content = (await exported('brightway', 'line.csv', '--line', 'line-a')).toString();
    expect(checkBrightway([{ path: 'line.csv', content }])).toEqual([]);
  }, 120_000);

  test('refuses what cannot be meant, with a cure, and leaves no file behind', async () => {
    const before = readdirSync(plant.dataFolder).length;
    const of = (...more: string[]) => millwatt('export', ...more, '-c', config, ...TIME);
    const [unknown, both, noPart, noMachine, nothing] = await Promise.all([
      of('xml', ...MACHINE),
      of('json', '--line', 'line-a', '--part', 'housing-7'),
      of('json', ...MACHINE, '--part', 'housing-8'),
      of('json', '--machine', 'mill-2'),
      of('json'),
    ]);
    expect(unknown).toMatchObject({ code: 2, out: expect.stringContaining('Formats are json, csv') });
    expect(both).toMatchObject({ code: 1, out: expect.stringContaining('two readings of the same energy') });
    expect(noPart).toMatchObject({ code: 1, out: expect.stringContaining('Known are housing-7.') });
    expect(noMachine).toMatchObject({ code: 1, out: expect.stringContaining('no machine mill-2') });
    expect(nothing).toMatchObject({ code: 2, out: expect.stringContaining('--machine mill-1') });
    expect(readdirSync(plant.dataFolder)).toHaveLength(before);
  }, 60_000);

  test('replaces a file only with --force, and says for scripts what it did', async () => {
    const asked = ['export', 'json', '-c', config, ...MACHINE, ...TIME, '--json'];
    const first = JSON.parse((await millwatt(...asked)).out);
    const file = join(plant.dataFolder, 'mill-1.json');
    expect(first).toMatchObject({ ok: true, format: 'json', file, version: '1', energyKwh: KWH });
    expect(existsSync(file)).toBe(true);
    const again = await millwatt(...asked);
    expect(again.code).toBe(1);
    expect(again.out).toContain('"code":"file-exists"');
    const forced = JSON.parse((await millwatt(...asked, '--force', '--issue', '2')).out);
    expect(forced).toMatchObject({ ok: true, version: '2', id: first.id });
  }, 60_000);
});
