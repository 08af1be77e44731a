import type { Decision } from '../energy/decide-state.ts';
import type { HttpParts } from './http-parts.ts';

/** A machine in the list of the API. */
export interface MachineEntry extends Decision {
  id: string;
  name: string;
  ratedPowerW: number | null;
  /** False where the collector's configuration does not know it. */
  configured: boolean;
  powerW: number | null;
  /** Wall time of the newest live values, ms since the Unix epoch; null when there are none. */
  atMs: number | null;
  stale: boolean;
  channels: string[];
}

/** Every machine that is configured, has sent anything, or is in the ledger: configured ones first, in their order. */
export function listMachines({
  machines,
  views,
  live,
}: Pick<HttpParts, 'machines' | 'views' | 'live'>): MachineEntry[] {
  const configured = new Map(machines.map((machine) => [machine.id, machine]));
  const seen = [...views.machines(), ...live.latest().map(({ machine }) => machine)].sort();
  return [...new Set([...configured.keys(), ...seen])].map((id) => {
    const info = configured.get(id);
    const now = live.read(id);
    return {
      id,
      name: info?.name ?? id,
      ratedPowerW: info?.ratedPowerW ?? null,
      configured: info !== undefined,
      state: now?.state ?? 'unknown',
      decider: now?.decider ?? 'none',
      basis: now?.basis ?? '',
      powerW: now?.powerW ?? null,
      atMs: now?.atMs ?? null,
      stale: now?.stale ?? true,
      channels: views.channels(id),
    };
  });
}
