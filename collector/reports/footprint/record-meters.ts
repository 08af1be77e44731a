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
  const sources = snapshotsOf(views, span.basis.configs).flatMap((snapshot) =>
    snapshot.channels.flatMap((channel) => {
      const source = snapshot.sources.find(({ id }) => id === channel.source);
      return source === undefined ? [] : [{ channel: channel.id, source }];
    }),
  );
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

function describeDevice(
  { meter, channel }: MeterUncertainty,
  sources: readonly { channel: string; source: SourceDescription }[],
): Pick<RecordMeter, 'device' | 'serial'> {
  const own = sources.filter((one) => one.channel === channel).map(({ source }) => source);
  const serialOf = (source: SourceDescription) => source.meter?.serial ?? source.device?.serial ?? null;
  const source = own.findLast((one) => meter === `serial ${serialOf(one)}`) ?? own.at(-1);
  if (source === undefined) return { device: meter, serial: null };
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
