import { HOUR_MS } from '../../collector/energy/hour-account.ts';
import type { Amendment } from '../../collector/energy/amendment.ts';
import { findConflicts } from '../../collector/journal/amendment-conflicts.ts';
import type { AmendmentBody } from '../../collector/journal/amendment-body.ts';
import { hoursTouched, listAmendments } from '../../collector/journal/amendment-list.ts';
import { sayAmendment } from '../../collector/journal/amendment-saying.ts';
import { amendmentOf, amendmentsInForce } from '../../collector/journal/amendments-in-force.ts';
import type { Journal } from '../../collector/journal/journal.ts';
import { entryId } from '../../collector/journal/seal-entry.ts';
import { readFrozen } from '../../collector/ledger/frozen-store.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { formatTime } from '../format.ts';
import { openConfiguredJournal } from '../journal-access.ts';
import { exampleOf, SILENCE_MS } from './amend-example.ts';
import { openSite, requireComponent, requireMachine, type AmendSite } from './amend-site.ts';
import { termsOf, type TypedTerms } from './amend-terms.ts';
import { authorOf } from './author.ts';
import { confirm } from './confirm.ts';
import { printLines, sayEffect } from './amend-print.ts';
import { completeCommands } from '../complete-commands.ts';

/** Meters are looked for so long before and after. */
const AROUND_MS = 62 * 86_400_000;

/** Options of every subcommand that enters something. */
export interface EnterOptions {
  config: string;
  by?: string;
  yes?: true;
  json?: true;
}

/** `millwatt amend KIND MACHINE`: shows what it will do, asks, and enters it into the journal. */
export async function runAmend(
  kind: AmendmentBody['kind'],
  machine: string,
  options: TypedTerms & EnterOptions,
): Promise<void> {
  const site = openSite(options.config);
  try {
    // After the clocks of the site are taken: a time without zone is refused with what they would say.
    const body = termsOf(kind, options);
    requireMachine(site, machine);
    const journal = openConfiguredJournal(site.config, site.folder);
    try {
      await enter(site, journal, { machine, body, options });
    } finally {
      journal.close();
    }
  } finally {
    site.close();
  }
}

/** What is frozen stays as it is, and people should know before they sign. */
function sayFrozen({ dataFolder }: AmendSite, machine: string, fromMs: number): string[] {
  const frozen = readFrozen(dataFolder).find((one) => one.machine === machine);
  if (frozen === undefined || fromMs >= frozen.toMs) return [];
  return [
    `the readings of ${machine} before ${formatTime(frozen.toMs)} were let go (ledger.keep, ledger.maxSize): hours before that stay as they are, and this holds from then on.`,
  ];
}

async function enter(
  site: AmendSite,
  journal: Journal,
  { machine, body, options }: { machine: string; body: AmendmentBody; options: EnterOptions },
): Promise<void> {
  const inForce = readInForce(journal, machine);
  // What an earlier amendment made a component is one.
  const renamed = inForce.flatMap((amendment) => (amendment.kind === 'component' ? [amendment.becomes] : []));
  requireComponent(machine, body.component, [...site.components(machine), ...renamed]);
  const conflicts = requireConsistent(machine, body, inForce);

  const saying = sayAmendment(machine, body, formatTime);
  const { fromMs, toMs } = hoursTouched(body);
  const endMs = toMs ?? Number.MAX_SAFE_INTEGER;
  const example = exampleOf(
    body,
    { hours: site.hours(machine, fromMs, endMs), bases: basesOf(site, machine, body), inForce },
    formatTime,
  );
  const remarks = [
    ...conflicts.map((conflict) => conflict.saying),
    ...doubtMeters(site, machine, body),
    ...sayFrozen(site, machine, fromMs),
  ];
  // First what may be a mistake: the figure below it is read as the outcome.
  printLines([...remarks.map((remark) => `Mind: ${remark}`), saying, ...example], options);
  await confirm('Enter this amendment?', options);
  // While the question stood, somebody else may have decided the same.
  requireConsistent(machine, body, readInForce(journal, machine));

  const entry = journal.append({
    atMs: Date.now(),
    kind: 'amendment',
    machine,
    by: authorOf(options.by),
    body: { ...body },
  });
  const id = entryId(entry);
  const effect = await sayEffect(site);
  if (options.json) {
    const amendment = listAmendments(journal, machine).find((listed) => listed.id === id);
    process.stdout.write(
      `${JSON.stringify({ ok: true, id, amendment, example, remarks, effect }, null, 2)}\n`,
    );
  } else
    printLines(
      [
        `Entered as ${id}. ${effect}`,
        completeCommands(
          `It can be taken back with: millwatt amend revoke ${id}`,
          options.config,
          'collector',
        ),
      ],
      options,
    );
}

function readInForce(journal: Journal, machine: string): Amendment[] {
  return amendmentsInForce([...journal.entries('amendment', machine), ...journal.entries('revocation')]);
}

/** What is to be said of it beside others. Throws an error of class `refuse` (code `contradicts`) where both cannot be meant. */
function requireConsistent(
  machine: string,
  body: AmendmentBody,
  inForce: readonly Amendment[],
): ReturnType<typeof findConflicts> {
  const conflicts = findConflicts(amendmentOf('', machine, body), inForce);
  const refused = conflicts.find(({ refuses }) => refuses);
  if (refused === undefined) return conflicts;
  throw new MillwattError('refuse', 'contradicts', refused.saying, {
    cure: `Look at it with: millwatt amend show ${refused.id}. Where it is wrong: millwatt amend revoke ${refused.id}`,
  });
}

/** Minutes and decisions are asked for only where they are shown: a base is larger than its hour. */
function basesOf(site: AmendSite, machine: string, body: AmendmentBody) {
  const { fromMs, toMs } = hoursTouched(body);
  // An hour that is cut is shown only where no whole one is: at either end of a short time, or of all that was derived.
  if (body.kind === 'scale')
    return [fromMs, ...(toMs === null ? [] : [toMs - HOUR_MS])].flatMap((hourMs) =>
      site.bases(machine, hourMs, hourMs + HOUR_MS),
    );
  if (body.kind !== 'step' && body.kind !== 'meter-replaced') return [];
  return site.bases(machine, fromMs, (toMs ?? fromMs) + SILENCE_MS);
}

/** A misspelt name would do nothing, and nobody would notice. */
function doubtMeters(site: AmendSite, machine: string, body: AmendmentBody): string[] {
  if (body.kind !== 'same-meter') return [];
  const { component, fromMs, toMs } = body;
  const read = site.counters(machine, component, fromMs - AROUND_MS, (toMs ?? fromMs) + AROUND_MS);
  return [body.meter, body.is]
    .filter((name) => !read.some((counter) => counter === name || counter.startsWith(`${name} `)))
    .map(
      (name) =>
        `no counter of a meter "${name}" was read round this time; ${read.length === 0 ? 'none was' : `these were: ${read.join('; ')}`}.`,
    );
}
