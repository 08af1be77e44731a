import { HOUR_MS } from '../energy/hour-account.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Views } from '../ledger/views.ts';
import type { DeriverMemory } from './deriver-memory.ts';
import { makeFinal } from './hour-status.ts';
import type { MachineDerivation } from './machine-derivation.ts';

/** An hour is final when every agent has delivered up to this long past its end ... */
const WATERMARK_MS = 15 * 60_000;
/** ... or this long after its end, whatever is missing. */
const FINAL_AFTER_MS = 7 * 86_400_000;

/** The provisional hours whose data is complete, or that have waited long enough, made final. */
export function finaliseHours(
  memory: Pick<DeriverMemory, 'provisional' | 'watch'>,
  machines: ReadonlyMap<string, Pick<MachineDerivation, 'horizonMs' | 'awaitsSinceMs'>>,
  ledger: Pick<Ledger, 'chains' | 'delivered'>,
  views: Pick<Views, 'hour'>,
  nowMs: number,
): MachineHour[] {
  const final: MachineHour[] = [];
  const chains = memory.provisional.size === 0 ? [] : ledger.chains();
  for (const [name, hours] of memory.provisional) {
    const machine = machines.get(name);
    if (hours.size === 0) continue;
    const deliveredMs = memory.watch.deliveredToMs(name, chains, ledger);
    const waitedForMs = memory.watch.deliveredToMs(name, chains, ledger, nowMs - FINAL_AFTER_MS);
    const awaitedMs = machine?.awaitsSinceMs ?? Infinity;
    for (const hourMs of hours) {
      const endMs = hourMs + HOUR_MS;
      const complete = machine !== undefined && endMs <= Math.min(machine.horizonMs, awaitedMs);
      const finalBy =
        complete && endMs + WATERMARK_MS <= deliveredMs
          ? 'watermark'
          : endMs + FINAL_AFTER_MS <= nowMs
            ? 'seven-days'
            : // What is missing is of hours that are final already, and holds no later one open.
              complete && endMs + WATERMARK_MS <= waitedForMs
              ? 'watermark'
              : null;
      const hour = finalBy === null ? undefined : views.hour(name, hourMs);
      if (hour !== undefined && finalBy !== null) final.push(makeFinal(hour, finalBy));
    }
  }
  return final;
}
