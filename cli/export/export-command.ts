import { resolve } from 'node:path';
import { hourMethods, OUTDATED } from '../../collector/derivation/hour-method.ts';
import { openCalendar } from '../../collector/energy/calendar/site-calendar.ts';
import { carbonFiguresOf } from '../../collector/footprint/exports/pact/carbon-figures.ts';
import type { FootprintRecord } from '../../collector/footprint/record/footprint-record.ts';
import { followAmendments } from '../../collector/journal/amendment-source.ts';
import { readViews } from '../../collector/ledger/sqlite-views.ts';
import type { JobSource } from '../../collector/reports/job-source.ts';
import { subjectAsked } from '../../collector/reports/footprint/record-subject.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { silentLog } from '../../protocols/log.ts';
import { createReadProgress } from '../calibrate/read-progress.ts';
import { footprintPlanOf } from '../footprint-plan-of.ts';
import { readConfiguredJournal, readKey } from '../journal-access.ts';
import { requireMachine } from '../known-machine.ts';
import { machineModelsOf } from '../machine-model-of.ts';
import { style, widthOf } from '../screen.ts';
import { readSiteRange, takeSiteClock } from '../site-clock.ts';
import { sitePlanOf } from '../site-plan-of.ts';
import { wrapLines } from '../text-wrap.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../collector/exports/export-formats.ts';
import {
  exportContent,
  exportName,
  machinesOf,
  readIssue,
  stepExport,
} from '../../collector/exports/make-export.ts';
import { requireFree, writeWhole } from './write-file.ts';
import { findNearest } from '../../config/nearest.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BACK_DAYS = 30;

interface ExportOptions {
  config: string;
  machine?: string;
  line?: string;
  model?: string;
  part?: string;
  job?: string;
  from?: string;
  to?: string;
  issue: string;
  output?: string;
  force?: true;
  json?: true;
}

/** `millwatt export FORMAT`: the footprint record of a period, in one file; the collector may run meanwhile. */
export async function runExport(format: string, options: ExportOptions): Promise<void> {
  const chosen = formatOf(format);
  const subject = subjectAsked(options);
  const issue = readIssue(options.issue);
  const { config, folder } = loadCollectorConfig(options.config);
  const clock = takeSiteClock(config);
  const range = readSiteRange(options, clock, BACK_DAYS * DAY_MS);
  const path = resolve(options.output ?? exportName(subject, chosen));
  requireFree(path, options.force === true);
  const views = readViews({ folder: resolve(folder, config.data) });
  try {
    const journal = readConfiguredJournal(config, folder);
    try {
      const sitePlan = sitePlanOf(config, process.versions['tz'] ?? '');
      const key = readKey(resolve(folder, config.data)).publicKey;
      const plan = footprintPlanOf(config, folder, { key, sitePlanHash: sitePlan.hash });
      const known = views.machines();
      const machines = machinesOf(plan, subject);
      for (const machine of machines) requireMachine(known, machine);
      const source: JobSource = { views, plan: sitePlan, journal };
      const from = {
        source,
        plan,
        calendar: openCalendar(sitePlan.calendar),
        methodOf: hourMethods(views, machineModelsOf(config, folder), followAmendments(journal, silentLog)),
      };
      const steps = stepExport(from, { subject, ...range, issue }, Date.now());
      const record = await makeRecord(
        steps,
        (machines.length * (range.toMs - range.fromMs)) / HOUR_MS,
        options.json === true,
      );
      const bytes = await writeWhole(path, await exportContent(source, chosen, record));
      say(chosen, path, bytes, record, options.json === true);
    } finally {
      journal.close();
    }
  } finally {
    views.close();
  }
}

function formatOf(text: string): ExportFormat {
  if (Object.hasOwn(EXPORT_FORMATS, text)) return text as ExportFormat;
  const formats = [...Object.keys(EXPORT_FORMATS), 'evidence'];
  const near = findNearest(text, formats);
  throw new MillwattError('refuse', 'usage', `There is no format ${JSON.stringify(text)}.`, {
    cure: `${near === undefined ? '' : `Did you mean ${near}? `}Formats are ${formats.join(', ')}.`,
  });
}

/** Takes the steps, with a bar on a terminal: an hour of a machine is a step. */
async function makeRecord(
  steps: Iterable<FootprintRecord | null>,
  hours: number,
  isQuiet: boolean,
): Promise<FootprintRecord> {
  const progress = createReadProgress('footprint record', isQuiet);
  let count = 0;
  try {
    for (const record of steps) {
      if (record !== null) return record;
      progress.show(Math.min(0.99, ++count / Math.max(1, hours)));
    }
  } finally {
    progress.end();
  }
  throw new Error('the steps end with a record');
}

function say(
  format: ExportFormat,
  path: string,
  bytes: number,
  record: FootprintRecord,
  isJson: boolean,
): void {
  const { id, version, view, subject, period, activity, functionalUnit, emissions, coverage, completeness } =
    record;
  const [first] = emissions;
  if (isJson) {
    const told = { format, file: path, bytes, id, version, view, period, functionalUnit };
    const figures = {
      subject: { kind: subject.kind, id: subject.id },
      energyKwh: activity.energyKwh,
      perUnitKwh: activity.perUnitKwh,
      ...(record.scatter === undefined ? {} : { scatter: record.scatter }),
      kgCo2e: first?.kgCo2e ?? null,
      perUnitKgCo2e: first?.perUnitKgCo2e ?? null,
      isComplete: coverage.isComplete,
      ...completeness,
    };
    process.stdout.write(`${JSON.stringify({ ok: true, ...told, ...figures }, null, 2)}\n`);
    return;
  }
  const unit = { hour: 'h', piece: 'piece', kilogram: 'kg' }[functionalUnit.unit];
  const per = activity.perUnitKwh === null ? 'no figure per unit' : `${activity.perUnitKwh} kWh/${unit}`;
  const emitted =
    first === undefined
      ? 'no emissions'
      : `${first.kgCo2e} kg CO2e of electricity${first.perUnitKgCo2e === null ? '' : ` (${first.perUnitKgCo2e} kg/${unit})`}`;
  const whole =
    record.upstream.length === 0 || first?.perUnitKgCo2e === undefined || first.perUnitKgCo2e === null
      ? []
      : [
          `with what was declared (${record.upstream.length}): ${carbonFiguresOf(record).includingUptakeKg} kg CO2e/${unit}, the figure of pact, catena-x and aas`,
        ];
  const lines = [
    `${subject.kind} ${subject.id}, ${period.name}: ${activity.energyKwh} kWh (${per}), ${emitted}, ${record.evidence.status}`,
    // Of a model its first remark tells how the units differ.
    ...(record.scatter === undefined ? [] : record.remarks.slice(0, 1)),
    ...whole,
    ...record.remarks
      .filter((remark) => remark.endsWith(OUTDATED.cure))
      .map((remark) => style(remark, 'yellow')),
    ...completeness.because.map((because) => style(`partial: ${because}`, 'yellow')),
    `wrote ${path} (${EXPORT_FORMATS[format]}, ${bytes} bytes; ${id}, version ${version})`,
  ];
  process.stdout.write(`${lines.flatMap((line) => wrapLines(line, widthOf())).join('\n')}\n`);
}
