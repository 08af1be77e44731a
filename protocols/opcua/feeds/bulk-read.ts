import type * as NodeOpcua from 'node-opcua';

/** How many nodes one read may ask for; lowered where the server turns out to take fewer. */
export interface ReadLimits {
  nodesPerRead: number;
}

/** The server finds the request too big, though it may never have said so. */
const TOO_BIG =
  /Bad(?:TooManyOperations|EncodingLimitsExceeded|RequestTooLarge|ResponseTooLarge|TcpMessageTooLarge)/;
/** A server that fails the whole request for one node of it: because of the node, or of what it has to say. */
const FOR_ONE_NODE =
  /Bad(?:NodeId(?:Unknown|Invalid)|AttributeIdInvalid|NotReadable|UserAccessDenied|InternalError|UnexpectedError|EncodingError|DataEncoding\w+|NotSupported|NotImplemented|OutOfService)/;
/** More failures than a few bad nodes cost: then it is the server that is sick. */
const FAILURES_MAX = 64;

/**
 * Reads the values of nodes, in as few requests as the server takes; one value a node, in their order. What the server
 * says of a single node is that value's status; a server that fails a whole request for one node of it is asked in halves.
 * Gives the values of the first nodes only where `goesOn` says meanwhile that it is enough.
 */
export async function readNodes(
  opcua: typeof NodeOpcua,
  session: NodeOpcua.ClientSession,
  nodeIds: readonly string[],
  limits: ReadLimits,
  goesOn: () => boolean = () => true,
): Promise<NodeOpcua.DataValue[]> {
  const values: NodeOpcua.DataValue[] = [];
  const budget = { failures: FAILURES_MAX };
  for (let from = 0; from < nodeIds.length && (from === 0 || goesOn());) {
    const lot = nodeIds.slice(from, from + limits.nodesPerRead);
    try {
      values.push(...(await readLot(opcua, session, lot, budget)));
      from += lot.length;
    } catch (error) {
      if (lot.length === 1 || !TOO_BIG.test(String(error))) throw error;
      limits.nodesPerRead = Math.ceil(lot.length / 2);
    }
  }
  return values;
}

async function readLot(
  opcua: typeof NodeOpcua,
  session: NodeOpcua.ClientSession,
  nodeIds: readonly string[],
  budget: { failures: number },
): Promise<NodeOpcua.DataValue[]> {
  try {
    const values = await session.read(
      nodeIds.map((nodeId) => ({ nodeId, attributeId: opcua.AttributeIds.Value })),
    );
    // With one value too few, those after it would be taken for their neighbours'.
    if (values.length !== nodeIds.length)
      throw new Error(`it answered with ${values.length} values where ${nodeIds.length} were asked for`);
    return values;
  } catch (error) {
    const status = FOR_ONE_NODE.exec(String(error))?.[0];
    if (status === undefined || budget.failures-- === 0) throw error;
    if (nodeIds.length === 1) {
      const code = Object.entries(opcua.StatusCodes).find(([name]) => name === status)?.[1];
      return [new opcua.DataValue({ statusCode: code ?? opcua.StatusCodes.Bad })];
    }
    const middle = nodeIds.length >> 1;
    return [
      ...(await readLot(opcua, session, nodeIds.slice(0, middle), budget)),
      ...(await readLot(opcua, session, nodeIds.slice(middle), budget)),
    ];
  }
}
