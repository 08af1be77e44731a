import { milliwattHours } from '../../protocols/telemetry/unit.ts';
import { bookSlices, loseSlices } from './book-difference.ts';
import { lose, type ComponentState, type FoldContext } from './component-state.ts';
import { judgeReading, type CounterVerdict } from './counter.ts';
import { accountAt, addReason, HOUR_MS } from './hour-account.ts';
import { ratedPowerOf } from './machine-model.ts';
import { WATT_MS_PER_MWH } from './slices.ts';

/** A counter that has not moved for so long, with no power measured, is taken to stand still. */
const STILL_AFTER_MS = HOUR_MS;

/** No counter steps by more than this (2 kWh) or waits longer: one that does is stuck, and books nothing. */
const STUCK_MWH = 2_000_000;

const STUCK_AFTER_MS = 24 * HOUR_MS;

/** Judges the reading in a row of the counter, and books what it means. */
export function readCounter(c: ComponentState, context: FoldContext, row: number): void {
  const atMs = c.counter.atMs[row] ?? 0;
  const raw = c.counter.values[row] ?? 0;
  const everyMs = c.counter.everyMs[row] ?? 0;
  const definition = context.definitions[c.counter.definitions[row] ?? 0];
  if (definition === undefined) return;
  const rated = ratedPowerOf(context.model, c.component);
  const { state, verdict } = judgeReading(c.judged, { atMs, raw, everyMs, definition }, rated);
  c.judged = state;
  follow(c, context, atMs, verdict);
}

function follow(c: ComponentState, context: FoldContext, atMs: number, verdict: CounterVerdict): void {
  // The reading ends the hour it closes: exactly on the hour it speaks of the one before.
  const account = () => accountAt(context.accounts, atMs - 1);
  switch (verdict.kind) {
    case 'missing':
      return;
    case 'anchor':
      c.slices.length = 0;
      c.heldFrom = -1;
      return;
    case 'foreign':
      addReason(account(), 'identity-change');
      if (verdict.restart) c.rivalFrom = c.slices.length;
      return;
    case 'identity':
      addReason(account(), 'identity-change');
      lose(c, account());
      loseSlices(c, context, c.rivalFrom);
      bookSlices(c, context, verdict.mwh, c.slices.length, atMs, false);
      return;
    case 'same':
    case 'rise':
      c.heldFrom = -1;
      c.rivalFrom = -1;
      if (verdict.moved) addReason(account(), 'identity-change');
      if (verdict.glitch) addReason(account(), 'counter-glitch');
      if (verdict.rollover) addReason(account(), 'counter-rollover');
      if (verdict.kind === 'rise') bookSlices(c, context, verdict.mwh, c.slices.length, atMs, false);
      else settleStandstill(c, context, atMs);
      return;
    case 'held':
      c.rivalFrom = -1;
      if (verdict.restart) c.heldFrom = c.slices.length;
      return;
    case 'reset': {
      addReason(account(), 'counter-reset');
      lose(c, account());
      bookSlices(c, context, verdict.fromZeroMwh, c.heldFrom, verdict.firstMs, true);
      bookSlices(c, context, verdict.mwh, c.slices.length, atMs, false);
      return;
    }
    case 'step':
      addReason(account(), 'counter-step');
      loseSlices(c, context, c.heldFrom);
      bookSlices(c, context, verdict.mwh, c.slices.length, atMs, false);
      return;
  }
}

/** Decides what becomes of time in which the counter did not move. */
function settleStandstill(c: ComponentState, context: FoldContext, atMs: number): void {
  const first = c.slices[0];
  if (first === undefined || atMs - first.fromMs <= STILL_AFTER_MS) return;
  let wattMs = 0;
  for (const slice of c.slices) wattMs += slice.wattMs;
  const integralMwh = wattMs / WATT_MS_PER_MWH;
  const still = integralMwh < 0.5;
  const stuck = integralMwh > STUCK_MWH || atMs - first.fromMs > STUCK_AFTER_MS;
  if (still || stuck) bookSlices(c, context, milliwattHours(0), c.slices.length, atMs, false);
}
