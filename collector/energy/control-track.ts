import { qualify, type ControlTrack } from './control-state.ts';
import type { Control } from './control.ts';
import { awaitsHealing, isHealed } from './link-healing.ts';
import type { MachineModel } from './machine-model.ts';
import { noteSaying } from './note-saying.ts';

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
    if (isChanged) noteSaying(model, track, atMs);
  }
  controls.splice(0, row);
}

function endOfTime(controls: readonly Control[], row: number): number {
  let end = row + 1;
  while (end < controls.length && controls[end]?.atMs === controls[row]?.atMs) end++;
  return end;
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
      if (word.value === 'AVAILABLE' && !track.onceAvailable.includes(channel))
        track.onceAvailable.push(channel);
      track.words[channel] = { agent, source, word: { ...word, channel } };
      isChanged = true;
    } else if (control.kind === 'link') {
      const name = qualify(agent, control.source);
      const isOut = !control.up && !isHealed(track, controls, at, horizonMs);
      track.downSources = track.downSources.filter((down) => down !== name);
      if (isOut) track.downSources.push(name);
      isChanged = true;
    } else if (control.kind === 'wiring') isChanged = dropUnwired(track, control) || isChanged;
  }
  findStale(track);
  return isChanged;
}

/** What is no longer wired says nothing more: neither a word that nobody would ever take back, nor that its source is down. */
function dropUnwired(
  track: ControlTrack,
  { agent, sources, channels }: Extract<Control, { kind: 'wiring' }>,
): boolean {
  const gone = Object.keys(track.words).filter(
    (channel) => track.words[channel]?.agent === agent && !channels.includes(channel),
  );
  for (const channel of gone) delete track.words[channel];
  const wired = sources.map((source) => qualify(agent, source));
  const downSources = track.downSources.filter(
    (name) => !name.startsWith(qualify(agent, '')) || wired.includes(name),
  );
  const isChanged = gone.length > 0 || downSources.length < track.downSources.length;
  track.downSources = downSources;
  return isChanged;
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
