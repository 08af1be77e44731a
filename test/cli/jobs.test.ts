import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildCollector, type BuiltCollector } from '../../cli/build-collector.ts';
import type { JobReport } from '../../collector/reports/job-report.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { systemClock } from '../../protocols/clock.ts';
import type { SealedRecord } from '../../protocols/evidence/seal.ts';
import { silentLog } from '../../protocols/log.ts';
import type { Status } from '../../protocols/telemetry/quantity.ts';
import { CHANNELS, MACHINE, PlantFeed } from '../collector/derivation/plant-feed.ts';
import { TestAgent } from '../collector/test-agent.ts';
import { makeFolder, onEnd, run } from '../e2e/fault-rig.ts';
import { eventually } from '../e2e/millwatt-process.ts';
import { findFreePort } from '../support/mosquitto.ts';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 2, 2, 10);
const at = (minute: number) => START_MS + minute * MINUTE_MS;

/** 10:00-10:30 and 11:00-11:40 at 8 kW, else 2 kW. */
const isCutting = (minute: number) => minute < 30 || (minute >= 60 && minute < 100);

const word = (status: Status, vocabulary: string) => ({
  kind: 'status' as const,
  id: `${MACHINE}.control.${status}`,
  machine: MACHINE,
  component: 'control',
  status,
  source: 'cnc',
  point: status,
  vocabulary,
});

/** Two hours of a machine with a meter and an MTConnect control, ten minutes a record. */
function records(): SealedRecord[] {
  const feed = new PlantFeed({
    channels: [...CHANNELS, word('program', 'raw'), word('partCount', 'raw')],
    bootMs: START_MS - 100_000,
  });
  const said: Record<string, [minute: number, value: string | number][]> = {
    execution: [
      [0, 'ACTIVE'],
      [30, 'PROGRAM_COMPLETED'],
      [60, 'ACTIVE'],
      [100, 'READY'],
    ],
    program: [
      [0, 'O1001'],
      [60, 'O2002'],
    ],
    partCount: [
      [0, 10],
      [8, 11],
      [15, 12],
      [22, 13],
      [30, 14],
      [75, 15],
    ],
  };
  let mwh = 1_000_000;
  const all = [feed.config()];
  for (let from = 0; from < 120; from += 10) {
    const timesMs = Array.from({ length: 60 }, (_, n) => at(from) + n * 10_000);
    const power = timesMs.map((atMs) => (isCutting((atMs - START_MS) / MINUTE_MS) ? 8000 : 2000));
    const counter = power.map((powerW) => {
      const shown = Math.round(mwh);
      mwh += (powerW * 10_000) / 3600;
      return shown;
    });
    all.push(
      feed.say({
        rows: [
          {
            source: 'meter',
            everyMs: 10_000,
            timesMs,
            columns: {
              [`${MACHINE}.supply.activePower`]: power,
              [`${MACHINE}.supply.activeEnergyImport`]: counter,
              [`${MACHINE}.spindle.activePower`]: power.map((powerW) => powerW / 4),
            },
          },
        ],
        words: Object.entries(said).flatMap(([status, told]) => {
          const here = told.filter(([minute]) => minute >= from && minute < from + 10);
          return here.length === 0
            ? []
            : [
                {
                  channel: `${MACHINE}.control.${status}`,
                  source: 'cnc',
                  timesMs: here.map(([minute]) => at(minute)),
                  values: here.map(([, value]) => value),
                },
              ];
        }),
        sealedToMs: at(from + 10),
      }),
    );
  }
  return all;
}

const MARKS_TOKEN = 'the-mes-of-line-3-and-nobody-else';

async function startPlant(): Promise<{ folder: string; collector: BuiltCollector; agent: TestAgent }> {
  const folder = makeFolder();
  const brokerPort = await findFreePort();
  const file = join(folder, 'collector.yaml');
  writeFileSync(join(folder, 'marks.token'), MARKS_TOKEN, { mode: 0o600 });
  writeFileSync(
    file,
    `site: plant
data: ./data
broker: { embedded: { port: ${brokerPort} } }
http: { port: ${await findFreePort()}, marksToken: "\${file:marks.token}" }
calendar: { zone: Europe/Berlin }
machines:
  - { id: ${MACHINE}, ratedPower: 15kW, jobs: { rule: time, window: day } }
`,
  );
  const collector = await buildCollector(loadCollectorConfig(file).config, {
    folder,
    clock: systemClock,
    log: silentLog,
    simulated: false,
  });
  onEnd(() => collector.stop());
  const agent = new TestAgent({ brokerUrl: `mqtt://127.0.0.1:${brokerPort}` });
  onEnd(() => agent.link.close());
  await eventually(
    () => agent.link.connected() && collector.stats().broker.connected,
    'both are at the broker',
  );
  return { folder, collector, agent };
}

async function readReport({ url }: BuiltCollector): Promise<JobReport> {
  const answer = await fetch(
    `${url}/api/v1/machines/${MACHINE}/jobs?from=2026-03-02T10:00:00Z&to=2026-03-02T12:00:00Z`,
  );
  expect(answer.status).toBe(200);
  return (await answer.json()) as JobReport;
}

const tell = ({ url }: BuiltCollector, marks: unknown) =>
  fetch(`${url}/api/v1/machines/${MACHINE}/job-marks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${MARKS_TOKEN}` },
    body: JSON.stringify(marks),
  });

const deliver = async (agent: TestAgent, collector: BuiltCollector, sent: SealedRecord[]) => {
  const { records: before } = collector.stats().ledger;
  await agent.send(...sent);
  await eventually(
    () => collector.stats().ledger.records === before + sent.length,
    'every record is in the ledger',
  );
  await collector.idle();
};

describe('jobs of a machine, from its control and an MES', () => {
  it('are cut by both, carry all the machine drew, and stay the same in whatever order things come', async () => {
    const { folder, collector, agent } = await startPlant();
    const all = records();
    // The record with the end of the first program comes last of all.
    await deliver(
      agent,
      collector,
      all.filter((_, index) => index !== 4),
    );
    const marks = [
      {
        id: '4711-b',
        kind: 'begin',
        at: '2026-03-02T12:00:00+01:00',
        job: '4711',
        order: 'O-7',
        part: 'flange',
      },
      {
        id: '4711-e',
        kind: 'end',
        at: '2026-03-02T12:40:00+01:00',
        job: '4711',
        goodParts: 5,
        scrapParts: 1,
        massKg: 2.5,
      },
    ];
    expect(await (await tell(collector, marks)).json()).toMatchObject({ accepted: 2 });
    expect(await (await tell(collector, marks)).json()).toMatchObject({ accepted: 0, known: 2 });
    await deliver(agent, collector, all.slice(4, 5));

    const report = await readReport(collector);
    expect(report.windows.map(({ name }) => name)).toEqual(['2026-03-02']);
    expect(report.jobs.map(({ id, source }) => [id, source])).toEqual([
      ['4711', 'outside'],
      ['program O1001', 'program'],
    ]);
    const [told, program] = report.jobs;
    // 8 kW x 40 min and 8 kW x 30 min; a reading every 10 s places the turns of power.
    expect(Math.abs((told?.energy.directMwh ?? 0) - 5_333_333)).toBeLessThan(30_000);
    expect(Math.abs((program?.energy.directMwh ?? 0) - 4_000_000)).toBeLessThan(30_000);
    expect(told?.segments).toEqual([{ fromMs: at(60), toMs: at(100), channel: '', end: 'told' }]);
    expect(program?.segments).toEqual([{ fromMs: at(0), toMs: at(30), channel: '', end: 'told' }]);
    expect(program?.goodParts).toBe(4);
    expect(told).toMatchObject({ goodParts: 5, scrapParts: 1, partsFrom: 'told' });
    expect(told?.perPart.perGoodPartWh.value).toBeCloseTo((told?.energy.totalMwh ?? 0) / 5000, 9);
    // All of it is somebody's, and nothing is anybody's twice.
    const hours = (await (
      await fetch(
        `${collector.url}/api/v1/machines/${MACHINE}/hours?from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z`,
      )
    ).json()) as { hours: { energy: { supplyMwh: number } }[] };
    const suppliedMwh = hours.hours.reduce((sum, { energy }) => sum + energy.supplyMwh, 0);
    expect(report.totalMwh).toBe(suppliedMwh);
    expect(report.unallocatedMwh + report.jobs.reduce((sum, { energy }) => sum + energy.totalMwh, 0)).toBe(
      suppliedMwh,
    );

    // Taken back, the job is what its program was.
    expect(
      await (
        await tell(collector, [
          { kind: 'withdraw', id: '4711-b' },
          { kind: 'withdraw', id: '4711-e' },
        ])
      ).json(),
    ).toMatchObject({
      withdrawn: 2,
    });
    const without = await readReport(collector);
    expect(without.jobs.map(({ id }) => id)).toEqual(['program O1001', 'program O2002']);
    expect(without.totalMwh).toBe(suppliedMwh);

    // The command line writes into the journal of the collector that runs.
    writeFileSync(
      join(folder, 'jobs.csv'),
      'job;order;part;begin;end;good_parts;scrap_parts;mass_kg\n4711;O-7;"flange; small";2026-03-02 12:00;2026-03-02 12:40;5;1;2,5\n',
    );
    const imported = run(folder, ['jobs', 'import', MACHINE, 'jobs.csv', '-c', 'collector.yaml']);
    await imported.waitFor(/1 row read: 2 marks of mill-1 entered/);
    expect(await imported.exited).toBe(0);
    const again = run(folder, ['jobs', 'import', MACHINE, 'jobs.csv', '-c', 'collector.yaml', '--json']);
    expect(await again.exited).toBe(0);
    expect(JSON.parse(again.output())).toMatchObject({ ok: true, accepted: 0, known: 2 });
    const imports = await readReport(collector);
    expect(imports.jobs.map(({ id, part, energy }) => [id, part, energy.totalMwh])).toEqual([
      ['4711', 'flange; small', told?.energy.totalMwh],
      ['program O1001', null, program?.energy.totalMwh],
    ]);
    const shown = run(folder, [
      'jobs',
      MACHINE,
      '--from',
      '2026-03-02',
      '--to',
      '2026-03-02T20:00:00Z',
      '--explain',
      '-c',
      'collector.yaml',
    ]);
    expect(await shown.exited).toBe(0);
    expect(shown.output()).toContain('program O1001');
    expect(shown.output()).toContain('unallocated');
    expect(shown.output()).toMatch(
      /job 4711: 40 min of 1 h 10 min of jobs -> 2,400 \/ 4,200 x [\d,.]+ Wh ready = [\d,.]+ Wh/,
    );
    const csv = run(folder, [
      'jobs',
      MACHINE,
      '--from',
      '2026-03-02',
      '--to',
      '2026-03-03',
      '--by',
      'order',
      '--csv',
      '-c',
      'collector.yaml',
    ]);
    expect(await csv.exited).toBe(0);
    expect(csv.output().split('\r\n')[0]).toBe(
      'machine,order,jobs,energy_wh,extent,good_parts,scrap_parts,mass_kg,volume_cm3,wh_per_good_part,wh_per_kg,wh_per_cm3',
    );
  }, 90_000);

  it('are imported from good rows only, or all rows or none', async () => {
    const { folder, collector } = await startPlant();
    const file = join(folder, 'bad.csv');
    writeFileSync(
      file,
      [
        'id,job,begin,end,good_parts',
        'a,1,2026-03-02 10:00,2026-03-02 11:00,3',
        'b,2,2026-03-02 10:00,2026-03-02 09:00,3',
        'c,3,2026-03-29 02:30,2026-03-29 04:00,3',
        'd,4,2026-10-25 02:30,2026-10-25 04:00,3',
        'e,5,2026-03-02 12:00,,3',
        'a,6,2026-03-02 13:00,2026-03-02 14:00,3',
        'f,,2026-03-02 13:00,2026-03-02 14:00,three',
        'g,7,2026-03-02 15:00,2026-03-02 16:00,3,4,5',
        '',
      ].join('\n'),
    );
    const refused = run(folder, ['jobs', 'import', MACHINE, 'bad.csv', '-c', 'collector.yaml']);
    expect(await refused.exited).not.toBe(0);
    for (const line of [
      /line 3, end: The job ends before it begins\./,
      /line 4, begin: .*was not that day/,
      /line 5, begin: .*was twice that day|line 5, begin: /,
      /line 6, good_parts: .*no end/,
      /line 7, id: a\/begin is in line 2 already/,
      /line 8, job: job is missing/,
      /line 8, good_parts: good_parts is "three"/,
      /line 9: The row has 7 cells, the header 5/,
      /nothing was entered/,
    ])
      expect(refused.output()).toMatch(line);
    const url = `${collector.url}/api/v1/machines/${MACHINE}/job-marks?from=2026-03-01&to=2026-03-04`;
    expect(((await (await fetch(url)).json()) as { marks: object[] }).marks).toEqual([]);
    const skipped = run(folder, ['jobs', 'import', MACHINE, 'bad.csv', '--skip-bad', '-c', 'collector.yaml']);
    expect(await skipped.exited).toBe(0);
    expect(skipped.output()).toContain(
      '8 rows read: 2 marks of mill-1 entered, 0 known before, 7 rows left out.',
    );
    expect(((await (await fetch(url)).json()) as { marks: object[] }).marks).toHaveLength(2);
    expect(readFileSync(file, 'utf8')).toContain('three');
  }, 90_000);
});
