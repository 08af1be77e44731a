import type { ReasonMark } from './calendar/base-hour.ts';
import type { HourCells } from './calendar/close-cells.ts';
import { total } from './cells.ts';
import type { CounterDecision } from './counter-decision.ts';
import { MINUTE_MS, STATE_COUNT, type HourAccount } from './hour-account.ts';
import type { HourEdge } from './hour-edge.ts';
import { listMarks, markMinutes, type MarkedMinutes } from './reason-marks.ts';

/** What is kept of an hour beside its record: its minutes before closure, and what was decided in it. */
export interface HourBase extends HourCells {
  machine: string;
  /** Start, ms since the Unix epoch (UTC). */
  hourMs: number;
  /** What else was taken in, by component: whole norm litres of each minute. Never part of energy. */
  media: Readonly<Record<string, readonly number[]>>;
  /** Reasons of which the minutes are known. */
  marks: readonly ReasonMark[];
  /** In order of time. */
  decisions: readonly CounterDecision[];
  /** Intervals of counters in which the hour begins or ends, by component; absent without any. */
  edges?: Readonly<Record<string, readonly HourEdge[]>>;
  /** What the closure of the supply was decided from; absent where power and counter were never read together. */
  closing?: HourClosing;
}

/** Counter against integrated power, over the time in which both were read, whole mWh. */
export interface HourClosing {
  counterMwh: number;
  powerMwh: number;
  /** Up to this a difference is explained by power that jumped anywhere between two readings. */
  slackMwh: number;
}

/** The base of an hour from its account, as it is now. */
export function baseOf(machine: string, account: HourAccount): HourBase {
  const { hourMs, timeMs, measuredMs, exportMwh, decisions } = account;
  return {
    machine,
    hourMs,
    timeMs: [...timeMs],
    measuredMs: [...measuredMs],
    components: Object.fromEntries(
      Object.entries(account.components).map(([name, { counter, integrated, bridged }]) => [
        name,
        { counter: copy(counter), integrated: copy(integrated), bridged: copy(bridged) },
      ]),
    ),
    exportMwh: copy(exportMwh),
    media: Object.fromEntries(
      Object.entries(account.media)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, litres]) => [name, [...litres]]),
    ),
    marks: listMarks(withGaps(account)),
    decisions: [...decisions],
    ...edgesOf(account),
    ...closingOf(account),
  };
}

function edgesOf({ components }: HourAccount): Pick<HourBase, 'edges'> {
  const found = Object.entries(components)
    .filter(([, { edges }]) => edges.length > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (found.length === 0) return {};
  return {
    edges: Object.fromEntries(found.map(([name, { edges }]) => [name, edges.map((edge) => ({ ...edge }))])),
  };
}

/** Rounded so that the whole difference, which is what was decided on, is that of the two printed ones. */
function closingOf({ components, marked }: HourAccount): Pick<HourBase, 'closing'> {
  const { supply } = components;
  if (supply === undefined || marked.thinned !== undefined) return {};
  const [counterMwh, powerMwh] = [total(supply.closedMwh), total(supply.integralMwh)];
  if (counterMwh === 0 && powerMwh === 0) return {};
  return {
    closing: {
      counterMwh,
      powerMwh: counterMwh - Math.round(counterMwh - powerMwh),
      slackMwh: Math.floor(supply.slackMwh),
    },
  };
}

/** What was marked, and every minute in which less was measured than time went by. */
function withGaps({ marked, timeMs, measuredMs }: HourAccount): MarkedMinutes {
  const all: MarkedMinutes = { ...marked, ...(marked.gap === undefined ? {} : { gap: [...marked.gap] }) };
  for (const [minute, measured] of measuredMs.entries()) {
    if (measured === MINUTE_MS) continue;
    let spanMs = 0;
    for (let state = 0; state < STATE_COUNT; state++) spanMs += timeMs[minute * STATE_COUNT + state] ?? 0;
    if (measured < spanMs) markMinutes(all, 'gap', minute, minute + 1);
  }
  return all;
}

function copy(cells: readonly number[] | null): number[] | null {
  return cells === null ? null : [...cells];
}
