import { WATT_MS_PER_MWH, milliwattHours, type MilliwattHours } from '../../protocols/telemetry/unit.ts';
import {
  loseTime,
  nextHourMs,
  type ComponentState,
  type FoldContext,
  type RecordSpan,
} from './component-state.ts';
import { learn } from './habit.ts';
import {
  accountAt,
  addBridged,
  addEnergy,
  addExport,
  addMedium,
  addRecord,
  componentAccount,
  HOUR_MS,
} from './hour-account.ts';
import type { BridgeMethod } from './machine-hour.ts';
import { boundPowerOf } from './machine-model.ts';
import { isAtEdge, shareEdge } from './share-edge.ts';
import { shareOut, type Share } from './share-out.ts';
import { cutAtMinutes, type Slice } from './slices.ts';

/** Energy of the first slices that will never be known. */
export function loseSlices(c: ComponentState, context: FoldContext, count: number): void {
  for (const { fromMs, ms } of c.slices.splice(0, count)) loseTime(c, context.accounts, fromMs, fromMs + ms);
  c.heldFrom = -1;
  c.rivalFrom = -1;
}

/**
 * Books a counter difference over the first slices. Where power was measured they get what it says, scaled down when
 * that is more than the difference; the rest goes to the time without power, by what is expected of it; with power
 * throughout, power only gives the proportions.
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
    if (slices.length === 1 && first.kind === 'covered') {
      book(c, context, first, mwh, estimated, 'linear');
      noteEdges(c, context, slices, [mwh], atMs, estimated);
    } else {
      const pieces = cutAtMinutes(slices);
      const isWhole = count === c.slices.length && !estimated;
      const still = isWhole ? cutAtMinutes(slices.slice(0, c.stillTo)).length : 0;
      const shares = shareDifference(c, context, mwh, pieces, still);
      for (const [index, piece] of pieces.entries()) {
        const share = shares[index];
        // What is counted from zero after a reset follows measured power where there is some: no habit is asked.
        const method = piece.kind === 'gap' ? (share?.method ?? 'linear') : 'linear';
        book(c, context, piece, share?.mwh ?? milliwattHours(0), estimated, method);
      }
      noteEdges(
        c,
        context,
        pieces,
        shares.map((share) => share.mwh),
        atMs,
        estimated,
      );
    }
  }
  if (count === c.slices.length) c.slices.length = 0;
  else c.slices.splice(0, count);
  c.heldFrom = -1;
  c.rivalFrom = -1;
  c.stillTo = 0;
}

/** Of the first pieces it is known that the counter did not move in them: they get no more than one step of it. */
function shareDifference(
  c: ComponentState,
  context: FoldContext,
  mwh: MilliwattHours,
  pieces: readonly Slice[],
  still: number,
): Share[] {
  const boundW = boundPowerOf(context.model, c.component, c.direction);
  const shares = shareOut(mwh, pieces, c.habit, boundW);
  let stillMwh = 0;
  for (const share of shares.slice(0, still)) stillMwh += share.mwh;
  if (stillMwh <= c.step.mwh || still === pieces.length) return shares;
  const stepMwh = milliwattHours(c.step.mwh);
  return [
    ...shareOut(stepMwh, pieces.slice(0, still), c.habit, boundW),
    ...shareOut(milliwattHours(mwh - stepMwh), pieces.slice(still), c.habit, boundW),
  ];
}

function book(
  c: ComponentState,
  context: FoldContext,
  piece: Slice,
  mwh: MilliwattHours,
  estimated: boolean,
  method: BridgeMethod,
): void {
  const { fromMs, state } = piece;
  const account = accountAt(context.accounts, fromMs);
  const bridged = estimated || piece.kind === 'gap';
  if (!bridged) learn(c.habit, fromMs, piece.ms, state, mwh);
  if (c.direction === 'medium') {
    addMedium(account, c.component, fromMs, mwh);
    return;
  }
  if (c.direction === 'export') {
    if (c.component === 'supply') addExport(account, fromMs, mwh);
    return;
  }
  const component = componentAccount(account, c.component);
  component.stepMwh = Math.max(component.stepMwh, c.step.mwh);
  if (bridged) addBridged(account, component, fromMs, state, method, mwh);
  else addEnergy(account, component, fromMs, state, 'counter', mwh);
  if (piece.kind === 'covered' && !estimated) {
    component.closedMwh[state] = (component.closedMwh[state] ?? 0) + mwh;
    component.integralMwh[state] = (component.integralMwh[state] ?? 0) + piece.wattMs / WATT_MS_PER_MWH;
    component.slackMwh += piece.slackMs / WATT_MS_PER_MWH;
  }
}

/** Keeps how an interval was shared between the hours that it lies in. */
function noteEdges(
  c: ComponentState,
  context: FoldContext,
  pieces: readonly Slice[],
  shares: readonly MilliwattHours[],
  atMs: number,
  estimated: boolean,
): void {
  if (c.direction !== 'import' || !isAtEdge(pieces[0]?.fromMs ?? atMs, atMs)) return;
  const shownMwh = estimated ? null : (c.judged?.mwh ?? null);
  for (const [hourMs, edge] of shareEdge(pieces, shares, atMs, shownMwh))
    componentAccount(accountAt(context.accounts, hourMs), c.component).edges.push(edge);
}

/** An interval that spans hours rests, in each of them, on the records of the readings at both its ends. */
function noteRecords(context: FoldContext, fromMs: number, toMs: number): void {
  const ends = context.recent.filter((span) => holdsAt(span, fromMs) || holdsAt(span, toMs));
  for (let at = fromMs; at < toMs; at = nextHourMs(at)) {
    for (const span of ends) addRecord(accountAt(context.accounts, at), span);
  }
}

function holdsAt({ fromMs, toMs, countedMs }: RecordSpan, atMs: number): boolean {
  return fromMs <= atMs && atMs <= toMs && (countedMs?.includes(atMs) ?? true);
}
