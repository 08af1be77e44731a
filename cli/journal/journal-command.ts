import {
  ENTRY_KINDS,
  type EntryKind,
  type JournalEntry,
  type JournalReader,
} from '../../collector/journal/journal.ts';
import { listEntry, type ListedEntry } from '../../collector/reports/journal-listing.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { usageError } from '../../protocols/modbus/scan/scan-target.ts';
import { formatTime } from '../format.ts';
import { readConfiguredJournal } from '../journal-access.ts';
import { style, widthOf } from '../screen.ts';
import { readSiteTime, takeSiteClock } from '../site-clock.ts';
import { wrapLines } from '../text-wrap.ts';
import { journalLines } from './journal-lines.ts';

/** Entries that are read at once: years of job marks need not be in memory. */
const PAGE = 1000;

interface JournalOptions {
  config: string;
  machine?: string;
  kind?: string;
  from?: string;
  to?: string;
  json?: true;
}

/** `millwatt journal`: who told and decided what, in the order of entry; the collector may run meanwhile. */
export function runJournal(options: JournalOptions): void {
  const { config, folder } = loadCollectorConfig(options.config);
  const { calendar, saying } = takeSiteClock(config);
  const kind = readKind(options.kind);
  const time = (text: string | undefined, option: string) =>
    text === undefined ? undefined : readSiteTime(text, option, calendar);
  const [fromMs, toMs] = [time(options.from, '--from'), time(options.to, '--to')];
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs)
    throw usageError('--from is not before --to.', 'Exchange them.');
  const journal = readConfiguredJournal(config, folder);
  try {
    const entries = readPages(journal, { kind, machine: options.machine, fromMs, toMs });
    if (options.json) printJson(entries);
    else printText(entries, { marksApart: kind === 'job', saying });
  } finally {
    journal.close();
  }
}

function* readPages(
  journal: Pick<JournalReader, 'page'>,
  query: Omit<Parameters<JournalReader['page']>[0], 'limit' | 'afterSeq'>,
): Generator<JournalEntry> {
  for (let afterSeq = 0; ;) {
    const page = journal.page({ ...query, afterSeq, limit: PAGE });
    yield* page;
    if (page.length < PAGE) return;
    afterSeq = page.at(-1)?.seq ?? afterSeq;
  }
}

/** One entry a line, so that a long journal is never one text. */
function printJson(entries: Iterable<JournalEntry>): void {
  let before = '{"ok":true,"entries":[\n';
  for (const entry of entries) {
    process.stdout.write(`${before}${JSON.stringify(listEntry(entry))}`);
    before = ',\n';
  }
  process.stdout.write(before === ',\n' ? '\n]}\n' : `${before}]}\n`);
}

function printText(
  entries: Iterable<JournalEntry>,
  { marksApart, saying }: { marksApart: boolean; saying: string },
): void {
  const width = widthOf();
  let count = 0;
  const listed = function* (): Generator<ListedEntry> {
    for (const entry of entries) {
      count++;
      yield listEntry(entry, formatTime);
    }
  };
  for (const line of journalLines(listed(), width, { marksApart })) process.stdout.write(`${line}\n`);
  const lines =
    count === 0
      ? ['No entries.']
      : wrapLines(`${count} ${count === 1 ? 'entry' : 'entries'}, ${saying}`, width);
  process.stdout.write(`${lines.map((line) => style(line, 'dim')).join('\n')}\n`);
}

function readKind(text: string | undefined): EntryKind | undefined {
  const kind = ENTRY_KINDS.find((known) => known === text);
  if (text === undefined || kind !== undefined) return kind;
  throw usageError(`--kind ${JSON.stringify(text)} is not known.`, `Use ${ENTRY_KINDS.join(', ')}.`);
}
