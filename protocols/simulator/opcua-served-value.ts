import {
  coerceNodeId,
  DataType,
  DataValue,
  StatusCodes,
  Variant,
  type NodeId,
  type StatusCode,
  type UAVariable,
  type VariantOptions,
} from 'node-opcua';
import type { NodeFault } from './opcua-faults.ts';

/** The server samples no faster, ms. */
const SAMPLING_MS = 50;

/** Data type String. */
const TEXT = coerceNodeId('i=12');

/** What serving the nodes of one machine shares: which are at fault, and which node is which point. */
export interface ServedNodes {
  readonly faults: ReadonlyMap<string, NodeFault>;
  /** Points by node id. */
  readonly points: Map<string, string>;
}

/**
 * Lets a node answer what it is asked for at that moment; `valueOf` gives null where there is no value, which clients
 * see as `missing`. `point` names the node for faults.
 */
export function serveValue(
  nodes: ServedNodes,
  variable: UAVariable,
  point: string,
  valueOf: () => VariantOptions | null,
  missing: StatusCode = StatusCodes.BadNoCommunication,
): void {
  nodes.points.set(variable.nodeId.toString(), point);
  variable.minimumSamplingInterval = SAMPLING_MS;
  const numbers = variable.dataType;
  const answer = () => {
    const sourceTimestamp = new Date();
    const fault = nodes.faults.get(point);
    if (fault === 'unknown') return new DataValue({ statusCode: StatusCodes.BadNodeIdUnknown });
    if (fault === 'unreadable') return new DataValue({ statusCode: StatusCodes.BadNotReadable });
    // As after a change of the control's program: the node itself has another type.
    setType(variable, fault === 'text' ? TEXT : numbers);
    const value = valueOf();
    if (value === null) return new DataValue({ statusCode: missing, sourceTimestamp });
    if (fault === 'text')
      return new DataValue({
        value: new Variant({ dataType: DataType.String, value: `about ${String(value.value)}` }),
        sourceTimestamp,
      });
    return new DataValue({
      value: new Variant(value),
      sourceTimestamp,
      ...(fault === 'uncertain' ? { statusCode: StatusCodes.UncertainSensorNotAccurate } : {}),
    });
  };
  variable.bindVariable({ timestamped_get: answer }, true);
}

function setType(variable: UAVariable, dataType: NodeId): void {
  if (variable.dataType === dataType) return;
  variable.dataType = dataType;
  // The library remembers what it once found out about the type.
  Reflect.set(variable, '_basicDataType', undefined);
}
