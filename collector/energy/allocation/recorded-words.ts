import type { Status } from '../../../protocols/telemetry/quantity.ts';
import type { CountMark } from './job-mark.ts';
import { tellsRun, type TimedWord } from './run-words.ts';

/**
 * A word as it was recorded; with the status `link`, whether the source that told it was there: true, false, or `healed`
 * where all that was said meanwhile has been told.
 */
export interface RecordedWord {
  /** Id of the channel; empty for a link. */
  channel: string;
  source: string;
  /** Wall ms. */
  atMs: number;
  status: Status | 'link';
  vocabulary: string;
  value: string | number | boolean | null;
}

/** The path whose channels have no name, where others have one: without it, it would be the machine as a whole. */
const FIRST_PATH = 'main';
/** What names of counters say; without such a word all parts are counted. */
const SCRAP_NAMES = /scrap|bad|reject|nok|defect/i;
const GOOD_NAMES = /good/i;
/** What is to be made, and what is left of it, was not made. */
const PLAN_NAMES = /target|remain|required|desired|planned/i;

/**
 * The words that tell of programs and parts, each with the path it speaks of: the name of its channel (the last level of
 * `mill-1.control.program.path2`), `main` for the first of several, whose has
 * none, and no path where there is one only. Where a path tells execution and channel state, execution speaks;
 * where some paths name programs, those that do not are passed over; of several counters that count the same, the one
 * without a name. While a source was away, its words say nothing; where the outage healed, it was none.
 *
 * @param words in the order of the records
 */
export function tellRunWords(words: readonly RecordedWord[]): TimedWord[] {
  const channels = chooseChannels(words);
  const timed: TimedWord[] = [];
  const last = new Map<string, TimedWord>();
  const away = new Set<string>();
  for (const word of withoutHealed(words)) {
    const { status, source, atMs } = word;
    if (status === 'link') {
      const isUp = word.value === true;
      if (isUp === !away.has(source)) continue;
      if (isUp) away.delete(source);
      else away.add(source);
      for (const told of last.values())
        if (told.source === source) timed.push({ ...told, atMs, value: isUp ? told.value : null });
      continue;
    }
    const channel = channels.get(word.channel);
    if (channel === undefined) continue;
    const told: TimedWord = { ...word, status, ...channel };
    last.set(word.channel, told);
    if (!away.has(source)) timed.push(told);
  }
  return timed;
}

interface ChosenChannel {
  path: string;
  counts?: CountMark['counts'];
}

/** The channels that speak, by their ids. */
function chooseChannels(words: readonly RecordedWord[]): Map<string, ChosenChannel> {
  const known = new Map<string, RecordedWord>();
  for (const word of words) if (word.status !== 'link') known.set(word.channel, word);
  const all = [...known.values()].sort((a, b) => (a.channel < b.channel ? -1 : 1));
  const chosen = new Map<string, ChosenChannel>();
  const runs = new Map<string, RecordedWord>();
  for (const status of ['execution', 'channelState'] as const)
    for (const word of all)
      if (word.status === status && tellsRun(word.vocabulary) && !runs.has(nameOf(word)))
        runs.set(nameOf(word), word);
  const programs = new Map<string, RecordedWord>();
  for (const word of all)
    if (word.status === 'program' && runs.has(nameOf(word)) && !programs.has(nameOf(word)))
      programs.set(nameOf(word), word);
  const paths = programs.size === 0 ? runs : programs;
  const isOneOfSeveral = paths.size > 1;
  const sayPath = (name: string) => (name === '' && isOneOfSeveral ? FIRST_PATH : name);
  for (const [path, word] of [...runs, ...programs])
    if (paths.has(path)) chosen.set(word.channel, { path: sayPath(path) });
  const countsByPath = all.some(
    (word) => word.status === 'partCount' && nameOf(word) !== '' && paths.has(nameOf(word)),
  );
  const counters = new Set<string>();
  for (const word of all) {
    const name = nameOf(word);
    if (word.status !== 'partCount' || PLAN_NAMES.test(name)) continue;
    const counts = SCRAP_NAMES.test(name) ? 'scrap' : GOOD_NAMES.test(name) ? 'good' : 'all';
    const own = paths.has(name) ? name : '';
    // One counter beside several paths may well count for all of them.
    const path = countsByPath ? sayPath(own) : own;
    // Ids are in order, and the one without a name is the first.
    if (counters.has(`${path}/${counts}`)) continue;
    counters.add(`${path}/${counts}`);
    chosen.set(word.channel, { path, counts });
  }
  return chosen;
}

/** machine.component.status.name */
function nameOf({ channel }: RecordedWord): string {
  return channel.split('.')[3] ?? '';
}

/** Without outages of which everything that was said meanwhile has been told. */
function withoutHealed(words: readonly RecordedWord[]): RecordedWord[] {
  const dropped = new Set<RecordedWord>();
  const downs = new Map<string, RecordedWord[]>();
  for (const word of words) {
    if (word.status !== 'link') continue;
    const open = downs.get(word.source) ?? [];
    if (word.value === false) downs.set(word.source, [...open, word]);
    else {
      if (word.value === 'healed') for (const one of [...open, word]) dropped.add(one);
      downs.delete(word.source);
    }
  }
  return words
    .filter((word) => !dropped.has(word))
    .map((word) => (word.value === 'healed' && word.status === 'link' ? { ...word, value: true } : word));
}
