import type { StatusWord } from '../status-word.ts';
import type { CountMark, ProgramMark, RunWord } from './job-mark.ts';

/** A word of a control at its time, and the path it speaks of. */
export interface TimedWord extends StatusWord {
  /** What told it. */
  source?: string;
  /** Wall ms. */
  atMs: number;
  /** Path of the control; empty where the machine has one only. */
  path: string;
  /** What a word of parts counts; `all` where nobody says. */
  counts?: CountMark['counts'];
}

/**
 * What words of execution say of a program. MTConnect (ANSI/MTC1.4 Execution), OPC 40501-1 (production and channel state),
 * SINUMERIK and FANUC by number. An interruption ends nothing: the same program goes on after it.
 */
const RUN_WORDS: Readonly<Record<string, Readonly<Record<string, RunWord>>>> = {
  'mtconnect/Execution': {
    ACTIVE: 'running',
    WAIT: 'held',
    INTERRUPTED: 'held',
    FEED_HOLD: 'held',
    OPTIONAL_STOP: 'held',
    PROGRAM_STOPPED: 'held',
    PROGRAM_OPTIONAL_STOP: 'held',
    READY: 'ended',
    STOPPED: 'ended',
    PROGRAM_COMPLETED: 'ended',
  },
  'umati/ProductionState': byNumber([
    ['Initializing', 'ended'],
    ['Running', 'running'],
    ['Ended', 'ended'],
    ['Interrupted', 'held'],
    ['Aborted', 'ended'],
  ]),
  'umati/ChannelState': byNumber([
    ['Active', 'running'],
    ['Interrupted', 'held'],
    ['Reset', 'ended'],
  ]),
  'cnc/ChannelProgramStatus': byNumber([
    ['Stopped', 'held'],
    ['Running', 'running'],
    ['Waiting', 'held'],
    ['Interrupted', 'held'],
    ['Canceled', 'ended'],
  ]),
  'sinumerik/ProgStatus': { '1': 'held', '2': 'held', '3': 'running', '4': 'held', '5': 'ended' },
  'fanuc/Run': { '0': 'ended', '1': 'held', '2': 'held', '3': 'running', '4': 'running' },
};

/**
 * Marks of programs and parts from a control's words, in order of time: one mark wherever what a path says of its program
 * changed, one for each count. A word that is missing or that nobody knows makes the run unknown, never ended.
 *
 * @param words in the order of the records; words of other statuses are passed over
 */
export function readRunWords(words: readonly TimedWord[]): (ProgramMark | CountMark)[] {
  const marks: (ProgramMark | CountMark)[] = [];
  const paths = new Map<string, { run: RunWord; program: string | null }>();
  for (const word of [...words].sort((a, b) => a.atMs - b.atMs)) {
    const { atMs, path: channel } = word;
    if (word.status === 'partCount') {
      const count = countOf(word.value);
      if (count !== null) marks.push({ kind: 'count', atMs, channel, counts: word.counts ?? 'all', count });
      continue;
    }
    const known = paths.get(channel) ?? { run: 'unknown' as const, program: null };
    const now = { ...known };
    if (word.status === 'program') now.program = nameOf(word.value);
    else if (word.status === 'execution' || word.status === 'channelState') now.run = runOf(word);
    else continue;
    if (paths.has(channel) && now.run === known.run && now.program === known.program) continue;
    paths.set(channel, now);
    marks.push({ kind: 'program', atMs, channel, ...now });
  }
  return marks;
}

/** Whether words of this vocabulary say if a program runs. */
export function tellsRun(vocabulary: string): boolean {
  return Object.hasOwn(RUN_WORDS, vocabulary);
}

function runOf({ vocabulary, value }: StatusWord): RunWord {
  const words = RUN_WORDS[vocabulary];
  const key = String(value);
  return words !== undefined && Object.hasOwn(words, key) ? words[key]! : 'unknown';
}

function nameOf(value: StatusWord['value']): string | null {
  const name = value === null ? '' : String(value).trim();
  return name === '' || name === 'UNAVAILABLE' ? null : name;
}

/** A count may come as a number or as its text; anything else is no count. */
function countOf(value: StatusWord['value']): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\d{1,15}$/.test(value.trim()) ? Number(value) : null;
}

/** Words by name and by number, in the order of their numbers. */
function byNumber(words: readonly (readonly [name: string, run: RunWord])[]): Record<string, RunWord> {
  return Object.fromEntries(
    words.flatMap(([name, run], number) => [
      [name, run],
      [String(number), run],
    ]),
  );
}
