import type { OpcuaNodeOptions, OpcuaSourceOptions } from '../../../protocols/opcua/opcua-options.ts';

/** Options of an OPC UA source as the configuration fills them in; tests say only what they are about. */
export function opcuaSource(over: Partial<OpcuaSourceOptions> = {}): OpcuaSourceOptions {
  return {
    id: 'centre',
    machine: 'mc1',
    component: 'control',
    every: 1000,
    endpoint: 'opc.tcp://127.0.0.1:4840',
    securityPolicy: 'best',
    securityMode: 'SignAndEncrypt',
    allowInsecure: false,
    found: [],
    reading: 'subscribe',
    queue: 10,
    nodes: [],
    timeout: 10_000,
    ...over,
  };
}

/** A node as the configuration fills it in. */
export function opcuaNode(over: Partial<OpcuaNodeOptions> = {}): OpcuaNodeOptions {
  return { node: 'nsu=http://example.com/;s=Power', phase: 'total', vocabulary: 'raw', ...over };
}
