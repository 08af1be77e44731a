import { WATT_MS_PER_MWH, milliwattHours } from '../../protocols/telemetry/unit.ts';
import { bookSlices } from './book-difference.ts';
import { bookPower } from './book-power.ts';
import { loseTime, type ComponentState, type FoldContext } from './component-state.ts';
import { mark, note, type Reading } from './counter-note.ts';
import { stepMwh } from './counter-value.ts';
import { accountAt, HOUR_MS } from './hour-account.ts';

/** A counter that has not moved for so long, with no power measured, is taken to stand still. */
const STILL_AFTER_MS = HOUR_MS;

/** No counter steps by more than this (2 kWh) or waits longer: one that does is stuck, and books nothing. */
const STUCK_MWH = 2_000_000;

const STUCK_AFTER_MS = 24 * HOUR_MS;

/** A counter is missed for so much time in which power was measured. */
const UNREAD_AFTER_MS = 24 * HOUR_MS;

/** Decides what becomes of time in which the counter did not move. */
export function settleStandstill(c: ComponentState, context: FoldContext, reading: Reading): void {
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

/**
 * A counter that was not read for a day while power was: it may be wired no more, and never come back. Power is integrated
 * instead, from its last reading on; when it is read again, nothing is taken across.
 *
 * @param readMs when the counter was read last; null for never
 * @param atMs of a reading of power
 */
export function giveUpUnread(
  c: ComponentState,
  context: FoldContext,
  readMs: number | null,
  atMs: number,
): void {
  const { judged, slices } = c;
  if (judged === null || judged.saturated || readMs === null || atMs - readMs <= UNREAD_AFTER_MS) return;
  let measuredMs = 0;
  for (const { kind, fromMs, ms } of slices) if (kind === 'covered' && fromMs >= readMs) measuredMs += ms;
  if (measuredMs <= UNREAD_AFTER_MS) return;
  const reading = { atMs, account: () => accountAt(context.accounts, atMs - 1) };
  note(c, reading, {
    kind: 'unread',
    beforeMwh: judged.mwh,
    nowMwh: null,
    boundMwh: null,
    bookedMwh: 0,
    amendment: null,
    saying: `it was not read for ${UNREAD_AFTER_MS / HOUR_MS} h while power was: power is integrated instead, from its last reading on`,
  });
  Object.assign(judged, { saturated: true, held: null, rival: null });
  Object.assign(c, { heldFrom: -1, rivalFrom: -1, stillTo: 0 });
  integrateSlices(c, context);
}

/** Books measured power where the counter says nothing of the time any more. */
export function integrateSlices(c: ComponentState, context: FoldContext): void {
  for (const { kind, fromMs, ms, state, wattMs } of c.slices.splice(0)) {
    if (kind === 'covered') bookPower(c, context, { fromMs, ms, state, wattMs }, null);
    else loseTime(c, context.accounts, fromMs, fromMs + ms);
  }
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
