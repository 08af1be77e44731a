import type { Clock } from '../protocols/clock.ts';
import type { Driver } from '../protocols/driver.ts';
import { measuredChannelId, type MeasuredChannel } from '../protocols/telemetry/channel.ts';
import { shortestFloat32 } from '../protocols/telemetry/decimal.ts';
import type { Phase, Quantity } from '../protocols/telemetry/quantity.ts';
import { REFERENCE_POINTS } from './reference-points.ts';
import { createReadings } from './line-readings.ts';

/**
 * A driver that makes up its readings, in place of a meter and its socket: to load the rest of the line with more than
 * one machine can poll and simulate at once.
 */
export function createSocketlessDriver(meter: number, everyMs: number, clock: Clock): Driver {
  const [id, machine] = [`meter${meter}`, `machine${meter}`];
  const startMs = clock.monotonicMs();
  const readingOf = createReadings(meter);
  const channels = REFERENCE_POINTS.map(({ point }): MeasuredChannel => {
    const [quantity, phase = 'total'] = point.split('.') as [Quantity, Phase?];
    const isCounter = quantity === 'activeEnergyImport';
    return {
      kind: 'measured',
      id: measuredChannelId(machine, 'supply', quantity, phase),
      machine,
      component: 'supply',
      quantity,
      phase,
      source: id,
      point,
      scale: [isCounter ? '1000' : '1', '1'],
      ...(isCounter ? { counter: { behaviour: 'monotone' as const } } : {}),
    };
  });
  return {
    description: { id, protocol: 'modbus-tcp', address: 'none', everyMs },
    channels,
    poll: () => {
      const atMs = clock.monotonicMs();
      const seconds = (atMs - startMs) / 1000;
      const readings = channels.map((channel) => ({
        channel: channel.id,
        value: shortestFloat32(readingOf(channel.quantity, channel.phase, seconds)),
        quality: 'good' as const,
      }));
      return Promise.resolve({ atMs, readings, roundTripMs: 0 });
    },
    onStatus: () => {},
    close: () => Promise.resolve(),
  };
}
