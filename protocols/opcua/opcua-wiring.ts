import { MillwattError } from '../errors.ts';
import {
  measuredChannelId,
  statusChannelId,
  type MeasuredChannel,
  type StatusChannel,
} from '../telemetry/channel.ts';
import { QUANTITIES } from '../telemetry/quantity.ts';
import type { SourceDescription } from '../telemetry/snapshot.ts';
import { UNITS } from '../telemetry/unit.ts';
import { MACHINE_TOOL_STATUSES, type MachineToolStatus } from './machine-tool-model.ts';
import { parseNodeAddress, type NodeAddress } from './node-address.ts';
import type { OpcuaNodeOptions, OpcuaSourceOptions } from './opcua-options.ts';

/** A channel and the node that feeds it. */
export interface MeasuredPoint {
  channel: MeasuredChannel;
  address: NodeAddress;
}

/** A status channel and where its word is: a node, or a path that is browsed for at connect. */
export type StatusPoint = { channel: StatusChannel } & (
  | { address: NodeAddress }
  | { model: MachineToolStatus }
);

/** All that is known of a source before it is reached, so that the config snapshot can be sealed first. */
export interface OpcuaWiring {
  description: SourceDescription;
  measured: readonly MeasuredPoint[];
  statuses: readonly StatusPoint[];
}

const MODEL_COMPONENT = 'control';

/** Wires a source; throws an error of class `refuse` (code `bad-node`) for a node that cannot be what it is said to be. */
export function createOpcuaWiring(options: OpcuaSourceOptions): OpcuaWiring {
  const { meter } = options;
  const statuses: StatusPoint[] = [];
  if (options.model === 'machinetool') {
    for (const model of MACHINE_TOOL_STATUSES) {
      if (options.nodes.some((node) => node.status === model.status)) continue; // a listed node wins
      statuses.push({ channel: statusChannel(options, MODEL_COMPONENT, model), model });
    }
  }
  const measured: MeasuredPoint[] = [];
  for (const node of options.nodes) {
    const address = parseNodeAddress(node.node);
    if (address === undefined) throw badNode(options, node, 'is not a node id');
    const component = node.component ?? options.component;
    if (node.status !== undefined && node.quantity === undefined) {
      const { status, vocabulary } = node;
      statuses.push({
        channel: statusChannel(options, component, { status, vocabulary, point: node.node }),
        address,
      });
    } else measured.push({ channel: measuredChannel(options, component, node), address });
  }
  return {
    description: {
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
    },
    measured,
    statuses,
  };
}

function statusChannel(
  options: OpcuaSourceOptions,
  component: string,
  of: Pick<MachineToolStatus, 'status' | 'vocabulary' | 'point'>,
): StatusChannel {
  return {
    kind: 'status',
    id: statusChannelId(options.machine, component, of.status),
    machine: options.machine,
    component,
    status: of.status,
    source: options.id,
    point: of.point,
    vocabulary: of.vocabulary,
  };
}

function measuredChannel(
  options: OpcuaSourceOptions,
  component: string,
  node: OpcuaNodeOptions,
): MeasuredChannel {
  const { quantity, phase } = node;
  if (quantity === undefined || node.status !== undefined)
    throw badNode(options, node, 'needs either quantity or status');
  const unit = node.unit === undefined ? undefined : UNITS[node.unit];
  const wanted = QUANTITIES[quantity];
  if (unit?.canonical !== wanted.unit)
    throw badNode(options, node, `gives ${quantity}, which cannot be in ${node.unit ?? 'no unit'}`);
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

function badNode(options: OpcuaSourceOptions, node: OpcuaNodeOptions, what: string): MillwattError {
  return new MillwattError('refuse', 'bad-node', `Source ${options.id}: node ${node.node} ${what}.`, {
    cure: 'Write node: nsu=<namespace URI>;s=<id> with quantity and unit, or with status and vocabulary.',
  });
}
