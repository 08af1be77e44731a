import type { ConfigSnapshot } from '../../protocols/telemetry/snapshot.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { Views } from '../ledger/views.ts';

/** The hours of a machine, of which only what they rest on is asked. */
type RestingHour = { basis: Pick<MachineHour['basis'], 'configs'> };

/**
 * Hashes of the config snapshots that hours rest on, the one in force last at the end. An hour names its snapshots in no order of
 * time: what the hour before it rested on, too, is the older; so of the first hour the order is not known.
 *
 * @param hours in order of time
 */
export function orderConfigs(hours: readonly RestingHour[]): string[] {
  const order = new Set<string>();
  let before: readonly string[] = [];
  for (const { basis } of hours) {
    const fresh = basis.configs.filter((config) => !before.includes(config));
    for (const config of [...basis.configs.filter((one) => before.includes(one)), ...fresh]) {
      // Again at the end: who goes back to an earlier wiring has it in force.
      order.delete(config);
      order.add(config);
    }
    before = basis.configs;
  }
  return [...order];
}

/** Snapshots by their hashes, in that order, as far as they are known. */
export function snapshotsOf(views: Pick<Views, 'snapshot'>, configs: readonly string[]): ConfigSnapshot[] {
  return configs.flatMap((hash) => views.snapshot(hash) ?? []);
}

/** What holds at the end of some hours: of each agent the snapshot in force last, with its hash. @param hours in order of time */
export function snapshotsInForce(
  views: Pick<Views, 'snapshot'>,
  hours: readonly RestingHour[],
): { configs: string[]; snapshots: ConfigSnapshot[] } {
  const newest = new Set(hours.at(-1)?.basis.configs);
  const byAgent = new Map<string, { config: string; snapshot: ConfigSnapshot }>();
  for (const config of orderConfigs(hours)) {
    const snapshot = newest.has(config) ? views.snapshot(config) : undefined;
    if (snapshot !== undefined) byAgent.set(snapshot.agent, { config, snapshot });
  }
  const held = [...byAgent.values()];
  return { configs: held.map(({ config }) => config), snapshots: held.map(({ snapshot }) => snapshot) };
}
