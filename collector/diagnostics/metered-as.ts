import type { DiagnosedMachine } from './diagnosed-machine.ts';

/** What a commissioning was made of: one meter and its energy channels, as they are kept with the evidence. */
export interface MeteredAs {
  /** The source, and the meter's serial, ratios and scales; null and none where the wiring does not say. */
  source: string;
  serial: string | null;
  ct: string | null;
  vt: string | null;
  profile: string | null;
  /** Channel, point and scale of what gives energy. */
  channels: string[];
}

const ENERGY = new Set(['activePower', 'activeEnergyImport', 'activeEnergyExport']);

/** The metering of a machine by its wiring, in order of the sources' ids. */
export function meteredAs({
  sources,
  channels,
}: Pick<DiagnosedMachine, 'sources' | 'channels'>): MeteredAs[] {
  return [...sources]
    .map(({ id, meter, device, ct, vt, profile }) => ({
      source: id,
      serial: meter?.serial ?? device?.serial ?? null,
      ct: ct === undefined ? null : `${ct.primary}/${ct.secondary} A`,
      vt: vt === undefined ? null : `${vt.primary}/${vt.secondary} V`,
      profile: profile === undefined ? null : `${profile.id} ${profile.version}`,
      channels: channels
        .filter(({ source, quantity, phase }) => source === id && phase === 'total' && ENERGY.has(quantity))
        .map((channel) => `${channel.id} ${channel.point} x ${channel.scale.join('/')}`)
        .sort(),
    }))
    .filter((source) => source.channels.length > 0)
    .sort((a, b) => (a.source < b.source ? -1 : 1));
}

/** What is different now, each in a sentence; empty where a commissioning still stands for what is measured. */
export function metersChanged(then: readonly MeteredAs[], now: readonly MeteredAs[]): string[] {
  return now.flatMap((meter) => {
    const before = then.find(({ source }) => source === meter.source);
    if (before === undefined) return [`${meter.source} was not there`];
    const changes = (['serial', 'ct', 'vt', 'profile'] as const).flatMap((fact) =>
      // A serial that a device only tells while it answers is not another one.
      meter[fact] === before[fact] || meter[fact] === null
        ? []
        : [`${fact} of ${meter.source} was ${before[fact] ?? 'not known'} and is ${meter[fact]}`],
    );
    const channels = meter.channels.filter((channel) => !before.channels.includes(channel));
    return [...changes, ...channels.map((channel) => `${channel} is new or scaled otherwise`)];
  });
}
