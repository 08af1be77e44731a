import { isUntold, normalizeClass } from '../../energy/uncertainty/class-word.ts';
import type { MeteringFacts } from '../../energy/uncertainty/metering-facts.ts';
import type { SourceDescription } from '../../../protocols/telemetry/snapshot.ts';
import type { RecordMeter } from '../../footprint/record/footprint-record.ts';
import { judgeCalibration } from '../calibration-dates.ts';
import { snapshotsOf } from '../configs-in-force.ts';
import type { PeriodSource } from '../period-source.ts';
import type { MeterUncertainty } from '../uncertain-period.ts';
import type { MachineFacts } from './gather-machine.ts';

/**
 * The meters that the energies of a machine rest on, supply first, as the wiring of its hours tells them. Calibration and
 * certificate are entered for the meter that is there last, and told of that one only.
 */
export function recordMeters(
  { views, plan }: Pick<PeriodSource, 'views' | 'plan'>,
  { machine, span }: MachineFacts,
): RecordMeter[] {
  const sources = sourcesOf(views, span);
  const metering = plan.machines.find((known) => known.machine === machine)?.metering ?? {};
  const components = Object.keys(span.uncertainty).sort(
    (a, b) => Number(b === 'supply') - Number(a === 'supply') || (a < b ? -1 : 1),
  );
  return components.flatMap((component) => {
    const meters = span.uncertainty[component]?.meters ?? [];
    return meters.flatMap((meter, index): RecordMeter[] => {
      if (meter.channel === null) return [];
      const told = index === meters.length - 1 ? metering[component]?.calibration : undefined;
      return [
        {
          machine,
          component,
          channel: meter.channel,
          ...describeDevice(meter, sources),
          accuracyClass: meter.facts.metering.meter.class,
          transformers: sayTransformers(meter.facts.metering),
          calibrated: dayOf(told?.calibratedMs ?? null),
          calibrationValidUntil: dayOf(told === undefined ? null : judgeCalibration(told, 0).untilMs),
          certificate: told?.certificate ?? null,
          basis: meter.facts.basis === 'register' ? 'counter' : 'power',
        },
      ];
    });
  });
}

/**
 * A remark for each meter whose class was entered under `metering` and is another one in the signed wiring of the hours: both, and
 * that the entered one was used.
 */
export function sayOtherClasses(
  { views, plan }: Pick<PeriodSource, 'views' | 'plan'>,
  all: readonly MachineFacts[],
): string[] {
  const said = all.flatMap(({ machine, span }) => {
    const sources = sourcesOf(views, span);
    const metering = plan.machines.find((known) => known.machine === machine)?.metering ?? {};
    return Object.entries(span.uncertainty).flatMap(([component, { meters }]) => {
      const entered = metering[component]?.meter?.class ?? null;
      if (isUntold(entered)) return [];
      return meters.flatMap((meter): string[] => {
        const signed = sourceOf(meter, sources)?.meter?.class ?? null;
        if (isUntold(signed) || normalizeClass(signed) === normalizeClass(entered)) return [];
        return [
          `Class of the meter of ${component} of ${machine}: ${entered} was entered, ${signed} is in the signed wiring; the entered one was used.`,
        ];
      });
    });
  });
  return [...new Set(said)];
}

/** A channel with the device that it is read from. */
interface ChannelSource {
  channel: string;
  source: SourceDescription;
}

function sourcesOf(views: PeriodSource['views'], span: MachineFacts['span']): ChannelSource[] {
  return snapshotsOf(views, span.basis.configs).flatMap((snapshot) =>
    snapshot.channels.flatMap((channel) => {
      const source = snapshot.sources.find(({ id }) => id === channel.source);
      return source === undefined ? [] : [{ channel: channel.id, source }];
    }),
  );
}

const serialOf = (source: SourceDescription) => source.meter?.serial ?? source.device?.serial ?? null;

function sourceOf({ meter, channel }: MeterUncertainty, sources: readonly ChannelSource[]) {
  const own = sources.filter((one) => one.channel === channel).map(({ source }) => source);
  return own.findLast((one) => meter === `serial ${serialOf(one)}`) ?? own.at(-1);
}

function describeDevice(
  of: MeterUncertainty,
  sources: readonly ChannelSource[],
): Pick<RecordMeter, 'device' | 'serial'> {
  const source = sourceOf(of, sources);
  if (source === undefined) return { device: of.meter, serial: null };
  const { device, profile, protocol, address } = source;
  const named = [device?.manufacturer, device?.model].filter((word) => word !== undefined).join(' ');
  return { device: named || profile?.id || `${protocol} ${address}`, serial: serialOf(source) };
}

function sayTransformers({ connection, vt }: MeteringFacts): string | null {
  if (connection === null) return null;
  const voltage = vt === undefined ? '' : `; VT class ${vt.class ?? 'not told'}`;
  if (connection.kind === 'direct') return `direct${voltage}`;
  const { primaryA, secondaryA, class: word } = connection.ct;
  return `CT ${primaryA ?? '?'}/${secondaryA ?? '?'} A class ${word ?? 'not told'}${voltage}`;
}

const dayOf = (atMs: number | null) => (atMs === null ? null : new Date(atMs).toISOString().slice(0, 10));
