import type { CounterDecision } from '../energy/counter-decision.ts';
import { HOUR_MS } from '../energy/hour-account.ts';
import type { HourEdge } from '../energy/hour-edge.ts';
import { groupDigits, sayKwh } from '../energy/use-phase/say-kwh.ts';
import { sayDifference } from './explain-sums.ts';
import type { CounterSight, Figure } from './explained-hour.ts';

/** What a counter's part of an hour is made of. */
export interface CountedHour {
  hourMs: number;
  edges: readonly HourEdge[];
  /** Its own decisions in the hour. */
  decisions: readonly CounterDecision[];
  /** The last reading in the hour as it is meant; null where it is not known so. */
  last: CounterSight | null;
  /** What is to be known of its readings: that it is counted on over wraps, or amended; empty for nothing. */
  remark: string;
  /** Booked from the counter, bridged gaps included, mWh. */
  countedMwh: number;
}

/** The part of the interval over the begin, the difference inside, the part of the one over the end: they add up. */
export function explainEdges(counted: CountedHour): { figures: Figure[]; terms: number[] } {
  const { hourMs, edges, countedMwh } = counted;
  const endMs = hourMs + HOUR_MS;
  const over = edges.filter(({ fromMs, toMs }) => fromMs < hourMs || toMs > endMs);
  const insideMwh = countedMwh - over.reduce((sum, { hereMwh }) => sum + hereMwh, 0);
  const [begins, ends] = [
    over.filter(({ fromMs }) => fromMs < hourMs),
    over.filter(({ fromMs }) => fromMs >= hourMs),
  ];
  const isAll = begins.some(({ toMs }) => toMs > endMs);
  const inside: Figure[] =
    isAll && insideMwh === 0
      ? []
      : [{ label: 'inside the hour', value: insideMwh, unit: 'mWh', saying: sayInside(counted, insideMwh) }];
  return {
    figures: [
      ...begins.map((edge) => sayEdge(isAll ? 'over all of the hour' : 'over its begin', edge, hourMs)),
      ...inside,
      ...ends.map((edge) => sayEdge('over its end', edge, hourMs)),
    ],
    terms: [...begins.map(({ hereMwh }) => hereMwh), insideMwh, ...ends.map(({ hereMwh }) => hereMwh)],
  };
}

function sayEdge(label: string, edge: HourEdge, hourMs: number): Figure {
  const { fromMs, toMs, fromMwh, toMwh, allMwh, hereMwh, ratio } = edge;
  const moved =
    fromMwh === null || toMwh === null ? `${sayKwh(allMwh)} were booked` : sayDifference(toMwh, fromMwh);
  return {
    label,
    value: hereMwh,
    unit: 'mWh',
    saying: `${sayClock(fromMs, hourMs)} to ${sayClock(toMs, hourMs)}: ${moved}; in this hour ${sayPart(allMwh, hereMwh, ratio)}`,
  };
}

function sayPart(allMwh: number, hereMwh: number, ratio: HourEdge['ratio']): string {
  if (ratio === null)
    return `${sayKwh(hereMwh)}: some of it was not measured, and got what was expected of it (see Gaps)`;
  const say = (value: number) => `${groupDigits(value / 1000, 6)} ${ratio.by === 'power' ? 'Wh' : 's'}`;
  return `${sayKwh(allMwh)} x ${say(ratio.here)} / ${say(ratio.all)} = ${sayKwh(hereMwh)}, as ${ratio.by === 'power' ? 'power x time' : 'time'} of both sides`;
}

/** From its first reading that ends an interval in the hour to the last one, as the counter counts on over wraps. */
function sayInside({ hourMs, edges, decisions, last, remark }: CountedHour, insideMwh: number): string {
  const endMs = hourMs + HOUR_MS;
  const anchor = decisions.find(({ kind }) => kind === 'anchor');
  const begin =
    edges.findLast(({ fromMs, toMs }) => fromMs < hourMs && toMs <= endMs) ??
    edges.find(({ fromMs }) => fromMs === hourMs);
  const from =
    begin === undefined
      ? { atMs: anchor?.atMs ?? 0, mwh: anchor?.nowMwh ?? null }
      : begin.fromMs === hourMs
        ? { atMs: begin.fromMs, mwh: begin.fromMwh }
        : { atMs: begin.toMs, mwh: begin.toMwh };
  const end = edges.find(({ fromMs, toMs }) => fromMs >= hourMs && toMs >= endMs);
  const to =
    end === undefined
      ? last
      : end.toMs === endMs
        ? { atMs: end.toMs, mwh: end.toMwh }
        : { atMs: end.fromMs, mwh: end.fromMwh };
  if (from.mwh === null || to === null || to.mwh === null || to.mwh - from.mwh !== insideMwh)
    return `${sayKwh(insideMwh)}, the sum of its differences${decisions.length === 0 ? '' : ' as they were decided (below)'}`;
  return `${sayClock(from.atMs, hourMs)} to ${sayClock(to.atMs, hourMs)}: ${sayDifference(to.mwh, from.mwh)}${remark}`;
}

/** `05:59:59`, with ms where there are some, with its day where that is not the day of the hour. */
function sayClock(atMs: number, hourMs: number): string {
  const [day = '', time = ''] = new Date(atMs).toISOString().slice(0, 23).split('T');
  const clock = time.replace(/\.000$/, '');
  return new Date(hourMs).toISOString().startsWith(day) ? clock : `${day} ${clock}`;
}
