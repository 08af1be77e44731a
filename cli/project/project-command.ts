import { join } from 'node:path';
import { compareDays } from '../../collector/influx/projected-days.ts';
import { readLedger } from '../../collector/ledger/read-ledger.ts';
import { readViews } from '../../collector/ledger/sqlite-views.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { silentLog } from '../../protocols/log.ts';
import { createReadProgress } from '../calibrate/read-progress.ts';
import { listenForStop } from '../signals.ts';
import { readSiteTime, takeSiteClock } from '../site-clock.ts';
import { widthOf } from '../screen.ts';
import { wrapLines } from '../text-wrap.ts';
import {
  comparisonLines,
  quarantineLines,
  rebuiltLines,
  retriedLines,
  standingLines,
  type Comparison,
  type Standing,
} from './project-lines.ts';
import { openProjectionSite, type ProjectionSite } from './projection-site.ts';
import { readQuarantine, retryQuarantine } from './quarantine-retry.ts';
import { lastRebuild, rebuildPath } from './rebuild-state.ts';
import {
  basisOf,
  lastOrdinalOf,
  markOf,
  rebuildProjection,
  type ProjectionBasis,
  type TimeRange,
} from './rebuild.ts';
import { completeCommands } from '../complete-commands.ts';

/** The options of `millwatt project` as they are written. */
export interface ProjectCommandOptions {
  config: string;
  rebuild?: true;
  verify?: true;
  quarantine?: true;
  retry?: true;
  from?: string;
  to?: string;
  json?: true;
}

/**
 * `millwatt project`: where the projection to InfluxDB stands; with --rebuild everything is written again, with --verify it
 * is counted, and --quarantine and --retry are for lines that InfluxDB refused. The collector may run meanwhile.
 */
export async function runProject(options: ProjectCommandOptions): Promise<void> {
  const [first, second] = (['rebuild', 'quarantine', 'retry'] as const).filter(
    (name) => options[name] === true,
  );
  if (first !== undefined && second !== undefined)
    throw usage(`--${first} and --${second} are two things.`, 'Run one after the other.');
  const isRanged = options.from !== undefined || options.to !== undefined;
  if (isRanged && options.rebuild !== true && options.verify !== true)
    throw usage('--from and --to say what is written again or counted.', 'Add --rebuild or --verify.');
  const site = openProjectionSite(options.config);
  if (options.quarantine) {
    const lines = readQuarantine(site.dataFolder);
    print({ ok: true, lines }, quarantineLines(lines), options);
  } else if (options.retry) {
    const retried = await retryQuarantine(site);
    print({ ok: retried.refused === 0, retried }, retriedLines(retried), options);
  } else if (options.rebuild || options.verify) await writeAndCount(site, options);
  else {
    const standing = readStanding(site);
    print({ ok: true, ...standing }, standingLines(standing), options);
  }
}

async function writeAndCount(site: ProjectionSite, options: ProjectCommandOptions): Promise<void> {
  const { calendar } = takeSiteClock(site.config);
  const range: TimeRange = {
    fromMs: options.from === undefined ? null : readSiteTime(options.from, '--from', calendar),
    toMs: options.to === undefined ? null : readSiteTime(options.to, '--to', calendar),
  };
  if (range.fromMs !== null && range.toMs !== null && range.fromMs >= range.toMs)
    throw usage('--from is not before --to.', 'Give a time that has a length.');
  const signal = listenForStop();
  const isQuiet = options.json === true;
  let basis: ProjectionBasis | undefined;
  let rebuilt;
  const lines: string[] = [];
  if (options.rebuild) {
    ({ basis, ...rebuilt } = await rebuildProjection(site, range, isQuiet, signal));
    lines.push(...rebuiltLines(rebuilt));
  }
  const compared = options.verify ? await compare(site, range, basis, isQuiet, signal) : undefined;
  if (compared !== undefined) lines.push(...comparisonLines(compared));
  const isWhole = (rebuilt?.quarantined ?? 0) === 0 && (compared?.missing ?? 0) === 0;
  print(
    {
      ok: isWhole,
      ...(rebuilt === undefined ? {} : { rebuilt }),
      ...(compared === undefined ? {} : { compared }),
    },
    lines,
    options,
  );
}

async function compare(
  { config, dataFolder, store }: ProjectionSite,
  range: TimeRange,
  basis: ProjectionBasis | undefined,
  isQuiet: boolean,
  signal: AbortSignal,
): Promise<Comparison> {
  const ledger = readLedger({ folder: join(dataFolder, 'ledger'), log: silentLog });
  const views = readViews({ folder: dataFolder });
  const progress = createReadProgress('counting in the ledger and in InfluxDB', isQuiet);
  try {
    const machines = views.machines();
    const [firstMs, lastMs] = spanOf(views, machines);
    const fromMs = range.fromMs ?? firstMs;
    const toMs = range.toMs ?? lastMs;
    const parts = {
      ledger,
      views,
      store,
      site: config.site,
      ...(basis ?? newestBasis(views, ledger, dataFolder)),
    };
    const compared: Comparison = { days: [], missing: 0, more: 0 };
    for await (const day of compareDays(parts, fromMs, toMs)) {
      compared.days.push(day);
      for (const { expected, found } of day.different) {
        compared.missing += Math.max(0, expected - found);
        compared.more += Math.max(0, found - expected);
      }
      const place = machines.indexOf(day.machine) + (day.dayMs - fromMs) / Math.max(1, toMs - fromMs);
      progress.show(Math.min(1, Math.max(0, place / Math.max(1, machines.length))));
      if (signal.aborted)
        throw new MillwattError('refuse', 'stopped', 'Stopped; counting changes nothing.', {
          cure: 'Count a shorter time with --from and --to.',
        });
    }
    return compared;
  } finally {
    progress.end();
    views.close();
    ledger.close();
  }
}

/** Up to where points were written, by the collector or by a rebuild. */
function newestBasis(
  views: ReturnType<typeof readViews>,
  ledger: ReturnType<typeof readLedger>,
  dataFolder: string,
): ProjectionBasis {
  const own = basisOf(views);
  const rebuilt = lastRebuild(rebuildPath(dataFolder), (ordinal) => markOf(ledger, ordinal));
  const other = rebuilt === undefined ? own : basisOf(rebuilt);
  return other.lastOrdinal > own.lastOrdinal ? other : own;
}

/** From the first to the last machine-hour that is known, wall ms. */
function spanOf(
  views: ReturnType<typeof readViews>,
  machines: readonly string[],
): [fromMs: number, toMs: number] {
  const times = machines.flatMap((machine) => views.hourTimes(machine, 0, Number.MAX_SAFE_INTEGER));
  const firstMs = times.reduce((least, time) => Math.min(least, time), Infinity);
  const lastMs = times.reduce((most, time) => Math.max(most, time), -Infinity);
  return times.length === 0 ? [0, 0] : [firstMs, lastMs + 3_600_000];
}

function readStanding({ dataFolder }: ProjectionSite): Standing {
  const ledger = readLedger({ folder: join(dataFolder, 'ledger'), log: silentLog });
  const views = readViews({ folder: dataFolder });
  try {
    const records = lastOrdinalOf(ledger);
    const projected = basisOf(views).lastOrdinal;
    const lagRecords = Math.max(0, records - projected);
    return { records, projected, lagRecords, quarantinedLines: readQuarantine(dataFolder).length };
  } finally {
    views.close();
    ledger.close();
  }
}

function print(
  found: Record<string, unknown> & { ok: boolean },
  lines: readonly string[],
  { config, json }: ProjectCommandOptions,
): void {
  const width = widthOf();
  process.stdout.write(
    json
      ? `${JSON.stringify(found, null, 2)}\n`
      : `${lines.flatMap((line) => wrapLines(completeCommands(line, config, 'collector'), width)).join('\n')}\n`,
  );
  if (!found.ok) process.exitCode = 1;
}

function usage(message: string, cure: string): MillwattError {
  return new MillwattError('refuse', 'usage', message, { cure });
}
