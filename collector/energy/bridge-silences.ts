import type { ControlTrack } from './control-state.ts';
import type { MachineModel } from './machine-model.ts';

/**
 * Decides of silences whether they are bridged: where the control says the same state again within `bridgeMs`, it held on.
 * Where it says another one, nobody knows when that began: in recorded days of mills it mostly began with the silence.
 * Returns up to when what the control says is settled, ms: to the beginning of a silence of which that is still open.
 */
export function bridgeSilences(model: Pick<MachineModel, 'bridgeMs'>, track: ControlTrack): number {
  const { sayings } = track;
  let index = sayings.length;
  // Where nothing else is told of a machine, very many wait that were decided of before.
  while ((sayings[index - 1]?.fromMs ?? -Infinity) >= track.bridgedMs) index--;
  for (; index < sayings.length; index++) {
    const saying = sayings[index];
    if (saying?.says.kind !== 'missing') continue;
    const { says, fromMs } = saying;
    const next = sayings[index + 1];
    if (next === undefined && track.toldMs - fromMs <= model.bridgeMs) return (track.bridgedMs = fromMs);
    const isBridged =
      next?.says.kind === 'state' &&
      next.says.state === says.before.state &&
      next.fromMs - fromMs <= model.bridgeMs;
    saying.says = isBridged ? { kind: 'bridged', before: says.before } : { kind: 'silent', basis: '' };
  }
  return (track.bridgedMs = track.toldMs);
}
