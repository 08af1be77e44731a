import type { Quantity } from '../../telemetry/quantity.ts';
import { findChild, type ServerNode } from '../browse/server-node.ts';
import { isOfType, type TypeNames } from '../browse/type-names.ts';
import { pointOf, type Candidates, type MeasuredCandidate, type StatusCandidate } from './candidate.ts';
import { levelName, numbered } from './level-name.ts';
import { inOrder } from './monitored-elements.ts';

const DRIVE_QUANTITIES: Readonly<Record<string, Quantity>> = {
  ActPower: 'activePower',
  ActLoad: 'load',
  ActTorque: 'torque',
};
const SPINDLE_QUANTITIES: Readonly<Record<string, Quantity>> = {
  ...DRIVE_QUANTITIES,
  ActSpeed: 'rotationalSpeed',
};
/** Variables whose unit a walk has to see. */
export const CNC_MEASURED: ReadonlySet<string> = new Set(Object.keys(SPINDLE_QUANTITIES));

const CHANNEL_WORDS = [
  { variable: 'ActProgramStatus', status: 'execution', vocabulary: 'cnc/ChannelProgramStatus' },
  { variable: 'ActStatus', status: 'channelState', vocabulary: 'cnc/ChannelStatus' },
  { variable: 'ActOperationMode', status: 'mode', vocabulary: 'cnc/OperationMode' },
  { variable: 'ActProgramName', status: 'program', vocabulary: 'raw' },
] as const;

/** All variables that are read of it. */
export const CNC_NAMES: readonly string[] = [
  ...CNC_MEASURED,
  ...CHANNEL_WORDS.map(({ variable }) => variable),
  'IsVirtual',
];

/** The CNC interfaces (OPC 40502) among some nodes, and those that only came with the published node set. */
export function findCncInterfaces(
  nodes: readonly ServerNode[],
  types: TypeNames,
  cncNamespace: number,
): { real: ServerNode[]; published: ServerNode[] } {
  const all = nodes.filter(({ type }) => isOfType(types, type, 'CncInterfaceType'));
  // The published node set holds an example with all its axes. What is real is in a namespace of the maker.
  const isPublished = ({ nodeId }: ServerNode) => nodeId.startsWith(`ns=${cncNamespace};`);
  return { real: all.filter((node) => !isPublished(node)), published: all.filter(isPublished) };
}

/** What some CNC interfaces tell: drives with power, load and torque, and channels with their words. */
export function findCncPoints(interfaces: readonly ServerNode[], component: string): Candidates {
  const found: Candidates = { measured: [], statuses: [], remarks: [] };
  const listed = (name: string) =>
    inOrder(interfaces).flatMap((cnc) =>
      inOrder(findChild(cnc, name)?.children ?? [])
        .filter(({ kind }) => kind === 'object')
        .map((node) => ({
          node,
          point: pointOf(...(interfaces.length > 1 ? [cnc.name] : []), name, node.name),
        })),
    );
  for (const [index, { node, point }] of listed('CncSpindleList').entries()) {
    const spindle = numbered('spindle', index);
    found.measured.push(...measure(node, point, spindle, SPINDLE_QUANTITIES));
    const variable = findChild(node, 'ActStatus');
    if (variable !== undefined)
      found.statuses.push({
        variable,
        point: pointOf(point, variable.name),
        component: spindle,
        status: 'spindleState',
        vocabulary: 'cnc/SpindleStatus',
      });
  }
  for (const { node, point } of listed('CncAxisList')) {
    const axis = levelName(`axis-${node.name.toLowerCase()}`, 'axis');
    found.measured.push(...measure(node, point, axis, DRIVE_QUANTITIES));
  }
  const channels = listed('CncChannelList');
  for (const { node, point } of channels)
    found.statuses.push(...sayChannel(node, point, component, channels.length > 1));
  return found;
}

function measure(
  drive: ServerNode,
  point: string,
  component: string,
  quantities: Readonly<Record<string, Quantity>>,
): MeasuredCandidate[] {
  return Object.entries(quantities).flatMap(([name, quantity]) => {
    const variable = findChild(drive, name);
    if (variable === undefined) return [];
    // A virtual drive turns nothing: it has no power to tell.
    const unless = findChild(drive, 'IsVirtual');
    return [{ variable, point: pointOf(point, name), component, quantity, phase: 'total', unless }];
  });
}

function sayChannel(
  channel: ServerNode,
  point: string,
  component: string,
  isOneOfSeveral: boolean,
): StatusCandidate[] {
  const name = levelName(channel.name, 'channel');
  return CHANNEL_WORDS.flatMap(({ variable: wanted, status, vocabulary }) => {
    const variable = findChild(channel, wanted);
    if (variable === undefined) return [];
    const isNamed = isOneOfSeveral || status === 'channelState';
    return [
      {
        variable,
        point: pointOf(point, wanted),
        component,
        status,
        vocabulary,
        ...(isNamed ? { name } : {}),
      },
    ];
  });
}
