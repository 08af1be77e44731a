import { silentLog } from '../../protocols/log.ts';
import { compareViews, type Comparison } from '../derivation/compare-views.ts';
import { startDerivation } from '../derivation/deriver.ts';
import type { Amendment } from '../energy/amendment.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { MachineModel } from '../energy/machine-model.ts';
import { HoursInMemory } from './hours-in-memory.ts';
import type { Manifest } from './manifest.ts';
import type { PackageLedger } from './package-ledger.ts';
import { namesAlsoThinned } from './resting-records.ts';

const DIFFERENCES_MAX = 20;
/** How often it is looked at how far it has come, real ms. */
const LOOK_EVERY_MS = 200;

/** What hours are computed from. */
export interface Recomputable {
  manifest: Manifest;
  ledger: PackageLedger;
  model: MachineModel;
  amendments: readonly Amendment[];
  hours: ReadonlyMap<number, MachineHour>;
}

/**
 * Computes the hours of a package from its records, with the code that computes every hour, and compares them with those
 * that it holds, to the last mWh. Rejects where the records cannot be derived, and when the signal says so.
 */
export async function recomputeHours(
  { manifest, ledger, model, amendments, hours }: Recomputable,
  options: { signal?: AbortSignal; show?: (share: number) => void } = {},
): Promise<Comparison> {
  const { signal, show } = options;
  const { machine, site, fromMs, toMs, madeMs } = manifest;
  const views = new HoursInMemory();
  const lastOrdinal = Math.max(1, ledger.lastOrdinal());
  const derivation = startDerivation({
    ledger,
    views,
    machines: [model],
    amendments: { of: (name) => (name === machine ? amendments : []), version: () => 1 },
    site,
    clock: { wallMs: () => madeMs },
    log: silentLog,
  });
  const looking = setInterval(() => show?.(derivation.stats().ordinal / lastOrdinal), LOOK_EVERY_MS);
  const stopped = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('it was stopped')), { once: true });
  });
  stopped.catch(() => {});
  try {
    await Promise.race([derivation.idle(), stopped]);
  } finally {
    clearInterval(looking);
    await derivation.stop();
  }
  signal?.throwIfAborted();
  const times = views.hourTimes(machine, fromMs, toMs);
  const within = new Set(times);
  const stored = {
    machines: () => [machine],
    hourTimes: () => [...hours.keys()],
    hour: (_: string, hourMs: number) => asFinal(hours.get(hourMs)),
    bases: () => [],
  };
  const computed = {
    machines: () => [machine],
    hourTimes: () => times,
    hour: (_: string, hourMs: number) =>
      asFinal(
        within.has(hourMs) ? asNamed(views.hour(machine, hourMs), hours.get(hourMs), ledger) : undefined,
      ),
    bases: () => [],
  };
  const steps = compareViews(stored, computed, DIFFERENCES_MAX);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The computed hour, with the thinned records that the package names beside those that it rests on. */
function asNamed(
  computed: MachineHour | undefined,
  packed: MachineHour | undefined,
  ledger: PackageLedger,
): MachineHour | undefined {
  const named = packed?.basis?.records;
  const isThinned = (agent: string, epoch: string, seq: number) => ledger.isThinned(agent, epoch, seq);
  if (computed === undefined || !namesAlsoThinned(named, computed.basis.records, isThinned)) return computed;
  return { ...computed, basis: { ...computed.basis, records: named } };
}

/** Whether an hour is final is the collector's decision at a time; its figures are compared all the same. */
function asFinal(hour: MachineHour | undefined): MachineHour | undefined {
  return hour === undefined ? undefined : { ...hour, status: 'final' };
}
