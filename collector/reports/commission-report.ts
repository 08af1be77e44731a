import { ChainRanges } from './chain-ranges.ts';
import { HOUR_MS, MINUTE_MS } from '../energy/hour-account.ts';
import { commission } from '../diagnostics/commission.ts';
import type { CommissionResult } from '../diagnostics/commission-result.ts';
import { wiringOf, type DiagnosedMachine } from '../diagnostics/diagnosed-machine.ts';
import { meteredAs, type MeteredAs } from '../diagnostics/metered-as.ts';
import type { ToldMetering } from '../energy/uncertainty/metering-of-source.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { Views } from '../ledger/views.ts';
import { snapshotsInForce } from './configs-in-force.ts';
import { readMinutes, type RatedMachine } from './finding-report.ts';

/** The wiring in force is that of the newest hour in this time; those before it tell the order of what changed. */
const WIRING_MS = 48 * HOUR_MS;
const SPANS_MAX = 10_000;

/** A commissioning and what it rests on. */
export interface CommissionReport {
  result: CommissionResult;
  /** Hashes of the config snapshots, and the records of the hours it lies in. */
  configs: string[];
  records: MachineHour['basis']['records'];
  meters: MeteredAs[];
}

/** What of the views a commissioning reads. */
export type CommissionViews = Pick<
  Views,
  'hours' | 'minutes' | 'states' | 'snapshot' | 'channels' | 'newestMinuteMs'
>;

/**
 * Commissions a machine by its newest full minutes, and warns where they are old; undefined where nothing was read of it yet.
 *
 * @param nowMs wall ms; null where their age does not matter
 * @param offersOf all points of a profile by the names that `read` takes; undefined where it is not known
 */
export function reportCommission(
  views: CommissionViews,
  rated: RatedMachine,
  metering: Readonly<Record<string, ToldMetering>>,
  minuteCount: number,
  nowMs: number | null,
  offersOf: (profile: string) => readonly string[] | undefined = () => undefined,
): CommissionReport | undefined {
  const { machine } = rated;
  const channels = views.channels(machine);
  const newestMs = Math.max(...channels.map((channel) => views.newestMinuteMs(channel) ?? -Infinity));
  if (!Number.isFinite(newestMs)) return undefined;
  // The newest minute may still be read.
  const toMs = newestMs;
  const fromMs = toMs - minuteCount * MINUTE_MS;
  const hours = views.hours(machine, Math.floor(fromMs / HOUR_MS) * HOUR_MS, toMs);
  const { configs, wiring, words } = wiringInForce(views, machine, toMs);
  const about: DiagnosedMachine = { ...rated, ...wiring, history: { hours: 0, hasExported: false } };
  const result = commission({
    machine: about,
    minutes: readMinutes(views, machine, channels, fromMs, toMs),
    fromMs,
    toMs,
    metering,
    offers: offersBySource(about, offersOf),
    control: { words, decidedMs: decidedMs(views, machine, fromMs, toMs) },
    nowMs,
  });
  const chains = new ChainRanges();
  for (const hour of hours) chains.add(hour);
  return { result, configs, records: chains.list(), meters: meteredAs(about) };
}

/** The wiring of a machine by the snapshots that were in force last before a time: right after a change, the new one only. */
export function wiringInForce(
  views: Pick<Views, 'hours' | 'snapshot'>,
  machine: string,
  toMs: number,
): { configs: string[]; wiring: Pick<DiagnosedMachine, 'channels' | 'sources'>; words: number } {
  const { configs, snapshots } = snapshotsInForce(views, views.hours(machine, toMs - WIRING_MS, toMs));
  const words = snapshots
    .flatMap((snapshot) => snapshot.channels)
    .filter((channel) => channel.kind === 'status' && channel.machine === machine).length;
  return { configs, wiring: wiringOf(machine, snapshots), words };
}

function offersBySource(
  { sources }: Pick<DiagnosedMachine, 'sources'>,
  offersOf: (profile: string) => readonly string[] | undefined,
): Record<string, readonly string[]> {
  return Object.fromEntries(
    sources.flatMap(({ id, profile }) => {
      const offers = profile === undefined ? undefined : offersOf(profile.id);
      return offers === undefined ? [] : [[id, offers]];
    }),
  );
}

function decidedMs(views: Pick<Views, 'states'>, machine: string, fromMs: number, toMs: number): number {
  return views
    .states(machine, fromMs, toMs, SPANS_MAX)
    .filter(({ decider }) => decider === 'control' || decider === 'warmUp')
    .reduce((sum, span) => sum + span.toMs - span.fromMs, 0);
}
