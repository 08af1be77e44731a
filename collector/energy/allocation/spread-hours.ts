import { OPERATING_STATES, type OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import { milliwattHours, type MilliwattHours } from '../../../protocols/telemetry/unit.ts';
import { apportion } from '../apportion.ts';
import { HOUR_MS, MINUTE_MS } from '../hour-account.ts';
import type { MachineHour } from '../machine-hour.ts';
import type { StateSpan } from '../state-span.ts';
import { cutSpans, type EnergySpan } from './energy-span.ts';

/** What an allocation takes from a machine-hour; a record as it is will do. */
export type SpreadHour = Pick<MachineHour, 'hourMs'> & {
  energy: Pick<MachineHour['energy'], 'supplyMwh' | 'stateMwh'>;
  /**
   * Energy of each minute by state, mWh: 60 of them. Where those of a state sum to its energy (the cells of an hour after
   * closure do), each minute keeps its own; else they only weigh. Without them the energy of a state is spread evenly
   * over its time in the hour.
   */
  minuteMwh?: readonly Partial<Record<OperatingState, number>>[];
};

/**
 * Gives the spans of a machine's states the energy of its machine-hours: each hour's energy of a state goes to the spans of
 * that state in the hour, by what the minutes weigh and evenly within a minute. Spans and loose together sum to the
 * supply of all hours, to the last mWh.
 *
 * @param hours in any order, each once
 * @param spans of the same machine, in order of time and without overlap
 * @returns spans with energy, null in hours without a supply or without an hour; and what has no time in its state, as closure leaves it
 */
export function spreadHours(
  hours: readonly SpreadHour[],
  spans: readonly Pick<StateSpan, 'fromMs' | 'toMs' | 'state'>[],
): { spans: EnergySpan[]; loose: EnergySpan[] } {
  const pieces = cutSpans(
    spans.map(({ fromMs, toMs, state }) => ({ fromMs, toMs, state, mwh: null })),
    minutesOf(spans),
  );
  const byHour = new Map<number, EnergySpan[]>();
  for (const piece of pieces) {
    const hourMs = Math.floor(piece.fromMs / HOUR_MS) * HOUR_MS;
    const known = byHour.get(hourMs);
    if (known === undefined) byHour.set(hourMs, [piece]);
    else known.push(piece);
  }
  const loose: EnergySpan[] = [];
  for (const hour of [...hours].sort((a, b) => a.hourMs - b.hourMs)) {
    if (hour.energy.supplyMwh === null) continue;
    const inHour = byHour.get(hour.hourMs) ?? [];
    for (const state of OPERATING_STATES) {
      const mwh = hour.energy.stateMwh[state];
      const own = inHour.filter((piece) => piece.state === state);
      const minutesMwh = (hour.minuteMwh ?? []).map((minute) => minute[state] ?? 0);
      if (mwh > 0 && minutesMwh.reduce((sum, one) => sum + one, 0) === mwh)
        loose.push(...spreadMinutes(state, minutesMwh, own, hour.hourMs));
      else if (own.length > 0) spreadState(mwh, own, hour);
      else if (mwh > 0) loose.push({ fromMs: hour.hourMs, toMs: hour.hourMs + HOUR_MS, state, mwh });
    }
  }
  return { spans: joinPieces(pieces), loose };
}

/** Gives the pieces of one state in one hour its energy; none of them crosses a minute. */
function spreadState(
  mwh: MilliwattHours,
  pieces: readonly EnergySpan[],
  { hourMs, minuteMwh }: SpreadHour,
): void {
  const minutes = new Map<number, EnergySpan[]>();
  for (const piece of pieces) {
    const minute = Math.floor((piece.fromMs - hourMs) / MINUTE_MS);
    minutes.set(minute, [...(minutes.get(minute) ?? []), piece]);
  }
  const state = pieces[0]!.state;
  const lengthOf = (some: readonly EnergySpan[]) =>
    some.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  let weights = [...minutes.keys()].map((minute) => Math.max(0, minuteMwh?.[minute]?.[state] ?? 0));
  if (!weights.some((weight) => weight > 0)) weights = [...minutes.values()].map(lengthOf);
  const shares = apportion(mwh, weights);
  for (const [index, own] of [...minutes.values()].entries()) {
    const parts = apportion(
      shares[index]!,
      own.map(({ fromMs, toMs }) => toMs - fromMs),
    );
    for (const [place, piece] of own.entries()) piece.mwh = parts[place]!;
  }
}

/** Gives the pieces of one state the energy of their minutes; returns that of minutes without a piece. */
function spreadMinutes(
  state: OperatingState,
  minutesMwh: readonly number[],
  pieces: readonly EnergySpan[],
  hourMs: number,
): EnergySpan[] {
  const own: EnergySpan[][] = minutesMwh.map(() => []);
  for (const piece of pieces) own[Math.floor((piece.fromMs - hourMs) / MINUTE_MS)]?.push(piece);
  return minutesMwh.flatMap((mwh, minute) => {
    const here = own[minute] ?? [];
    const fromMs = hourMs + minute * MINUTE_MS;
    if (here.length === 0)
      return mwh === 0 ? [] : [{ fromMs, toMs: fromMs + MINUTE_MS, state, mwh: milliwattHours(mwh) }];
    const shares = apportion(
      milliwattHours(mwh),
      here.map((piece) => piece.toMs - piece.fromMs),
    );
    for (const [place, piece] of here.entries()) piece.mwh = shares[place]!;
    return [];
  });
}

/** Every full minute within the spans. */
function minutesOf(spans: readonly { fromMs: number; toMs: number }[]): number[] {
  const edges: number[] = [];
  for (const { fromMs, toMs } of spans)
    for (let at = Math.ceil(fromMs / MINUTE_MS) * MINUTE_MS; at < toMs; at += MINUTE_MS) edges.push(at);
  return edges;
}

/**
 * Joins minutes again where nothing is lost by it: same state, and no energy or none that is known. Others stay apart, so
 * that a job that begins within a span gets the energy of its own minutes.
 */
function joinPieces(pieces: readonly EnergySpan[]): EnergySpan[] {
  const joined: EnergySpan[] = [];
  for (const piece of pieces) {
    const last = joined[joined.length - 1];
    const isSame = last !== undefined && last.toMs === piece.fromMs && last.state === piece.state;
    if (isSame && last.mwh === null && piece.mwh === null) last.toMs = piece.toMs;
    else if (isSame && last.mwh === 0 && piece.mwh === 0) last.toMs = piece.toMs;
    else joined.push({ ...piece, mwh: piece.mwh === null ? null : milliwattHours(piece.mwh) });
  }
  return joined;
}
