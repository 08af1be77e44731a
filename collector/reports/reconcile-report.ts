import { MINUTE_MS } from '../energy/hour-account.ts';
import { setImmediate } from 'node:timers/promises';
import { MillwattError } from '../../protocols/errors.ts';
import { reconcile, type MeteredPart, type Reconciliation } from '../diagnostics/reconcile.ts';
import type { JournalReader } from '../journal/journal.ts';
import type { PeriodBasis } from './period-basis.ts';
import { reportSpans, type SpanReport } from './period-report.ts';
import type { PeriodSource } from './period-source.ts';
import { edgeBridgedMwh } from './reconcile-bridged.ts';
import { readMain } from './reconcile-readings.ts';

/** A main meter against the machines behind it, and what that rests on. */
export interface ReconcileReport extends Reconciliation {
  mainMeter: string;
  /** `machine`: its supply is measured here; `readings`: people entered what it showed, and the time is that of these. */
  mainBy: 'machine' | 'readings';
  /** How the main meter's energy was found from readings; empty for one that is measured. */
  mainSaying: string;
  basis: Record<string, PeriodBasis>;
}

/** What a reconciliation is computed from. */
export interface ReconcileSource extends PeriodSource {
  journal: Pick<JournalReader, 'entries'>;
}

/**
 * Compares a declared main meter with the machines behind it. Throws errors of class `refuse`: `no-main-meter`, and
 * `no-readings` where it is no machine and two readings are not there.
 */
export async function reportReconciliation(
  source: ReconcileSource,
  mainMeter: string,
  fromMs: number,
  toMs: number,
): Promise<ReconcileReport> {
  const { mainMeters } = source.plan;
  const declared = mainMeters.find(({ id }) => id === mainMeter);
  if (declared === undefined)
    throw new MillwattError('refuse', 'no-main-meter', `No main meter ${mainMeter} is declared.`, {
      cure:
        mainMeters.length === 0
          ? 'Declare it under `mainMeters`, with the machines it covers.'
          : `Choose one of: ${mainMeters.map(({ id }) => id).join(', ')}.`,
    });
  const isMachine = source.views.watched(mainMeter) !== undefined;
  const read = isMachine ? undefined : readMain(source.journal, mainMeter, fromMs, toMs);
  if (!isMachine && read === undefined)
    throw new MillwattError(
      'refuse',
      'no-readings',
      `${mainMeter} is no machine that is measured, and has no two readings that rise in this time.`,
      {
        cure: `Enter them: millwatt reconcile ${mainMeter} --reading "2026-11-01T00:00+01:00=123456.7 kWh".`,
      },
    );
  const span = read ?? {
    fromMs: Math.floor(fromMs / MINUTE_MS) * MINUTE_MS,
    toMs: Math.floor(toMs / MINUTE_MS) * MINUTE_MS,
  };
  const basis: Record<string, PeriodBasis> = {};
  const sumOf = async (machine: string): Promise<MeteredPart> => {
    const report = await sumSpan(source, machine, span.fromMs, span.toMs);
    if (report !== undefined) basis[machine] = report.basis;
    return partOf(machine, report, span.toMs - span.fromMs, () =>
      edgeBridgedMwh(source, machine, span.fromMs, span.toMs),
    );
  };
  const main = read ?? (await sumOf(mainMeter));
  const machines: MeteredPart[] = [];
  for (const machine of declared.covers) machines.push(await sumOf(machine));
  return {
    ...reconcile({
      fromMs: span.fromMs,
      toMs: span.toMs,
      main,
      machines,
      unmetered: declared.unmetered,
    }),
    mainMeter,
    mainBy: isMachine ? 'machine' : 'readings',
    mainSaying: read?.saying ?? '',
    basis,
  };
}

async function sumSpan(
  source: PeriodSource,
  machine: string,
  fromMs: number,
  toMs: number,
): Promise<SpanReport | undefined> {
  let hours = 0;
  for (const report of reportSpans(source, machine, [fromMs, toMs])) {
    if (report !== null) return report;
    // Others are served while a month is read.
    if (++hours % 8 === 0) await setImmediate();
  }
  return undefined;
}

function partOf(
  id: string,
  report: SpanReport | undefined,
  spanMs: number,
  readEdges: () => number,
): MeteredPart {
  if (report === undefined)
    return { id, energyMwh: null, bridgedMwh: 0, uncoveredMs: spanMs, meter: id, uncertainty: null };
  const { energy, obtained, uncertainty, measuredMs, qualityMs } = report;
  const supply = uncertainty['supply'];
  // In hours that are only partly known, time that was not measured has no energy; elsewhere gaps are bridged.
  const lostMs = Math.min(report.spanMs - measuredMs, qualityMs.partial + qualityMs.null);
  return {
    id,
    energyMwh: energy.supplyMwh,
    bridgedMwh: obtained.bridgedMwh === 0 ? 0 : readEdges(),
    uncoveredMs: Math.max(0, spanMs - report.spanMs + lostMs),
    meter: supply?.meters.map(({ meter }) => meter).join(', ') ?? id,
    uncertainty: supply?.total ?? null,
  };
}
