import { resolve } from 'node:path';
import type { PlausibilityFinding } from '../collector/diagnostics/plausibility-finding.ts';
import { readViews } from '../collector/ledger/sqlite-views.ts';
import {
  reportFindings,
  type FindingReport,
  type RatedMachine,
} from '../collector/reports/finding-report.ts';
import { findUncommissioned, keptCommissionings } from '../collector/reports/commission-evidence.ts';
import type { CollectorConfig } from '../config/collector-config.ts';
import { loadCollectorConfig } from '../config/load.ts';
import { formatSpan, formatTime } from './format.ts';
import { readConfiguredJournal } from './journal-access.ts';
import { style, widthOf } from './screen.ts';
import { readSiteRange, sayRange, takeSiteClock } from './site-clock.ts';
import { wrapLines } from './text-wrap.ts';
import { requireMachine } from './known-machine.ts';

interface FindingsOptions {
  config: string;
  from?: string;
  to?: string;
  json?: true;
}

/** `millwatt findings [MACHINE]`: what is implausible about readings; ends with 1 where something is. */
export async function runFindings(machine: string | undefined, options: FindingsOptions): Promise<void> {
  const { config, folder } = loadCollectorConfig(options.config);
  const views = readViews({ folder: resolve(folder, config.data) });
  const journal = readConfiguredJournal(config, folder);
  const clock = takeSiteClock(config);
  try {
    const machines = machine === undefined ? views.machines() : [requireMachine(views.machines(), machine)];
    const { fromMs, toMs } = readSiteRange(options, clock);
    const reports: FindingReport[] = [];
    for (const id of machines)
      reports.push(
        await reportFindings(views, ratedMachineOf(config, id), fromMs, toMs, (now) =>
          findUncommissioned(keptCommissionings(journal, id), id, now, fromMs, toMs),
        ),
      );
    const found = reports.some(({ findings }) => findings.length > 0);
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ ok: !found, reports }, null, 2)}\n`
        : `${[style(sayRange(fromMs, toMs, clock), 'dim'), ...reports.flatMap((report) => findingLines(report, widthOf()))].join('\n')}\n`,
    );
    if (found) process.exitCode = 1;
  } finally {
    journal.close();
    views.close();
  }
}

/** What is declared of a machine's ratings. */
export function ratedMachineOf(config: Pick<CollectorConfig, 'machines'>, machine: string): RatedMachine {
  const declared = config.machines.find(({ id }) => id === machine);
  return {
    machine,
    ratedPowerW: declared?.ratedPower ?? null,
    componentRatedPowerW: declared?.componentRatedPower ?? {},
  };
}

const COLOURS = { error: 'red', warning: 'yellow', info: 'dim' } as const;

/** The findings of one machine for people, each with its time, its figures and its cure. */
export function findingLines(
  { machine, findings, basis }: FindingReport,
  width: number,
  zoneOffsetMin?: number,
): string[] {
  const looked = `${basis.minutes} minutes and ${basis.hours} machine-hours looked at`;
  if (findings.length === 0) return [`${machine}: ${style('plausible', 'green')} (${looked})`];
  return [
    `${machine}: ${findings.length} ${findings.length === 1 ? 'finding' : 'findings'} (${looked})`,
    ...findings.flatMap((finding) => sayFinding(finding, width, zoneOffsetMin)),
  ];
}

function sayFinding(
  { severity, code, component, fromMs, toMs, saying, cure }: PlausibilityFinding,
  width: number,
  zoneOffsetMin?: number,
): string[] {
  const indent = (text: string) => wrapLines(text, width - 4, 0).map((line) => `    ${line}`);
  return [
    `  ${style(severity, COLOURS[severity])} ${component} ${code}: since ${formatTime(fromMs, zoneOffsetMin)}, for ${formatSpan(toMs - fromMs)}`,
    ...indent(saying),
    ...indent(`cure: ${cure}`),
  ];
}
