import { resolve } from 'node:path';
import { openCalendar } from '../../collector/energy/calendar/site-calendar.ts';
import { EventQueue } from '../../collector/pact/event-queue.ts';
import { FootprintBook } from '../../collector/pact/footprint-book.ts';
import { readPactFile } from '../../collector/pact/pact-file.ts';
import { recordPeriod } from '../../collector/reports/footprint/record-frame.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { formatTime } from '../format.ts';
import { style, widthOf } from '../screen.ts';
import { sitePlanOf } from '../site-plan-of.ts';
import { takeSiteClock } from '../site-clock.ts';
import { renderTable } from '../text-table.ts';
import { wrapLines } from '../text-wrap.ts';

const EVENTS_SHOWN = 50;

/** `millwatt pact`: what partners are offered and told; the collector may run meanwhile. */
export function runPact(options: { config: string; json?: true }): void {
  const { config, folder } = loadCollectorConfig(options.config);
  takeSiteClock(config);
  const calendar = openCalendar(sitePlanOf(config, process.versions['tz'] ?? '').calendar);
  const db = readPactFile(resolve(folder, config.data));
  try {
    const book = db && new FootprintBook(db);
    const queue = db && new EventQueue(db);
    const sayOf = (subject: string) => {
      const [kind = '', id = '', machine = '', from = '', to = ''] = subject.split('\n');
      const period = recordPeriod(calendar, Date.parse(from), Date.parse(to)).name;
      return { subject: { kind, id, machine: machine === '' ? null : machine }, period };
    };
    const footprints = (book?.all() ?? []).map(({ subject, issue, id, status, created, withdrawn }) => ({
      ...sayOf(subject),
      issue,
      status,
      id,
      created,
      withdrawn,
    }));
    const refusals = (book?.refusals() ?? []).map(({ subject, reason }) => ({ ...sayOf(subject), reason }));
    const events = queue?.troubled(EVENTS_SHOWN) ?? [];
    if (options.json === true) {
      process.stdout.write(`${JSON.stringify({ ok: true, footprints, refusals, events }, null, 2)}\n`);
      return;
    }
    const nameOf = ({ kind, id, machine }: { kind: string; id: string; machine: string | null }) =>
      `${kind} ${id}${machine === null ? '' : ` on ${machine}`}`;
    const lines = [
      ...(footprints.length === 0
        ? [
            config.pact === undefined
              ? 'No pact is configured, and nothing was published.'
              : 'Nothing was published yet.',
          ]
        : renderTable(
            [
              { title: 'of' },
              { title: 'period' },
              { title: 'issue', align: 'right' },
              { title: 'status' },
              { title: 'id', spare: 1 },
              { title: 'published', spare: 0 },
            ],
            footprints.map(({ subject, period, issue, status, id, created }) => [
              nameOf(subject),
              period,
              String(issue),
              status,
              id,
              formatTime(Date.parse(created)),
            ]),
            widthOf(),
          )),
      ...footprints.flatMap(({ subject, period, issue, withdrawn }) =>
        withdrawn === null
          ? []
          : [
              '',
              ...wrapLines(
                `${nameOf(subject)}, ${period}, issue ${issue} was withdrawn ${formatTime(withdrawn.atMs)} by ${withdrawn.by}: ${withdrawn.because}${withdrawn.restoredMs === null ? '' : ` (restored ${formatTime(withdrawn.restoredMs)}: the same may be published anew)`}`,
                widthOf(),
              ),
            ],
      ),
      ...refusals.flatMap(({ subject, period, reason }) => [
        '',
        ...wrapLines(
          style(`${nameOf(subject)}, ${period}, cannot be published: ${reason}`, 'yellow'),
          widthOf(),
        ),
      ]),
      ...(events.length === 0 ? [] : ['', 'Events that were not delivered:']),
      ...events.flatMap(({ partner, id, state, tries, saying, dueMs }) =>
        wrapLines(
          `${partner}: ${state} after ${tries} ${tries === 1 ? 'try' : 'tries'}${saying === '' ? '' : `: ${saying}`}; ${state === 'waiting' ? 'next' : 'given up'} ${formatTime(dueMs)} (${id})`,
          widthOf(),
        ),
      ),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  } finally {
    db?.close();
  }
}
