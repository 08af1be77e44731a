import { expect, it } from 'vitest';
import { readJobCsv } from '../../cli/jobs/job-csv-rows.ts';
import { completeIds } from '../../cli/jobs/marks-command.ts';
import { openZone } from '../../collector/energy/calendar/zone.ts';
import { readToldMark } from '../../collector/reports/job-told-mark.ts';

const NOW_MS = Date.UTC(2026, 2, 3);
const BERLIN = openZone('Europe/Berlin');

function idsOf(...rows: string[]): string[] {
  const { marks, bad } = readJobCsv(['job;channel;begin;end', ...rows].join('\n'), BERLIN, NOW_MS);
  expect(bad).toEqual([]);
  return marks.map(({ mark }) => mark.id);
}

it('names rows without an id by job, path and begin, as a person reads them', () => {
  expect(idsOf('4711/10;;2026-03-02 06:30;2026-03-02 09:10')).toEqual([
    '4711/10@2026-03-02T05:30Z/begin',
    '4711/10@2026-03-02T05:30Z/end',
  ]);
  expect(idsOf('4711/10;path2;2026-03-02 06:30:15;')).toEqual(['4711/10:path2@2026-03-02T05:30:15Z/begin']);
  // The same row has the same ids, however its time is written, and names that look alike have others.
  expect(idsOf('A;;2026-03-02T05:30Z;')).toEqual(idsOf('A;;2026-03-02 06:30;'));
  const alike = idsOf(
    'Flansch grün;;2026-03-02 06:30;',
    'Flansch gr?n;;2026-03-02 06:30;',
    '#1;;2026-03-02 06:30;',
  );
  expect(new Set(alike).size).toBe(3);
  expect(alike[0]).toMatch(/^Flansch_gr_n-[0-9a-f]{8}@2026-03-02T05:30Z\/begin$/);
  expect(alike[2]).toMatch(/^x_1-[0-9a-f]{8}@/);
});

it('completes the beginning of an id, and refuses one that several have', () => {
  const marks = idsOf('A;;2026-03-02 06:30;2026-03-02 07:00', 'B;;2026-03-02 07:30;').map((id) => ({
    mark: { id, kind: 'begin' as const, atMs: 0, channel: '', job: 'A', order: null, part: null },
    withdrawn: null,
  }));
  const [begin = '', end = '', other = ''] = marks.map(({ mark }) => mark.id);
  expect(completeIds(marks, ['B', begin, 'A@2026-03-02T05:30Z/e', 'nothing'])).toEqual([
    other,
    begin,
    end,
    'nothing',
  ]);
  expect(() => completeIds(marks, ['A@'])).toThrow(`2 marks begin with A@: ${begin}, ${end}.`);
  // What was taken back stands in no one's way.
  const [first, ...rest] = marks;
  expect(completeIds([{ ...first!, withdrawn: { atMs: 0, by: 'x' } }, ...rest], ['A'])).toEqual([end]);
});

it('names a wrong kind and a time without its zone at once', () => {
  const read = readToldMark({ id: 'a', kind: 'start', at: '2026-03-02T06:30:00', job: '1' }, NOW_MS);
  expect('faults' in read ? read.faults.map(({ field }) => field) : []).toEqual(['kind', 'at']);
});

it('refuses a time without zone where no calendar says on which clocks it is', () => {
  const text = 'job;begin;end\n4711;2026-03-02 06:30;\n4712;2026-03-02T06:30:00+01:00;';
  const { marks, bad } = readJobCsv(text, null, NOW_MS);
  expect(marks.map(({ mark }) => mark)).toMatchObject([{ job: '4712', atMs: Date.UTC(2026, 2, 2, 5, 30) }]);
  expect(bad).toMatchObject([
    { line: 2, column: 'begin', cure: expect.stringMatching(/calendar: .*\+01:00/) },
  ]);
});
