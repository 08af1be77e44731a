import { usePhaseReport } from '../../collector/reports/use-phase-report.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { formatTime } from '../format.ts';
import { widthOf } from '../screen.ts';
import { withReports } from './open-reports.ts';
import { readSiteTime } from './site-time.ts';
import { usePhaseLines } from './use-phase-lines.ts';

const DAY_MS = 86_400_000;
const BACK_DAYS = 30;

interface UsePhaseOptions {
  config: string;
  from?: string;
  to?: string;
  json?: true;
}

/** `millwatt use-phase MACHINE`: kWh per machine-hour, power by state, and the declared year of use. */
export function runUsePhase(machine: string, options: UsePhaseOptions): void {
  withReports(options.config, machine, ({ source, calendar }) => {
    const toMs = options.to === undefined ? Date.now() : readSiteTime(options.to, '--to', calendar);
    const fromMs =
      options.from === undefined ? toMs - BACK_DAYS * DAY_MS : readSiteTime(options.from, '--from', calendar);
    if (fromMs >= toMs)
      throw new MillwattError('refuse', 'bad-time', '--from is not before --to.', { cure: 'Exchange them.' });
    const report = usePhaseReport(source, { machine, fromMs, toMs });
    if (options.json !== undefined) {
      process.stdout.write(`${JSON.stringify({ ok: true, ...report }, null, 2)}\n`);
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
    process.stdout.write(`${usePhaseLines(report, widthOf()).join('\n')}\n`);
  });
}
