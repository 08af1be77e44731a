import { milliwattHours, type MilliwattHours } from '../../protocols/telemetry/unit.ts';
import { amendJump, scaleEdgeBetween } from './amendments/amend-jump.ts';
import { holdsAt } from './amendments/column-fate.ts';
import { bookSlices, loseSlices } from './book-difference.ts';
import { bookPower } from './book-power.ts';
import { loseTime, type ComponentState, type FoldContext } from './component-state.ts';
import { noteDecision, type CounterDecision, type DecisionKind } from './counter-decision.ts';
import type { Confirmed, Evidence } from './counter-evidence.ts';
import { ENERGY_UNITS, MEDIUM_UNITS, sayBookedSince, sayVerdict } from './counter-saying.ts';
import { stepMwh } from './counter-value.ts';
import { judgeReading, type CounterVerdict } from './counter.ts';
import { accountAt, addReason, HOUR_MS, markReason, type HourAccount } from './hour-account.ts';
import type { Reason } from './machine-hour.ts';
import { ratedPowerOf } from './machine-model.ts';
import { WATT_MS_PER_MWH } from './slices.ts';

/** A counter that has not moved for so long, with no power measured, is taken to stand still. */
const STILL_AFTER_MS = HOUR_MS;

/** No counter steps by more than this (2 kWh) or waits longer: one that does is stuck, and books nothing. */
const STUCK_MWH = 2_000_000;

const STUCK_AFTER_MS = 24 * HOUR_MS;

type Told = Omit<CounterDecision, 'atMs' | 'component' | 'direction'>;

/** Judges the reading in a row of the counter, books what it means, and notes what was decided. */
export function readCounter(c: ComponentState, context: FoldContext, row: number): void {
  const atMs = c.counter.atMs[row] ?? 0;
  const raw = c.counter.values[row] ?? 0;
  const everyMs = c.counter.everyMs[row] ?? 0;
  const definition = context.definitions[c.counter.definitions[row] ?? 0];
  if (definition === undefined) return;
  const rated = c.direction === 'medium' ? null : ratedPowerOf(context.model, c.component);
  const before = c.judged;
  const rival = before?.rival ?? null;
  const isCounted = before !== null && !before.saturated;
  const { state, verdict } = judgeReading(before, { atMs, raw, everyMs, definition }, rated);
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

interface Reading {
  atMs: number;
  /** The account of the hour that the reading closes. */
  account: () => HourAccount;
}

function follow(c: ComponentState, context: FoldContext, reading: Reading, verdict: CounterVerdict): void {
  const { atMs, account } = reading;
  switch (verdict.kind) {
    case 'missing':
      return;
    case 'anchor':
    case 'resumed':
      c.slices.length = 0;
      c.heldFrom = -1;
      c.rivalFrom = -1;
      if (isAfterReset(verdict)) addReason(account(), 'counter-reset', atMs, atMs);
      tell(c, reading, isAfterReset(verdict) ? 'reset' : 'anchor', verdict, 0);
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
  const { glitch, rollover, moved, rescaled } = verdict;
  const sinceMs = evidence.first?.atMs ?? atMs - 1;
  if (glitch) mark(c, context, 'counter-glitch', sinceMs, atMs);
  if (rollover) mark(c, context, 'counter-rollover', atMs - 1, atMs);
  if (moved) mark(c, context, 'identity-change', atMs - 1, atMs);
  const { amendments } = context.model;
  const beforeMs = evidence.before?.atMs ?? atMs;
  const amendment = rescaled ? scaleEdgeBetween(beforeMs, atMs, c.component, amendments) : null;
  const kind = glitch ? 'glitch' : rollover ? 'rollover' : moved ? 'moved' : 'amended';
  tell(c, reading, kind, verdict, verdict.mwh, amendment);
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

/** Another meter, a fall or a jump that stays: nothing is taken across it, unless a person said what it was. */
function followJump(
  c: ComponentState,
  context: FoldContext,
  reading: Reading,
  verdict: Extract<CounterVerdict, { evidence: Confirmed }>,
): void {
  const { atMs } = reading;
  const { kind, evidence, mwh } = verdict;
  const { before, first } = evidence;
  const count = kind === 'identity' ? c.rivalFrom : c.heldFrom;
  const { amendments } = context.model;
  const amended =
    kind === 'step-back' || c.direction !== 'import' || amendments.length === 0 || count <= 0
      ? null
      : amendJump(kind, evidence, c.component, amendments, unitsOf(c));
  const isExplained = amended !== null && amended.mwh !== null;
  if (!isExplained) mark(c, context, REASON_OF[kind], before.atMs, atMs);
  else if (amended.isReplaced) mark(c, context, 'identity-change', before.atMs, atMs);
  const saying = sayVerdict(verdict, unitsOf(c), mwh);
  const told = {
    beforeMwh: before.mwh,
    nowMwh: first.mwh,
    boundMwh: evidence.bound?.mwh ?? null,
    amendment: amended?.amendment ?? null,
  };
  if (amended !== null && amended.mwh !== null) {
    const fromMs = c.slices[0]?.fromMs ?? before.atMs;
    bookSlices(c, context, amended.mwh, count, first.atMs, true);
    noteAmended(c, context, fromMs, first.atMs, reading, {
      ...told,
      kind: 'amended',
      bookedMwh: amended.mwh + mwh,
      saying: `${amended.saying}; ${sayBookedSince(evidence, unitsOf(c), mwh)}`,
    });
  } else {
    if (kind === 'reset') {
      loseTime(c, context.accounts, atMs - 1, atMs);
      bookSlices(c, context, verdict.fromZeroMwh, count, first.atMs, true);
    } else loseSlices(c, context, count);
    const bookedMwh = kind === 'reset' ? verdict.fromZeroMwh + mwh : mwh;
    note(c, reading, { ...told, amendment: null, kind, bookedMwh, saying });
    if (amended !== null)
      note(c, reading, { ...told, kind: 'amended', bookedMwh: 0, saying: amended.saying });
  }
  bookSlices(c, context, mwh, c.slices.length, atMs, false);
}

const REASON_OF = {
  identity: 'identity-change',
  reset: 'counter-reset',
  step: 'counter-step',
  'step-back': 'counter-step-back',
} as const satisfies Record<string, Reason>;

/** A decision of a person is told in every hour that it gave energy to; the energy itself is told once. */
function noteAmended(
  c: ComponentState,
  context: FoldContext,
  fromMs: number,
  toMs: number,
  reading: Reading,
  told: Told,
): void {
  mark(c, context, 'amended', fromMs, toMs);
  const own = reading.account();
  const hours = new Set<HourAccount>();
  for (let at = fromMs; at < toMs; at = (Math.floor(at / HOUR_MS) + 1) * HOUR_MS)
    hours.add(accountAt(context.accounts, at));
  hours.delete(own);
  const { atMs } = reading;
  for (const account of hours)
    note(c, { atMs, account: () => account }, { ...told, bookedMwh: 0, saying: `${told.saying}, in all` });
  note(c, reading, told);
}

/** Decides what becomes of time in which the counter did not move. */
function settleStandstill(c: ComponentState, context: FoldContext, reading: Reading): void {
  const { atMs } = reading;
  const first = c.slices[0];
  if (first === undefined || atMs - first.fromMs <= STILL_AFTER_MS) return;
  let wattMs = 0;
  for (const slice of c.slices) wattMs += slice.wattMs;
  const integralMwh = wattMs / WATT_MS_PER_MWH;
  const still = integralMwh < 0.5;
  const stuck = integralMwh > STUCK_MWH || atMs - first.fromMs > STUCK_AFTER_MS;
  if (!still && !stuck) return;
  const { judged } = c;
  // A coarse counter that waits a day for its next step is not stuck: it has not come to count what was drawn.
  if (!still && judged !== null && integralMwh > 2 * stepMwh(judged.raw, judged.definition))
    noteStuck(c, context, reading, integralMwh, first.fromMs);
  bookSlices(c, context, milliwattHours(0), c.slices.length, atMs, false);
}

function noteStuck(
  c: ComponentState,
  context: FoldContext,
  reading: Reading,
  integralMwh: number,
  fromMs: number,
): void {
  const { atMs } = reading;
  const mwh = c.judged?.mwh ?? 0;
  mark(c, context, 'counter-stuck', fromMs, atMs);
  loseTime(c, context.accounts, fromMs, atMs);
  const hours = (atMs - fromMs) / HOUR_MS;
  note(c, reading, {
    kind: 'stuck',
    beforeMwh: mwh,
    nowMwh: mwh,
    boundMwh: null,
    bookedMwh: 0,
    amendment: null,
    saying: `it stood still for ${hours.toFixed(2)} h while power says ${(integralMwh / 1e6).toFixed(3)} kWh: nothing is booked until it moves`,
  });
}

/** The amendment that turned the component's direction; null where it was one of another component before. */
function turnedBy(c: ComponentState, { model }: FoldContext, atMs: number): string | null {
  const turning = model.amendments.filter((one) => one.kind === 'direction' && holdsAt(one, atMs));
  return (turning.findLast(({ component }) => component === c.component) ?? turning.at(-1))?.id ?? null;
}

/** Books measured power where the counter says nothing of the time any more. */
function integrateSlices(c: ComponentState, context: FoldContext): void {
  for (const { kind, fromMs, ms, state, wattMs } of c.slices.splice(0)) {
    if (kind === 'covered') bookPower(c, context, { fromMs, ms, state, wattMs }, null);
    else loseTime(c, context.accounts, fromMs, fromMs + ms);
  }
}

/** Marks minutes as far back as time is still open. */
function mark(c: ComponentState, context: FoldContext, reason: Reason, fromMs: number, toMs: number): void {
  const openMs = c.slices[0]?.fromMs ?? toMs - 1;
  markReason(context.accounts, reason, Math.max(fromMs, openMs), toMs);
}

function tell(
  c: ComponentState,
  reading: Reading,
  kind: DecisionKind,
  verdict: Extract<CounterVerdict, { evidence: Evidence | null }>,
  bookedMwh: MilliwattHours | 0,
  amendment: string | null = null,
): void {
  const { evidence } = verdict;
  note(c, reading, {
    kind,
    beforeMwh: evidence?.before?.mwh ?? null,
    nowMwh: evidence?.now.mwh ?? null,
    boundMwh: evidence?.bound?.mwh ?? null,
    bookedMwh,
    amendment,
    saying: sayVerdict(verdict, unitsOf(c), bookedMwh),
  });
}

function note(c: ComponentState, { atMs, account }: Reading, told: Told): void {
  const { component, direction } = c;
  noteDecision(account().decisions, { atMs, component, direction, ...told });
}

function unitsOf(c: ComponentState) {
  return c.direction === 'medium' ? MEDIUM_UNITS : ENERGY_UNITS;
}
