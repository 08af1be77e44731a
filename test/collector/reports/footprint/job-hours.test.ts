import { expect, test } from 'vitest';
import { textOf } from '../../../../collector/footprint/figures/decimal.ts';
import { jobPieces, type HourOfStates } from '../../../../collector/reports/footprint/job-hours.ts';
import type { JobReport, ReportedJob } from '../../../../collector/reports/job-report.ts';

const HOUR_MS = 3_600_000;

/** A job that ran from 2:00 to 2:30 and from 3:00 to 4:30, drew 4 kWh itself and got 1 kWh of ready. */
function piecesWith(hours: readonly HourOfStates[]) {
  const window = { fromMs: 0, toMs: 24 * HOUR_MS };
  const rows = [
    { job: 'M', state: 'processing', how: 'direct', mwh: 4_000_000 },
    { job: 'M', state: 'ready', how: 'rule', mwh: 1_000_000 },
  ];
  const report = { ...window, windows: [{ ...window, rows }] } as unknown as JobReport;
  const segments = [
    { fromMs: 2 * HOUR_MS, toMs: 2.5 * HOUR_MS },
    { fromMs: 3 * HOUR_MS, toMs: 4.5 * HOUR_MS },
  ];
  const job = { id: 'M', segments } as unknown as ReportedJob;
  return jobPieces(report, [job], hours, () => 1970).map(({ from, to, kwh }) => [
    from.slice(11, 16),
    to.slice(11, 16),
    textOf(kwh),
  ]);
}

test('of a job of which no hour is here, what it drew itself lies in its segments, by their time', () => {
  // The one hour that is here is of others: what was divided lies in it, what the job drew does not.
  const stateMwh = { processing: 9, ready: 5 } as unknown as HourOfStates['stateMwh'];
  expect(piecesWith([{ hourMs: 10 * HOUR_MS, stateMwh }])).toEqual([
    ['02:00', '02:30', '1'],
    ['03:00', '04:30', '3'],
    ['10:00', '11:00', '1'],
  ]);
  expect(piecesWith([])).toEqual([
    ['00:00', '00:00', '1'],
    ['02:00', '02:30', '1'],
    ['03:00', '04:30', '3'],
  ]);
});
