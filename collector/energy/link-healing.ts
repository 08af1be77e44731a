import { qualify, type ControlTrack } from './control-state.ts';
import type { Control } from './control.ts';

/**
 * A source that was down so briefly may have told afterwards all that was said in between (`healed`), ms. An agent holds
 * its watermark back for as long.
 */
const HEALED_WITHIN_MS = 600_000;

/** True while a source that told words is down and nobody knows yet whether what it says meanwhile will be told. */
export function awaitsHealing(
  track: ControlTrack,
  controls: readonly Control[],
  row: number,
  end: number,
  horizonMs: number,
): boolean {
  for (let at = row; at < end; at++) {
    const control = controls[at];
    if (control?.kind !== 'link' || control.up || !toldWords(track, control)) continue;
    // It is down already, unless something else of the same moment says that it is up, or wires it anew.
    const isFirst = controls.slice(row, at).every((other) => !bearsOn(other, control));
    if (isFirst && isDown(track, control)) continue;
    if (horizonMs <= control.atMs + HEALED_WITHIN_MS && nextUp(controls, at, horizonMs) === undefined)
      return true;
  }
  return false;
}

/** True where a control may say that the source of a link is up. */
function bearsOn(control: Control, { agent, source }: Extract<Control, { kind: 'link' }>): boolean {
  if (control.agent !== agent) return false;
  return control.kind === 'wiring' || (control.kind === 'link' && control.source === source);
}

/** True while the source of a link is down already: the link is only told again, for another reason. */
function isDown(track: ControlTrack, { agent, source }: { agent: string; source: string }): boolean {
  return track.downSources.includes(qualify(agent, source));
}

/** When the link of the same source came up again, of those before the horizon. */
function nextUp(
  controls: readonly Control[],
  row: number,
  horizonMs: number,
): Extract<Control, { kind: 'link' }> | undefined {
  const from = controls[row];
  if (from?.kind !== 'link') return undefined;
  for (let at = row + 1; at < controls.length; at++) {
    const control = controls[at];
    if (control === undefined || control.atMs >= horizonMs) return undefined;
    const isOwn = control.kind === 'link' && control.agent === from.agent && control.source === from.source;
    if (isOwn && control.up) return control;
  }
  return undefined;
}

function toldWords(track: ControlTrack, { agent, source }: { agent: string; source: string }): boolean {
  return Object.values(track.words).some((told) => told.agent === agent && told.source === source);
}

/** True where a link that went down came up again, and all that its source said meanwhile has been told. */
export function isHealed(
  track: ControlTrack,
  controls: readonly Control[],
  row: number,
  horizonMs: number,
): boolean {
  const down = controls[row];
  const next = nextUp(controls, row, horizonMs);
  if (down?.kind !== 'link' || next === undefined || isDown(track, down)) return false;
  return next.healed && next.atMs - down.atMs <= HEALED_WITHIN_MS && toldWords(track, down);
}
