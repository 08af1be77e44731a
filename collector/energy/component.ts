import { powerEdgesOf } from './amendments/column-fate.ts';
import { readCounter } from './read-counter.ts';
import { bookPower } from './book-power.ts';
import { bridgeWithoutCounter, BRIDGE_BY_STATE_MS } from './bridge-without-counter.ts';
import {
  isSupply,
  loseTime,
  nextHourMs,
  touch,
  type ComponentState,
  type FoldContext,
} from './component-state.ts';
import { giveUpUnread } from './counter-standstill.ts';
import { stepMwh } from './counter-value.ts';
import { accountAt, HOUR_MS, markReason, MINUTE_MS } from './hour-account.ts';
import { dropTaken, settledTo } from './series.ts';
import type { Slice } from './slices.ts';
import { walkPower, walkStates, type PowerPiece } from './walk-states.ts';

/** Every meter has refreshed its counter after so long a silence, ms. */
const REFRESHED_AFTER_MS = 60_000;

/** Takes in readings as far as both series and the machine's states are settled. */
export function advanceComponent(c: ComponentState, context: FoldContext): void {
  const { power, counter } = c;
  const firstMs = Math.min(power.atMs[0] ?? Infinity, counter.atMs[0] ?? Infinity);
  if (c.atMs === null && !(firstMs < context.horizonMs)) return;
  c.atMs ??= firstMs;
  const { horizonMs } = context;
  const untilMs = Math.min(context.timeline.atMs, settledTo(power, horizonMs), settledTo(counter, horizonMs));
  const edges = powerEdgesOf(c.component, c.direction === 'medium' ? [] : context.model.amendments);
  let p = 0;
  let q = 0;
  for (;;) {
    const powerMs = timeBefore(power.atMs[p], horizonMs);
    const counterMs = timeBefore(counter.atMs[q], horizonMs);
    const nextMs = Math.min(powerMs, counterMs);
    const lastPowerMs = p > 0 ? (power.atMs[p - 1] ?? null) : power.lastMs;
    const lastPowerEveryMs = p > 0 ? (power.everyMs[p - 1] ?? 0) : power.lastEveryMs;
    const covered = lastPowerMs !== null && powerMs - lastPowerMs <= 2 * lastPowerEveryMs;
    // How power ran between two readings is told by the states between them, all of them.
    const nextPowerW = (power.values[p] ?? 0) * (edges.get(powerMs) ?? 1);
    const counts = c.judged !== null && !c.judged.saturated;
    const bridged = !counts && lastPowerMs !== null && powerMs - lastPowerMs <= BRIDGE_BY_STATE_MS;
    const untold = (covered || bridged) && powerMs > context.timeline.atMs;
    const quiet = nextMs > untilMs || untold;
    // Inside a pair of power readings nothing is cut but by a reading, so that batches leave no trace.
    if (quiet && (covered || untilMs <= c.atMs)) break;
    const toMs = quiet ? untilMs : nextMs;
    if (!counts) {
      if (!passWithoutCounter(c, context, toMs, quiet, lastPowerMs, covered, nextPowerW, powerMs)) break;
    } else if (toMs > c.atMs) {
      if (covered) {
        const line = { startMs: lastPowerMs, startW: c.lastPowerW, endMs: powerMs, endW: nextPowerW };
        walkPower(context.timeline, c.atMs, toMs, line, (piece) => appendCovered(c, context, piece));
      } else {
        const lastMs = q > 0 ? (counter.atMs[q - 1] ?? 0) : (counter.lastMs ?? 0);
        const lastEveryMs = q > 0 ? (counter.everyMs[q - 1] ?? 0) : counter.lastEveryMs;
        // Without a next reading, time is settled beyond the last one only because there is a gap.
        const gap = counterMs - lastMs > 2 * lastEveryMs;
        passUncovered(c, context, toMs, gap ? 'gap' : 'timed');
      }
    }
    if (toMs > c.atMs) c.atMs = toMs;
    if (quiet) break;
    if (counterMs === nextMs) {
      noteStep(c, context, q);
      const silentMs = counterMs - (q > 0 ? (counter.atMs[q - 1] ?? 0) : (counter.lastMs ?? counterMs));
      readCounter(c, context, q);
      noteStandstill(c, counterMs, silentMs);
      q++;
    }
    if (powerMs === nextMs) {
      c.lastPowerW = power.values[p] ?? 0;
      p++;
      giveUpUnread(c, context, q > 0 ? (counter.atMs[q - 1] ?? null) : counter.lastMs, powerMs);
    }
  }
  dropTaken(power, p);
  dropTaken(counter, q);
}

/** What was fed beyond the horizon is not looked at: something may still come before it. */
function timeBefore(atMs: number | undefined, horizonMs: number): number {
  return atMs !== undefined && atMs < horizonMs ? atMs : Infinity;
}

/** The earliest time of which energy may still be booked, ms. */
export function openSinceMs(c: ComponentState): number | null {
  return c.slices[0]?.fromMs ?? c.atMs;
}

/**
 * Where the counter is coarse: since when power was measured that waits for the counter's next step. Without a counter: the
 * latest reading, as long as the next one may tell how power ran since. Else null.
 */
export function awaitsStepSinceMs(c: ComponentState): number | null {
  if (c.judged === null || c.judged.saturated)
    return c.atMs !== null && c.atMs === c.power.lastMs ? c.atMs : null;
  return c.slices.find((slice) => slice.kind === 'covered' && slice.wattMs > 0)?.fromMs ?? null;
}

/** When a counter was read last: what was drawn since, only its next reading tells. Null where none counts. */
export function countedToMs({ judged, counter }: ComponentState): number | null {
  return judged === null || judged.saturated ? null : counter.lastMs;
}

/** Time passes for a component whose counter was never read. False when it has to wait for the next reading. */
function passWithoutCounter(
  c: ComponentState,
  context: FoldContext,
  toMs: number,
  quiet: boolean,
  lastPowerMs: number | null,
  covered: boolean,
  nextPowerW: number,
  powerMs: number,
): boolean {
  const fromMs = c.atMs ?? toMs;
  if (toMs <= fromMs || lastPowerMs === null) return true;
  if (covered || powerMs - lastPowerMs <= BRIDGE_BY_STATE_MS) {
    if (quiet) return false;
    const line = { startMs: lastPowerMs, startW: c.lastPowerW, endMs: powerMs, endW: nextPowerW };
    if (covered)
      walkPower(context.timeline, fromMs, toMs, line, (piece) => bookPower(c, context, piece, null));
    else bridgeWithoutCounter(c, context, fromMs, toMs, line);
    return true;
  }
  if (powerMs === Infinity && context.horizonMs - lastPowerMs <= BRIDGE_BY_STATE_MS) return false;
  loseTime(c, context.accounts, fromMs, toMs);
  return true;
}

/** Once an hour, how finely its counter counts: the digits of its readings are costly to look at. */
function noteStep(c: ComponentState, context: FoldContext, row: number): void {
  const hourMs = Math.floor((c.counter.atMs[row] ?? 0) / HOUR_MS) * HOUR_MS;
  const raw = c.counter.values[row];
  const definition = context.definitions[c.counter.definitions[row] ?? 0];
  if (hourMs === c.step.hourMs || raw === undefined || definition === undefined) return;
  c.step = { hourMs, mwh: stepMwh(raw, definition) };
}

/** A counter that shows the same after a gap as before it says that next to nothing was drawn meanwhile. */
function noteStandstill(c: ComponentState, atMs: number, silentMs: number): void {
  const isBelieved = c.judged?.atMs === atMs && c.heldFrom < 0 && c.rivalFrom < 0;
  if (c.slices.length === 0) c.stillTo = 0;
  else if (isBelieved && silentMs >= REFRESHED_AFTER_MS && c.slices[c.slices.length - 1]?.kind === 'gap')
    c.stillTo = c.slices.length;
}

/** The slice that the next piece of time may be part of; none where a reading in between must be told apart. */
function openSlice(c: ComponentState): Slice | undefined {
  const first = Math.max(c.heldFrom, c.rivalFrom, c.stillTo);
  return c.slices.length > first ? c.slices[c.slices.length - 1] : undefined;
}

function appendCovered(c: ComponentState, context: FoldContext, piece: PowerPiece): void {
  touch(c, accountAt(context.accounts, piece.fromMs));
  const last = openSlice(c);
  const joins =
    last?.kind === 'covered' &&
    last.state === piece.state &&
    Math.floor(last.fromMs / MINUTE_MS) === Math.floor(piece.fromMs / MINUTE_MS);
  if (joins) {
    last.ms += piece.ms;
    last.wattMs += piece.wattMs;
    last.slackMs += piece.slackMs;
  } else c.slices.push({ ...piece, kind: 'covered' });
}

function passUncovered(c: ComponentState, context: FoldContext, toMs: number, kind: 'timed' | 'gap'): void {
  walkStates(context.timeline, c.atMs ?? toMs, toMs, (fromMs, endMs, state) => {
    const last = openSlice(c);
    if (last?.kind === kind && last.state === state) last.ms += endMs - fromMs;
    else c.slices.push({ fromMs, ms: endMs - fromMs, state, kind, wattMs: 0, slackMs: 0 });
    if (kind === 'gap') {
      if (isSupply(c)) markReason(context.accounts, 'gap', fromMs, endMs);
    } else for (let at = fromMs; at < endMs; at = nextHourMs(at)) touch(c, accountAt(context.accounts, at));
  });
}
