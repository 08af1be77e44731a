import type { Clock } from '../protocols/clock.ts';
import type { OpenPart } from './open-part.ts';

/** Nothing stays unsealed longer than this in real time, and an idle agent moves its watermark as often in clock time. */
const AGE_MS_MAX = 60_000;
/** Fast simulated time would otherwise seal a record for every poll, real ms. */
const AGE_REAL_MS_MIN = 500;

/** A machine's readings that are not sealed. */
export interface OpenMachine {
  part: OpenPart;
  /** When the first of them came, by the clock's monotonic time and by real time, ms. */
  openedMs: number;
  openedRealMs: number;
}

/** What decides when a machine is sealed. */
export interface SealingPace {
  clock: Clock;
  batchSamples: number;
  /** Clock ms. */
  batchAgeMs: number;
}

/** Whether a machine has this share (0..1) of what makes it due. @param realMs real time now */
export function isDue(
  { part, openedMs, openedRealMs }: OpenMachine,
  share: number,
  { clock, batchSamples, batchAgeMs }: SealingPace,
  realMs: number,
): boolean {
  if (part.samples >= batchSamples * share) return true;
  const agedMs = clock.monotonicMs() - openedMs;
  const stepped = clock.speed() === 0;
  const openMs = realMs - openedRealMs;
  if (agedMs >= batchAgeMs * share && (stepped || openMs >= AGE_REAL_MS_MIN * share)) return true;
  return !stepped && openMs >= AGE_MS_MAX * share;
}

/** Whether the watermark has to move, though nothing is open. @param sealedRealMs real ms since the last record */
export function isIdle(clock: Clock, lastSealMs: number, sealedRealMs: number): boolean {
  const stepped = clock.speed() === 0;
  return clock.monotonicMs() - lastSealMs >= AGE_MS_MAX && (stepped || sealedRealMs >= AGE_REAL_MS_MIN);
}
