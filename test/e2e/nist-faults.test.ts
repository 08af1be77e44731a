import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { simulatedClock } from '../../protocols/clock.ts';
import { openRecorded, runLine, type RecordedDay } from './nist-day.ts';
import { expectedWords, reportDay } from './nist-report.ts';
import { sharedFile } from '../support/shared-files.ts';

const FOLDER = sharedFile('data/mtconnect-nist-mazak');
const DAY = {
  file: `${FOLDER}/Mazak01-20161129-20161130.txt.gz`,
  devicesFile: `${FOLDER}/Devices.xml`,
};
const SPEED = 60;
const MINUTE_MS = 60_000;
/** Of the recorded day, a time in which the machine works on and off. */
const FROM = 'T11:25:00Z';
const SPAN_MS = 24 * MINUTE_MS;
/** About three minutes of this machine. */
const BUFFER_SIZE = 800;
/** Two real seconds: what a stream that is read once a second may be behind, and how sure its times are. */
const SLACK_MS = 2000 * SPEED;

describe.skipIf(!existsSync(DAY.file))('a recorded control that is read as a stream, and misbehaves', () => {
  let day: RecordedDay;

  beforeAll(async () => {
    const recorded = openRecorded(DAY);
    const last = new Date(recorded.log.told.at(-1)!.timeMs).toISOString();
    const fromMs = Date.parse(last.slice(0, 10) + FROM);
    // Time stands until the first values are read.
    const time = { originMs: fromMs, startMs: Number.MAX_SAFE_INTEGER, speed: SPEED, untilNow: false };
    const clock = simulatedClock(time);
    const until = async (ms: number) => {
      while (clock.wallMs() < fromMs + ms) await sleep(20);
    };
    day = await runLine(
      {
        ...recorded,
        clock,
        fromMs,
        source: 'mode: stream, every: 1s, heartbeat: 1s',
        bufferSize: BUFFER_SIZE,
      },
      async ({ source, agent }) => {
        await agent.pollAll();
        time.startMs = Date.now();
        await until(4 * MINUTE_MS);
        source.dropConnections();
        await until(8 * MINUTE_MS);
        source.restart();
        await until(12 * MINUTE_MS);
        source.silence(true);
        await until(18 * MINUTE_MS);
        source.silence(false);
        await until(SPAN_MS);
      },
    );
  }, 90_000);

  test('every loss is a gap with its reason, and the agent comes back by itself', () => {
    const reasons = day.links.filter(({ up }) => !up).map(({ reason }) => reason);
    expect(reasons).toContain('restarted');
    expect(reasons).toContain('overrun');
    expect(day.links.at(-1)).toMatchObject({ up: true });
    const lost = lostStretches(day);
    expect(lost.length).toBeGreaterThanOrEqual(2);
    // Nobody claims to know what went on while nobody could.
    const { fromMs, toMs } = lost.reduce((a, b) => (b.toMs - b.fromMs > a.toMs - a.fromMs ? b : a));
    expect(toMs - fromMs).toBeGreaterThan(5 * MINUTE_MS);
    const states = new Set(
      day.spans
        .filter((span) => span.fromMs < toMs && span.toMs > fromMs + SLACK_MS)
        .map(({ state }) => state),
    );
    expect(states).toContain('unknown');
  });

  test('what was told is kept once, in order and at its own time; what is missing was lost in a gap', () => {
    const lost = lostStretches(day);
    const isLost = (atMs: number) =>
      lost.some(({ fromMs, toMs }) => atMs >= fromMs - SLACK_MS && atMs <= toMs + SLACK_MS);
    for (const name of ['execution', 'auto_time', 'total_time']) {
      const [itemId, { words }] = [...day.words].find(
        ([, { channel }]) => (channel.name ?? channel.status) === name,
      )!;
      const kept = words.flatMap(({ atMs, value }) =>
        value === null ? [] : [{ atMs, value: String(value) }],
      );
      const told = expectedWords(day, itemId).filter(
        ({ value, dueMs }) => value !== 'UNAVAILABLE' && dueMs <= day.toMs - SLACK_MS,
      );
      let row = 0;
      let apart = 0;
      for (const { value, timeMs } of told) {
        // After a gap the agent says again what is in force.
        while (
          kept[row]?.value === kept[row - 1]?.value &&
          kept[row] !== undefined &&
          kept[row]!.value !== value
        )
          row++;
        if (kept[row]?.value === value) {
          if (kept[row]!.atMs !== Math.max(timeMs, day.fromMs) && !isLost(kept[row]!.atMs)) apart++;
          row++;
        } else expect(isLost(timeMs), `${name} ${value} of ${new Date(timeMs).toISOString()}`).toBe(true);
      }
      expect(row, name).toBeGreaterThan(told.length / 3);
      expect(apart, name).toBe(0);
    }
  });

  test('beside the gaps counted time and timer go together', () => {
    const lost = lostStretches(day);
    const told = reportDay(day).comparison.intervals.filter((interval) =>
      lost.every(
        ({ fromMs, toMs }) => interval.toMs < fromMs - SLACK_MS || interval.fromMs > toMs + SLACK_MS,
      ),
    );
    const sumOf = (key: 'countedMs' | 'timerMs') => told.reduce((sum, interval) => sum + interval[key], 0);
    expect(sumOf('timerMs')).toBeGreaterThan(2 * MINUTE_MS);
    expect(Math.abs(sumOf('countedMs') / sumOf('timerMs') - 1)).toBeLessThan(0.02);
  });
});

/** From the last that was heard before an outage to when the source was up again, of outages in which something was lost. */
function lostStretches({ links, words, toMs }: RecordedDay): { fromMs: number; toMs: number }[] {
  const timer = [...words.values()].find(({ channel }) => channel.name === 'total_time')?.words ?? [];
  return links.flatMap((link, row) => {
    if (link.up) return [];
    const back = links.slice(row).find(({ up }) => up);
    if (back?.reason === 'healed') return [];
    const before = timer.findLast(({ atMs, value }) => value !== null && atMs <= link.atMs);
    return [{ fromMs: before?.atMs ?? link.atMs, toMs: back?.atMs ?? toMs }];
  });
}
