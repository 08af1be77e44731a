import type { CommissionCheck } from '../../collector/diagnostics/commission-result.ts';
import { metersChanged, type MeteredAs } from '../../collector/diagnostics/metered-as.ts';
import type { JournalEntry } from '../../collector/journal/journal.ts';
import { entryId } from '../../collector/journal/seal-entry.ts';
import type { KeptCommissioning } from '../../collector/reports/commission-evidence.ts';
import type { CommissionReport } from '../../collector/reports/commission-report.ts';
import { formatTime } from '../format.ts';
import { style } from '../screen.ts';
import { wrapLines } from '../text-wrap.ts';

const MARKS = {
  pass: ['pass   ', 'green'],
  warning: ['warning', 'yellow'],
  fail: ['fail   ', 'red'],
  'not-checkable': ['open   ', 'dim'],
} as const;
const MINUTE_MS = 60_000;
/** Columns that a mark and the blanks behind it take. */
const MARK_WIDTH = 9;

const VERDICTS: Readonly<Record<CommissionReport['result']['verdict'], string>> = {
  passed: 'Passed: what is open or warned of above does not touch direction, ratio or counter.',
  failed: 'Failed: cure what is marked, then commission again.',
  incomplete:
    'Incomplete: nothing failed, but direction, ratio or counter of the supply could not be checked.',
};

/** A commissioning as a report for people. */
export function commissionLines(
  { result, configs, records, meters }: CommissionReport,
  entry: Pick<JournalEntry, 'seq' | 'hash' | 'by' | 'atMs'>,
  width: number,
  zoneOffsetMin?: number,
): string[] {
  const { machine, fromMs, toMs, minutes, checks, verdict, algorithm } = result;
  return [
    style(`Commissioning of ${machine}`, 'bold'),
    `${formatTime(fromMs, zoneOffsetMin)} to ${formatTime(toMs, zoneOffsetMin)}, ${minutes} of ${Math.round((toMs - fromMs) / MINUTE_MS)} minutes with readings`,
    ...meters.map(sayMeter),
    '',
    ...checks.flatMap((check) => sayCheck(check, width)),
    '',
    ...wrapLines(VERDICTS[verdict], width, 0).map((line) => style(line, 'bold')),
    ...wrapLines(
      `Kept as entry ${entryId(entry)} (${entry.seq}) by ${entry.by}; it rests on ${records
        .map(({ agent, epoch, from, to }) => `records ${from} to ${to} of ${agent} (${epoch.slice(0, 8)})`)
        .join(
          ', ',
        )} and ${configs.length} config ${configs.length === 1 ? 'snapshot' : 'snapshots'}, ${algorithm}.`,
      width,
      0,
    ),
  ];
}

function sayMeter({ source, serial, ct, vt, profile }: MeteredAs): string {
  const facts = [
    serial === null ? 'no serial' : `serial ${serial}`,
    ct === null ? 'transformers not told' : `transformers ${ct}`,
    ...(vt === null ? [] : [`voltage transformers ${vt}`]),
    ...(profile === null ? [] : [profile]),
  ];
  return `${source}: ${facts.join(', ')}`;
}

function sayCheck({ check, component, result, saying, cure }: CommissionCheck, width: number): string[] {
  const [mark, colour] = MARKS[result];
  const subject = component === 'machine' ? check : `${component} ${check}`;
  return [`${subject}: ${saying}`, ...(cure === '' || result === 'pass' ? [] : [`cure: ${cure}`])]
    .flatMap((text) => wrapLines(text, width - MARK_WIDTH, 0))
    .map((line, index) => `${index === 0 ? `${style(mark, colour)}  ` : ' '.repeat(MARK_WIDTH)}${line}`);
}

/** Earlier commissionings of a machine, the newest last, and whether the last one still stands. */
export function keptLines(
  machine: string,
  kept: readonly KeptCommissioning[],
  now: readonly MeteredAs[],
  width: number,
  zoneOffsetMin?: number,
): string[] {
  const last = kept.at(-1);
  if (last === undefined) return [`${machine} was never commissioned.`];
  const changes = metersChanged(last.evidence.meters, now);
  return [
    ...kept.flatMap(({ entry, evidence }) => {
      const failed = evidence.checks.filter(({ result }) => result === 'fail');
      const note = evidence.note === '' ? '' : `: ${evidence.note}`;
      return [
        ...wrapLines(
          `${entryId(entry)}  ${formatTime(entry.atMs, zoneOffsetMin)}  ${evidence.verdict} by ${entry.by}${note}`,
          width,
        ),
        ...failed.flatMap(({ check, component, saying }) =>
          wrapLines(`  ${component} ${check}: ${saying}`, width),
        ),
      ];
    }),
    ...wrapLines(
      changes.length === 0
        ? 'The metering is still the one of the last.'
        : `Commission again: ${changes.join('; ')}.`,
      width,
    ),
  ];
}
