import { resolve } from 'node:path';
import { readViews } from '../collector/ledger/sqlite-views.ts';
import { explainHour } from '../collector/reports/explain-hour.ts';
import { assessHour } from '../collector/reports/uncertain-hour.ts';
import { loadCollectorConfig } from '../config/load.ts';
import { MillwattError } from '../protocols/errors.ts';
import { explainLines } from './hours-page.ts';
import { readWhenAsked } from './journal-access.ts';
import { widthOf } from './screen.ts';
import { sitePlanOf } from './site-plan-of.ts';
import { shellWord } from '../protocols/shell-word.ts';

const HOUR_MS = 3_600_000;
/** Where the output is no terminal, a page of text has so many columns, unless COLUMNS says otherwise. */
const PAGE_WIDTH = 100;

/** `millwatt hours --explain TIME`: everything that the hour of this time rests on; the collector may run meanwhile. */
export function explainOne(
  options: { config: string; machine?: string; json?: true; csv?: true },
  atMs: number,
): void {
  if (options.csv)
    throw new MillwattError('refuse', 'no-csv', 'An explanation is no table.', { cure: 'Use --json.' });
  const { config, folder } = loadCollectorConfig(options.config);
  const plan = sitePlanOf(config, process.versions['tz'] ?? '');
  const views = readViews({ folder: resolve(folder, config.data) });
  try {
    const machine = chooseMachine(views.machines(), options.machine);
    const hourMs = Math.floor(atMs / HOUR_MS) * HOUR_MS;
    // Only an hour that was amended asks it.
    const journal = readWhenAsked(config, folder);
    const explained = explainHour(
      {
        views,
        journal,
        assess: (hour) =>
          assessHour({ views, plan, journal }, hour) ?? 'there is no energy of which it would be a share',
      },
      machine,
      hourMs,
    );
    if (explained === undefined)
      throw new MillwattError(
        'refuse',
        'no-hour',
        `Machine ${machine} has no machine-hour at ${new Date(hourMs).toISOString().slice(0, 16)}Z.`,
        { cure: `See what there is: millwatt hours -c ${shellWord(options.config)} --machine ${machine}` },
      );
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ ok: true, explanation: explained }, null, 2)}\n`
        : `${explainLines(explained, pageWidth()).join('\n')}\n`,
    );
  } finally {
    views.close();
  }
}

function chooseMachine(known: readonly string[], named: string | undefined): string {
  if (named !== undefined && known.includes(named)) return named;
  const [only] = known;
  if (named === undefined && known.length === 1 && only !== undefined) return only;
  throw new MillwattError(
    'refuse',
    'no-machine',
    named === undefined ? 'Which machine is meant is not said.' : `The ledger knows no machine ${named}.`,
    {
      cure:
        known.length === 0
          ? 'Nothing has arrived yet: is an agent running?'
          : `Name it with --machine, one of: ${known.join(', ')}.`,
    },
  );
}

function pageWidth(): number {
  const columns = widthOf();
  if (Number.isFinite(columns)) return columns;
  const told = Number(process.env['COLUMNS']);
  return told >= 20 ? told : PAGE_WIDTH;
}
