import type { MachineConfig } from './collector-config.ts';
import { checkComponentName } from './component-checks.ts';
import type { ConfigPath, Remark } from './finding.ts';
import type { PlanJudge } from './plan-judge.ts';

const YEAR_HOURS_MAX = 8784;
const CLASSES = {
  meter:
    '0.1S, 0.2S, 0.5S, 1, 2, A, B, C, classes of IEC 61557-12, or a percentage of the reading such as 1%',
  fullScale: 'percentages of full scale such as 0.5',
  ct: '0.1, 0.2, 0.2S, 0.5, 0.5S, 1, 3, 5',
  vt: '0.1, 0.2, 0.5, 1, 3',
} as const;

/** What a machine declares for reports: its metering tree, metering, media and year of use. */
export function checkMetering(
  machine: MachineConfig,
  at: ConfigPath,
  judge: PlanJudge | undefined,
): Remark[] {
  return [
    ...checkTree(machine, [...at, 'tree']),
    ...Object.entries(machine.metering).flatMap(([component, told]) => [
      ...checkComponentName(component, [...at, 'metering', component], 'key'),
      ...checkMeter(told, [...at, 'metering', component], judge),
    ]),
    ...Object.keys(machine.media).flatMap((component) =>
      checkComponentName(component, [...at, 'media', component], 'key'),
    ),
    ...checkDuty(machine, [...at, 'dutyCycle']),
  ];
}

function checkTree({ tree }: MachineConfig, at: ConfigPath): Remark[] {
  return Object.entries(tree).flatMap(([component, parent]): Remark[] => {
    const error = (message: string, cure: string): Remark[] => [
      { severity: 'error', path: [...at, component], message, cure },
    ];
    if (component === 'supply')
      return error('the supply is the whole machine, and part of nothing.', 'Take the line away.');
    const above = [component];
    for (let next: string | undefined = parent; next !== undefined; next = ownParent(tree, next)) {
      // Told once, at the first of those that are in it.
      if (next === component && above.every((other) => component <= other))
        return error(
          `goes round in circles: ${[...above, next].join(' is part of ')}.`,
          'Let each component be part of a larger one, up to the supply; those of the supply itself are left out.',
        );
      // A circle that others are in is told at them.
      if (above.includes(next)) break;
      above.push(next);
    }
    return [
      ...checkComponentName(component, [...at, component], 'key'),
      ...checkComponentName(parent, [...at, component]),
    ];
  });
}

function ownParent(tree: Readonly<Record<string, string>>, component: string): string | undefined {
  return Object.hasOwn(tree, component) ? tree[component] : undefined;
}

type Metering = MachineConfig['metering'][string];

function checkMeter(told: Metering, at: ConfigPath, judge: PlanJudge | undefined): Remark[] {
  const remarks: Remark[] = [];
  const add = (severity: Remark['severity'], path: string[], message: string, cure: string) =>
    remarks.push({ severity, path: [...at, ...path], message, cure });
  for (const [of, word, path] of [
    [told.fullScale === undefined ? 'meter' : 'fullScale', told.class, ['class']],
    ['ct', told.ct?.class, ['ct', 'class']],
    ['vt', told.vtClass, ['vtClass']],
  ] as const)
    if (word !== undefined && judge?.isKnownClass(of, word) === false)
      add(
        'error',
        [...path],
        `"${word}" is no class that is known: no uncertainty would be told.`,
        `Copy it from the nameplate; known are ${CLASSES[of]}.`,
      );
  const { ct, ambient } = told;
  if (told.direct === true && ct !== undefined)
    add(
      'error',
      ['direct'],
      'says that nothing stands before the meter, and ct describes transformers.',
      'Remove one of them.',
    );
  if (ct !== undefined && (ct.primary === undefined) !== (ct.secondary === undefined))
    add(
      'error',
      ['ct', ct.primary === undefined ? 'secondary' : 'primary'],
      'is only half of a ratio.',
      'Write both, such as primary: 100A and secondary: 5A; or none, where the ratio is in the file of the agent.',
    );
  if (ct?.primary !== undefined && ct.secondary !== undefined && ct.primary < ct.secondary)
    add(
      'warning',
      ['ct', 'primary'],
      `${ct.primary} A is less than the secondary current (${ct.secondary} A).`,
      'Exchange primary and secondary, unless it is meant.',
    );
  if (told.ratedCurrent !== undefined && told.maxCurrent !== undefined && told.maxCurrent < told.ratedCurrent)
    add(
      'error',
      ['maxCurrent'],
      `${told.maxCurrent} A is below the nominal current (${told.ratedCurrent} A).`,
      'Of "5 (6) A" on the nameplate, ratedCurrent is 5A and maxCurrent 6A.',
    );
  if (ambient !== undefined && ambient[0] > ambient[1])
    add('error', ['ambient'], 'ends before it begins.', `Write [${ambient[1]}, ${ambient[0]}].`);
  if (told.perKelvin !== undefined && ambient === undefined)
    add(
      'warning',
      ['perKelvin'],
      'counts for nothing while the temperatures are not told.',
      'Add ambient, such as ambient: [10, 40].',
    );
  return [...remarks, ...checkCalibration(told, at, judge)];
}

function checkCalibration(told: Metering, at: ConfigPath, judge: PlanJudge | undefined): Remark[] {
  const { calibrated, drift, calibrateEvery } = told;
  const remark = (severity: Remark['severity'], key: string, message: string, cure: string): Remark[] => [
    { severity, path: [...at, key], message, cure },
  ];
  if (calibrated !== undefined)
    return judge !== undefined && calibrated > judge.nowMs
      ? remark('error', 'calibrated', 'lies in the future.', 'Write the day on the certificate.')
      : remarkEnd(judge?.doubtCalibration({ calibratedMs: calibrated, everyYears: calibrateEvery ?? null }));
  function remarkEnd(doubt: string | undefined): Remark[] {
    if (doubt === undefined) return [];
    return remark(
      'warning',
      'calibrated',
      `has to be done again: ${doubt}.`,
      'Have the meter calibrated, and enter the new day and certificate.',
    );
  }
  const cure = 'Add calibrated, the day of the last calibration, such as calibrated: 2026-03-01.';
  return [
    ...(drift === undefined
      ? []
      : remark('error', 'drift', 'cannot be counted: nobody says since when.', cure)),
    ...(calibrateEvery === undefined
      ? []
      : remark('warning', 'calibrateEvery', 'warns of nothing: nobody says since when.', cure)),
  ];
}

function checkDuty({ dutyCycle }: MachineConfig, at: ConfigPath): Remark[] {
  if (dutyCycle === undefined) return [];
  const { hoursPerYear, powers } = dutyCycle;
  const hours = Object.values(hoursPerYear).reduce((sum, one) => sum + (one ?? 0), 0);
  const error = (message: string, cure: string): Remark => ({
    severity: 'error',
    path: [...at, 'hoursPerYear'],
    message,
    cure,
  });
  return [
    ...(hours > YEAR_HOURS_MAX
      ? [error(`has ${hours} hours, more than a year.`, `Let them sum to at most ${YEAR_HOURS_MAX}.`)]
      : []),
    ...(hours === 0
      ? [error('has no hours.', 'Write hours a year in each state, such as processing: 3000.')]
      : []),
    ...Object.keys(powers).flatMap((state): Remark[] =>
      (hoursPerYear[state as keyof typeof hoursPerYear] ?? 0) > 0
        ? []
        : [
            {
              severity: 'warning',
              path: [...at, 'powers', state],
              target: 'key',
              message: 'is a state without hours in the year.',
              cure: `Add hours of ${state} to hoursPerYear, or remove the power.`,
            },
          ],
    ),
  ];
}
