import { defineCounter, type CounterDefinition } from '../energy/counter-value.ts';
import type { Channel, MeasuredChannel } from '../../protocols/telemetry/channel.ts';
import type { Status } from '../../protocols/telemetry/quantity.ts';
import type { ConfigSnapshot, SourceDescription } from '../../protocols/telemetry/snapshot.ts';

/** What a channel is to the derivation. Every measured one is charted; only some bear energy. */
export type ChannelRole =
  | { kind: 'power'; component: string; factor: number }
  | {
      kind: 'counter';
      component: string;
      direction: 'import' | 'export';
      definition: CounterDefinition;
      factor: number;
    }
  | { kind: 'medium'; component: string; definition: CounterDefinition; factor: number }
  | { kind: 'chart'; factor: number }
  | { kind: 'word'; status: Status; vocabulary: string };

/** The roles of all channels of one config snapshot, by channel id. */
export function mapChannels(snapshot: ConfigSnapshot): Map<string, ChannelRole> {
  const sources = new Map(snapshot.sources.map((source) => [source.id, source]));
  return new Map(
    snapshot.channels.map((channel) => [channel.id, roleOf(channel, sources.get(channel.source))]),
  );
}

function roleOf(channel: Channel, source: SourceDescription | undefined): ChannelRole {
  if (channel.kind === 'status')
    return { kind: 'word', status: channel.status, vocabulary: channel.vocabulary };
  const factor = Number(channel.scale[0]) / Number(channel.scale[1]);
  const { component, quantity, phase } = channel;
  if (phase !== 'total') return { kind: 'chart', factor };
  if (quantity === 'activePower') return { kind: 'power', component, factor };
  if (quantity === 'activeEnergyImport' || quantity === 'activeEnergyExport') {
    const direction = quantity === 'activeEnergyImport' ? 'import' : 'export';
    return { kind: 'counter', component, direction, definition: definitionOf(channel, source), factor };
  }
  if (quantity === 'gasVolume')
    return { kind: 'medium', component, definition: definitionOf(channel, source), factor };
  return { kind: 'chart', factor };
}

function definitionOf(channel: MeasuredChannel, source: SourceDescription | undefined): CounterDefinition {
  const named = source?.meter?.serial !== undefined;
  return defineCounter(meterOf(channel, source), channel.scale, { ...channel.counter, named });
}

/** What tells one meter's counter from another: its serial number, or where nobody wrote that down its address. */
function meterOf(channel: MeasuredChannel, source: SourceDescription | undefined): string {
  const meter =
    source?.meter?.serial === undefined
      ? `${source?.protocol} ${source?.address}`
      : `serial ${source.meter.serial}`;
  return `${meter} ${channel.point}`;
}
