import type { Driver } from '../protocols/driver.ts';
import { MillwattError } from '../protocols/errors.ts';
import type { Channel } from '../protocols/telemetry/channel.ts';
import type { ConfigSnapshot } from '../protocols/telemetry/snapshot.ts';

/** Which channel belongs to which machine and source, from the drivers. */
export interface Wiring {
  snapshot: ConfigSnapshot;
  channels: Channel[];
  machineOf: ReadonlyMap<string, string>;
  machinesOf: ReadonlyMap<string, readonly string[]>;
}

/** Gathers the wiring of all drivers. Throws an error of class `refuse` for a source or channel that occurs twice. */
export function gatherWiring(
  site: string,
  agent: string,
  version: string,
  drivers: readonly Driver[],
): Wiring {
  const channels = drivers.flatMap((driver) => driver.channels);
  requireUnique(
    'source',
    drivers.map(({ description }) => description.id),
  );
  requireUnique(
    'channel',
    channels.map(({ id }) => id),
  );
  return {
    snapshot: {
      v: 1,
      site,
      agent,
      software: { name: 'millwatt', version },
      sources: drivers.map(({ description }) => description),
      channels,
    },
    channels,
    machineOf: new Map(channels.map(({ id, machine }) => [id, machine])),
    machinesOf: new Map(
      drivers.map(({ description, channels: own }) => [
        description.id,
        [...new Set(own.map(({ machine }) => machine))],
      ]),
    ),
  };
}

function requireUnique(what: string, ids: readonly string[]): void {
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice === undefined) return;
  throw new MillwattError('refuse', `duplicate-${what}`, `The ${what} ${twice} occurs twice.`, {
    cure: `Give each ${what} its own name: another id, machine or component.`,
  });
}
