import { expect, test } from 'vitest';
import { judgeCalibration, judgeCalibrations } from '../../../collector/reports/calibration-dates.ts';
import { examineCalibrations } from '../../../cli/doctor/doctor-calibration.ts';
import type { MachinePlan } from '../../../collector/reports/site-plan.ts';

const day = (text: string) => Date.parse(text);
const NOW_MS = day('2026-11-01T12:00Z');

test.each([
  // 2021-11-02 and five years are 2026-11-02: half a day is left, counted as one.
  [
    '2021-11-02',
    5,
    'expiring',
    'calibrated on 2021-11-02, which for 5 years holds until 2026-11-02, for 1 more day',
  ],
  // 60 days before 2026-12-31 12:00 is today.
  [
    '2025-12-31',
    1,
    'expiring',
    'calibrated on 2025-12-31, which for 1 year holds until 2026-12-31, for 60 more days',
  ],
  [
    '2026-01-01',
    1,
    'valid',
    'calibrated on 2026-01-01, which for 1 year holds until 2027-01-01, for 61 more days',
  ],
  [
    '2024-11-01',
    2,
    'expired',
    'calibrated on 2024-11-01, which for 2 years held until 2026-11-01, 0 days ago',
  ],
  // Half a year is 182.625 days, so 183: 2026-03-01 + 183 days = 2026-08-31.
  [
    '2026-03-01',
    0.5,
    'expired',
    'calibrated on 2026-03-01, which for 0.5 years held until 2026-08-31, 62 days ago',
  ],
  [
    '2024-02-29',
    1,
    'expired',
    'calibrated on 2024-02-29, which for 1 year held until 2025-03-01, 610 days ago',
  ],
])('calibrated on %s for %d years is %s on 2026-11-01', (calibrated, everyYears, verdict, saying) => {
  expect(judgeCalibration({ calibratedMs: day(calibrated), everyYears }, NOW_MS)).toMatchObject({
    verdict,
    saying,
  });
});

test('what nobody said is unknown, never valid', () => {
  expect(judgeCalibration({ calibratedMs: null, everyYears: 5 }, NOW_MS)).toMatchObject({
    verdict: 'unknown',
    untilMs: null,
  });
  expect(judgeCalibration({ calibratedMs: NOW_MS, everyYears: null }, NOW_MS).saying).toContain(
    'for how long',
  );
});

function planOf(machine: string, dates: Record<string, [string | null, number | null]>): MachinePlan {
  return {
    machine,
    ratedPowerW: 1,
    tree: {},
    metering: Object.fromEntries(
      Object.entries(dates).map(([component, [calibrated, everyYears]]) => [
        component,
        {
          driftPerYear: null,
          calibration: {
            calibratedMs: calibrated === null ? null : day(calibrated),
            everyYears,
            certificate: null,
          },
        },
      ]),
    ),
    media: {},
    jobs: { rule: 'time', window: 'day' },
    duty: null,
  };
}

test('all meters of a plant, those that end first in front; the doctor warns of each that is in doubt', () => {
  const machines = [
    planOf('mill', { supply: ['2026-01-01', 5], spindle: [null, null] }),
    planOf('lathe', { supply: ['2021-01-01', 5] }),
  ];
  expect(
    judgeCalibrations({ machines }, NOW_MS).map((one) => [one.machine, one.component, one.verdict]),
  ).toEqual([
    ['lathe', 'supply', 'expired'],
    ['mill', 'supply', 'valid'],
    ['mill', 'spindle', 'unknown'],
  ]);
  expect(examineCalibrations({ machines }, NOW_MS)).toMatchObject([
    { subject: 'calibration of lathe supply', result: 'warning' },
    {
      subject: 'calibration of mill spindle',
      result: 'warning',
      message: 'nobody said when it was calibrated',
    },
  ]);
  expect(
    examineCalibrations({ machines: [planOf('mill', { supply: ['2026-01-01', 5] })] }, NOW_MS),
  ).toMatchObject([
    {
      subject: 'calibrations',
      result: 'good',
      message: expect.stringMatching(/^all 1 hold; .*until 2031-01-01/),
    },
  ]);
  expect(examineCalibrations({ machines: [planOf('mill', {})] }, NOW_MS)).toEqual([]);
});
