import { resolve } from 'node:path';
import { entryId } from '../../collector/journal/seal-entry.ts';
import { displayedMwh } from '../../collector/journal/displayed-energy.ts';
import { readViews } from '../../collector/ledger/sqlite-views.ts';
import type { ReadingEvidence } from '../../collector/reports/reconcile-readings.ts';
import { sayReadingEvidence } from '../../collector/reports/journal-listing.ts';
import { reportReconciliation } from '../../collector/reports/reconcile-report.ts';
import type { CollectorConfig } from '../../config/collector-config.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { duration } from '../../config/scalars.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { authorOf } from '../amend/author.ts';
import { formatTime } from '../format.ts';
import { readZonedTime } from '../iso-time.ts';
import { openConfiguredJournal, readConfiguredJournal } from '../journal-access.ts';
import { style, widthOf } from '../screen.ts';
import { readSiteRange, takeSiteClock } from '../site-clock.ts';
import { sitePlanOf } from '../site-plan-of.ts';
import { basisLines } from './basis-lines.ts';
import { reconcileLines } from './reconcile-lines.ts';

interface ReconcileOptions {
  config: string;
  from?: string;
  to?: string;
  reading?: string;
  within: string;
  error?: string;
  by?: string;
  note?: string;
  json?: true;
}

/** `millwatt reconcile MAINMETER`: the sum of machines against a main meter; ends with 1 where more differs than is explained. */
export async function runReconcile(mainMeter: string, options: ReconcileOptions): Promise<void> {
  const { config, folder } = loadCollectorConfig(options.config);
  const clock = takeSiteClock(config);
  if (options.reading !== undefined) {
    enterReading(config, folder, mainMeter, options.reading, options);
    return;
  }
  const views = readViews({ folder: resolve(folder, config.data) });
  const journal = readConfiguredJournal(config, folder);
  try {
    const plan = sitePlanOf(config, process.versions['tz'] ?? '');
    const { fromMs, toMs } = readSiteRange(options, clock);
    const report = await reportReconciliation({ views, plan, journal }, mainMeter, fromMs, toMs);
    const ok = report.verdict === 'within-uncertainty' || report.verdict === 'explained';
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ ok, ...report }, null, 2)}\n`
        : `${[...reconcileLines(report, widthOf()), ...basisLines(report.basis, widthOf()), style(clock.saying, 'dim')].join('\n')}\n`,
    );
    if (!ok) process.exitCode = 1;
  } finally {
    journal.close();
    views.close();
  }
}

function enterReading(
  config: CollectorConfig,
  folder: string,
  mainMeter: string,
  text: string,
  options: ReconcileOptions,
): void {
  if (!config.mainMeters.some(({ id }) => id === mainMeter))
    throw new MillwattError('refuse', 'no-main-meter', `No main meter ${mainMeter} is declared.`, {
      cure: 'Declare it under `mainMeters`, with the machines it covers.',
    });
  const evidence = parseReading(text, options);
  const journal = openConfiguredJournal(config, folder);
  try {
    const entry = journal.append({
      atMs: Date.now(),
      kind: 'reading',
      machine: mainMeter,
      by: authorOf(options.by),
      body: { ...evidence },
    });
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ ok: true, entry: { id: entryId(entry), seq: entry.seq, by: entry.by }, reading: evidence }, null, 2)}\n`
        : `Entry ${entryId(entry)} (${entry.seq}) by ${entry.by}: ${sayReadingEvidence(mainMeter, evidence, formatTime)}\n`,
    );
  } finally {
    journal.close();
  }
}

/** A reading such as `2026-11-01T00:00+01:00=123456.7 kWh`. Throws errors of class `refuse` (code `bad-reading`). */
export function parseReading(
  text: string,
  { within, error, note }: Pick<ReconcileOptions, 'within' | 'error' | 'note'>,
): ReadingEvidence {
  const [, when = '', shown = '', unit] = /^(\S+?)\s*=\s*([\d.]+)\s*(Wh|kWh|MWh)$/.exec(text.trim()) ?? [];
  const readAt = readZonedTime(when, '--reading');
  if (unit !== 'Wh' && unit !== 'kWh' && unit !== 'MWh')
    throw bad(`--reading ${JSON.stringify(text)} is no time with a zone and what the display showed.`);
  if (typeof readAt !== 'number')
    throw new MillwattError('refuse', 'bad-reading', readAt.fault, {
      cure: `${readAt.cure} Behind it, as before, =${shown} ${unit}.`,
    });
  if (displayedMwh(shown, unit) === undefined) throw bad(`${shown} ${unit} is nothing that a display shows.`);
  const read = duration.safeParse(within);
  if (!read.success) throw bad(`--within ${JSON.stringify(within)} is no time such as 5min or 12h.`);
  const [, percent] = /^(\d{1,2}(?:\.\d{1,3})?)\s*%$/.exec(error ?? '') ?? [];
  if (error !== undefined && percent === undefined)
    throw bad(`--error ${JSON.stringify(error)} is no percentage such as 2%.`);
  return {
    v: 1,
    readAtMs: readAt,
    withinMs: read.data,
    shown,
    unit,
    errorPercent: percent === undefined ? null : Number(percent),
    note: note ?? '',
  };
}

function bad(message: string): MillwattError {
  return new MillwattError('refuse', 'bad-reading', message, {
    cure: 'Write it as "2026-11-01T00:00+01:00=123456.7 kWh", with every digit that the display shows.',
  });
}
