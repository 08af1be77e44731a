import { HOUR_MS, MINUTE_MS } from '../energy/hour-account.ts';
import { setImmediate } from 'node:timers/promises';
import type { Views } from '../ledger/views.ts';
import { wiringOf, type DiagnosedMachine } from '../diagnostics/diagnosed-machine.ts';
import type { MachineMinute, MinuteReading } from '../diagnostics/machine-minute.ts';
import { meteredAs, type MeteredAs } from '../diagnostics/metered-as.ts';
import { PlausibilityScan } from '../diagnostics/plausibility.ts';
import type { PlausibilityFinding } from '../diagnostics/plausibility-finding.ts';
import { orderConfigs, snapshotsInForce, snapshotsOf } from './configs-in-force.ts';
import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';

const DAY_MS = 86_400_000;
/** What came before is looked at as well: how a machine loads its phases, its voltage, and stretches that began there. */
const BEFORE_MS = DAY_MS;
/** So far back it is asked whether a machine ever fed anything back. */
const HISTORY_MS = 31 * DAY_MS;
const SPANS_MAX = 100_000;
/** The name of these rules; it changes when a finding could. */
const ALGORITHM = 'millwatt-plausibility/1';

/** What the report needs to know of a machine beside its readings; null and nothing where nobody said. */
export interface RatedMachine {
  machine: string;
  ratedPowerW: number | null;
  componentRatedPowerW: Readonly<Record<string, number>>;
}

/** What of the views the report reads. */
export type FindingViews = Pick<Views, 'hours' | 'minutes' | 'states' | 'snapshot' | 'channels'>;

/** What is implausible about the readings of one machine in [fromMs, toMs), and what that rests on. */
export interface FindingReport {
  machine: string;
  fromMs: number;
  toMs: number;
  findings: PlausibilityFinding[];
  basis: {
    algorithm: string;
    /** Minutes in which anything was read, and hours looked at. */
    minutes: number;
    hours: number;
    /** Hashes of the config snapshots in force. */
    configs: string[];
  };
}

/**
 * Looks through minutes and hours day by day, and lets others work in between; a month takes seconds and the memory of a day.
 *
 * @param wasMetered says whether the metering is another one than was commissioned
 */
export async function reportFindings(
  views: FindingViews,
  rated: RatedMachine,
  fromMs: number,
  toMs: number,
  wasMetered: (now: MeteredAs[]) => PlausibilityFinding | undefined = () => undefined,
): Promise<FindingReport> {
  const { machine } = rated;
  const beginMs = Math.floor((fromMs - BEFORE_MS) / HOUR_MS) * HOUR_MS;
  const configs = orderConfigs(views.hours(machine, beginMs, toMs));
  const scan = new PlausibilityScan({
    ...rated,
    ...wiringOf(machine, snapshotsOf(views, configs)),
    history: historyOf(views, machine, fromMs),
  });
  const channels = views.channels(machine);
  let minutes = 0;
  let hours = 0;
  for (let dayMs = beginMs; dayMs < toMs; dayMs += DAY_MS) {
    const endMs = Math.min(dayMs + DAY_MS, toMs);
    await setImmediate();
    for (const minute of readMinutes(views, machine, channels, dayMs, endMs)) {
      scan.takeMinute(minute);
      if (minute.minuteMs >= fromMs) minutes++;
    }
    for (const hour of views.hours(machine, dayMs, endMs)) {
      scan.takeHour(hour);
      if (hour.hourMs >= fromMs) hours++;
    }
  }
  const { snapshots } = snapshotsInForce(views, views.hours(machine, toMs - 2 * DAY_MS, toMs));
  const recommission = wasMetered(meteredAs(wiringOf(machine, snapshots)));
  const findings = [
    ...scan.end().filter((finding) => finding.toMs > fromMs),
    ...(recommission === undefined ? [] : [recommission]),
  ];
  return { machine, fromMs, toMs, findings, basis: { algorithm: ALGORITHM, minutes, hours, configs } };
}

/** Minutes of a machine in [fromMs, toMs) in order, all channels of each together. */
export function readMinutes(
  views: Pick<Views, 'minutes' | 'states'>,
  machine: string,
  channels: readonly string[],
  fromMs: number,
  toMs: number,
): MachineMinute[] {
  const byMinute = new Map<number, Map<string, MinuteReading>>();
  for (const channel of channels)
    for (const rollup of views.minutes(channel, fromMs, toMs)) {
      if (rollup.count === 0) continue;
      let readings = byMinute.get(rollup.minuteMs);
      if (readings === undefined) byMinute.set(rollup.minuteMs, (readings = new Map()));
      readings.set(channel, rollup);
    }
  const spans = views.states(machine, fromMs, toMs, SPANS_MAX);
  let at = 0;
  return [...byMinute]
    .sort(([a], [b]) => a - b)
    .map(([minuteMs, readings]) => {
      while ((spans[at]?.toMs ?? Infinity) <= minuteMs) at++;
      const span = spans[at];
      const holds =
        span !== undefined &&
        span.fromMs <= minuteMs &&
        span.toMs >= minuteMs + MINUTE_MS &&
        span.decider === 'control';
      const controlState: OperatingState | null = holds ? span.state : null;
      return { minuteMs, readings, controlState };
    });
}

function historyOf(
  views: Pick<Views, 'hours'>,
  machine: string,
  fromMs: number,
): DiagnosedMachine['history'] {
  const hours = views.hours(machine, fromMs - HISTORY_MS, fromMs);
  return { hours: hours.length, hasExported: hours.some((hour) => hour.energy.exportMwh > 0) };
}
