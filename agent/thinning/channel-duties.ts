import { QUANTITIES } from '../../protocols/telemetry/quantity.ts';
import type { ConfigSnapshot } from '../../protocols/telemetry/snapshot.ts';

/**
 * What a channel is to a derivation, as far as thinning has to know: `counter` readings tell energy or a volume by their
 * differences, `power` tells how a difference ran. Channels without a duty are left out of thinned records.
 */
export type ChannelDuty =
  | {
      kind: 'counter';
      component: string;
      /** Whether it counts what its machine draws in all, or only part of it or something else. */
      direction: 'import' | 'other';
      /** A raw step in thousandths of the unit, which is what energies and volumes are rounded to: mWh, norm litres. */
      millisPerRaw: number;
    }
  | { kind: 'power'; component: string; wattsPerRaw: number };

/** The duties of the channels of a config snapshot, by channel id. */
export function dutiesOf(snapshot: ConfigSnapshot): Map<string, ChannelDuty> {
  const duties = new Map<string, ChannelDuty>();
  for (const channel of snapshot.channels) {
    if (channel.kind !== 'measured') continue;
    const { id, component, quantity, phase, scale } = channel;
    const factor = Number(scale[0]) / Number(scale[1]);
    if (QUANTITIES[quantity].cumulative) {
      const direction = quantity === 'activeEnergyImport' && phase === 'total' ? 'import' : 'other';
      duties.set(id, { kind: 'counter', component, direction, millisPerRaw: factor * 1000 });
    } else if (quantity === 'activePower' && phase === 'total')
      duties.set(id, { kind: 'power', component, wattsPerRaw: factor });
  }
  return duties;
}
