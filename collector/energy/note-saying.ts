import { qualify, type ControlTrack, type Saying } from './control-state.ts';
import { isMissing, judgeWords, type Said } from './judge-words.ts';
import type { MachineModel } from './machine-model.ts';
import type { StatusWord } from './status-word.ts';

/** Takes down what is said from a time on, where that is something else. */
export function noteSaying(model: Pick<MachineModel, 'stateMap'>, track: ControlTrack, atMs: number): void {
  const down = track.downSources.length > 0;
  if ((track.downs[track.downs.length - 1]?.down ?? false) !== down) track.downs.push({ fromMs: atMs, down });
  const words = wordsThatCount(track);
  const verdict = judgeWords(model.stateMap, words);
  const before = lastSaid(track.latest);
  const isKnown = (channel: string) =>
    words.some((word) => word.channel === channel && !isMissing(word, model.stateMap));
  const says: Saying['says'] =
    verdict.kind === 'silent' && before !== null && !before.channels.every((channel) => isKnown(channel))
      ? { kind: 'missing', before }
      : verdict;
  if (saySame(track.latest, says)) return;
  track.latest = says;
  track.sayings.push({ fromMs: atMs, says });
}

/**
 * Words whose source is up, and does not say that it is no longer available. Many controls declare an availability that
 * nothing ever feeds: one that was never available says nothing.
 */
function wordsThatCount(track: ControlTrack): StatusWord[] {
  const told = Object.entries(track.words).map(([channel, { agent, source, word }]) => ({
    channel,
    name: qualify(agent, source),
    word,
  }));
  const silenced = new Set(track.downSources);
  for (const { channel, name, word } of told)
    if (
      word.status === 'availability' &&
      word.value === 'UNAVAILABLE' &&
      track.onceAvailable.includes(channel)
    )
      silenced.add(name);
  return told.flatMap(({ name, word }) => (silenced.has(name) ? [] : [word]));
}

function lastSaid(says: Saying['says']): Said | null {
  if (says.kind === 'state') return says;
  return says.kind === 'missing' ? says.before : null;
}

function saySame(a: Saying['says'], b: Saying['says']): boolean {
  if (a.kind === 'state')
    return b.kind === 'state' && a.state === b.state && a.decider === b.decider && a.basis === b.basis;
  return a.kind === b.kind && (!('basis' in a) || !('basis' in b) || a.basis === b.basis);
}
