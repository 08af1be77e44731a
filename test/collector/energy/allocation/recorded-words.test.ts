import { describe, expect, it } from 'vitest';
import { cutJobs } from '../../../../collector/energy/allocation/cut-jobs.ts';
import { openAtWindow } from '../../../../collector/energy/allocation/open-at-window.ts';
import { tellRunWords, type RecordedWord } from '../../../../collector/energy/allocation/recorded-words.ts';
import { silenceRuns } from '../../../../collector/energy/allocation/silence-runs.ts';
import { readRunWords } from '../../../../collector/energy/allocation/run-words.ts';

const MINUTE_MS = 60_000;

/** `mill.control.execution.path2`, minute, value. */
function say(
  minute: number,
  name: string,
  value: RecordedWord['value'],
  change: Partial<RecordedWord> = {},
): RecordedWord {
  const status = name.split('.')[0] as RecordedWord['status'];
  const vocabulary =
    status === 'execution' ? 'mtconnect/Execution' : status === 'channelState' ? 'umati/ChannelState' : 'raw';
  return {
    channel: `mill.control.${name}`,
    source: 'cnc',
    atMs: minute * MINUTE_MS,
    status,
    vocabulary,
    value,
    ...change,
  };
}
const link = (minute: number, value: boolean | 'healed', source = 'cnc'): RecordedWord => ({
  channel: '',
  source,
  atMs: minute * MINUTE_MS,
  status: 'link',
  vocabulary: '',
  value,
});

/** Segments in minutes by job, and what was counted. */
function jobsOf(words: RecordedWord[], toMinute: number, fromMinute = 0) {
  const opened = openAtWindow(readRunWords(tellRunWords(words)), fromMinute * MINUTE_MS);
  const { jobs } = cutJobs(opened.marks, toMinute * MINUTE_MS);
  return Object.fromEntries(
    jobs.map((job) => [
      job.id,
      {
        runs: job.segments.map(({ fromMs, toMs, channel }) => [
          fromMs / MINUTE_MS,
          toMs / MINUTE_MS,
          channel,
        ]),
        good: job.goodParts,
        scrap: job.scrapParts,
      },
    ]),
  );
}

describe('words of a control', () => {
  it('of one path need no name', () => {
    const words = [say(0, 'program', 'A'), say(0, 'execution', 'ACTIVE'), say(10, 'execution', 'READY')];
    expect(jobsOf(words, 20)).toEqual({ 'program A': { runs: [[0, 10, '']], good: null, scrap: null } });
  });

  it('of execution go before those of channel state, and paths that name no program are passed over', () => {
    const words = [
      say(0, 'program', 'A'),
      say(0, 'execution', 'ACTIVE'),
      say(0, 'channelState.ch1', 'Active'),
      say(0, 'channelState', 'Reset'),
      say(5, 'channelState', 'Active'),
      say(10, 'execution', 'READY'),
    ];
    expect(jobsOf(words, 20)).toEqual({ 'program A': { runs: [[0, 10, '']], good: null, scrap: null } });
  });

  it('of channel state speak where there is no execution', () => {
    const words = [
      say(0, 'program.ch1', 'A'),
      say(1, 'channelState.ch1', 'Active'),
      say(9, 'channelState.ch1', 'Reset'),
    ];
    expect(jobsOf(words, 20)).toMatchObject({ 'program A': { runs: [[1, 9, 'ch1']] } });
  });

  it('of a vocabulary that does not tell of programs say nothing', () => {
    const words = [
      say(0, 'program', 'A'),
      say(0, 'execution', 'ACTIVE'),
      say(3, 'channelState', 2, { vocabulary: 'sinumerik/ChanStatus' }),
      say(10, 'execution', 'READY'),
    ];
    expect(jobsOf(words, 20)).toMatchObject({ 'program A': { runs: [[0, 10, '']] } });
  });

  it('of counters count good and scrap by their names, each once, and never what is still to be made', () => {
    const count = (minute: number, name: string, value: number) => say(minute, name, value);
    const words = [
      say(0, 'program', 'A'),
      say(0, 'execution', 'ACTIVE'),
      count(0, 'partCount', 100),
      count(0, 'partCount.total', 9000),
      count(0, 'partCount.bad_parts', 3),
      count(0, 'partCount.target', 50),
      count(8, 'partCount', 105),
      count(8, 'partCount.total', 9005),
      count(8, 'partCount.bad_parts', 4),
      count(8, 'partCount.target', 45),
      say(10, 'execution', 'READY'),
    ];
    // 5 counted, 1 of them bad.
    expect(jobsOf(words, 20)).toMatchObject({ 'program A': { good: 4, scrap: 1 } });
  });

  it('of a source that is away say nothing: a program that goes on after it is one run, another ended it', () => {
    const before = [say(0, 'program', 'A'), say(0, 'execution', 'ACTIVE'), link(5, false)];
    expect(jobsOf([...before, link(8, true), say(12, 'execution', 'READY')], 20)).toMatchObject({
      'program A': { runs: [[0, 12, '']] },
    });
    const other = [
      ...before,
      say(8, 'program', 'B'),
      say(8, 'execution', 'ACTIVE'),
      link(8, true),
      say(12, 'execution', 'READY'),
    ];
    expect(jobsOf(other, 20)).toMatchObject({
      'program A': { runs: [[0, 5, '']] },
      'program B': { runs: [[8, 12, '']] },
    });
    // Away for good: not a moment longer than it was heard.
    expect(jobsOf(before, 600)).toMatchObject({ 'program A': { runs: [[0, 5, '']] } });
    // Another source that is away does not matter.
    expect(
      jobsOf([...before.slice(0, 2), link(5, false, 'meter'), say(12, 'execution', 'READY')], 20),
    ).toMatchObject({
      'program A': { runs: [[0, 12, '']] },
    });
  });

  it('of an outage that healed are as if there had been none', () => {
    const words = [
      say(0, 'program', 'A'),
      say(0, 'execution', 'ACTIVE'),
      link(5, false),
      say(6, 'execution', 'READY'),
      say(7, 'execution', 'ACTIVE'),
      link(8, 'healed'),
      say(12, 'execution', 'READY'),
    ];
    expect(jobsOf(words, 20)).toMatchObject({
      'program A': {
        runs: [
          [0, 6, ''],
          [7, 12, ''],
        ],
      },
    });
  });

  it('of before a window count from its start, and parts from what the counter showed', () => {
    const words = [
      say(-60, 'program', 'A'),
      say(-60, 'execution', 'ACTIVE'),
      say(-1, 'partCount', 7),
      say(5, 'partCount', 9),
      say(10, 'execution', 'READY'),
    ];
    expect(jobsOf(words, 20, 0)).toEqual({ 'program A': { runs: [[0, 10, '']], good: 2, scrap: null } });
  });
});

describe('a silence of the agent itself', () => {
  const silence = (from: number, to: number) => [{ fromMs: from * MINUTE_MS, toMs: to * MINUTE_MS }];
  const runsOf = (words: RecordedWord[], silences: { fromMs: number; toMs: number }[]) =>
    cutJobs(silenceRuns(readRunWords(tellRunWords(words)), silences), 600 * MINUTE_MS).jobs.map((job) => [
      job.id,
      ...job.segments.map(({ fromMs, toMs }) => [fromMs / MINUTE_MS, toMs / MINUTE_MS]),
    ]);
  const begun = [say(0, 'program', 'A'), say(0, 'execution', 'ACTIVE')];

  it('ends a program that is not found again', () => {
    expect(runsOf([...begun, say(301, 'execution', 'READY')], silence(20, 300))).toEqual([
      ['program A', [0, 20]],
    ]);
  });
  it('belongs to the program that is found running, and to one that says nothing new', () => {
    expect(
      runsOf([...begun, say(301, 'execution', 'ACTIVE'), say(320, 'execution', 'READY')], silence(20, 300)),
    ).toEqual([['program A', [0, 320]]]);
    expect(runsOf([...begun, say(400, 'execution', 'READY')], silence(20, 300))).toEqual([
      ['program A', [0, 400]],
    ]);
  });
  it('is none where something was told meanwhile', () => {
    expect(runsOf([...begun, say(100, 'execution', 'READY')], silence(20, 300))).toEqual([
      ['program A', [0, 100]],
    ]);
  });
});
