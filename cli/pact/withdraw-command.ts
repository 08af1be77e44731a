import { existsSync, lchownSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { EventQueue } from '../../collector/pact/event-queue.ts';
import { FootprintBook, type BookedFootprint } from '../../collector/pact/footprint-book.ts';
import { openPactFile, pactPath, readPactFile } from '../../collector/pact/pact-file.ts';
import { createTeller } from '../../collector/pact/tell-partners.ts';
import type { CollectorConfig } from '../../config/collector-config.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { silentLog } from '../../protocols/log.ts';
import { usageError } from '../../protocols/modbus/scan/scan-target.ts';
import { printLines } from '../amend/amend-print.ts';
import { authorOf } from '../amend/author.ts';
import { confirm } from '../amend/confirm.ts';
import { takeSiteClock } from '../site-clock.ts';

interface WithdrawOptions {
  config: string;
  because: string;
  by?: string;
  yes?: true;
  json?: true;
}

const PREFIX_LENGTH_MIN = 8;

/** `millwatt pact withdraw ID`: partners find the footprint deprecated, and are told; the collector may run meanwhile. */
export async function runPactWithdraw(id: string, options: WithdrawOptions): Promise<void> {
  const because = options.because.trim();
  if (because.length < 3 || because.length > 500)
    throw usageError(`--because has ${because.length} characters.`, 'Say why in 3 to 500.');
  await change(id, options, {
    say: (found) => [
      ...aboutOf(found),
      'Partners find it Deprecated then, and those that may see it are told of that, not why. It cannot be undone: what is restored is a new issue.',
    ],
    question: 'Withdraw it?',
    act: (found, { book, queue }, { pact }) => {
      let told: string[] = [];
      const tell = createTeller({
        url: pact?.url.replace(/\/$/, '') ?? '',
        partners: (pact?.partners ?? []).map(({ id: partner, sees, events = null }) => ({
          id: partner,
          sees,
          events,
        })),
        queue,
        wallMs: () => Date.now(),
        log: silentLog,
      });
      book.withdraw(found.id, { atMs: Date.now(), by: authorOf(options.by), because }, (changed) => {
        told = tell(changed);
      });
      return {
        result: { told },
        lines: [
          `It is withdrawn. ${told.length === 0 ? 'No partner is to be told.' : `The collector tells ${told.join(', ')} within seconds, or when it runs again.`}`,
          'The same is not published again unless you restore it: millwatt pact restore. Once it would say something else, that is published.',
        ],
      };
    },
  });
}

/** `millwatt pact restore ID`: the same may be published anew. */
export async function runPactRestore(id: string, options: Omit<WithdrawOptions, 'because'>): Promise<void> {
  await change(id, options, {
    say: aboutOf,
    question: 'Publish the same anew?',
    act: (found, { book }) => {
      book.restore(found.id, Date.now());
      return {
        result: {},
        lines: [
          'The collector publishes it anew within the hour, as a new issue that names this one, where pact.publish offers it still.',
        ],
      };
    },
  });
}

async function change(
  id: string,
  options: Omit<WithdrawOptions, 'because'>,
  {
    say,
    question,
    act,
  }: {
    say: (found: BookedFootprint) => string[];
    question: string;
    act: (
      found: BookedFootprint,
      stores: { book: FootprintBook; queue: EventQueue },
      config: CollectorConfig,
    ) => { result: object; lines: string[] };
  },
): Promise<void> {
  const { config, folder } = loadCollectorConfig(options.config);
  takeSiteClock(config);
  const dataFolder = resolve(folder, config.data);
  const found = find(id, dataFolder);
  printLines(say(found), options);
  await confirm(question, options);
  const db = openPactFile(dataFolder);
  try {
    giveBack(dataFolder);
    const { result, lines } = act(found, { book: new FootprintBook(db), queue: new EventQueue(db) }, config);
    if (options.json)
      process.stdout.write(`${JSON.stringify({ ok: true, id: found.id, ...result }, null, 2)}\n`);
    else printLines(lines, options);
  } finally {
    db.close();
  }
}

function find(id: string, dataFolder: string): BookedFootprint {
  const db = readPactFile(dataFolder);
  try {
    const asked = id.toLowerCase();
    const all = db === undefined ? [] : new FootprintBook(db).all();
    const [found, another] = all.filter(
      (one) => one.id === asked || (asked.length >= PREFIX_LENGTH_MIN && one.id.startsWith(asked)),
    );
    if (found !== undefined && another === undefined) return found;
    throw new MillwattError(
      'refuse',
      'no-published',
      found === undefined
        ? `There is no published footprint ${id}.`
        : `Several published footprints begin with ${id}.`,
      { cure: 'Take an id that `millwatt pact` lists, or its first eight characters or more.' },
    );
  } finally {
    db?.close();
  }
}

function aboutOf({ id, subject, issue, created }: BookedFootprint): string[] {
  const [kind = '', name = '', machine = '', from = '', to = ''] = subject.split('\n');
  return [
    `Footprint ${id}: ${kind} ${name}${machine === '' ? '' : ` on ${machine}`}, ${from} to ${to}, issue ${issue}, published ${created}.`,
  ];
}

/** What an administrator makes belongs to the user whose data it is. */
function giveBack(dataFolder: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dataFolder);
  for (const ending of ['', '-wal', '-shm']) {
    const path = pactPath(dataFolder) + ending;
    if (existsSync(path)) lchownSync(path, uid, gid);
  }
}
