/**
 * What may be wrong with one node: the server does not know it any more, may not show it, answers with a text where a
 * number was, or doubts it.
 */
export const NODE_FAULTS = ['unknown', 'unreadable', 'text', 'uncertain'] as const;
export type NodeFault = (typeof NODE_FAULTS)[number];

/** An endpoint as discovery shows it: `SignAndEncrypt`, `Basic256Sha256`. */
export interface ShownEndpoint {
  mode: string;
  policy: string;
}

/** How a simulated server misbehaves just now; it outlives restarts of the server. */
export interface OpcuaFaults {
  /** By point of the node: `Meter.ActivePower`, `Monitoring/MachineTool/OperationMode`. */
  readonly nodes: Map<string, NodeFault>;
  /** Connections stay, and nothing is answered or reported. */
  silent: boolean;
  /** Every answer comes so much later, ms. */
  answerAfterMs: number;
  /** No client gets a subscription. */
  refusesSubscriptions: boolean;
  /** Discovery hides the other endpoints, as one in the middle would who wants a weaker one to be taken. */
  shows: ((endpoint: ShownEndpoint) => boolean) | undefined;
}

/** A server that does what it should. */
export function createFaults(): OpcuaFaults {
  return {
    nodes: new Map(),
    silent: false,
    answerAfterMs: 0,
    refusesSubscriptions: false,
    shows: undefined,
  };
}
