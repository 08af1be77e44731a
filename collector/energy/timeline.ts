import { advanceControls } from './control-track.ts';
import type { HourAccount } from './hour-account.ts';
import type { MachineModel } from './machine-model.ts';
import { laddersOf } from './power-ladder.ts';
import { startPowerTrack } from './power-track.ts';
import { settleStates } from './settle-states.ts';
import type { StateSpan } from './state-span.ts';
import { takeSupply } from './supply-rows.ts';
import type { TimelineState } from './timeline-state.ts';

/** When the first supply reading or word was, of those that wait; Infinity without one. */
export function firstToldMs(timeline: TimelineState): number {
  const first = timeline.controls.find((control) => control.kind === 'word');
  return Math.min(timeline.supply.atMs[0] ?? Infinity, first?.atMs ?? Infinity);
}

/** When the last word before the horizon was, of those that wait; -Infinity without one. */
export function lastWordMs(timeline: TimelineState, horizonMs: number): number {
  const last = timeline.controls.findLast((control) => control.kind === 'word' && control.atMs < horizonMs);
  return last?.atMs ?? -Infinity;
}

/** Begins the machine's time at its first reading; false when that is not before the horizon. */
export function beginTimeline(timeline: TimelineState, startMs: number, horizonMs: number): boolean {
  if (!(startMs < horizonMs)) return false;
  timeline.startMs = startMs;
  timeline.atMs = startMs;
  timeline.power = startPowerTrack(startMs);
  return true;
}

/** Follows which sources are down while the machine's time has not begun: nothing of it may wait for that. */
export function awaitTimeline(
  model: Pick<MachineModel, 'stateMap' | 'quietAfterMs' | 'bridgeMs'>,
  { control, controls }: TimelineState,
  horizonMs: number,
): void {
  advanceControls(model, control, controls, horizonMs);
  control.downs = control.downs.slice(-1);
}

/**
 * Settles states as far as the horizon allows, and books the time spent in them. Power and control are followed each by
 * itself up to the horizon; states are settled up to where both are decided, whatever comes.
 */
export function advanceTimeline(
  model: MachineModel,
  timeline: TimelineState,
  horizonMs: number,
  accounts: HourAccount[],
): void {
  const ladders = laddersOf(model);
  takeSupply(timeline, ladders, horizonMs, model.amendments);
  advanceControls(model, timeline.control, timeline.controls, horizonMs);
  settleStates(model, timeline, ladders, accounts);
}

/** Spans since they were last taken, with the last one of before where it has grown; empty where nothing was settled. */
export function takeSpans(timeline: TimelineState): StateSpan[] {
  const last = timeline.spans[timeline.spans.length - 1];
  if (last === undefined || last.toMs === timeline.spansTakenMs) return [];
  const taken = timeline.spans;
  timeline.spans = [{ ...last }];
  timeline.spansTakenMs = last.toMs;
  return taken;
}
