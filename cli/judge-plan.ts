import { findCalendarFaults } from '../collector/energy/calendar/calendar-faults.ts';
import { normalizeClass } from '../collector/energy/uncertainty/class-word.ts';
import { isLacking } from '../collector/energy/uncertainty/limit.ts';
import { readMeterClass } from '../collector/energy/uncertainty/meter-class.ts';
import {
  CURRENT_TRANSFORMERS,
  VOLTAGE_TRANSFORMERS,
} from '../collector/energy/uncertainty/transformer-tables.ts';
import { judgeCalibration } from '../collector/reports/calibration-dates.ts';
import type { PlanJudge } from '../config/plan-judge.ts';
import { FULL_SCALE } from './site-plan-of.ts';

/** The derivation's own judgement of what a collector's file declares for reports. @param nowMs wall ms */
export function judgePlan(nowMs: number): PlanJudge {
  return {
    findCalendarFaults,
    isKnownClass: (of, word) => {
      if (of === 'ct') return CURRENT_TRANSFORMERS.has(normalizeClass(word));
      if (of === 'vt') return VOLTAGE_TRANSFORMERS.has(normalizeClass(word));
      const domain = of === 'fullScale' ? { domain: FULL_SCALE } : {};
      return !isLacking(
        readMeterClass({ meter: { class: word, ratedA: null, ...domain }, connection: null }),
      );
    },
    doubtCalibration: (dates) => {
      const { verdict, saying } = judgeCalibration(dates, nowMs);
      return verdict === 'expired' || verdict === 'expiring' ? saying : undefined;
    },
    nowMs,
  };
}
