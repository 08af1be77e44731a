import {
  coerceNodeId,
  CreateMonitoredItemsRequest,
  CreateSubscriptionRequest,
  GetEndpointsResponse,
  MessageSecurityMode,
  ReadRequest,
  ServiceFault,
  StatusCodes,
  type NodeId,
  type OPCUAServer,
} from 'node-opcua';
import type { OpcuaFaults } from './opcua-faults.ts';
import type { ServedNodes } from './opcua-served-value.ts';

/** What of the library's messages and channels is touched here. */
interface Message {
  request: object;
}
interface Channel {
  send_response(type: string, response: object, message: Message, done?: (error?: Error) => void): void;
}
interface InterceptedServer {
  on_request(message: Message, channel: Channel): void;
  on(event: 'newChannel', listener: (channel: Channel) => void): void;
}

/** No server has it. */
const NOWHERE = 'ns=0;s=millwatt.gone';

/**
 * Puts the faults of a simulated machine between a server and its clients, and writes down what it hears. Silence and
 * slowness are there for everything that follows, whatever service it is.
 */
export function misbehave(
  server: OPCUAServer,
  faults: OpcuaFaults,
  nodes: ServedNodes,
  hear: (request: string) => void,
): void {
  const intercepted = server as unknown as InterceptedServer;
  const answer = intercepted.on_request.bind(server);
  intercepted.on_request = (message, channel) => {
    const { request } = message;
    hear(request.constructor.name);
    if (faults.silent) return;
    hideUnknownNodes(request, faults, nodes);
    const go = () => {
      if (faults.refusesSubscriptions && request instanceof CreateSubscriptionRequest)
        channel.send_response('MSG', refusal(request.requestHeader.requestHandle), message);
      else answer(message, channel);
    };
    if (faults.answerAfterMs > 0) setTimeout(go, faults.answerAfterMs).unref();
    else go();
  };
  intercepted.on('newChannel', (channel) => {
    const send = channel.send_response.bind(channel);
    channel.send_response = (type, response, message, done) => {
      if (faults.silent) return;
      if (response instanceof GetEndpointsResponse) hideEndpoints(response, faults);
      send(type, response, message, done);
    };
  });
}

/** Asked for a node that is gone, the server itself shall say what it says of such nodes. */
function hideUnknownNodes(request: object, { nodes: faults }: OpcuaFaults, nodes: ServedNodes): void {
  if (faults.size === 0) return;
  const asked: { nodeId: NodeId }[] =
    request instanceof ReadRequest
      ? (request.nodesToRead ?? [])
      : request instanceof CreateMonitoredItemsRequest
        ? (request.itemsToCreate ?? []).map(({ itemToMonitor }) => itemToMonitor)
        : [];
  for (const item of asked) {
    const point = nodes.points.get(item.nodeId.toString());
    if (point !== undefined && faults.get(point) === 'unknown') item.nodeId = coerceNodeId(NOWHERE);
  }
}

function hideEndpoints(response: GetEndpointsResponse, { shows }: OpcuaFaults): void {
  if (shows === undefined) return;
  response.endpoints = (response.endpoints ?? []).filter(({ securityMode, securityPolicyUri }) =>
    shows({
      mode: MessageSecurityMode[securityMode],
      policy: securityPolicyUri?.split('#')[1] ?? '',
    }),
  );
}

function refusal(requestHandle: number): ServiceFault {
  return new ServiceFault({
    responseHeader: { requestHandle, serviceResult: StatusCodes.BadTooManySubscriptions },
  });
}
