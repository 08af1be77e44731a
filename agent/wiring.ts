import type { Driver } from '../protocols/driver.ts';
import { MillwattError } from '../protocols/errors.ts';
import type { Channel } from '../protocols/telemetry/channel.ts';
import type { ConfigSnapshot } from '../protocols/telemetry/snapshot.ts';

/** Which channel belongs to which machine and source, from the drivers. */
export interface Wiring {
  snapshot: ConfigSnapshot;
  channels: Channel[];
  /** Channels that were found, and left out because another source feeds them. */
  doubled: readonly Channel[];
  /** By channel id. */
  channelOf: ReadonlyMap<string, Channel>;
  machinesOf: ReadonlyMap<string, readonly string[]>;
}

/**
 * Gathers the wiring of all drivers. Throws an error of class `refuse` for a source or channel that occurs twice. Sources
 * named in `found` told of their channels only when they were connected: of theirs, one that another source feeds already
 * is left out instead, and named in `doubled`.
 */
export function gatherWiring(
  site: string,
  agent: string,
  version: string,
  drivers: readonly Driver[],
  found: ReadonlySet<string> = new Set(),
): Wiring {
  requireUnique(
    'source',
    drivers.map(({ description }) => description.id),
  );
  const declared = drivers.filter(({ description }) => !found.has(description.id));
  const channels = declared.flatMap((driver) => driver.channels);
  requireUnique(
    'channel',
    channels.map(({ id }) => id),
  );
  const taken = new Set(channels.map(({ id }) => id));
  const doubled: Channel[] = [];
  for (const { description, channels: told } of drivers) {
    if (!found.has(description.id)) continue;
    for (const channel of told) {
      if (taken.has(channel.id)) doubled.push(channel);
      else channels.push(channel);
      taken.add(channel.id);
    }
  }
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
    doubled,
    channelOf: new Map(channels.map((channel) => [channel.id, channel])),
    machinesOf: new Map(
      drivers.map(({ description: { id }, machines = [] }) => [
        id,
        [
          ...new Set([
            ...machines,
            ...channels.filter(({ source }) => source === id).map(({ machine }) => machine),
          ]),
        ],
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
