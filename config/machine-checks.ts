import { collectorConfig, type MachineConfig } from './collector-config.ts';
import { checkComponentName } from './component-checks.ts';
import type { ConfigPath, Remark } from './finding.ts';
import { checkMetering } from './metering-checks.ts';
import type { PlanJudge } from './plan-judge.ts';
import { ownValue, salvage } from './salvage.ts';

const machineSchema = collectorConfig.shape.machines.unwrap().element;

/** Each machine once, and states by power that can be reached. */
export function checkMachines(machines: unknown[], judge?: PlanJudge): Remark[] {
  const firstWith = new Map<string, number>();
  return machines.flatMap((raw, index): Remark[] => {
    const at = ['machines', index];
    const remarks: Remark[] = [];
    const id = ownValue(raw, 'id');
    const first = typeof id === 'string' ? firstWith.get(id) : undefined;
    if (first !== undefined)
      remarks.push({
        severity: 'error',
        path: [...at, 'id'],
        message: `"${String(id)}" is already the id of machines[${first}].`,
        cure: 'Describe each machine once.',
      });
    else if (typeof id === 'string') firstWith.set(id, index);
    const draft = salvage(machineSchema, raw);
    if (draft?.whole === true)
      remarks.push(
        ...checkBands(draft.value, at),
        ...checkHysteresis(draft.value, at),
        ...checkDelays(draft.value, at),
        ...checkComponents(draft.value, at),
        ...checkMetering(draft.value, at, judge),
      );
    return remarks;
  });
}

function checkBands({ bands, ratedPower, offBelow }: MachineConfig, at: ConfigPath): Remark[] {
  const remarks: Remark[] = [];
  const add = (severity: Remark['severity'], path: ConfigPath, message: string, cure: string) =>
    remarks.push({ severity, path: [...at, ...path], message, cure });
  let floorW = offBelow ?? 0;
  for (const [index, band] of bands.entries()) {
    const here = ['bands', index];
    if (band.below === undefined) {
      if (index < bands.length - 1)
        add(
          'error',
          here,
          'has no upper bound, so that the bands after it are never reached.',
          'Add below, or put it last.',
        );
      continue;
    }
    if (band.below <= floorW)
      add(
        'error',
        [...here, 'below'],
        `${band.below} W is not above ${index === 0 ? 'offBelow' : 'the band before it'} (${floorW} W).`,
        'Write the bands from the lowest power to the highest.',
      );
    floorW = Math.max(floorW, band.below);
    if (index === bands.length - 1)
      add(
        'warning',
        here,
        `supply power from ${band.below} W up has no state.`,
        'Add a last band without below, such as - state: processing.',
      );
    if (band.below > ratedPower * 1.2)
      add(
        'warning',
        [...here, 'below'],
        `${band.below} W is more than the machine can draw (rated ${ratedPower} W).`,
        'Correct below or ratedPower.',
      );
  }
  return remarks;
}

/** A band must be wide enough that power can be in it on either way. */
function checkHysteresis({ bands, offBelow, hysteresis }: MachineConfig, at: ConfigPath): Remark[] {
  let lower = offBelow;
  return bands.flatMap(({ below }, index): Remark[] => {
    const from = lower;
    if (below === undefined || from === undefined || below <= from) {
      lower = below ?? from;
      return [];
    }
    lower = below;
    if (from * (1 + hysteresis) < below * (1 - hysteresis)) return [];
    return [
      {
        severity: 'warning',
        path: [...at, 'bands', index],
        message: `${from} W to ${below} W is narrower than the hysteresis (${hysteresis}): what begins in it may end in its neighbour.`,
        cure: 'Make the band wider, or hysteresis smaller.',
      },
    ];
  });
}

/** Longer, and states would be told later than hours are made final: a dwell, or a silence that is bridged, ms. */
export const DELAY_MS_MAX = 600_000;

function checkDelays({ dwell, bridge }: MachineConfig, at: ConfigPath): Remark[] {
  return [['dwell', dwell] as const, ['bridge', bridge] as const].flatMap(([key, delayMs]): Remark[] =>
    delayMs <= DELAY_MS_MAX
      ? []
      : [
          {
            severity: 'error',
            path: [...at, key],
            message: 'is longer than 10min: states would be told later than hours are made final.',
            cure: key === 'dwell' ? 'Write a few seconds, such as 3s.' : 'Write a few minutes, such as 2min.',
          },
        ],
  );
}

function checkComponents(
  { componentRatedPower, ratedPower, offBelow }: MachineConfig,
  at: ConfigPath,
): Remark[] {
  const remarks = Object.entries(componentRatedPower).flatMap(([component, powerW]): Remark[] =>
    powerW <= ratedPower
      ? []
      : [
          {
            severity: 'warning',
            path: [...at, 'componentRatedPower', component],
            message: `${powerW} W is more than the whole machine (${ratedPower} W).`,
            cure: 'Correct one of the two, unless the component only peaks so high.',
          },
        ],
  );
  for (const component of Object.keys(componentRatedPower))
    remarks.push(...checkComponentName(component, [...at, 'componentRatedPower', component], 'key'));
  for (const [key, powerW] of [['ratedPower', ratedPower] as const, ['offBelow', offBelow] as const])
    if (powerW === 0)
      remarks.push({
        severity: 'error',
        path: [...at, key],
        message: 'is 0.',
        cure:
          key === 'ratedPower'
            ? 'Write what the nameplate says, such as 15kW.'
            : 'Leave it out, or write a power such as 50W.',
      });
  if (offBelow !== undefined && ratedPower > 0 && offBelow >= ratedPower)
    remarks.push({
      severity: 'error',
      path: [...at, 'offBelow'],
      message: `${offBelow} W is not below the rated power (${ratedPower} W): the machine would always be off.`,
      cure: 'Write a power a little above what the switched-off machine still draws.',
    });
  return remarks;
}
