import { MillwattError } from '../../errors.ts';
import {
  measuredChannelId,
  statusChannelId,
  type Channel,
  type MeasuredChannel,
  type StatusChannel,
} from '../../telemetry/channel.ts';
import { QUANTITIES } from '../../telemetry/quantity.ts';
import type { SourceDescription } from '../../telemetry/snapshot.ts';
import { UNITS } from '../../telemetry/unit.ts';
import type { Found, FoundMeasured, FoundStatus } from '../model/found.ts';
import { parseNodeAddress, type NodeAddress } from '../node-address.ts';
import type { OpcuaNodeOptions, OpcuaSourceOptions } from '../opcua-options.ts';

/** A channel, and the node that feeds it: one that was listed, or one that a model found on this server. */
export interface WiredPoint<Of extends Channel = Channel> {
  channel: Of;
  from: { address: NodeAddress } | { nodeId: string };
  /** In the node's unit. */
  deadband?: number;
  /** Where the node tells the id of a state: its word by that id. */
  words?: Readonly<Record<string, string>>;
}

/** All that is known of a source just now. */
export interface OpcuaWiring {
  description: SourceDescription;
  measured: readonly WiredPoint<MeasuredChannel>[];
  statuses: readonly WiredPoint<StatusChannel>[];
  /** What was left out, and what to write; one sentence each. */
  remarks: readonly string[];
}

/** What a server told when it was asked. */
export interface Asked {
  found?: Found | undefined;
  /** By node as it was written: the unit that the server names, a key of UNITS; undefined where it names none. */
  units?: ReadonlyMap<string, string | undefined>;
}

/**
 * Wires a source from its options and from what its server told. A listed node wins over a found one of the same channel.
 * Throws an error of class `refuse` (code `bad-node`) for a node that cannot be what it is said to be, whatever the server
 * says.
 */
export function createOpcuaWiring(options: OpcuaSourceOptions, asked: Asked = {}): OpcuaWiring {
  const measured: WiredPoint<MeasuredChannel>[] = [];
  const statuses: WiredPoint<StatusChannel>[] = [];
  const remarks: string[] = [];
  for (const node of options.nodes) {
    const address = parseNodeAddress(node.node);
    if (address === undefined) throw badNode(options, node, 'is not a node id');
    if ((node.quantity === undefined) === (node.status === undefined))
      throw badNode(options, node, 'needs either quantity or status');
    if (node.status === undefined) {
      const channel = listedMeasured(options, node, asked.units, remarks);
      if (channel !== undefined)
        measured.push({
          channel,
          from: { address },
          ...(node.deadband === undefined ? {} : { deadband: node.deadband }),
        });
    } else statuses.push({ channel: listedStatus(options, node), from: { address } });
  }
  const taken = new Set([...measured, ...statuses].map(({ channel }) => channel.id));
  const isNew = ({ channel }: WiredPoint) => !taken.has(channel.id) && taken.add(channel.id);
  const { found } = asked;
  measured.push(...(found?.measured ?? []).map((one) => foundMeasured(options, one)).filter(isNew));
  statuses.push(...(found?.statuses ?? []).map((one) => foundStatus(options, one)).filter(isNew));
  return {
    description: describeSource(options, found),
    measured,
    statuses,
    remarks: [...remarks, ...(found?.remarks ?? [])],
  };
}

/** The listed nodes whose unit only the server can tell, as they were written. */
export function nodesWithoutUnit(options: Pick<OpcuaSourceOptions, 'nodes'>): string[] {
  return options.nodes
    .filter(({ quantity, unit }) => quantity !== undefined && unit === undefined)
    .map(({ node }) => node);
}

function describeSource(options: OpcuaSourceOptions, found: Found | undefined): SourceDescription {
  const { meter } = options;
  return {
    id: options.id,
    protocol: 'opcua',
    address: options.endpoint,
    everyMs: options.every,
    ...(meter === undefined
      ? {}
      : {
          meter: {
            ...(meter.serial === undefined ? {} : { serial: meter.serial }),
            ...(meter.class === undefined ? {} : { class: meter.class }),
          },
        }),
    ...(found?.device === undefined ? {} : { device: found.device }),
  };
}

function listedStatus(options: OpcuaSourceOptions, node: OpcuaNodeOptions): StatusChannel {
  const { status, component = options.component } = node;
  if (status === undefined) throw badNode(options, node, 'needs either quantity or status');
  return statusChannel(options, { ...node, status, component, point: node.node });
}

function statusChannel(
  { machine, id: source }: OpcuaSourceOptions,
  {
    component,
    status,
    name,
    point,
    vocabulary,
  }: { name?: string | undefined } & Pick<FoundStatus, 'component' | 'status' | 'point' | 'vocabulary'>,
): StatusChannel {
  return {
    kind: 'status',
    id: statusChannelId(machine, component, status, name),
    machine,
    component,
    status,
    ...(name === undefined ? {} : { name }),
    source,
    point,
    vocabulary,
  };
}

/** Undefined where nobody has said the unit: such a node is left out, with a remark. */
function listedMeasured(
  options: OpcuaSourceOptions,
  node: OpcuaNodeOptions,
  units: Asked['units'],
  remarks: string[],
): MeasuredChannel | undefined {
  const { quantity, phase } = node;
  if (quantity === undefined) throw badNode(options, node, 'needs either quantity or status');
  const wanted = QUANTITIES[quantity];
  const name = node.unit ?? units?.get(node.node);
  const unit = name === undefined ? undefined : UNITS[name];
  if (unit?.canonical !== wanted.unit) {
    if (node.unit !== undefined)
      throw badNode(options, node, `gives ${quantity}, which cannot be in ${node.unit}`);
    // Before the server was asked there is nothing to say.
    if (units?.has(node.node) === true)
      remarks.push(
        name === undefined
          ? `The server names no unit for ${node.node}, so it is left out: write unit: ${exampleUnit(wanted.unit)} (or what it is) beside it.`
          : `The server gives ${node.node} in ${name}, which is no unit of ${quantity}, so it is left out: write another quantity, or the right unit beside it.`,
      );
    return undefined;
  }
  const component = node.component ?? options.component;
  return {
    kind: 'measured',
    id: measuredChannelId(options.machine, component, quantity, phase),
    machine: options.machine,
    component,
    quantity,
    phase,
    source: options.id,
    point: node.node,
    scale: [unit.factor.num.toString(), unit.factor.den.toString()],
    ...(wanted.cumulative ? { counter: { behaviour: 'monotone' as const } } : {}),
  };
}

function foundMeasured(options: OpcuaSourceOptions, found: FoundMeasured): WiredPoint<MeasuredChannel> {
  const { nodeId, point, component, quantity, phase, scale, counter, accuracy } = found;
  return {
    channel: {
      kind: 'measured',
      id: measuredChannelId(options.machine, component, quantity, phase),
      machine: options.machine,
      component,
      quantity,
      phase,
      source: options.id,
      point,
      scale,
      ...(counter === undefined ? {} : { counter }),
      ...(accuracy === undefined ? {} : { accuracy }),
    },
    from: { nodeId },
  };
}

function foundStatus(options: OpcuaSourceOptions, found: FoundStatus): WiredPoint<StatusChannel> {
  const { nodeId, words } = found;
  return {
    channel: statusChannel(options, found),
    from: { nodeId },
    ...(words === undefined ? {} : { words }),
  };
}

function exampleUnit(canonical: string): string {
  return Object.entries(UNITS).find(([, unit]) => unit.canonical === canonical)?.[0] ?? canonical;
}

function badNode(options: OpcuaSourceOptions, node: OpcuaNodeOptions, what: string): MillwattError {
  return new MillwattError('refuse', 'bad-node', `Source ${options.id}: node ${node.node} ${what}.`, {
    cure: 'Write node: nsu=<namespace URI>;s=<id> with quantity and unit, or with status and vocabulary.',
  });
}
