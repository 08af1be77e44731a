import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import { medianOf } from './nist-comparison.ts';
import { readRecordedDay, type RecordedDay } from './nist-day.ts';
import { expectedWords, renderReport, reportDay, SHARE, type DayReport } from './nist-report.ts';
import { sharedFile } from '../support/shared-files.ts';

/** Other days of the same kind can be judged with the same command. */
const FOLDER = process.env['MILLWATT_NIST_DAYS'] ?? sharedFile('data/mtconnect-nist-mazak');
const PROBE = 'Devices.xml';
const FALLBACK_PROBE = sharedFile('data/mtconnect-nist-mazak/Devices.xml');
const MEDIAN_SHARE = 0.005;

const files = existsSync(FOLDER)
  ? readdirSync(FOLDER).filter((name) => /^Mazak\d+-.*\.txt(\.gz)?$/u.test(name))
  : [];
const devicesFile = existsSync(join(FOLDER, PROBE)) ? join(FOLDER, PROBE) : FALLBACK_PROBE;

describe.skipIf(files.length === 0)('recorded days of real machines, served as an MTConnect agent', () => {
  const reports: DayReport[] = [];
  afterAll(() => {
    const ratios = reports.flatMap(({ comparison }) => comparison.ratio ?? []);
    process.stdout.write(`${renderReport(reports)}\n\nmedian ratio ${medianOf(ratios).toFixed(4)}\n`);
  });

  test.each(files)(
    '%s: processing time is what the control counted, or the lines are named that say otherwise',
    async (file) => {
      const day = await readRecordedDay({ file: join(FOLDER, file), devicesFile });
      const report = reportDay(day);
      reports.push(report);
      expectWhole(day);
      expectEveryWord(day);
      expect(report.explanation.isExplained, report.causes.join('\n')).toBe(true);
      const { ratio } = report.comparison;
      if (ratio !== null && Math.abs(ratio - 1) > SHARE) expect(report.causes).not.toEqual([]);
    },
    120_000,
  );

  test('over all days the middle one is right', () => {
    const ratios = reports.flatMap(({ comparison }) => comparison.ratio ?? []);
    expect(reports).toHaveLength(files.length);
    // Of fewer days there is no middle: each was judged by itself.
    if (files.length < 5) return;
    expect(Math.abs(medianOf(ratios) - 1), renderReport(reports)).toBeLessThanOrEqual(MEDIAN_SHARE);
  });
});

/** Spans follow each other from the first poll to the last word; hours are their sums. */
function expectWhole({ spans, hours, fromMs, toMs, links, words }: RecordedDay): void {
  expect(spans[0]?.fromMs).toBe(fromMs);
  const wordMs = Math.max(...[...words.values()].map((one) => one.words.at(-1)?.atMs ?? 0));
  expect(spans.at(-1)!.toMs).toBeGreaterThanOrEqual(wordMs);
  expect(spans.at(-1)!.toMs).toBeLessThanOrEqual(toMs);
  spans.slice(1).forEach((span, index) => expect(span.fromMs).toBe(spans[index]!.toMs));
  const spanMs = spans.reduce((sum, span) => sum + span.toMs - span.fromMs, 0);
  expect(hours.reduce((sum, hour) => sum + hour.spanMs, 0)).toBe(spanMs);
  for (const state of OPERATING_STATES)
    expect(
      hours.reduce((sum, hour) => sum + hour.timeMs[state], 0),
      state,
    ).toBe(
      spans.filter((span) => span.state === state).reduce((sum, span) => sum + span.toMs - span.fromMs, 0),
    );
  // The control answered all day.
  expect(links.map(({ up }) => up)).toEqual([true]);
}

/** Every change of a word that is read is in the ledger once, in file order, at its own time. */
function expectEveryWord(day: RecordedDay): void {
  const byStatus = new Set<string>();
  for (const [itemId, { channel, words }] of day.words) {
    byStatus.add(channel.name ?? channel.status);
    const expected = expectedWords(day, itemId);
    // Alarms of one item are told together: their words are not those of the log.
    if (channel.status === 'condition') {
      expect(words.length).toBeGreaterThan(0);
      continue;
    }
    if (expected.length === 0) continue;
    const kept = words.map(({ value }) => (value === null ? 'UNAVAILABLE' : String(value)));
    // Thousands of words make no message: the first that is not as it should be does.
    const row = expected.findIndex(({ value }, index) => kept[index] !== value);
    if (row >= 0)
      expect.fail(
        `${channel.id}: line ${expected[row]!.line} says ${expected[row]!.value}, the ledger ${kept.slice(row, row + 3).join(', ')}`,
      );
    expect(kept.length, channel.id).toBe(expected.length);
    let latestMs = -Infinity;
    words.forEach(({ atMs }, index) => {
      const { timeMs, dueMs, line } = expected[index]!;
      // Not before what was told of the channel already, not before anybody listened, and never later than it was known.
      const earliestMs = Math.max(timeMs, latestMs, day.fromMs);
      expect(atMs, `${channel.id}, line ${line}`).toBeGreaterThanOrEqual(earliestMs);
      expect(atMs, `${channel.id}, line ${line}`).toBeLessThanOrEqual(Math.max(dueMs, day.fromMs));
      latestMs = atMs;
    });
  }
  for (const name of ['execution', 'mode', 'auto_time', 'total_time']) expect(byStatus).toContain(name);
}
