import { apportion } from './apportion.ts';
import { judgeReading, type CounterState, type CounterVerdict } from './counter.ts';
import type { CounterDefinition, PlainReading } from './counter-value.ts';
import {
  accountAt,
  addEnergy,
  addReason,
  addRecord,
  componentAccount,
  HOUR_MS,
  MINUTE_MS,
  type HourAccount,
} from './hour-account.ts';
import { ratedPowerOf, type MachineModel } from './machine-model.ts';
import { dropTaken, emptySeries, settledTo, type Series } from './series.ts';
import type { TimelineState } from './timeline.ts';

/** W x ms per mWh. */
const WATT_MS_PER_MWH = 3600;
/** Without a counter, power is drawn straight across gaps up to this long; longer ones stay missing. */
const BRIDGE_BY_POWER_MS = 300_000;
/** A counter that has not moved for so long, with no power measured, is taken to stand still. */
const STILL_AFTER_MS = HOUR_MS;
/** No counter steps by more than this (2 kWh) or waits longer: one that does is stuck, and books nothing. */
const STUCK_MWH = 2_000_000;
const STUCK_AFTER_MS = 24 * HOUR_MS;

/** A stretch of time in one state since the counter last moved. `covered` ones lie within a minute. */
interface Slice {
  fromMs: number;
  ms: number;
  /** Index of the operating state. */
  state: number;
  /** `covered`: power was measured; `timed`: only the counter was, in time; `gap`: neither. */
  kind: 'covered' | 'timed' | 'gap';
  /** Integrated power, W x ms. */
  wattMs: number;
  /** By how much the integral may be wrong, W x ms: power may have jumped anywhere between two readings. */
  slackMs: number;
}

/** One direction of one component of a machine: its counter, its power, and what waits between them. Plain data. */
export interface ComponentState {
  component: string;
  direction: 'import' | 'export';
  /** W */
  power: Series<number>;
  counter: Series<PlainReading>;
  /** Taken in up to here, ms; null before the first reading. */
  atMs: number | null;
  lastPowerW: number;
  judged: CounterState | null;
  /** Since the counter last moved, in order and without holes. */
  slices: Slice[];
  /** The first slice after a reading that is held off the track; -1 when none is. */
  heldFrom: number;
  /** Where there is no counter: integrated power of an hour, and how much of it is booked, mWh; rounding never adds up. */
  integral: { hourMs: number; mwh: number; bookedMwh: number };
}

/** A record that a component's readings came in, and the times they span. */
export interface RecordSpan {
  agent: string;
  epoch: string;
  seq: number;
  config: string;
  fromMs: number;
  toMs: number;
}

/** What a component is folded against. */
export interface FoldContext {
  model: MachineModel;
  timeline: TimelineState;
  accounts: HourAccount[];
  definitions: CounterDefinition[];
  recent: RecordSpan[];
  horizonMs: number;
}

/** A component that nothing was read of. */
export function emptyComponent(component: string, direction: 'import' | 'export'): ComponentState {
  return {
    component,
    direction,
    power: emptySeries(),
    counter: emptySeries(),
    atMs: null,
    lastPowerW: 0,
    judged: null,
    slices: [],
    heldFrom: -1,
    integral: { hourMs: 0, mwh: 0, bookedMwh: 0 },
  };
}

/** Takes in readings as far as both series and the machine's states are settled. */
export function advanceComponent(c: ComponentState, context: FoldContext): void {
  const { power, counter } = c;
  const firstMs = Math.min(power.atMs[0] ?? Infinity, counter.atMs[0] ?? Infinity);
  if (c.atMs === null && !(firstMs < context.horizonMs)) return;
  c.atMs ??= firstMs;
  const { horizonMs } = context;
  const untilMs = Math.min(context.timeline.atMs, settledTo(power, horizonMs), settledTo(counter, horizonMs));
  let p = 0;
  let q = 0;
  for (;;) {
    const powerMs = power.atMs[p] ?? Infinity;
    const counterMs = counter.atMs[q] ?? Infinity;
    const nextMs = Math.min(powerMs, counterMs);
    const lastPowerMs = p > 0 ? (power.atMs[p - 1] ?? null) : power.lastMs;
    const lastPowerEveryMs = p > 0 ? (power.everyMs[p - 1] ?? 0) : power.lastEveryMs;
    const covered = lastPowerMs !== null && powerMs - lastPowerMs <= 2 * lastPowerEveryMs;
    const quiet = nextMs > untilMs || nextMs >= horizonMs;
    // Inside a pair of power readings nothing is cut but by a reading, so that batches leave no trace.
    if (quiet && (covered || untilMs <= c.atMs)) break;
    const toMs = quiet ? untilMs : nextMs;
    if (c.judged === null) {
      const nextPowerW = power.values[p] ?? 0;
      if (!passWithoutCounter(c, context, toMs, quiet, lastPowerMs, covered, nextPowerW, powerMs)) break;
    } else if (toMs > c.atMs) {
      if (covered) {
        const nextPowerW = power.values[p] ?? 0;
        cover(c, context, c.atMs, toMs, lastPowerMs, c.lastPowerW, powerMs, nextPowerW, appendCovered);
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
      readCounter(c, context, q);
      q++;
    }
    if (powerMs === nextMs) {
      c.lastPowerW = power.values[p] ?? 0;
      p++;
    }
  }
  dropTaken(power, p);
  dropTaken(counter, q);
}

/** The earliest time of which energy may still be booked, ms. */
export function openSinceMs(c: ComponentState): number | null {
  return c.slices[0]?.fromMs ?? c.atMs;
}

/** Where the counter is coarse: since when power was measured that waits for the counter's next step; else null. */
export function awaitsStepSinceMs(c: ComponentState): number | null {
  return c.slices.find((slice) => slice.kind === 'covered' && slice.wattMs > 0)?.fromMs ?? null;
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
  if (covered || powerMs - lastPowerMs <= BRIDGE_BY_POWER_MS) {
    if (quiet) return false;
    const book = covered ? bookIntegrated : bookBridgedByPower;
    cover(c, context, fromMs, toMs, lastPowerMs, c.lastPowerW, powerMs, nextPowerW, book);
    return true;
  }
  if (powerMs === Infinity && context.horizonMs - lastPowerMs <= BRIDGE_BY_POWER_MS) return false;
  for (let at = fromMs; at < toMs; at = nextHourMs(at)) lose(c, accountAt(context.accounts, at));
  return true;
}

/** Walks a stretch of measured power, cut at minutes and at changes of state; power runs straight between readings. */
function cover(
  c: ComponentState,
  context: FoldContext,
  fromMs: number,
  toMs: number,
  startMs: number,
  startW: number,
  endMs: number,
  endW: number,
  take: (
    c: ComponentState,
    context: FoldContext,
    fromMs: number,
    toMs: number,
    state: number,
    wattMs: number,
    slackMs: number,
  ) => void,
): void {
  const slope = (endW - startW) / (endMs - startMs);
  const slackW = Math.abs(endW - startW) / 2;
  walkStates(context.timeline, fromMs, toMs, (from, to, state) => {
    for (let at = from; at < to;) {
      const end = Math.min(to, (Math.floor(at / MINUTE_MS) + 1) * MINUTE_MS);
      // Power fed back is no import; it is never netted.
      const atW = Math.max(0, startW + slope * (at - startMs));
      const untilW = Math.max(0, end === endMs ? endW : startW + slope * (end - startMs));
      take(c, context, at, end, state, ((atW + untilW) / 2) * (end - at), slackW * (end - at));
      at = end;
    }
  });
}

function appendCovered(
  c: ComponentState,
  context: FoldContext,
  fromMs: number,
  toMs: number,
  state: number,
  wattMs: number,
  slackMs: number,
): void {
  touch(c, accountAt(context.accounts, fromMs));
  const last = c.slices.length > c.heldFrom ? c.slices[c.slices.length - 1] : undefined;
  const joins =
    last?.kind === 'covered' &&
    last.state === state &&
    Math.floor(last.fromMs / MINUTE_MS) === Math.floor(fromMs / MINUTE_MS);
  if (joins) {
    last.ms += toMs - fromMs;
    last.wattMs += wattMs;
    last.slackMs += slackMs;
  } else c.slices.push({ fromMs, ms: toMs - fromMs, state, kind: 'covered', wattMs, slackMs });
}

function bookIntegrated(
  c: ComponentState,
  context: FoldContext,
  fromMs: number,
  _toMs: number,
  state: number,
  wattMs: number,
): void {
  bookPower(c, context, fromMs, state, wattMs, 'integrated');
}

function bookBridgedByPower(
  c: ComponentState,
  context: FoldContext,
  fromMs: number,
  _toMs: number,
  state: number,
  wattMs: number,
): void {
  bookPower(c, context, fromMs, state, wattMs, 'bridged');
}

function bookPower(
  c: ComponentState,
  context: FoldContext,
  atMs: number,
  state: number,
  wattMs: number,
  obtained: 'integrated' | 'bridged',
): void {
  const account = accountAt(context.accounts, atMs);
  if (isSupply(c)) addReason(account, 'no-counter');
  if (isSupply(c) && obtained === 'bridged') addReason(account, 'gap');
  const mwh = roundOff(c, account.hourMs, wattMs);
  addEnergy(account, componentAccount(account, c.component), atMs, state, obtained, mwh);
}

/** Whole mWh of a piece of integrated power: the running total of its hour is rounded, never the piece. */
function roundOff(c: ComponentState, hourMs: number, wattMs: number): number {
  if (c.integral.hourMs !== hourMs) c.integral = { hourMs, mwh: 0, bookedMwh: 0 };
  const { integral } = c;
  integral.mwh += wattMs / WATT_MS_PER_MWH;
  const mwh = Math.round(integral.mwh) - integral.bookedMwh;
  integral.bookedMwh += mwh;
  return mwh;
}

function passUncovered(c: ComponentState, context: FoldContext, toMs: number, kind: 'timed' | 'gap'): void {
  walkStates(context.timeline, c.atMs ?? toMs, toMs, (fromMs, endMs, state) => {
    const last = c.slices.length > c.heldFrom ? c.slices[c.slices.length - 1] : undefined;
    if (last?.kind === kind && last.state === state) last.ms += endMs - fromMs;
    else c.slices.push({ fromMs, ms: endMs - fromMs, state, kind, wattMs: 0, slackMs: 0 });
    for (let at = fromMs; at < endMs; at = nextHourMs(at)) {
      const account = accountAt(context.accounts, at);
      if (kind !== 'gap') touch(c, account);
      else if (isSupply(c)) addReason(account, 'gap');
    }
  });
}

/** A component that was measured in an hour has an energy there, though it be 0. */
function touch(c: ComponentState, account: HourAccount): void {
  if (c.direction === 'import') componentAccount(account, c.component);
}

function isSupply(c: ComponentState): boolean {
  return c.component === 'supply' && c.direction === 'import';
}

function readCounter(c: ComponentState, context: FoldContext, row: number): void {
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
    case 'identity':
      loseSlices(c, context, c.slices.length);
      addReason(account(), 'identity-change');
      return;
    case 'same':
    case 'rise':
      c.heldFrom = -1;
      if (verdict.glitch) addReason(account(), 'counter-glitch');
      if (verdict.rollover) addReason(account(), 'counter-rollover');
      if (verdict.kind === 'rise') bookSlices(c, context, verdict.mwh, c.slices.length, atMs, false);
      else settleStandstill(c, context, atMs);
      return;
    case 'held':
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
  if (still || stuck) bookSlices(c, context, 0, c.slices.length, atMs, false);
}

/** Energy of the first slices that will never be known. */
function loseSlices(c: ComponentState, context: FoldContext, count: number): void {
  for (const slice of c.slices.splice(0, count)) {
    const endMs = slice.fromMs + slice.ms;
    for (let at = slice.fromMs; at < endMs; at = nextHourMs(at)) lose(c, accountAt(context.accounts, at));
  }
  c.heldFrom = -1;
}

/** Energy that is not known makes the hour partial where it is the supply's. */
function lose(c: ComponentState, account: HourAccount): void {
  if (!isSupply(c)) return;
  account.lost = true;
  addReason(account, 'gap');
}

/**
 * Books a counter difference over the first slices. Where power was measured they get what it says, scaled down when
 * that is more than the difference; the rest goes evenly to the time without power; with power throughout, power only
 * gives the proportions.
 */
function bookSlices(
  c: ComponentState,
  context: FoldContext,
  mwh: number,
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
      for (const [index, piece] of pieces.entries()) book(c, context, piece, shares[index] ?? 0, estimated);
    }
  }
  if (count === c.slices.length) c.slices.length = 0;
  else c.slices.splice(0, count);
  c.heldFrom = -1;
}

function book(c: ComponentState, context: FoldContext, piece: Slice, mwh: number, estimated: boolean): void {
  const account = accountAt(context.accounts, piece.fromMs);
  if (c.direction === 'export') {
    if (c.component === 'supply') account.exportMwh += mwh;
    return;
  }
  const component = componentAccount(account, c.component);
  const bridged = estimated || piece.kind === 'gap';
  addEnergy(account, component, piece.fromMs, piece.state, bridged ? 'bridged' : 'counter', mwh);
  if (piece.kind === 'covered' && !estimated) {
    component.closedMwh[piece.state] = (component.closedMwh[piece.state] ?? 0) + mwh;
    component.integralMwh[piece.state] =
      (component.integralMwh[piece.state] ?? 0) + piece.wattMs / WATT_MS_PER_MWH;
    component.slackMwh += piece.slackMs / WATT_MS_PER_MWH;
  }
}

/** Shares over hours first, then within each: remainders of many minutes must not pile up in one hour. */
function shareOut(mwh: number, pieces: readonly Slice[]): number[] {
  const weights = weigh(pieces, mwh);
  const hourOf = (index: number) => Math.floor((pieces[index]?.fromMs ?? 0) / HOUR_MS);
  const last = pieces.length - 1;
  if (last <= 0 || hourOf(0) === hourOf(last)) return apportion(mwh, weights);
  const begins: number[] = [];
  for (let index = 0; index <= last; index++)
    if (index === 0 || hourOf(index) !== hourOf(index - 1)) begins.push(index);
  const groups = begins.map((begin, hour) => weights.slice(begin, begins[hour + 1]));
  const hourShares = apportion(
    mwh,
    groups.map((group) => group.reduce((sum, weight) => sum + weight, 0)),
  );
  return groups.flatMap((group, hour) => apportion(hourShares[hour] ?? 0, group));
}

function weigh(pieces: readonly Slice[], mwh: number): number[] {
  let coveredMwh = 0;
  let uncoveredMs = 0;
  for (const piece of pieces) {
    if (piece.kind === 'covered') coveredMwh += piece.wattMs / WATT_MS_PER_MWH;
    else uncoveredMs += piece.ms;
  }
  if (uncoveredMs === 0)
    return pieces.map((piece) => (coveredMwh > 0 ? piece.wattMs / WATT_MS_PER_MWH : piece.ms));
  const restMwh = Math.max(0, mwh - coveredMwh);
  return pieces.map((piece) =>
    piece.kind === 'covered' ? piece.wattMs / WATT_MS_PER_MWH : (restMwh * piece.ms) / uncoveredMs,
  );
}

function cutAtMinutes(slices: readonly Slice[]): Slice[] {
  const pieces: Slice[] = [];
  for (const slice of slices) {
    const endMs = slice.fromMs + slice.ms;
    for (let at = slice.fromMs; at < endMs;) {
      const end = Math.min(endMs, (Math.floor(at / MINUTE_MS) + 1) * MINUTE_MS);
      pieces.push(end - at === slice.ms ? slice : { ...slice, fromMs: at, ms: end - at });
      at = end;
    }
  }
  return pieces;
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

/** Calls back for each stretch of one state in [fromMs, toMs), which must be settled. */
function walkStates(
  timeline: TimelineState,
  fromMs: number,
  toMs: number,
  visit: (fromMs: number, toMs: number, state: number) => void,
): void {
  const { changesMs, states } = timeline;
  let index = changesMs.length - 1;
  while (index > 0 && (changesMs[index] ?? 0) > fromMs) index--;
  for (let at = fromMs; at < toMs; index++) {
    const end = Math.min(toMs, changesMs[index + 1] ?? toMs);
    if (end > at) visit(at, end, states[index] ?? 0);
    at = Math.max(at, end);
  }
}

function nextHourMs(atMs: number): number {
  return (Math.floor(atMs / HOUR_MS) + 1) * HOUR_MS;
}
