import type { Comparison, Difference } from '../../collector/derivation/compare-views.ts';
import type { DaysVerdict } from '../../collector/evidence/days/check-days.ts';
import type { JournalVerdict } from '../../collector/journal/sqlite-journal.ts';
import type { LedgerVerdict } from '../../collector/ledger/verify-ledger.ts';
import { renderTable } from '../text-table.ts';
import { daysLines } from './verify-days.ts';
import type { Heads } from './heads-file.ts';

/** Everything that was looked at. */
export interface Verified {
  ledger: LedgerVerdict;
  journal: JournalVerdict;
  days: DaysVerdict;
  /** With --derive. */
  derived?: Comparison;
  /** With --since. */
  since?: Heads;
}

/** True when nothing was found. */
export function isSound({ ledger, journal, days, derived }: Verified): boolean {
  const isSigned = ledger.faults === 0 && journal.fault === undefined && days.faults.length === 0;
  return isSigned && (derived?.differences ?? 0) === 0;
}

/** What to do where something was found, in the order in which to do it. */
export function cureOf({ ledger, journal, days, derived }: Verified): string {
  const steps: string[] = [];
  const isGap =
    ledger.firstFaults.length === ledger.faults && ledger.firstFaults.every(({ code }) => code === 'gap');
  if (ledger.faults > 0)
    steps.push(
      isGap
        ? 'An agent may still deliver what is missing: look again when it has caught up. If it does not, restore the ledger from a backup.'
        : 'Stop the collector, put the files named above back from a backup (remove the -wal and -shm beside them first), delete views.db in its data folder and start it again.',
    );
  if (journal.fault !== undefined)
    steps.push(
      'Stop the collector, put journal.db and collector-key.pem back from one backup (remove journal.db-wal and -shm first): what people decided cannot be computed again.',
    );
  if (days.faults.length > 0)
    steps.push(
      'Days were signed when they ended, and cannot be signed so again: put ledger/ and days.db back from one backup (the collector stopped, their -wal and -shm removed). Where only days.db is lost, remove it: days are signed anew at the next start, by then.',
    );
  if (derived !== undefined && derived.differences > 0)
    steps.push(
      ledger.faults > 0 && !isGap
        ? 'Figures that differ may be those of damaged records: look at them again after that.'
        : 'Where the configuration is the one that the collector runs with: stop it, delete views.db in its data folder and start it. All figures are computed again from the ledger; what is not in it was never measured.',
    );
  return steps.join(' ');
}

/** What was found, for people. */
export function verifiedLines(verified: Verified, width: number): string[] {
  const { ledger, journal, days, derived, since } = verified;
  return [
    ...renderTable(
      [
        { title: 'file' },
        { title: 'agent' },
        { title: 'records', align: 'right' },
        { title: 'readings', align: 'right' },
        { title: 'faults', align: 'right' },
      ],
      ledger.months.map((month) => [
        month.file,
        month.agent,
        String(month.records),
        String(month.samples),
        String(month.faults),
      ]),
      width,
    ),
    '',
    ...ledger.heads.map(
      ({ agent, epoch, seq, hash }) => `Head of ${agent}, epoch ${epoch}: record ${seq}, ${hash}`,
    ),
    `Head of the journal: ${journal.entries === 0 ? 'no entry' : `entry ${journal.entries}, ${journal.hash}`}`,
    '',
    ...(ledger.faults === 0
      ? [
          `All ${ledger.records} records are as their agents signed them, and follow each other without a gap${ledger.gone.length === 0 ? '' : ' but for those that their agents account for'}.`,
        ]
      : [
          `The ledger has ${ledger.faults} ${ledger.faults === 1 ? 'fault' : 'faults'}${ledger.faults > ledger.firstFaults.length ? `; the first ${ledger.firstFaults.length}` : ''}:`,
          ...ledger.firstFaults.map(({ says, file }) =>
            file === '' || says.includes(file) ? `  ${says}` : `  ${says} (${file})`,
          ),
        ]),
    ...headOnlyLines(ledger),
    ...goneLines(ledger),
    journal.fault === undefined
      ? `All ${journal.entries} entries of the journal are as they were signed.`
      : `${journal.entries} entries of the journal are sound. ${journal.fault}`,
    ...daysLines(days),
    ...(since === undefined || !isSound({ ledger, journal, days })
      ? []
      : [`All that was noted on ${since.noted} is still there.`]),
    ...(derived === undefined ? [] : comparisonLines(derived)),
  ];
}

/** Stretches of records that are gone and named one by one. */
const GONE_NAMED_MAX = 20;

function headOnlyLines({ months }: LedgerVerdict): string[] {
  const count = months.reduce((sum, { headOnly }) => sum + headOnly, 0);
  if (count === 0) return [];
  return [
    `Of ${count} of them only header and signature are kept (ledger.keep, ledger.maxSize): their place in the chain is proved, their readings are gone.`,
  ];
}

function goneLines({ gone }: LedgerVerdict): string[] {
  const lines = gone.slice(0, GONE_NAMED_MAX).map(({ agent, epoch, from, to, fate }) => {
    const range = from === to ? `Record ${from}` : `Records ${from} to ${to}`;
    const were = from === to ? 'was' : 'were';
    return fate === 'thinned'
      ? `${range} of ${agent} in epoch ${epoch} ${were} thinned by the agent, which signed the record in their place.`
      : `${range} of ${agent} in epoch ${epoch} ${were} dropped by the agent, which says so in its signed log.`;
  });
  const more = gone.length - lines.length;
  return more === 0 ? lines : [...lines, `... and ${more} more such stretches.`];
}

function comparisonLines(derived: Comparison): string[] {
  const { hours, provisional, hoursThatDiffer, differences, firstDifferences } = derived;
  const open = provisional === 0 ? '' : ` ${provisional} that are still open were left out.`;
  if (differences === 0)
    return [`All ${hours} final hours, computed anew from the ledger, are as they are stored.${open}`];
  const isAll = firstDifferences.length === differences;
  return [
    `Of ${hours} final hours, ${hoursThatDiffer} ${hoursThatDiffer === 1 ? 'is' : 'are'} stored with other figures than the ledger gives.${open} ${isAll ? 'They are' : `Of ${differences} figures, some are`}:`,
    ...firstDifferences.map(sayDifference),
  ];
}

function sayDifference({ machine, hourMs, field, stored, computed }: Difference): string {
  const at = new Date(hourMs).toISOString().replace(':00.000Z', 'Z');
  return `  ${machine} ${at} ${field}: stored ${sayValue(stored)}, computed ${sayValue(computed)}`;
}

function sayValue(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
