import type { ControlTrack } from './control-state.ts';
import type { MachineModel } from './machine-model.ts';

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
    saying.says = isBridged ? { kind: 'bridged', before: says.before } : { kind: 'silent', basis: '' };
  }
  return track.toldMs;
}
