import { scaleEdgeBetween } from './amendments/amend-jump.ts';
import { holdsAt } from './amendments/column-fate.ts';
import { bookSlices } from './book-difference.ts';
import { bootTimeAt } from './boot-time.ts';
import { loseTime, nextHourMs, type ComponentState, type FoldContext } from './component-state.ts';
import type { Evidence } from './counter-evidence.ts';
import { followJump } from './counter-jump.ts';
import { mark, note, tell, type Reading } from './counter-note.ts';
import { integrateSlices, settleStandstill } from './counter-standstill.ts';
import type { CounterVerdict } from './counter-verdict.ts';
import { judgeReading } from './counter.ts';
import { accountAt, addReason } from './hour-account.ts';
import { ratedPowerOf } from './machine-model.ts';

/** Judges the reading in a row of the counter, books what it means, and notes what was decided. */
export function readCounter(c: ComponentState, context: FoldContext, row: number): void {
  const atMs = c.counter.atMs[row] ?? 0;
  const raw = c.counter.values[row] ?? 0;
  const everyMs = c.counter.everyMs[row] ?? 0;
  const definition = context.definitions[c.counter.definitions[row] ?? 0];
  if (definition === undefined) return;
  const clock = context.clocks[c.counter.clocks?.[row] ?? 0];
  const bootTime = bootTimeAt(clock, atMs, c.counter.seqs[row] ?? 0);
  const rated = c.direction === 'medium' ? null : ratedPowerOf(context.model, c.component);
  const before = c.judged;
  const rival = before?.rival ?? null;
  const isCounted = before !== null && !before.saturated;
  const { state, verdict } = judgeReading(before, { atMs, bootTime, raw, everyMs, definition }, rated);
  c.judged = state;
  // A reading ends the time before it: exactly on the hour it speaks of the one before. Where time does not wait for it, or
  // there is none before it, that hour may be closed, or nobody's.
  const reading = { atMs, account: () => accountAt(context.accounts, isCounted ? atMs - 1 : atMs) };
  if (verdict.kind === 'missing')
    note(c, reading, {
      kind: 'impossible',
      beforeMwh: before?.mwh ?? null,
      nowMwh: null,
      boundMwh: null,
      bookedMwh: 0,
      amendment: null,
      saying: `the raw value ${raw} is none that a counter of ${definition.num}/${definition.den} can show: it is left out`,
    });
  if (rival !== null && state?.rival === null && verdict.kind !== 'identity')
    note(c, reading, {
      kind: 'foreign',
      beforeMwh: rival.firstMwh,
      nowMwh: rival.lastMwh,
      boundMwh: null,
      bookedMwh: 0,
      amendment: null,
      saying: `${rival.definition.meter} was read ${rival.count} x and left out: ${definition.meter} went on`,
    });
  follow(c, context, reading, verdict);
}

function follow(c: ComponentState, context: FoldContext, reading: Reading, verdict: CounterVerdict): void {
  const { atMs, account } = reading;
  switch (verdict.kind) {
    case 'missing':
    case 'repeated':
      return;
    case 'anchor':
    case 'resumed':
      c.slices.length = 0;
      c.heldFrom = -1;
      c.rivalFrom = -1;
      if (isAfterReset(verdict)) addReason(account(), 'counter-reset', atMs, atMs);
      tell(c, reading, isAfterReset(verdict) ? 'reset' : 'anchor', verdict, 0);
      return;
    case 'earlier':
      c.slices.length = 0;
      c.heldFrom = -1;
      c.rivalFrom = -1;
      addReason(account(), 'clock-stepped', atMs - 1, atMs);
      tell(c, reading, 'clock-stepped', verdict, 0);
      return;
    case 'silent':
      c.heldFrom = -1;
      c.rivalFrom = -1;
      integrateSlices(c, context);
      if (verdict.begins) tell(c, reading, 'amended', verdict, 0, turnedBy(c, context, atMs));
      return;
    case 'foreign':
      addReason(account(), 'identity-change', atMs - 1, atMs);
      if (verdict.restart) c.rivalFrom = c.slices.length;
      return;
    case 'held':
      c.rivalFrom = -1;
      if (verdict.restart) c.heldFrom = c.slices.length;
      return;
    case 'same':
    case 'rise':
      c.heldFrom = -1;
      c.rivalFrom = -1;
      if (verdict.evidence !== null) followFlagged(c, context, reading, verdict, verdict.evidence);
      if (verdict.kind === 'rise') bookSlices(c, context, verdict.mwh, c.slices.length, atMs, false);
      else settleStandstill(c, context, reading);
      return;
    case 'saturated':
      followSaturated(c, context, reading, verdict);
      return;
    case 'identity':
    case 'reset':
    case 'step':
    case 'step-back':
      followJump(c, context, reading, verdict);
      return;
  }
}

/** A saturated counter counts again because somebody set it back. */
function isAfterReset({ kind, evidence }: { kind: string; evidence: Evidence }): boolean {
  return kind === 'resumed' && evidence.first !== null;
}

/** On the track, but something had to be decided for that. */
function followFlagged(
  c: ComponentState,
  context: FoldContext,
  reading: Reading,
  verdict: Extract<CounterVerdict, { kind: 'same' | 'rise' }>,
  evidence: Evidence,
): void {
  const { atMs } = reading;
  const { glitch, rollover, moved, rescaled, stepped } = verdict;
  const sinceMs = evidence.first?.atMs ?? atMs - 1;
  if (glitch) mark(c, context, 'counter-glitch', sinceMs, atMs);
  if (rollover) mark(c, context, 'counter-rollover', atMs - 1, atMs);
  if (moved) mark(c, context, 'identity-change', atMs - 1, atMs);
  if (stepped) mark(c, context, 'clock-stepped', sinceMs, atMs);
  const { amendments } = context.model;
  const beforeMs = evidence.before?.atMs ?? atMs;
  const amendment = rescaled ? scaleEdgeBetween(beforeMs, atMs, c.component, amendments) : null;
  if (amendment !== null) tellBefore(c, context, reading, verdict, amendment);
  const kind = glitch
    ? 'glitch'
    : rollover
      ? 'rollover'
      : moved
        ? 'moved'
        : stepped
          ? 'clock-stepped'
          : 'amended';
  if (kind !== 'amended' || amendment !== null) tell(c, reading, kind, verdict, verdict.mwh, amendment);
}

/** All of an interval is taken by the scale at its end: its earlier hours rest on the amendment, too. */
function tellBefore(
  c: ComponentState,
  context: FoldContext,
  reading: Reading,
  verdict: Extract<CounterVerdict, { kind: 'same' | 'rise' }>,
  amendment: string,
): void {
  const { atMs } = reading;
  const own = reading.account();
  const fromMs = c.slices[0]?.fromMs ?? own.hourMs;
  mark(c, context, 'amended', fromMs, atMs);
  for (let at = fromMs; at < own.hourMs; at = nextHourMs(at)) {
    const account = accountAt(context.accounts, at);
    tell(c, { atMs, account: () => account }, 'amended', verdict, 0, amendment);
  }
}

/** It counts no more: the rise to its largest value is booked, and power is integrated from there on. */
function followSaturated(
  c: ComponentState,
  context: FoldContext,
  reading: Reading,
  verdict: Extract<CounterVerdict, { kind: 'saturated' }>,
): void {
  const { atMs, account } = reading;
  const { begins, mwh, evidence } = verdict;
  c.heldFrom = -1;
  c.rivalFrom = -1;
  addReason(account(), 'counter-saturated', atMs - 1, atMs);
  if (mwh > 0) bookSlices(c, context, mwh, c.slices.length, atMs, false);
  else integrateSlices(c, context);
  if (begins) tell(c, reading, 'saturated', verdict, mwh);
  else if (c.power.lastMs === null && (c.power.atMs[0] ?? Infinity) > atMs)
    // Without power nobody knows what was drawn.
    loseTime(c, context.accounts, Math.max(evidence.before?.atMs ?? atMs, account().hourMs), atMs);
}

/** The amendment that turned the component's direction; null where it was one of another component before. */
function turnedBy(c: ComponentState, { model }: FoldContext, atMs: number): string | null {
  const turning = model.amendments.filter((one) => one.kind === 'direction' && holdsAt(one, atMs));
  return (turning.findLast(({ component }) => component === c.component) ?? turning.at(-1))?.id ?? null;
}
