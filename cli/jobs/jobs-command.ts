import { resolve } from 'node:path';
import { ALLOCATION_RULES, type AllocationRule } from '../../collector/energy/allocation/allocation-rule.ts';
import { readViews } from '../../collector/ledger/sqlite-views.ts';
import { JOB_GROUPINGS, jobsToCsv } from '../../collector/reports/job-csv.ts';
import { reportJobs } from '../../collector/reports/job-report.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { readConfiguredJournal } from '../journal-access.ts';
import { style, widthOf } from '../screen.ts';
import { readSiteRange, takeSiteClock } from '../site-clock.ts';
import { sitePlanOf } from '../site-plan-of.ts';
import { jobLines } from './job-lines.ts';
import { requireMachine } from '../known-machine.ts';

const DAY_MS = 86_400_000;
const SPAN_MAX_MS = 366 * DAY_MS;

interface JobsOptions {
  config: string;
  from?: string;
  to?: string;
  by: string;
  rule?: string;
  withShared?: true;
  explain?: true;
  json?: true;
  csv?: true;
}

/** `millwatt jobs MACHINE`: energy of jobs, orders and parts; the collector may run meanwhile. */
export function runJobs(machine: string, options: JobsOptions): void {
  const { config, folder } = loadCollectorConfig(options.config);
  const by = choose('--by', options.by, JOB_GROUPINGS);
  const rule: AllocationRule | undefined =
    options.rule === undefined ? undefined : choose('--rule', options.rule, ALLOCATION_RULES);
  const clock = takeSiteClock(config);
  const { fromMs, toMs } = readSiteRange(options, clock);
  if (toMs - fromMs > SPAN_MAX_MS)
    throw new MillwattError('refuse', 'bad-time', '--from to --to is more than 366 days.', {
      cure: 'Ask for a shorter time.',
    });
  const views = readViews({ folder: resolve(folder, config.data) });
  try {
    requireMachine(views.machines(), machine);
    const journal = readConfiguredJournal(config, folder);
    try {
      const plan = sitePlanOf(config, process.versions['tz'] ?? '');
      const report = reportJobs(
        { views, plan, journal },
        { machine, fromMs, toMs, rule, withShared: options.withShared },
      );
      process.stdout.write(
        options.json
          ? `${JSON.stringify({ ok: true, ...report }, null, 2)}\n`
          : options.csv
            ? jobsToCsv(report, by)
            : `${[...jobLines(report, by, widthOf(), { explain: options.explain === true }), style(clock.saying, 'dim')].join('\n')}\n`,
      );
    } finally {
      journal.close();
    }
  } finally {
    views.close();
  }
}

function choose<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const chosen = choices.find((choice) => choice === text);
  if (chosen !== undefined) return chosen;
  throw new MillwattError('refuse', 'usage', `${option} ${JSON.stringify(text)} is not known.`, {
    cure: `Use ${choices.join(', ')}.`,
  });
}
