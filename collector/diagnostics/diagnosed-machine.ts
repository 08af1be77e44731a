import type { MeasuredChannel } from '../../protocols/telemetry/channel.ts';
import type { ConfigSnapshot, SourceDescription } from '../../protocols/telemetry/snapshot.ts';

/** What must be known of a machine to judge its readings: plain data. */
export interface DiagnosedMachine {
  machine: string;
  /** W; null where nobody said: then nothing is compared with it. */
  ratedPowerW: number | null;
  componentRatedPowerW: Readonly<Record<string, number>>;
  /** The wiring in force; what several agents measure of the machine is together here. */
  channels: readonly MeasuredChannel[];
  sources: readonly SourceDescription[];
  /** Whether it fed anything back in the time before, and how many hours are known of that. */
  history: { hours: number; hasExported: boolean };
}

/** The wiring of one machine from the snapshots in force; of a channel in several, the later one's holds. */
export function wiringOf(
  machine: string,
  snapshots: readonly ConfigSnapshot[],
): Pick<DiagnosedMachine, 'channels' | 'sources'> {
  const channels = new Map<string, MeasuredChannel>();
  const sources = new Map<string, SourceDescription>();
  for (const snapshot of snapshots) {
    for (const channel of snapshot.channels) {
      if (channel.machine !== machine || channel.kind !== 'measured') continue;
      channels.set(channel.id, channel);
      const source = snapshot.sources.find(({ id }) => id === channel.source);
      if (source !== undefined) sources.set(source.id, source);
    }
  }
  return { channels: [...channels.values()], sources: [...sources.values()] };
}

/** Components that the wiring names, `supply` first. */
export function componentsOf({ channels }: Pick<DiagnosedMachine, 'channels'>): string[] {
  const names = [...new Set(channels.map(({ component }) => component))].sort();
  return names.toSorted((a, b) => Number(b === 'supply') - Number(a === 'supply'));
}

/** The rating that a component's readings are compared with, W; the machine's bounds what has none of its own. */
export function ratingOf(machine: DiagnosedMachine, component: string): number | null {
  return machine.componentRatedPowerW[component] ?? machine.ratedPowerW;
}

/** The smallest step of a counter as its wiring tells it, in its unit (Wh). */
export function stepOf(channel: MeasuredChannel): number {
  return Number(channel.counter?.resolution ?? 1) * unitOf(channel);
}

/** What one of the register is of a channel, in its canonical unit. */
export function unitOf({ scale }: MeasuredChannel): number {
  return Number(scale[0]) / Number(scale[1]);
}
