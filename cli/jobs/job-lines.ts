import { group } from '../../collector/energy/allocation/say-figures.ts';
import type { JobGrouping } from '../../collector/reports/job-csv.ts';
import { sayBasis } from '../../collector/reports/period-basis.ts';
import type { JobReport } from '../../collector/reports/job-report.ts';
import { formatEnergy, formatSpan, formatTime } from '../format.ts';
import { style } from '../screen.ts';
import { explainLeftOut, renderTable, type TextColumn } from '../text-table.ts';
import { wrapLines } from '../text-wrap.ts';

const EXTENT_MARKS = { whole: '', 'at-least': '≥ ', cut: '' } as const;

/** The table for people: jobs, orders or parts, what no job got, and the sum; below it what had to be decided. */
export function jobLines(
  report: JobReport,
  by: JobGrouping,
  width: number,
  about: { explain: boolean; zoneOffsetMin?: number },
): string[] {
  const { machine, rule, window, totalMwh, unallocatedMwh } = report;
  const all = columnsOf(by);
  const found = (by === 'job' ? jobRows(report, about.zoneOffsetMin) : groupRows(report, by)).map((row) =>
    row.map(plain),
  );
  // What nobody told of any of them needs no column.
  const isTold = all.map(
    ({ spare }, index) => spare === undefined || found.some((row) => row[index] !== '' && row[index] !== '-'),
  );
  const columns = all.filter((_, index) => isTold[index]);
  const rows = [
    ...found.map((row) => row.filter((_, index) => isTold[index])),
    lastRow(columns, 'unallocated', unallocatedMwh, totalMwh),
    lastRow(columns, `${machine} in all`, totalMwh, totalMwh).map((cell) => style(cell, 'bold')),
  ];
  const provisional = report.windows.filter(({ status }) => status === 'provisional').length;
  const time = (atMs: number) => formatTime(atMs, about.zoneOffsetMin);
  return [
    ...wrapLines(
      `${machine}, ${time(report.fromMs)} to ${time(report.toMs)}: by ${rule} within each ${window}` +
        (provisional === 0 ? '' : `; ${provisional} of ${report.windows.length} provisional`),
      width,
    ).map((line) => style(line, 'dim')),
    ...renderTable(columns, rows, width),
    ...explainLeftOut(columns, rows, width, '--json or --csv'),
    ...notes(report, width),
    ...(about.explain ? explainLines(report, width) : []),
  ];
}

function columnsOf(by: JobGrouping): TextColumn[] {
  // What can be told from other columns goes first; what was made, and what that took, last.
  const made: TextColumn[] = [
    { title: 'energy', align: 'right' },
    { title: 'share', align: 'right', spare: 0 },
    { title: 'good', align: 'right' },
    { title: 'scrap', align: 'right', spare: 7 },
    { title: 'a good part', align: 'right' },
    { title: 'a kg', align: 'right', spare: 8 },
    { title: 'a cm3', align: 'right', spare: 6 },
  ];
  if (by !== 'job') return [{ title: by }, { title: 'jobs', spare: 3, wrap: 8 }, ...made];
  return [
    { title: 'job' },
    { title: 'order', spare: 3, wrap: 8 },
    { title: 'part', spare: 9, wrap: 8 },
    { title: 'begin', spare: 1, wrap: 10 },
    { title: 'time', align: 'right', spare: 2 },
    ...made,
    { title: 'U (k=2)', align: 'right', spare: 4 },
    { title: 'shared', align: 'right', spare: 5 },
  ];
}

function jobRows({ jobs, totalMwh }: JobReport, zoneOffsetMin?: number): string[][] {
  return jobs.map((job) => [
    job.id,
    job.order ?? '',
    job.part ?? '',
    formatTime(job.segments[0]?.fromMs ?? 0, zoneOffsetMin).slice(0, 16),
    formatSpan(job.energy.timeMs),
    EXTENT_MARKS[job.extent] + formatEnergy(job.energy.totalMwh),
    shareOf(job.energy.totalMwh, totalMwh),
    ...madeCells(job),
    job.uncertainty.expandedPercent === null ? '' : `${job.uncertainty.expandedPercent.toFixed(1)} %`,
    job.sharedMwh === null ? '' : formatEnergy(job.sharedMwh),
  ]);
}

function groupRows(report: JobReport, by: 'order' | 'part'): string[][] {
  return (by === 'order' ? report.orders : report.parts).map((one) => [
    one.name ?? '(not told)',
    one.jobs.join(' '),
    EXTENT_MARKS[one.extent] + formatEnergy(one.totalMwh),
    shareOf(one.totalMwh, report.totalMwh),
    ...madeCells(one),
  ]);
}

function madeCells({
  goodParts,
  scrapParts,
  perPart,
}: JobReport['jobs'][number] | JobReport['orders'][number]): string[] {
  const figure = (value: number | null) => (value === null ? '-' : formatEnergy(value * 1000));
  return [
    goodParts === null ? '-' : group(goodParts),
    scrapParts === null ? '-' : group(scrapParts),
    figure(perPart.perGoodPartWh.value),
    figure(perPart.perKgWh.value),
    perPart.perCm3Wh.value === null ? '-' : `${group(perPart.perCm3Wh.value)} Wh`,
  ];
}

function lastRow(columns: readonly TextColumn[], name: string, mwh: number, totalMwh: number): string[] {
  return columns.map(({ title }, index) =>
    index === 0
      ? name
      : title === 'energy'
        ? formatEnergy(mwh)
        : title === 'share'
          ? shareOf(mwh, totalMwh)
          : '',
  );
}

function shareOf(mwh: number, totalMwh: number): string {
  return totalMwh === 0 ? '-' : `${((100 * mwh) / totalMwh).toFixed(1)} %`;
}

/** What stands beside the table: extents, shares of shared loads, media, and what had to be decided. */
function notes(report: JobReport, width: number): string[] {
  const lines = [
    ...report.jobs.flatMap(({ extentSaying }) => (extentSaying === '' ? [] : [extentSaying])),
    ...report.windows.flatMap(({ name, shared, media }) => [
      ...shared.map(({ saying }) => `${name}, shared, apart from the above: ${saying}`),
      ...Object.values(media).map(({ saying }) => `${name}, media: ${saying}`),
    ]),
    ...report.remarks.map(({ saying }) => saying),
    ...(report.basis.amendments.length === 0 ? [] : [`rests on ${sayBasis(report.basis)}`]),
  ];
  if (lines.length === 0) return [];
  return [
    '',
    ...lines.flatMap((line) => wrapLines(plain(`- ${line}`), width)).map((line) => style(line, 'dim')),
  ];
}

/** The arithmetic of every figure, to be checked with a pocket calculator. */
function explainLines(report: JobReport, width: number): string[] {
  const lines = [
    ...report.windows.flatMap(({ name, rows, totalMwh, allocatedMwh, unallocatedMwh }) => [
      '',
      `${name}: ${formatEnergy(totalMwh)} = ${formatEnergy(allocatedMwh)} of jobs + ${formatEnergy(unallocatedMwh)} unallocated`,
      ...rows.map(({ saying }) => `  ${saying}`),
    ]),
    ...report.jobs.flatMap(({ id, perPart, split, uncertainty, sharedSayings }) => [
      '',
      `job ${id}`,
      ...[perPart.perGoodPartWh, perPart.scrapWh, perPart.perKgWh, perPart.perCm3Wh].flatMap(
        ({ value, saying }) => (value === null ? [] : [`  ${saying}`]),
      ),
      ...split.sayings.map((saying) => `  ${saying}`),
      `  ${uncertainty.saying}`,
      ...sharedSayings.map((saying) => `  ${saying}`),
    ]),
    '',
    `rests on ${sayBasis(report.basis)}, ${report.basis.allocation}, plan ${report.basis.plan.slice(0, 12)}, ${report.basis.marks.told} marks told` +
      ` (${report.basis.marks.withdrawn} taken back), ${report.basis.marks.fromControl} of the control`,
  ];
  return lines.flatMap((line) => wrapLines(plain(line), width, 4));
}

/** Names come from outside, and may hold a terminal's own commands. */
function plain(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}
