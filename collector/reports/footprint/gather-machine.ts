import type { Hash } from 'node:crypto';
import type { MachineHour } from '../../energy/machine-hour.ts';
import type { UseHour } from '../../energy/use-phase/state-totals.ts';
import { canonicalText } from '../../footprint/record/canonical-text.ts';
import { ChainRanges } from '../chain-ranges.ts';
import { reportSpans, type SpanReport } from '../period-report.ts';
import type { PeriodSource } from '../period-source.ts';

/** All that the records of one machine in a period are made of. */
export interface MachineFacts {
  machine: string;
  span: SpanReport;
  /** What of its hours is added up. */
  hours: UseHour[];
  records: MachineHour['basis']['records'];
}

/**
 * Gathers a machine over [fromMs, toMs), whole minutes; a null after each hour that was read. Only what is added up is kept of
 * an hour, so that a year of them need not be in memory.
 * @param digest takes in the canonical text of each hour and a line feed, in order
 */
export function* gatherMachine(
  source: PeriodSource,
  machine: string,
  [fromMs, toMs]: readonly [number, number],
  digest: Hash,
): Generator<null, MachineFacts> {
  const hours: UseHour[] = [];
  const chains = new ChainRanges();
  const see = (hour: MachineHour): void => {
    digest.update(`${canonicalText(hour)}\n`);
    const { hourMs, timeMs, spanMs, measuredMs, quality, obtained } = hour;
    const { supplyMwh, stateMwh } = hour.energy;
    hours.push({ hourMs, timeMs, spanMs, measuredMs, quality, energy: { supplyMwh, stateMwh }, obtained });
    chains.add(hour);
  };
  for (const span of reportSpans(source, machine, [fromMs, toMs], see)) {
    if (span !== null) return { machine, span, hours, records: chains.list() };
    yield null;
  }
  throw new Error('a stretch of time has a report');
}
