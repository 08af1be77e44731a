import type { MeasuredChannel } from '../../protocols/telemetry/channel.ts';
import type { ConfigSnapshot, SourceDescription } from '../../protocols/telemetry/snapshot.ts';
import type { Views } from '../ledger/views.ts';
import type { ExplainedMeter } from './explained-hour.ts';

/** Only these become energy or another consumption; the rest is charted. */
const BOOKED: ReadonlySet<string> = new Set([
  'activePower',
  'activeEnergyImport',
  'activeEnergyExport',
  'gasVolume',
]);

/** Every meter and point of a machine that the snapshots name, each once; those of the supply first. */
export function explainMeters(
  views: Pick<Views, 'snapshot'>,
  machine: string,
  configs: readonly string[],
): ExplainedMeter[] {
  const meters = new Map<string, ExplainedMeter & { snapshots: string[] }>();
  for (const hash of configs) {
    const snapshot = views.snapshot(hash);
    if (snapshot === undefined) continue;
    for (const channel of bookedChannels(snapshot, machine)) {
      const meter = describe(
        channel,
        snapshot.sources.find(({ id }) => id === channel.source),
      );
      const key = JSON.stringify(meter);
      const known = meters.get(key);
      if (known === undefined) meters.set(key, { ...meter, snapshots: [hash] });
      else known.snapshots.push(hash);
    }
  }
  return [...meters.values()].sort(
    (a, b) =>
      Number(b.component === 'supply') - Number(a.component === 'supply') ||
      compare(a.component, b.component) ||
      compare(a.quantity, b.quantity),
  );
}

function bookedChannels(snapshot: ConfigSnapshot, machine: string): MeasuredChannel[] {
  return snapshot.channels.filter(
    (channel): channel is MeasuredChannel =>
      channel.kind === 'measured' &&
      channel.machine === machine &&
      channel.phase === 'total' &&
      BOOKED.has(channel.quantity),
  );
}

function describe(
  channel: MeasuredChannel,
  source: SourceDescription | undefined,
): Omit<ExplainedMeter, 'snapshots'> {
  const { manufacturer, model, serial } = source?.device ?? {};
  const own = serial === undefined || serial === '' ? '' : `that calls itself ${serial}`;
  const device = [manufacturer, model, own].filter((word) => word !== undefined && word !== '').join(' ');
  const profile = source?.profile;
  return {
    component: channel.component,
    quantity: channel.quantity,
    channel: channel.id,
    point: channel.point,
    source: channel.source,
    protocol: source?.protocol ?? '',
    address: source?.address ?? '',
    serial: source?.meter?.serial ?? null,
    class: source?.meter?.class ?? channel.accuracy?.class ?? null,
    device: device === '' ? null : device,
    profile: profile === undefined ? null : `${profile.id} ${profile.version}`,
    ct: source?.ct === undefined ? null : `${source.ct.primary} A / ${source.ct.secondary} A`,
    vt: source?.vt === undefined ? null : `${source.vt.primary} V / ${source.vt.secondary} V`,
    scale: channel.scale,
    modulus: channel.counter?.modulus ?? null,
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
