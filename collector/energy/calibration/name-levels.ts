import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import type { LevelFacts } from './level-facts.ts';
import { sayPower, sayShare } from './power-words.ts';

/** A machine that draws no more than this share of what it draws at work is off. */
const OFF_SHARE = 0.02;
/** A single idle level below this share of work is rather standby than ready. */
const STANDBY_SHARE = 0.15;
/** Idle consumers draw alike, cutting does not: a level wider than this (10 %) works if it also steps or passes quickly. */
const WORK_SPREAD_DECADES = 0.04;
const WORK_STEP_SHARE = 0.01;
const WORK_STAY_MS = 30_000;

const IDLE_STATES = ['extendedStandby', 'standby', 'ready'] as const;

/** What a name rests on: what the level is like, and how long a stay in it lasts in the middle, ms. */
export type NamedFacts = LevelFacts & { stayMs: number };

/** What levels are measured against, W: the power at work, what counts as nothing, and what the operator calls off. */
export interface KnownPowers {
  workW: number;
  floorW: number;
  offBelowW: number | null;
}

/** True for the level of a machine that is off: below one that is not. */
export function drawsNothing(
  { powerW }: Pick<LevelFacts, 'powerW'>,
  { workW, floorW, offBelowW }: KnownPowers,
): boolean {
  return powerW <= Math.max(OFF_SHARE * workW, floorW) || (offBelowW !== null && powerW < offBelowW);
}

/** The name of a level, and why it may be wrong. */
export interface LevelName {
  state: OperatingState;
  /** A sentence; empty where nothing speaks against the name. */
  doubt: string;
}

/**
 * Names for levels from the lowest to the highest. The highest is processing, and so is every restless one that has no
 * quiet one above it; the lowest is off where it draws next to nothing; what is left is ready, standby and extended standby
 * from the top down.
 */
export function nameLevels(levels: readonly NamedFacts[], known: KnownPowers): LevelName[] {
  const workW = levels.at(-1)?.powerW ?? known.workW;
  const off =
    levels.findLastIndex((level, index) => index < levels.length - 1 && drawsNothing(level, known)) + 1;
  let working = levels.length - 1;
  while (working - 1 > off && isRestless(levels[working - 1]!)) working--;
  const idle = working - off;
  return levels.map((level, index): LevelName => {
    if (index < off) return { state: 'off', doubt: '' };
    if (index >= working) return { state: 'processing', doubt: doubtOfWork(levels, working, off) };
    if (idle === 1) {
      const share = level.powerW / workW;
      const state = share < STANDBY_SHARE ? 'standby' : 'ready';
      const other = state === 'ready' ? 'standby' : 'ready';
      return {
        state,
        doubt: `It draws ${sayShare(share)} of work (${sayPower(workW)}); power alone cannot tell ${state} from ${other}.`,
      };
    }
    const state = IDLE_STATES[Math.max(0, IDLE_STATES.length - (working - index))] ?? 'ready';
    return { state, doubt: 'Named by its place between the others; power alone does not say more.' };
  });
}

function isRestless({ spreadDecades, stepShare, stayMs }: NamedFacts): boolean {
  return spreadDecades > WORK_SPREAD_DECADES && (stepShare > WORK_STEP_SHARE || stayMs < WORK_STAY_MS);
}

function doubtOfWork(levels: readonly NamedFacts[], working: number, off: number): string {
  if (working === 1 && off === 1)
    return 'Only two levels were seen: ready, standby and processing may all be in the upper one.';
  const top = levels.at(-1);
  return top !== undefined && working === levels.length - 1 && top.spreadDecades <= WORK_SPREAD_DECADES
    ? 'It is as steady as an idle machine: it may be warm-up or a spindle that runs without cutting.'
    : '';
}
