import type { ReasonMark } from './calendar/base-hour.ts';
import type { HourCells } from './calendar/close-cells.ts';
import type { CounterDecision } from './counter-decision.ts';
import type { HourAccount } from './hour-account.ts';

/** What is kept of an hour beside its record: its minutes before closure, and what was decided in it. */
export interface HourBase extends HourCells {
  machine: string;
  /** Start, ms since the Unix epoch (UTC). */
  hourMs: number;
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
    marks: [],
    decisions: [...decisions],
  };
}

function copy(cells: readonly number[] | null): number[] | null {
  return cells === null ? null : [...cells];
}
