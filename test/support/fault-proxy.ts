import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { generate, parser, type Packet } from 'mqtt-packet';

/** What the proxy does to connections just now. Faults of bytes and faults of packets may be combined. */
export interface Fault {
  /** Connections are closed as soon as they come, and those that are there, too. */
  refuse?: boolean;
  /** Nothing is read and nothing ends: what is sent waits in buffers, as behind a cable that was pulled. */
  blackhole?: boolean;
  /** Bytes of the client after which its connection is reset, in the middle of whatever they are. */
  resetAfterBytes?: number;
  /** Bytes of the client after which its writing side is ended, while the other side stays open. */
  halfCloseAfterBytes?: number;
  /** One byte a second in each direction. */
  trickle?: boolean;
  /** Each piece arrives so much later, in order, ms. */
  delayMs?: () => number;
  /** What becomes of a packet of the broker: what is returned is sent instead. */
  fromBroker?: (packet: Packet) => Packet[];
  /** What becomes of a packet of the client; `answer` sends one back to it. */
  fromClient?: (packet: Packet, answer: (packet: Packet) => void) => Packet[];
}

/** A TCP proxy between a client and a broker that does what networks do. */
export interface FaultProxy {
  port: number;
  /** From now on, for connections that are there as well. */
  set(fault: Fault): void;
  connections(): number;
  close(): Promise<void>;
}

/** Starts a proxy to a port of 127.0.0.1. MQTT 3.1.1 where packets are changed. */
export async function startFaultProxy(brokerPort: number): Promise<FaultProxy> {
  let fault: Fault = {};
  let connections = 0;
  const sockets = new Set<Socket>();
  let listeners: (() => void)[] = [];

  // Asked anew after each wait: the fault may have been changed meanwhile.
  const isTrickling = () => fault.trickle === true;
  const relay = (from: Socket, to: Socket, isClient: boolean) => {
    let bytes = 0;
    let line = Promise.resolve();
    const incoming = parser();
    incoming.on('packet', (packet: Packet) => {
      const answer = (other: Packet) => void from.write(generate(other));
      const packets = isClient
        ? (fault.fromClient?.(packet, answer) ?? [packet])
        : (fault.fromBroker?.(packet) ?? [packet]);
      for (const one of packets) to.write(generate(one));
    });
    // Whether packets are looked into is decided with the first byte.
    const isByPacket = isClient ? fault.fromClient !== undefined : fault.fromBroker !== undefined;
    const pass = async (chunk: Buffer) => {
      while (fault.blackhole === true && !from.destroyed) await changed();
      const delayMs = fault.delayMs?.() ?? 0;
      if (delayMs > 0) await pause(delayMs);
      for (let at = 0; isTrickling() && at < chunk.length && !to.destroyed; at++) {
        to.write(chunk.subarray(at, at + 1));
        await Promise.race([pause(1000), changed()]);
        if (!isTrickling()) {
          chunk = chunk.subarray(at + 1);
          break;
        }
      }
      bytes += chunk.length;
      if (isClient && fault.resetAfterBytes !== undefined && bytes > fault.resetAfterBytes) {
        to.write(chunk.subarray(0, Math.max(1, chunk.length >> 1)));
        from.resetAndDestroy();
        to.resetAndDestroy();
      } else if (isClient && fault.halfCloseAfterBytes !== undefined && bytes > fault.halfCloseAfterBytes) {
        to.end(chunk.subarray(0, Math.max(1, chunk.length >> 1)));
      } else if (isByPacket) incoming.parse(chunk);
      else if (!to.destroyed && to.writable) to.write(chunk);
    };
    from.on('data', (chunk: Buffer) => {
      line = line.then(() => pass(chunk));
    });
    from.on('error', () => to.destroy());
    from.on('close', () => void line.then(() => to.destroy()));
  };
  const changed = () =>
    new Promise<void>((resolve) => {
      listeners.push(resolve);
    });

  const server = createServer({ allowHalfOpen: true }, (client) => {
    connections += 1;
    client.on('error', () => {});
    if (fault.refuse === true) {
      client.destroy();
      return;
    }
    const broker = connect({ port: brokerPort, host: '127.0.0.1', allowHalfOpen: true });
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => sockets.delete(socket));
    }
    relay(client, broker, true);
    relay(broker, client, false);
    client.on('end', () => broker.end());
    broker.on('end', () => client.end());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const tell = () => {
    const told = listeners;
    listeners = [];
    for (const listener of told) listener();
  };
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    set: (next) => {
      fault = next;
      tell();
      if (next.refuse === true) drop();
    },
    connections: () => connections,
    close: async () => {
      fault = {};
      drop();
      tell();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
