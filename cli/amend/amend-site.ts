import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { mapChannels } from '../../collector/derivation/channel-map.ts';
import type { HourBase } from '../../collector/energy/hour-base.ts';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { readViews } from '../../collector/ledger/sqlite-views.ts';
import type { CollectorConfig } from '../../config/collector-config.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { readServerTls } from '../broker-link.ts';
import { askRunningCollector } from '../running-collector.ts';
import { resolveSecret } from '../secrets.ts';
import { takeSiteClock } from '../site-clock.ts';

/** What a configuration and what was derived so far say of a site. */
export interface AmendSite {
  config: CollectorConfig;
  folder: string;
  dataFolder: string;
  machines: string[];
  /** Those with readings and those that are configured. */
  components(machine: string): string[];
  /** Machine-hours that begin in [fromMs, toMs), in order. */
  hours(machine: string, fromMs: number, toMs: number): MachineHour[];
  /** Minutes and decisions of those hours. */
  bases(machine: string, fromMs: number, toMs: number): HourBase[];
  /** Counters of a component that hours which begin in [fromMs, toMs) rest on: meter and register, as amendments name them. */
  counters(machine: string, component: string, fromMs: number, toMs: number): string[];
  /** True while a collector of this site answers where it should. */
  isRunning(): Promise<boolean>;
  close(): void;
}

/** Opens what the collector of a configuration has derived, and takes its clocks; nothing has to be there yet. Throws as `loadCollectorConfig`. */
export function openSite(file: string): AmendSite {
  const { config, folder } = loadCollectorConfig(file);
  takeSiteClock(config);
  const dataFolder = resolve(folder, config.data);
  const views = existsSync(join(dataFolder, 'views.db')) ? readViews({ folder: dataFolder }) : undefined;
  const configured = new Map(config.machines.map((machine) => [machine.id, machine]));
  return {
    config,
    folder,
    dataFolder,
    machines: [...new Set([...configured.keys(), ...(views?.machines() ?? [])])].sort(),
    components: (machine) => {
      const { componentRatedPower = {}, tree = {}, metering = {} } = configured.get(machine) ?? {};
      const read = (views?.channels(machine) ?? []).map((channel) => channel.split('.')[1] ?? '');
      const told = [componentRatedPower, tree, metering].flatMap(Object.keys);
      return [...new Set(['supply', ...read, ...told, ...Object.values(tree)])].sort();
    },
    hours: (machine, fromMs, toMs) => views?.hours(machine, fromMs, toMs) ?? [],
    bases: (machine, fromMs, toMs) => [...(views?.bases(machine, fromMs, toMs) ?? [])],
    counters: (machine, component, fromMs, toMs) => {
      const hours = views?.hours(machine, fromMs, toMs) ?? [];
      const snapshots = [...new Set(hours.flatMap(({ basis }) => basis.configs))].flatMap(
        (hash) => views?.snapshot(hash) ?? [],
      );
      const roles = snapshots.flatMap((snapshot) => [...mapChannels(snapshot)]);
      const names = roles.flatMap(([channel, role]) =>
        role.kind === 'counter' && channel.startsWith(`${machine}.${component}.`)
          ? [role.definition.meter]
          : [],
      );
      return [...new Set(names)].sort();
    },
    isRunning: async () => {
      const { host, port } = config.http;
      const token = resolveSecret(config.http.token, folder);
      const cert = readServerTls(config.http, folder)?.cert;
      return (await askRunningCollector({ host, port, token, cert })) === config.site;
    },
    close: () => views?.close(),
  };
}

/** Refuses a machine that the site does not have, and says which it has. */
export function requireMachine(site: Pick<AmendSite, 'machines'>, machine: string): void {
  if (site.machines.includes(machine)) return;
  throw new MillwattError('refuse', 'no-machine', `There is no machine ${machine} here.`, {
    cure:
      site.machines.length === 0
        ? 'None is configured, and nothing has arrived yet.'
        : `Choose one of: ${site.machines.join(', ')}.`,
  });
}

/** Refuses a component that the machine does not have, and says which it has. */
export function requireComponent(machine: string, component: string, known: readonly string[]): void {
  if (known.includes(component)) return;
  throw new MillwattError('refuse', 'no-component', `Machine ${machine} has no component ${component}.`, {
    cure: `Choose one of: ${known.join(', ')}.`,
  });
}
