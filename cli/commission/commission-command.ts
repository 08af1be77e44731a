import { resolve } from 'node:path';
import { readViews } from '../../collector/ledger/sqlite-views.ts';
import { evidenceOf, keptCommissionings } from '../../collector/reports/commission-evidence.ts';
import { reportCommission, wiringInForce } from '../../collector/reports/commission-report.ts';
import { meteredAs } from '../../collector/diagnostics/metered-as.ts';
import { entryId } from '../../collector/journal/seal-entry.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { loadProfile } from '../../config/library/profile-library.ts';
import { profileFolderOf } from '../../config/surroundings.ts';
import { pointName } from '../../protocols/modbus/profile/profile.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { authorOf } from '../amend/author.ts';
import { ratedMachineOf } from '../findings-command.ts';
import { requireMachine } from '../known-machine.ts';
import { openConfiguredJournal, readConfiguredJournal } from '../journal-access.ts';
import { widthOf } from '../screen.ts';
import { takeSiteClock } from '../site-clock.ts';
import { sitePlanOf } from '../site-plan-of.ts';
import { commissionLines, keptLines } from './commission-lines.ts';

const MINUTES_MAX = 1440;

interface CommissionOptions {
  config: string;
  minutes: string;
  by?: string;
  note?: string;
  list?: true;
  json?: true;
}

/** `millwatt commission MACHINE`: checks how a machine is metered, and keeps the result; ends with 1 where something fails. */
export function runCommission(machine: string, options: CommissionOptions): void {
  const { config, folder } = loadCollectorConfig(options.config);
  takeSiteClock(config);
  const views = readViews({ folder: resolve(folder, config.data) });
  try {
    requireMachine(views.machines(), machine);
    if (options.list) {
      const journal = readConfiguredJournal(config, folder);
      try {
        const kept = keptCommissionings(journal, machine);
        const now = meteredAs(wiringInForce(views, machine, Date.now()).wiring);
        print(
          options.json
            ? JSON.stringify({ ok: true, machine, kept }, null, 2)
            : keptLines(machine, kept, now, widthOf()).join('\n'),
        );
      } finally {
        journal.close();
      }
      return;
    }
    const minutes = Number(options.minutes);
    if (!Number.isInteger(minutes) || minutes < 5 || minutes > MINUTES_MAX)
      throw new MillwattError('refuse', 'bad-minutes', `--minutes ${options.minutes} is not usable.`, {
        cure: `Give whole minutes from 5 to ${MINUTES_MAX}.`,
      });
    const plan = sitePlanOf(config, process.versions['tz'] ?? '');
    const metering = plan.machines.find((known) => known.machine === machine)?.metering ?? {};
    const report = reportCommission(
      views,
      ratedMachineOf(config, machine),
      metering,
      minutes,
      Date.now(),
      (profile) => pointsOf(profile, profileFolderOf(options.config)),
    );
    if (report === undefined)
      throw new MillwattError('refuse', 'nothing-read', `Nothing was read of ${machine} yet.`, {
        cure: 'Start its agent and wait a quarter of an hour.',
      });
    const evidence = evidenceOf(report, options.note ?? '');
    const journal = openConfiguredJournal(config, folder);
    try {
      const entry = journal.append({
        atMs: Date.now(),
        kind: 'commissioning',
        machine,
        by: authorOf(options.by),
        body: { ...evidence },
      });
      const ok = report.result.verdict !== 'failed';
      print(
        options.json
          ? JSON.stringify(
              { ok, entry: { id: entryId(entry), seq: entry.seq, by: entry.by }, ...report },
              null,
              2,
            )
          : commissionLines(report, entry, widthOf()).join('\n'),
      );
      if (!ok) process.exitCode = 1;
    } finally {
      journal.close();
    }
  } finally {
    views.close();
  }
}

/** What `read` may name of a profile; undefined where this computer has no such profile. */
function pointsOf(profile: string, ownFolder: string): readonly string[] | undefined {
  try {
    return loadProfile(profile, ownFolder).profile.points.map(pointName);
  } catch (error) {
    // The agent may have a profile of its own that the collector has not: then the cure names no points.
    if (error instanceof MillwattError) return undefined;
    throw error;
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
