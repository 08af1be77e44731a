import { DataType, type Namespace, type UAObject, type VariantOptions } from 'node-opcua';
import type { LoadMoment } from './load-profile.ts';
import type { MachineTruth } from './machine-truth.ts';
import { objectAt, variableAt } from './opcua-node-path.ts';
import { serveValue, type ServedNodes } from './opcua-served-value.ts';

const CHANNEL_STATES = { active: 0, interrupted: 1, reset: 2 } as const;
/** Automatic, MDA or MDI, and jogging by hand. */
const CHANNEL_MODES = { Automatic: 0, Setup: 1, Manual: 2 } as const;

/** Puts a spindle and a channel below Monitoring, as OPC 40501-1 has them. */
export function addMonitoredParts(
  own: Namespace,
  machine: UAObject,
  machineTool: number,
  truth: MachineTruth,
  nodes: ServedNodes,
): void {
  const monitoring = objectAt(machine, [['Monitoring', machineTool]]);
  const space = machine.addressSpace;
  const add = (
    name: string,
    typeName: string,
    optionals: string[],
    served: Record<string, (moment: LoadMoment) => VariantOptions | null>,
  ) => {
    const type = space.findObjectType(typeName, machineTool);
    if (type === null) throw new Error(`the node set has no ${typeName}`);
    const part = type.instantiate({
      browseName: { name, namespaceIndex: own.index },
      namespace: own,
      nodeId: `s=${name}`,
      componentOf: monitoring,
      optionals,
    });
    for (const [child, valueOf] of Object.entries(served)) {
      serveValue(nodes, variableAt(part, [[child, machineTool]]), `Monitoring/${name}/${child}`, () =>
        valueOf(truth.moment()),
      );
    }
  };
  add('Spindle1', 'SpindleMonitoringType', ['IsRotating'], {
    IsRotating: ({ production, spindleSpeed }) =>
      production === null ? null : { dataType: DataType.Boolean, value: spindleSpeed > 0 },
  });
  add('Channel1', 'ChannelMonitoringType', [], {
    FeedOverride: ({ production }) =>
      production === null ? null : { dataType: DataType.Double, value: 100 },
    ChannelState: ({ production }) =>
      production === null ? null : { dataType: DataType.Int32, value: channelStateOf(production) },
    ChannelMode: ({ mode }) =>
      mode === null ? null : { dataType: DataType.Int32, value: CHANNEL_MODES[mode] },
  });
}

function channelStateOf(production: string): number {
  if (production === 'Running') return CHANNEL_STATES.active;
  return production === 'Interrupted' ? CHANNEL_STATES.interrupted : CHANNEL_STATES.reset;
}
