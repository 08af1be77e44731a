import { findBelow, findChild, type ServerNode } from '../browse/server-node.ts';
import { pointOf, type StatusCandidate } from './candidate.ts';
import { levelName, numbered } from './level-name.ts';

/** Browse names of the variables that are read of them. */
export const MONITORED_NAMES = ['ChannelState', 'IsRotating'] as const;

/** Nodes in the order that people would put them: S1, S2, S10. */
export function inOrder(nodes: readonly ServerNode[]): ServerNode[] {
  return [...nodes].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/**
 * Channels and spindles that OPC 40501-1 puts beside MachineTool below Monitoring, under names of the maker's choice:
 * known by what they hold.
 */
export function findMonitoredElements(machine: ServerNode, component: string): StatusCandidate[] {
  const elements = inOrder(findBelow(machine, 'Monitoring')?.children ?? []);
  const channels = elements.flatMap((element): StatusCandidate[] => {
    const variable = findChild(element, 'ChannelState');
    if (variable === undefined) return [];
    const point = pointOf('Monitoring', element.name, variable.name);
    const name = levelName(element.name, 'channel');
    return [{ variable, point, component, status: 'channelState', name, vocabulary: 'umati/ChannelState' }];
  });
  const spindles = elements
    .filter((element) => findChild(element, 'IsRotating') !== undefined)
    .flatMap((element, index): StatusCandidate[] => {
      const variable = findChild(element, 'IsRotating');
      if (variable === undefined) return [];
      const point = pointOf('Monitoring', element.name, variable.name);
      return [
        {
          variable,
          point,
          component: numbered('spindle', index),
          status: 'spindleState',
          vocabulary: 'umati/SpindleRotating',
        },
      ];
    });
  return [...channels, ...spindles];
}
