/** A node id as written in a configuration: `nsu=<uri>;s=<id>`, `ns=<index>;i=<id>`, or `i=<id>` of OPC UA's own namespace. */
export interface NodeAddress {
  /** Namespace URI, or the index that was written, or 0. */
  namespace: string | number;
  /** `s=Power`, `i=2258`, `g=...`, `b=...` */
  identifier: string;
}

/** The parts of a written node id; undefined when it is none. */
export function parseNodeAddress(text: string): NodeAddress | undefined {
  const match = /^(?:nsu=([^;]+);|ns=(\d{1,5});)?([isgb]=.+)$/s.exec(text.trim());
  if (match === null) return undefined;
  const [, uri, index, identifier = ''] = match;
  if (identifier.startsWith('i=') && !/^i=\d{1,10}$/.test(identifier)) return undefined;
  return { namespace: uri ?? Number(index ?? 0), identifier };
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
