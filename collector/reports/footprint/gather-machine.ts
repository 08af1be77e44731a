import type { Hash } from 'node:crypto';
import type { MachineHour } from '../../energy/machine-hour.ts';
import { addStates, noStates, type StateTotals } from '../../energy/use-phase/state-totals.ts';
import { canonicalText } from '../../footprint/record/canonical-text.ts';
import { ChainRanges } from '../chain-ranges.ts';
import { reportSpans, type SpanReport } from '../period-report.ts';
import type { PeriodSource } from '../period-source.ts';

/** All that the records of one machine in a period are made of: sums, whose size does not grow with the period. */
export interface MachineFacts {
  machine: string;
  span: SpanReport;
  /** Its hours added up. */
  totals: StateTotals;
  /** Time watched in hours of which nobody knows the supply, ms. */
  unknownMs: number;
  /** Time of the period before the first and after the latest reading, ms, and when these were, wall ms; null where there is none. */
  unread: { beforeMs: number; afterMs: number; firstMs: number; lastMs: number } | null;
  /** How many hours have an energy of the supply, and of how many of them each component has one. */
  readHours: { supply: number; components: ReadonlyMap<string, number> };
  records: MachineHour['basis']['records'];
}

/**
 * Gathers a machine over [fromMs, toMs), whole minutes; a null after each hour that was read. Nothing is kept of an hour but what
 * is added up: a year of a hundred machines need not be in memory.
 * @param digest takes in the canonical text of each hour and a line feed, in order
 * @param seeHour is given each hour, once
 */
export function* gatherMachine(
  source: PeriodSource,
  machine: string,
  [fromMs, toMs]: readonly [number, number],
  digest: Hash,
  seeHour: (hour: MachineHour) => void,
): Generator<null, MachineFacts> {
  const totals = noStates();
  const chains = new ChainRanges();
  let unknownMs = 0;
  const components = new Map<string, number>();
  let supply = 0;
  const see = (hour: MachineHour): void => {
    digest.update(`${canonicalText(hour)}\n`);
    addStates(totals, hour);
    if (hour.energy.supplyMwh === null) unknownMs += hour.spanMs;
    else {
      supply++;
      for (const name of Object.keys(hour.energy.componentMwh))
        if (name !== 'supply') components.set(name, (components.get(name) ?? 0) + 1);
    }
    chains.add(hour);
    seeHour(hour);
  };
  for (const span of reportSpans(source, machine, [fromMs, toMs], see)) {
    if (span !== null)
      return {
        machine,
        span,
        totals,
        unknownMs,
        unread: unreadOf(source, machine, [fromMs, toMs]),
        readHours: { supply, components },
        records: chains.list(),
      };
    yield null;
  }
  throw new Error('a stretch of time has a report');
}

/** What of [fromMs, toMs) lies before the first or after the latest reading of a machine. */
function unreadOf(
  { views }: Pick<PeriodSource, 'views'>,
  machine: string,
  [fromMs, toMs]: readonly [number, number],
): MachineFacts['unread'] {
  const watched = views.watched(machine);
  if (watched === undefined) return null;
  const within = (ms: number) => Math.max(0, Math.min(toMs - fromMs, ms));
  const { fromMs: firstMs, toMs: lastMs } = watched;
  return { beforeMs: within(firstMs - fromMs), afterMs: within(toMs - lastMs), firstMs, lastMs };
}
