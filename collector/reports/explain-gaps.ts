import { HOUR_MS, MINUTE_MS, STATE_COUNT } from '../energy/hour-account.ts';
import type { HourBase } from '../energy/hour-base.ts';
import { groupDigits, sayKwh } from '../energy/use-phase/say-kwh.ts';
import type { CurveMinute, ExplainedGap } from './explained-hour.ts';
import { sayMeanPower } from './explain-sums.ts';

const MINUTES = HOUR_MS / MINUTE_MS;

/** The minutes of the hour in which time passed that was not measured, joined where they follow each other. */
export function explainGaps(base: HourBase, curve: readonly CurveMinute[]): ExplainedGap[] {
  const gaps: ExplainedGap[] = [];
  for (let minute = 0; minute < MINUTES;) {
    const fromMinute = minute;
    while (minute < MINUTES && missingOf(curve[minute]) > 0) minute++;
    if (minute > fromMinute) gaps.push(describeGap(base, curve, fromMinute, minute));
    else minute++;
  }
  return gaps;
}

function missingOf(minute: CurveMinute | undefined): number {
  if (minute === undefined) return 0;
  return Object.values(minute.timeMs).reduce((sum, ms) => sum + ms, 0) - minute.measuredMs;
}

function describeGap(
  base: HourBase,
  curve: readonly CurveMinute[],
  fromMinute: number,
  toMinute: number,
): ExplainedGap {
  const missingMs = curve.slice(fromMinute, toMinute).reduce((sum, minute) => sum + missingOf(minute), 0);
  const bridged = base.components['supply']?.bridged ?? null;
  let bridgedMwh = 0;
  if (bridged !== null)
    for (let cell = fromMinute * STATE_COUNT; cell < toMinute * STATE_COUNT; cell++)
      bridgedMwh += bridged[cell] ?? 0;
  const reasons = base.marks
    .filter((mark) => mark.fromMinute < toMinute && fromMinute < mark.toMinute)
    .map(({ reason }) => reason);
  return {
    fromMs: base.hourMs + fromMinute * MINUTE_MS,
    toMs: base.hourMs + toMinute * MINUTE_MS,
    missingMs,
    bridgedMwh,
    reasons: [...new Set(reasons)],
    saying: `${sayMissing(missingMs, toMinute - fromMinute)}; ${sayBridge(bridgedMwh, missingMs)}`,
  };
}

/** Minutes are told whole; what was not read begins and ends somewhere in the first and the last of them. */
function sayMissing(missingMs: number, minutes: number): string {
  const seconds = `${groupDigits(missingMs / 1000, 3)} s`;
  if (missingMs === minutes * MINUTE_MS) return `${seconds} without readings`;
  return `${seconds} without readings, within ${minutes === 1 ? 'this minute' : `these ${minutes} whole minutes`}`;
}

function sayBridge(mwh: number, ms: number): string {
  if (mwh === 0) return 'no energy was bridged';
  return `${sayKwh(mwh)} bridged: ${sayMeanPower(mwh, ms)}`;
}
