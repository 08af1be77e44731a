import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import { bridgeSilences } from './bridge-silences.ts';
import type { Saying } from './control-state.ts';
import { decideState, type Decision } from './decide-state.ts';
import { addTime, markReason, type HourAccount } from './hour-account.ts';
import type { MachineModel } from './machine-model.ts';
import type { Ladder, Rung } from './power-ladder.ts';
import { rungsSettledTo, type RungChange } from './power-track.ts';
import { DECIDERS, type StateSpan } from './state-span.ts';
import type { TimelineState } from './timeline-state.ts';

const SILENT: Saying['says'] = { kind: 'silent', basis: '' };

/** Settles states up to where power and control are decided, and books time, spans and silent sources. */
export function settleStates(
  model: Pick<MachineModel, 'bridgeMs' | 'offBelowW'>,
  timeline: TimelineState,
  ladders: readonly Ladder[],
  accounts: HourAccount[],
): void {
  const { power, control, measured } = timeline;
  const toMs = Math.min(bridgeSilences(model, control), rungsSettledTo(power), timeline.latestMs);
  while (timeline.atMs < toMs) {
    const fromMs = timeline.atMs;
    const endMs = Math.min(
      toMs,
      dropPast(power.changes, fromMs),
      dropPast(control.sayings, fromMs),
      dropPast(control.downs, fromMs),
      dropPast(measured, fromMs),
    );
    const says = nowOf(control.sayings, fromMs)?.says ?? SILENT;
    const rung = rungOf(ladders, nowOf(power.changes, fromMs));
    const decision = decideState(rung, says, model.offBelowW !== null);
    const state = OPERATING_STATES.indexOf(decision.state);
    if (timeline.states[timeline.states.length - 1] !== state) {
      timeline.changesMs.push(fromMs);
      timeline.states.push(state);
    }
    addSpan(timeline.spans, fromMs, endMs, decision);
    const isMeasured = nowOf(measured, fromMs)?.measured === true;
    addTime(accounts, fromMs, endMs, { state, decider: DECIDERS.indexOf(decision.decider), isMeasured });
    if (nowOf(control.downs, fromMs)?.down === true) markReason(accounts, 'source-down', fromMs, endMs);
    timeline.atMs = endMs;
  }
}

function nowOf<C extends { fromMs: number }>(changes: readonly C[], atMs: number): C | undefined {
  const first = changes[0];
  return first !== undefined && first.fromMs <= atMs ? first : undefined;
}

/** Drops changes that no longer hold at a time; returns when the next one comes, ms. */
function dropPast(changes: { fromMs: number }[], atMs: number): number {
  let past = 0;
  while ((changes[past + 1]?.fromMs ?? Infinity) <= atMs) past++;
  if (past > 0) changes.splice(0, past);
  const [first, second] = changes;
  return (first !== undefined && first.fromMs > atMs ? first : second)?.fromMs ?? Infinity;
}

function rungOf(ladders: readonly Ladder[], change: RungChange | undefined): Rung | null {
  if (change === undefined || change.rung === null) return null;
  return ladders[change.ladder]?.rungs[change.rung] ?? null;
}

function addSpan(spans: StateSpan[], fromMs: number, toMs: number, decision: Decision): void {
  const last = spans[spans.length - 1];
  const goesOn =
    last?.toMs === fromMs &&
    last.state === decision.state &&
    last.decider === decision.decider &&
    last.basis === decision.basis;
  if (goesOn) last.toMs = toMs;
  else spans.push({ fromMs, toMs, ...decision });
}
