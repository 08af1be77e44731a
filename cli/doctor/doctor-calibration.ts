import { judgeCalibrations } from '../../collector/reports/calibration-dates.ts';
import type { SitePlan } from '../../collector/reports/site-plan.ts';
import type { Examination } from '../examination.ts';

const CURE = 'Have the meter calibrated, and enter `calibrated`, `calibrateEvery` and `certificate`.';

/** Whether the calibrations of all meters that are declared still hold; nothing where none is. @param nowMs wall ms */
export function examineCalibrations(plan: Pick<SitePlan, 'machines'>, nowMs: number): Examination[] {
  const judged = judgeCalibrations(plan, nowMs);
  const doubtful = judged.filter(({ verdict }) => verdict !== 'valid');
  const [first] = judged;
  if (first === undefined) return [];
  const subject = (machine: string, component: string) => `calibration of ${machine} ${component}`;
  if (doubtful.length === 0)
    return [
      {
        subject: 'calibrations',
        result: 'good',
        message: `all ${judged.length} hold; the first to end: ${first.machine} ${first.component}, ${first.saying}`,
        cure: '',
      },
    ];
  return doubtful.map(({ machine, component, saying }) => ({
    subject: subject(machine, component),
    result: 'warning',
    message: saying,
    cure: CURE,
  }));
}
