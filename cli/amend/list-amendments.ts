import { listAmendments, type ListedAmendment } from '../../collector/journal/amendment-list.ts';
import { verifyJournal } from '../../collector/journal/sqlite-journal.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { fingerprint } from '../../protocols/evidence/keys.ts';
import { formatTime } from '../format.ts';
import { readConfiguredJournal, readKey } from '../journal-access.ts';
import { style } from '../screen.ts';
import { printLines } from './amend-print.ts';
import { openSite, requireMachine, type AmendSite } from './amend-site.ts';
import { findAmendment } from './find-amendment.ts';

/** Options of the subcommands that only read. */
export interface ReadOptions {
  config: string;
  json?: true;
}

/** `millwatt amend list`: every amendment in the order of entry, revoked ones too; the collector may run meanwhile. */
export function runList(options: ReadOptions & { machine?: string }): void {
  const site = openSite(options.config);
  try {
    const { machine } = options;
    if (machine !== undefined) requireMachine(site, machine);
    const amendments = read(site, options, machine);
    if (options.json) printJson({ ok: true, amendments });
    else printLines(amendments.length === 0 ? ['No amendments.'] : amendments.flatMap(listLines), options);
  } finally {
    site.close();
  }
}

/** `millwatt amend show ID`: all that is known of one, and the machine-hours that name it. */
export function runShow(id: string, options: ReadOptions): void {
  const site = openSite(options.config);
  try {
    const amendment = findAmendment(id, read(site, options));
    const hours = site
      .hours(amendment.machine, amendment.hours.fromMs ?? 0, amendment.hours.toMs ?? Number.MAX_SAFE_INTEGER)
      .filter(({ basis }) => basis.amendments.includes(amendment.id))
      .map(({ hourMs }) => hourMs);
    if (options.json) printJson({ ok: true, amendment, hoursMs: hours });
    else printLines(showLines(amendment, hours), options);
  } finally {
    site.close();
  }
}

/** `millwatt amend verify`: checks the whole journal; throws an error of class `refuse` where an entry is not sound. */
export function runVerify(options: ReadOptions): void {
  const site = openSite(options.config);
  site.close();
  const { publicKey } = readKey(site.dataFolder);
  const { entries, fault } = verifyJournal({ folder: site.dataFolder, publicKey });
  if (fault !== undefined)
    throw new MillwattError('refuse', 'journal-damaged', `${entries} entries are sound. ${fault}`, {
      cure: 'Stop the collector, put journal.db and collector-key.pem back from one backup (remove journal.db-wal and -shm first): what people decided cannot be computed again.',
    });
  const key = fingerprint(publicKey);
  if (options.json) printJson({ ok: true, entries, key });
  else printLines([`All ${entries} entries are as they were signed, by the collector key ${key}.`], options);
}

function read(site: AmendSite, { json }: ReadOptions, machine?: string): ListedAmendment[] {
  const journal = readConfiguredJournal(site.config, site.folder);
  try {
    // Programs read the list as the API gives it.
    return json ? listAmendments(journal, machine) : listAmendments(journal, machine, formatTime);
  } finally {
    journal.close();
  }
}

const STANDINGS = { 'in-force': 'in force', revoked: 'revoked', unknown: 'not understood' } as const;

function listLines({ id, standing, enteredMs, by, saying, reason, revocation }: ListedAmendment): string[] {
  return [
    style(
      `${id}  ${STANDINGS[standing]}  entered ${formatTime(enteredMs)} by ${by}`,
      standing === 'in-force' ? 'bold' : 'dim',
    ),
    `  ${saying}`,
    ...(reason === '' ? [] : [`  Because: ${reason}`]),
    ...(revocation === null
      ? []
      : [
          `  Revoked ${formatTime(revocation.enteredMs)} by ${revocation.by} (${revocation.id}): ${revocation.reason}`,
        ]),
  ];
}

function showLines(amendment: ListedAmendment, hoursMs: readonly number[]): string[] {
  const { seq, terms, hash, signature } = amendment;
  const [firstMs, lastMs] = [hoursMs[0], hoursMs.at(-1)];
  return [
    ...listLines(amendment),
    firstMs === undefined || lastMs === undefined
      ? '  No machine-hour names it so far.'
      : `  ${hoursMs.length} machine-hours name it, from ${formatTime(firstMs)} to that of ${formatTime(lastMs)}.`,
    `  Terms: ${JSON.stringify(terms)}`,
    `  Entry ${seq} of the journal, SHA-256 ${hash}`,
    `  Signature ${signature}`,
  ];
}

function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
