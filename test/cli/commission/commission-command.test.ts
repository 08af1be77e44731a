import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FindingReport } from '../../../collector/reports/finding-report.ts';
import type { KeptCommissioning } from '../../../collector/reports/commission-evidence.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import { openJournal, verifyJournal } from '../../../collector/journal/sqlite-journal.ts';
import { loadKeyFile } from '../../../protocols/evidence/key-file.ts';
import { silentLog } from '../../../protocols/log.ts';
import { makeFolder, run } from '../../e2e/fault-rig.ts';
import { momentsOf, START_MS, type Moment } from '../../collector/diagnostics/plant-minutes.ts';
import { keepPlant, measuredHour, millSnapshot } from '../../collector/diagnostics/plant-views.ts';

const CONFIG = `site: plant
broker: { url: mqtt://127.0.0.1:1883 }
data: data
machines:
  - { id: mill, ratedPower: 15kW, metering: { supply: { ct: { class: '0.5' } } } }
`;

function makePlant(moments: Iterable<Moment>): string {
  const folder = makeFolder();
  writeFileSync(join(folder, 'collector.yaml'), CONFIG);
  mkdirSync(join(folder, 'data'), { mode: 0o700 });
  loadKeyFile(join(folder, 'data', 'collector-key.pem'), '');
  const views = openViews({ folder: join(folder, 'data') });
  keepPlant(views, moments);
  views.close();
  return folder;
}

async function millwatt(folder: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const started = run(folder, args);
  return { code: await started.exited, output: started.output() };
}

it('commission prints what it looked at, keeps it signed, and is asked for again when the ratio changes', async () => {
  const folder = makePlant(momentsOf(11, 61));
  const first = await millwatt(
    folder,
    'commission',
    'mill',
    '-c',
    'collector.yaml',
    '--by',
    'A. Meier',
    '--note',
    'after the move',
    '--minutes',
    '60',
  );
  expect(first.output).toMatch(
    /Commissioning of mill\n.* to .*, 60 of 60 minutes with readings\nmeter: no serial, transformers 50\/5 A/,
  );
  expect(first.output).toMatch(/pass +supply direction: l1 .* W, l2 .* W, l3 .* W: each draws\./);
  expect(first.output).toMatch(/pass +supply counter: The counter rose by \d+ Wh; the power gives/);
  expect(first.output).toMatch(
    /Kept as entry [0-9a-f]{12} \(1\) by A\. Meier; it rests on records 1 to 9 of gateway-1/,
  );
  expect(first.code).toBe(0);

  const key = loadKeyFile(join(folder, 'data', 'collector-key.pem'), '');
  expect(verifyJournal({ folder: join(folder, 'data'), publicKey: key.publicKey })).toMatchObject({
    entries: 1,
  });
  const list = await millwatt(folder, 'commission', 'mill', '-c', 'collector.yaml', '--list', '--json');
  const { kept } = JSON.parse(list.output) as { kept: KeptCommissioning[] };
  expect(kept).toMatchObject([
    {
      entry: { seq: 1, by: 'A. Meier' },
      evidence: {
        verdict: 'passed',
        minutes: 60,
        note: 'after the move',
        configs: ['snapshot-1'],
        meters: [{ source: 'meter', ct: '50/5 A' }],
      },
    },
  ]);
  const range = ['--from', '2026-03-02T00:00:00Z', '--to', '2026-03-02T02:00:00Z'];
  const before = await millwatt(folder, 'findings', 'mill', '-c', 'collector.yaml', ...range);
  expect(before.output).toMatch(/\nmill: plausible \(61 minutes and 2 machine-hours looked at\)\n$/);
  expect(before.code).toBe(0);

  const views = openViews({ folder: join(folder, 'data') });
  const { basis } = measuredHour(START_MS, 1);
  views.commit({
    reader: 'derive',
    ordinal: 2,
    hours: [measuredHour(START_MS + 3_600_000, 1_000_000, { basis: { ...basis, configs: ['snapshot-2'] } })],
    snapshots: [{ hash: 'snapshot-2', snapshot: millSnapshot({ ct: { primary: 100, secondary: 5 } }) }],
  });
  views.close();
  const after = await millwatt(folder, 'findings', 'mill', '-c', 'collector.yaml', '--json', ...range);
  const { ok, reports } = JSON.parse(after.output) as { ok: boolean; reports: FindingReport[] };
  expect(ok).toBe(false);
  expect(after.code).toBe(1);
  expect(reports[0]?.findings).toMatchObject([
    { code: 'commission-again', saying: expect.stringContaining('ct of meter was 50/5 A and is 100/5 A') },
  ]);
});

it('commission ends with 1 and says the cure where a transformer is turned', async () => {
  const folder = makePlant(
    [...momentsOf(3, 40)].map((moment) => {
      const powerW = moment.powerW.map((value, index) => (index === 0 ? -value : value));
      return { ...moment, powerW, totalW: powerW.reduce((sum, value) => sum + value, 0) };
    }),
  );
  const failed = await millwatt(folder, 'commission', 'mill', '-c', 'collector.yaml', '--minutes', '30');
  expect(failed.code).toBe(1);
  expect(failed.output).toMatch(/fail +supply direction: l1 -\d/);
  expect(failed.output.replaceAll(/\s+/g, ' ')).toContain('exchange S1 and S2 of this phase');
  expect(failed.output).toContain('Failed: cure what is marked, then commission again.');
  const findings = await millwatt(
    folder,
    'findings',
    '-c',
    'collector.yaml',
    '--from',
    '2026-03-02',
    '--to',
    '2026-03-03',
  );
  expect(findings.code).toBe(1);
  expect(findings.output).toMatch(/error supply transformer-turned: since 2026-03-0[12]/);
});

it('commission says what it cannot use', async () => {
  const folder = makePlant(momentsOf(3, 10));
  for (const [args, words] of [
    [['saw'], 'no machine saw'],
    [['mill', '--minutes', '2'], 'whole minutes from 5'],
  ] as const) {
    const refused = await millwatt(folder, 'commission', ...args, '-c', 'collector.yaml');
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(words);
  }
  const journal = openJournal({
    folder: join(folder, 'data'),
    key: loadKeyFile(join(folder, 'data', 'collector-key.pem'), ''),
    log: silentLog,
  });
  expect(journal.lastSeq()).toBe(0);
  journal.close();
});
