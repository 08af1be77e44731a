import type { Phase } from '../../protocols/telemetry/quantity.ts';
import { LINES, type ComponentMinute } from './machine-minute.ts';
import { say, sayPercent } from './say-figure.ts';
import type { Verdict } from './stretch.ts';

/** Meters round their power factor and compute it of readings that are not of one instant. */
const FACTOR_MAX = 1.01;
/** Two meters of class 1 in one device, and a register a moment later. */
const TOLERANCE = 0.05;
/** Where no rating is known: below so much, W, a phase is not compared. */
const FLOOR_W = 50;
/** Below this share of the rating the resolution of registers and their zero cut-off show. */
const FLOOR_SHARE = 0.01;

const ALL: readonly Phase[] = ['total', ...LINES];

/** A power that is large enough to be compared, W. */
export function floorOf(ratedW: number | null): number {
  return ratedW === null ? FLOOR_W : FLOOR_SHARE * ratedW;
}

/** Power factors beyond 1 or -1. */
export function judgePowerFactor(minute: ComponentMinute): Verdict {
  return worstOf(ALL, (phase) => {
    const factor = minute.read('powerFactor', phase);
    if (factor === undefined) return 'unknown';
    const mean = factor.sum / factor.count;
    if (Math.abs(mean) <= FACTOR_MAX) return 'fine';
    return {
      weight: Math.abs(mean),
      say: () => `The power factor of ${phase} was ${say(mean)} in the mean of a minute; 1 is the most.`,
    };
  });
}

/** Active power that is more than the apparent one. */
export function judgeApparent(minute: ComponentMinute, ratedW: number | null): Verdict {
  return worstOf(ALL, (phase) => {
    const activeW = minute.mean('activePower', phase);
    const apparentVa = minute.mean('apparentPower', phase);
    const slackW = minute.slack('activePower', phase);
    if (activeW === undefined || apparentVa === undefined || slackW === undefined) return 'unknown';
    const excessW = Math.abs(activeW) - Math.abs(apparentVa) * (1 + TOLERANCE) - slackW;
    if (excessW <= floorOf(ratedW)) return 'fine';
    return {
      weight: excessW,
      say: () =>
        `${phase}: ${say(activeW, 'W')} of ${say(apparentVa, 'VA')}; active power is never more than apparent power.`,
    };
  });
}

/** Active power against volts, amperes and the power factor of the same phase. */
export function judgeVoltAmpere(minute: ComponentMinute, ratedW: number | null): Verdict {
  const phases = minute.means('activePower');
  if (phases !== undefined && phases.every((powerW) => powerW === 0)) return 'unknown';
  // One of two wattmeters sees a voltage between lines, root of 3 of that to a neutral, and a current shifted against it.
  const isTwo = phases !== undefined && haveTwoElements(phases);
  return worstOf(LINES, (phase) => {
    const powerW = minute.mean('activePower', phase);
    const voltageV = minute.mean('voltage', phase);
    const currentA = minute.mean('current', phase);
    const slackW = minute.slack('activePower', phase);
    if (powerW === undefined || voltageV === undefined || currentA === undefined || slackW === undefined)
      return 'unknown';
    const boundVa = Math.abs(voltageV * currentA) * (isTwo ? Math.sqrt(3) : 1);
    const overW = Math.abs(powerW) - boundVa * (1 + TOLERANCE) - slackW;
    if (overW > floorOf(ratedW))
      return {
        weight: overW,
        say: () =>
          `${phase}: ${say(powerW, 'W')}, but ${say(voltageV, 'V')} x ${say(currentA, 'A')} = ${say(boundVa, 'VA')} are the most there can be.`,
      };
    const factor = minute.mean('powerFactor', phase);
    const isSteady = (['activePower', 'current', 'powerFactor'] as const).every((quantity) =>
      minute.isSteady(quantity, phase),
    );
    if (isTwo || factor === undefined || Math.abs(factor) > FACTOR_MAX || !isSteady) return 'fine';
    const shouldW = boundVa * Math.abs(factor);
    const offW = Math.abs(Math.abs(powerW) - shouldW);
    // The power factor is the coarsest of the four registers: 0.01 of it, and of volts and amperes 5 % together.
    if (offW <= TOLERANCE * boundVa + 0.01 * boundVa + floorOf(ratedW)) return 'fine';
    return {
      weight: offW,
      say: () =>
        `${phase}: ${say(powerW, 'W')}, but ${say(voltageV, 'V')} x ${say(currentA, 'A')} x ${say(Math.abs(factor))} = ${say(shouldW, 'W')}: ${sayPercent(offW / Math.max(shouldW, 1))} off.`,
    };
  });
}

/** The total against the sum of the phases. */
export function judgeSum(minute: ComponentMinute, ratedW: number | null): Verdict {
  const phases = minute.means('activePower');
  const totalW = minute.mean('activePower');
  const slackW = minute.slack('activePower');
  if (phases === undefined || totalW === undefined || slackW === undefined) return 'unknown';
  // A meter of two wattmeters has no power of a phase, and may show zeros.
  if (phases.every((powerW) => powerW === 0)) return 'unknown';
  const sumW = phases[0] + phases[1] + phases[2];
  const offW = Math.abs(sumW - totalW);
  const wholeW = phases.reduce((sum, value) => sum + Math.abs(value), 0);
  if (offW <= TOLERANCE * Math.max(wholeW, Math.abs(totalW)) + slackW + floorOf(ratedW)) return 'fine';
  return {
    weight: offW,
    say: () =>
      `${phases.map((value) => say(value)).join(' + ')} = ${say(sumW, 'W')} of the phases, but the total was ${say(totalW, 'W')}.`,
  };
}

/** More than the rating and a fifth. */
export function judgeRating(minute: ComponentMinute, ratedW: number | null): Verdict {
  const powerW = minute.mean('activePower');
  if (powerW === undefined || ratedW === null) return 'unknown';
  if (Math.abs(powerW) <= 1.2 * ratedW) return 'fine';
  return {
    weight: Math.abs(powerW),
    say: () =>
      `${say(powerW, 'W')} in the mean of a minute; 1.2 x ${say(ratedW, 'W')} rated = ${say(1.2 * ratedW, 'W')}.`,
  };
}

/** True where a phase has no power beside the others: two wattmeters, or a load between two phases or on one. */
export function haveTwoElements(powersW: readonly [number, number, number]): boolean {
  const largest = Math.max(...powersW.map(Math.abs));
  return largest > 0 && powersW.some((value) => Math.abs(value) <= 0.01 * largest);
}

function worstOf(phases: readonly Phase[], judge: (phase: Phase) => Verdict): Verdict {
  let worst: Verdict = 'unknown';
  for (const phase of phases) {
    const verdict = judge(phase);
    if (verdict === 'unknown') continue;
    if (worst === 'unknown') worst = verdict;
    else if (verdict !== 'fine' && (worst === 'fine' || verdict.weight > worst.weight)) worst = verdict;
  }
  return worst;
}
