import type { ReasonMark } from './calendar/base-hour.ts';
import type { HourCells } from './calendar/close-cells.ts';
import type { CounterDecision } from './counter-decision.ts';
import { MINUTE_MS, STATE_COUNT, type HourAccount } from './hour-account.ts';
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
