import { milliwattHours, type MilliwattHours } from '../../protocols/telemetry/unit.ts';
import { lose, nextHourMs, type ComponentState, type FoldContext } from './component-state.ts';
import {
  accountAt,
  addBridged,
  addEnergy,
  addExport,
  addRecord,
  componentAccount,
  HOUR_MS,
} from './hour-account.ts';
import { cutAtMinutes, shareOut, WATT_MS_PER_MWH, type Slice } from './slices.ts';

/** Energy of the first slices that will never be known. */
export function loseSlices(c: ComponentState, context: FoldContext, count: number): void {
  for (const slice of c.slices.splice(0, count)) {
    const endMs = slice.fromMs + slice.ms;
    for (let at = slice.fromMs; at < endMs; at = nextHourMs(at)) lose(c, accountAt(context.accounts, at));
  }
  c.heldFrom = -1;
  c.rivalFrom = -1;
}

/**
 * Books a counter difference over the first slices. Where power was measured they get what it says, scaled down when
 * that is more than the difference; the rest goes evenly to the time without power; with power throughout, power only
 * gives the proportions.
 */
export function bookSlices(
  c: ComponentState,
  context: FoldContext,
  mwh: MilliwattHours,
  count: number,
  atMs: number,
  estimated: boolean,
): void {
  const slices = count === c.slices.length ? c.slices : c.slices.slice(0, count);
  const first = slices[0];
  if (first !== undefined) {
    if (Math.floor(first.fromMs / HOUR_MS) !== Math.floor((atMs - 1) / HOUR_MS))
      noteRecords(context, first.fromMs, atMs);
    // A counter that moves with every reading mostly has one slice: nothing to share out.
    if (slices.length === 1 && first.kind === 'covered') book(c, context, first, mwh, estimated);
    else {
      const pieces = cutAtMinutes(slices);
      const shares = shareOut(mwh, pieces);
      for (const [index, piece] of pieces.entries())
        book(c, context, piece, shares[index] ?? milliwattHours(0), estimated);
    }
  }
  if (count === c.slices.length) c.slices.length = 0;
  else c.slices.splice(0, count);
  c.heldFrom = -1;
  c.rivalFrom = -1;
}

function book(
  c: ComponentState,
  context: FoldContext,
  piece: Slice,
  mwh: MilliwattHours,
  estimated: boolean,
): void {
  const account = accountAt(context.accounts, piece.fromMs);
  if (c.direction === 'export') {
    if (c.component === 'supply') addExport(account, piece.fromMs, mwh);
    return;
  }
  const component = componentAccount(account, c.component);
  const bridged = estimated || piece.kind === 'gap';
  if (bridged) addBridged(account, component, piece.fromMs, piece.state, 'linear', mwh);
  else addEnergy(account, component, piece.fromMs, piece.state, 'counter', mwh);
  if (piece.kind === 'covered' && !estimated) {
    component.closedMwh[piece.state] = (component.closedMwh[piece.state] ?? 0) + mwh;
    component.integralMwh[piece.state] =
      (component.integralMwh[piece.state] ?? 0) + piece.wattMs / WATT_MS_PER_MWH;
    component.slackMwh += piece.slackMs / WATT_MS_PER_MWH;
  }
}

/** An interval that spans hours rests, in each of them, on the records of the readings at both its ends. */
function noteRecords(context: FoldContext, fromMs: number, toMs: number): void {
  const ends = context.recent.filter(
    (span) => (span.fromMs <= fromMs && fromMs <= span.toMs) || (span.fromMs <= toMs && toMs <= span.toMs),
  );
  for (let at = fromMs; at < toMs; at = nextHourMs(at)) {
    for (const span of ends) addRecord(accountAt(context.accounts, at), span);
  }
}
