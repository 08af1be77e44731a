import { usePhaseToCsv } from '../../collector/reports/use-phase-csv.ts';
import { usePhaseReport } from '../../collector/reports/use-phase-report.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { formatTime } from '../format.ts';
import { widthOf } from '../screen.ts';
import { readSiteRange } from '../site-clock.ts';
import { withReports } from './open-reports.ts';
import { usePhaseLines } from './use-phase-lines.ts';

const DAY_MS = 86_400_000;
const BACK_DAYS = 30;

interface UsePhaseOptions {
  config: string;
  from?: string;
  to?: string;
  json?: true;
  csv?: true;
}

/** `millwatt use-phase MACHINE`: kWh per machine-hour, power by state, and the declared year of use. */
export function runUsePhase(machine: string, options: UsePhaseOptions): void {
  withReports(options.config, machine, ({ source, clock }) => {
    const { fromMs, toMs } = readSiteRange(options, clock, BACK_DAYS * DAY_MS);
    const report = usePhaseReport(source, { machine, fromMs, toMs });
    if (options.json !== undefined) {
      process.stdout.write(`${JSON.stringify({ ok: true, ...report }, null, 2)}\n`);
      return;
    }
    if (options.csv !== undefined) {
      process.stdout.write(usePhaseToCsv(report));
      return;
    }
    const watched = source.views.watched(machine);
    if (report.powers.length === 0)
      throw new MillwattError('refuse', 'no-hours', `No energy of ${machine} is known in this time.`, {
        cure:
          watched === undefined
            ? 'Nothing was derived of it yet: is an agent running?'
            : `It was watched from ${formatTime(watched.fromMs)} to ${formatTime(watched.toMs)}: give --from and --to.`,
      });
    process.stdout.write(`${usePhaseLines(report, widthOf(), clock.saying).join('\n')}\n`);
  });
}
