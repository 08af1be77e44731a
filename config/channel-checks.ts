import { MillwattError } from '../protocols/errors.ts';
import { measuredChannelId, statusChannelId } from '../protocols/telemetry/channel.ts';
import type { Phase, Quantity } from '../protocols/telemetry/quantity.ts';
import { checkComponentName } from './component-checks.ts';
import type { ConfigPath, Remark } from './finding.ts';
import { isModbus, type ModbusSourceConfig } from './modbus/modbus-config.ts';
import { readsOf } from './modbus/points-read.ts';
import type { SourceDraft } from './source-draft.ts';
import type { Surroundings } from './surroundings.ts';

/** A channel that a source reads. */
export interface Claim {
  channel: string;
  /** What in the file claims it. */
  path: ConfigPath;
  /** The id of the source. */
  source: string;
  /** Its place in the list. */
  index: number;
}

/** All channels that the sources of a file read. */
export function claimsOfSources(sources: readonly SourceDraft[], world: Surroundings): Claim[] {
  return (
    sources
      // Where a component was mistyped its default would stand in, and accuse an innocent neighbour.
      .filter((draft) => draft.whole)
      .flatMap((draft) => claimsOf(draft, world))
  );
}

/** A channel is one measured point of the plant: two devices that claim the same one would count its energy twice. */
export function checkChannels(sources: readonly SourceDraft[], world: Surroundings): Remark[] {
  const claims = claimsOfSources(sources, world);
  const taken = new Map<string, Claim>();
  const clashes = new Map<string, { first: Claim; second: Claim; channels: string[] }>();
  for (const claim of claims) {
    const first = taken.get(claim.channel);
    if (first === undefined) {
      taken.set(claim.channel, claim);
      continue;
    }
    const key = `${first.index}/${JSON.stringify(claim.path)}`;
    const clash = clashes.get(key) ?? { first, second: claim, channels: [] };
    clash.channels.push(claim.channel);
    clashes.set(key, clash);
  }
  const remarks = [...clashes.values()].map(({ first, second, channels }): Remark => ({
    severity: 'error',
    path: second.path,
    message: `${listSome(channels)} ${channels.length === 1 ? 'is' : 'are'} already read by ${
      first.index === second.index ? 'this same source' : `source "${first.source}" (sources[${first.index}])`
    }.`,
    cure:
      first.index === second.index
        ? 'Remove one of the two.'
        : 'Give one of them another machine or component (spindle, drives, cabinet, ...), or read other quantities.',
  }));
  return [...remarks, ...checkCount(taken.size)];
}

/** The wiring of an agent travels in one record, a part of which holds 1 MiB of text: 3,400 channels with long names. */
const CHANNELS_MANY = 3000;

function checkCount(channels: number): Remark[] {
  if (channels <= CHANNELS_MANY) return [];
  return [
    {
      severity: 'warning',
      path: ['sources'],
      message: `${channels} channels are read; the wiring of one agent has room for about 3,400.`,
      cure: 'Read fewer points, or divide the sources between two agents.',
    },
  ];
}

function claimsOf({ value: source, index }: SourceDraft, world: Surroundings): Claim[] {
  const at = ['sources', index];
  const base = { source: source.id, index };
  if (isModbus(source)) return modbusClaims(source, at, world).map((claim) => ({ ...base, ...claim }));
  return listed(source).flatMap(({ entry: node, key, n, isClaimed }): Claim[] => {
    if (!isClaimed) return [];
    const component = node.component ?? source.component;
    const path = [...at, key, n];
    const claims: Claim[] = [];
    if (node.quantity !== undefined)
      claims.push({
        ...base,
        path,
        channel: measuredChannelId(source.machine, component, node.quantity, node.phase),
      });
    if (node.status !== undefined)
      claims.push({
        ...base,
        path,
        channel: statusChannelId(source.machine, component, node.status, node.name),
      });
    return claims;
  });
}

/** What a source over OPC UA or MTConnect lists by itself; what its model finds is not known before it is connected. */
function listed(source: Exclude<SourceDraft['value'], ModbusSourceConfig>) {
  return source.protocol === 'opcua'
    ? source.nodes.map((entry, n) => ({ entry, key: 'nodes', n, isClaimed: true }))
    : source.items.map((entry, n) => ({
        entry,
        key: 'items',
        n,
        // What component an item belongs to is told by the agent where it is not written.
        isClaimed: !entry.skip && entry.component !== undefined,
      }));
}

/** Components that were probably mistyped. */
export function checkComponents(sources: readonly SourceDraft[]): Remark[] {
  return sources.flatMap(({ value, index }) => [
    ...checkComponentName(value.component, ['sources', index, 'component']),
    ...(isModbus(value) ? [] : listed(value)).flatMap(({ entry, key, n }) =>
      entry.component === undefined
        ? []
        : checkComponentName(entry.component, ['sources', index, key, n, 'component']),
    ),
  ]);
}

function modbusClaims(
  source: ModbusSourceConfig,
  at: ConfigPath,
  world: Surroundings,
): Pick<Claim, 'channel' | 'path'>[] {
  const { machine, component } = source;
  const profile = world.profileOf(source.profile);
  if (profile instanceof MillwattError) return claimsWithoutProfile(source, at);
  const { points, statuses } = readsOf(source, profile, at);
  return [
    ...points.map(({ point: { quantity, phase }, path }) => ({
      path,
      channel: measuredChannelId(machine, component, quantity, phase),
    })),
    ...statuses.map(({ status: { status }, path }) => ({
      path,
      channel: statusChannelId(machine, component, status),
    })),
  ];
}

/** What is written; where nothing is, the totals that every profile has for certain. */
function claimsWithoutProfile(
  { machine, component, read }: ModbusSourceConfig,
  at: ConfigPath,
): Pick<Claim, 'channel' | 'path'>[] {
  return (read ?? ['activePower', 'activeEnergyImport']).map((point, n) => {
    const [quantity = '', phase = 'total'] = point.split('.');
    const path = read === undefined ? at : [...at, 'read', n];
    return { path, channel: measuredChannelId(machine, component, quantity as Quantity, phase as Phase) };
  });
}

/** `a, b, c and 4 more` */
export function listSome(names: readonly string[]): string {
  return names.length <= 3
    ? names.join(', ')
    : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}
