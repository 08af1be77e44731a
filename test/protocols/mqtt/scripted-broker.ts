import { createServer, type AddressInfo, type Socket } from 'node:net';
import { generate, parser, type IConnackPacket, type IPublishPacket, type Packet } from 'mqtt-packet';

/** One client, as the script sees it. */
export interface ScriptedClient {
  /** 1 for the first connection, and so on. */
  connection: number;
  socket: Socket;
  send(packet: Packet): void;
}

/** What the broker does; what is not given it does as a good one would. */
export interface Script {
  /** What CONNECT is answered with; `undefined` answers nothing. */
  connack?: (client: ScriptedClient) => Partial<IConnackPacket> | undefined;
  /** Instead of PUBACK. */
  onPublish?: (packet: IPublishPacket, client: ScriptedClient) => void;
  /** Of each filter; 0 or 1 grants. */
  suback?: (filter: string) => number;
  /** False leaves SUBSCRIBE unanswered. */
  answersSubscribe?: boolean;
}

export interface ScriptedBroker {
  port: number;
  /** All packets that came, with their connection. */
  packets: { connection: number; packet: Packet }[];
  connections(): number;
  close(): Promise<void>;
}

/** A broker that does what a test tells it, to play what no real one can be made to do. It delivers nothing. */
export async function startScriptedBroker(script: Script = {}): Promise<ScriptedBroker> {
  const sockets = new Set<Socket>();
  const packets: ScriptedBroker['packets'] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let version = 4;
    const client: ScriptedClient = {
      connection: connections,
      socket,
      send: (packet) => void socket.write(generate(packet, { protocolVersion: version })),
    };
    const incoming = parser();
    incoming.on('error', () => socket.destroy());
    incoming.on('packet', (packet: Packet) => {
      packets.push({ connection: client.connection, packet });
      if (packet.cmd === 'connect') {
        version = packet.protocolVersion ?? 4;
        const answer = script.connack === undefined ? {} : script.connack(client);
        if (answer === undefined) return;
        const code = version === 5 ? { reasonCode: 0 } : { returnCode: 0 };
        client.send({ cmd: 'connack', sessionPresent: false, ...code, ...answer });
      } else if (packet.cmd === 'publish' && packet.qos === 1) {
        if (script.onPublish === undefined) acknowledge(packet, client);
        else script.onPublish(packet, client);
      } else if (packet.cmd === 'subscribe' && script.answersSubscribe !== false) {
        client.send({
          cmd: 'suback',
          messageId: packet.messageId ?? 0,
          granted: packet.subscriptions.map(({ topic, qos }) => script.suback?.(topic) ?? qos),
        });
      } else if (packet.cmd === 'pingreq') client.send({ cmd: 'pingresp' });
    });
    socket.on('data', (chunk) => void incoming.parse(chunk));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    packets,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** What a good broker answers. */
export function acknowledge(packet: IPublishPacket, client: ScriptedClient, reasonCode?: number): void {
  client.send({
    cmd: 'puback',
    messageId: packet.messageId ?? 0,
    ...(reasonCode === undefined ? {} : { reasonCode }),
  });
}
