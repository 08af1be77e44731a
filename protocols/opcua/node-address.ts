/** A node id as written in a configuration: `nsu=<uri>;s=<id>`, `ns=<index>;i=<id>`, or `i=<id>` of OPC UA's own namespace. */
export interface NodeAddress {
  /** Namespace URI, or the index that was written, or 0. */
  namespace: string | number;
  /** `s=Power`, `i=2258`, `g=...`, `b=...` */
  identifier: string;
}

const GUID = /^[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const INDEX_MAX = 65_535;
const NUMBER_MAX = 4_294_967_295;

/**
 * The parts of a written node id; undefined when it is none. As strict as the client that will ask for it: one id that
 * it cannot take would fail every poll of the source, with all its other nodes.
 */
export function parseNodeAddress(text: string): NodeAddress | undefined {
  const match = /^(?:nsu=([^;]+);|ns=(\d{1,5});)?([isgb])=(.+)$/s.exec(text.trim());
  if (match === null) return undefined;
  const [, uri, index = '0', type = '', value = ''] = match;
  if (Number(index) > INDEX_MAX) return undefined;
  if (type === 'i' && !(/^\d{1,10}$/.test(value) && Number(value) <= NUMBER_MAX)) return undefined;
  if (type === 'g' && !GUID.test(value)) return undefined;
  if (type === 'b' && !BASE64.test(value)) return undefined;
  return { namespace: uri ?? Number(index), identifier: `${type}=${value}` };
}

/**
 * The node id for a server with this table of namespace URIs, as `ns=<index>;<identifier>`. Undefined when the server
 * has no such namespace: an index may mean another namespace after a server's update, a URI never does.
 */
export function resolveNodeAddress(
  address: NodeAddress,
  namespaceUris: readonly string[],
): string | undefined {
  const index =
    typeof address.namespace === 'number' ? address.namespace : namespaceUris.indexOf(address.namespace);
  return index >= 0 && index < namespaceUris.length ? `ns=${index};${address.identifier}` : undefined;
}
