import type { Control } from './control.ts';
import { isMissing, judgeWords, type Said, type Verdict } from './judge-words.ts';
import type { MachineModel } from './machine-model.ts';
import type { StatusWord } from './status-word.ts';

/**
 * A source that was down so briefly may have told afterwards all that was said in between (`healed`), ms. An agent holds
 * its watermark back for as long.
 */
const HEALED_WITHIN_MS = 600_000;

/** What the control says from a time on; `missing` is silence after a state, of which the future decides. */
export interface Saying {
  fromMs: number;
  says: Verdict | { kind: 'missing'; before: Said } | { kind: 'bridged'; before: Said };
}

/** A word that holds, and whether its channel has ever said that the control is available. */
interface HeardWord {
  agent: string;
  source: string;
  word: StatusWord;
  wasAvailable: boolean;
}

/** What the words of a machine's control say over time, and which sources are down: plain data. */
export interface ControlTrack {
  words: Record<string, HeardWord>;
  /** Sources that are down, as agent/source. */
  downSources: string[];
  /** Until when the words of each agent hold, ms. */
  freshToMs: Record<string, number>;
  /** When words next become stale, ms; null while none holds. */
  staleMs: number | null;
  /** What was said last, before anything is known of what comes. */
  latest: Saying['says'];
  /** In order; the first one holds at the time up to which states are settled. */
  sayings: Saying[];
  /** Changes of whether any source is down. */
  downs: { fromMs: number; down: boolean }[];
  /** Everything before this is taken in, ms. */
  toldMs: number;
}

/** A track that begins at a time. */
export function startControlTrack(startMs: number): ControlTrack {
  return {
    words: {},
    downSources: [],
    freshToMs: {},
    staleMs: null,
    latest: { kind: 'silent' },
    sayings: [],
    downs: [],
    toldMs: startMs,
  };
}

type WordModel = Pick<MachineModel, 'stateMap' | 'quietAfterMs' | 'bridgeMs'>;

/** Takes in controls as far as everything before the horizon decides what they mean, and removes them. */
export function advanceControls(
  model: WordModel,
  track: ControlTrack,
  controls: Control[],
  horizonMs: number,
): void {
  let row = 0;
  for (;;) {
    const nextMs = controls[row]?.atMs ?? Infinity;
    const atMs = Math.min(nextMs, track.staleMs ?? Infinity);
    if (!(atMs < horizonMs)) {
      track.toldMs = Math.max(track.toldMs, horizonMs);
      break;
    }
    let isChanged = false;
    if (nextMs === atMs) {
      const end = endOfTime(controls, row);
      if (awaitsHealing(track, controls, row, end, horizonMs)) {
        track.toldMs = Math.max(track.toldMs, atMs);
        break;
      }
      isChanged = takeControls(model, track, controls, row, end, horizonMs);
      row = end;
    }
    if (track.staleMs !== null && track.staleMs <= atMs) isChanged = expireWords(track, atMs) || isChanged;
    if (isChanged) note(model, track, atMs);
  }
  controls.splice(0, row);
}

function endOfTime(controls: readonly Control[], row: number): number {
  let end = row + 1;
  while (end < controls.length && controls[end]?.atMs === controls[row]?.atMs) end++;
  return end;
}

/** True while a source that told words is down and nobody knows yet whether what it says meanwhile will be told. */
function awaitsHealing(
  track: ControlTrack,
  controls: readonly Control[],
  row: number,
  end: number,
  horizonMs: number,
): boolean {
  for (let at = row; at < end; at++) {
    const control = controls[at];
    if (control?.kind !== 'link' || control.up || !toldWords(track, control)) continue;
    if (horizonMs <= control.atMs + HEALED_WITHIN_MS && nextLink(controls, at, horizonMs) === undefined)
      return true;
  }
  return false;
}

/** The next link of the same source, of those before the horizon. */
function nextLink(
  controls: readonly Control[],
  row: number,
  horizonMs: number,
): Extract<Control, { kind: 'link' }> | undefined {
  const from = controls[row];
  if (from?.kind !== 'link') return undefined;
  for (let at = row + 1; at < controls.length; at++) {
    const control = controls[at];
    if (control === undefined || control.atMs >= horizonMs) return undefined;
    if (control.kind === 'link' && control.agent === from.agent && control.source === from.source)
      return control;
  }
  return undefined;
}

function toldWords(track: ControlTrack, { agent, source }: { agent: string; source: string }): boolean {
  return Object.values(track.words).some((told) => told.agent === agent && told.source === source);
}

/** Returns whether what is said may have changed. */
function takeControls(
  model: WordModel,
  track: ControlTrack,
  controls: readonly Control[],
  row: number,
  end: number,
  horizonMs: number,
): boolean {
  let isChanged = false;
  for (let at = row; at < end; at++) {
    const control = controls[at];
    if (control === undefined) break;
    const { agent, atMs } = control;
    const holdMs = Math.max(model.quietAfterMs, control.kind === 'heard' ? control.holdMs : 0);
    track.freshToMs[agent] = Math.max(track.freshToMs[agent] ?? 0, atMs + holdMs);
    if (control.kind === 'word') {
      const { channel, source, word } = control;
      const wasAvailable = word.value === 'AVAILABLE' || track.words[channel]?.wasAvailable === true;
      track.words[channel] = { agent, source, word: { ...word, channel }, wasAvailable };
      isChanged = true;
    } else if (control.kind === 'link') {
      const name = qualify(agent, control.source);
      const next = control.up ? undefined : nextLink(controls, at, horizonMs);
      const isHealed =
        next?.healed === true && next.atMs - atMs <= HEALED_WITHIN_MS && toldWords(track, control);
      track.downSources = track.downSources.filter((down) => down !== name);
      if (!control.up && !isHealed) track.downSources.push(name);
      isChanged = true;
    }
  }
  findStale(track);
  return isChanged;
}

/** Sources are named by their agents, so that two may use one name. */
function qualify(agent: string, source: string): string {
  return `${agent}/${source}`;
}

/** Words of an agent that fell silent are forgotten: only a new word brings the state back. */
function expireWords(track: ControlTrack, atMs: number): boolean {
  for (const [channel, { agent }] of Object.entries(track.words)) {
    if ((track.freshToMs[agent] ?? 0) <= atMs) delete track.words[channel];
  }
  findStale(track);
  return true;
}

function findStale(track: ControlTrack): void {
  let staleMs: number | null = null;
  for (const { agent } of Object.values(track.words))
    staleMs = Math.min(staleMs ?? Infinity, track.freshToMs[agent] ?? 0);
  track.staleMs = staleMs;
}

/** Takes down what is said from a time on, where that is something else. */
function note(model: WordModel, track: ControlTrack, atMs: number): void {
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
  const told = Object.values(track.words).map(({ agent, source, word, wasAvailable }) => ({
    name: qualify(agent, source),
    word,
    wasAvailable,
  }));
  const silenced = new Set(track.downSources);
  for (const { name, word, wasAvailable } of told)
    if (word.status === 'availability' && word.value === 'UNAVAILABLE' && wasAvailable) silenced.add(name);
  return told.flatMap(({ name, word }) => (silenced.has(name) ? [] : [word]));
}

function lastSaid(says: Saying['says']): Said | null {
  if (says.kind === 'state') return says;
  return says.kind === 'missing' ? says.before : null;
}

function saySame(a: Saying['says'], b: Saying['says']): boolean {
  if (a.kind === 'state')
    return b.kind === 'state' && a.state === b.state && a.decider === b.decider && a.basis === b.basis;
  return a.kind === b.kind && (a.kind !== 'unmapped' || b.kind !== 'unmapped' || a.basis === b.basis);
}

/**
 * Decides of silences whether they are bridged: where the control says a state again within `bridgeMs`, the state before
 * holds up to then. Returns up to when what the control says is settled, ms: to the beginning of a silence of which
 * that is still open.
 */
export function bridgeSilences(model: Pick<MachineModel, 'bridgeMs'>, track: ControlTrack): number {
  for (const [index, saying] of track.sayings.entries()) {
    const { says, fromMs } = saying;
    if (says.kind !== 'missing') continue;
    const next = track.sayings[index + 1];
    if (next === undefined && track.toldMs - fromMs <= model.bridgeMs) return fromMs;
    const isBridged = next?.says.kind === 'state' && next.fromMs - fromMs <= model.bridgeMs;
    saying.says = isBridged ? { kind: 'bridged', before: says.before } : { kind: 'silent' };
  }
  return track.toldMs;
}
