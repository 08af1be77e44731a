import type { IPublishPacket, MqttClient } from 'mqtt';
import { OrderedAcks } from './ordered-acks.ts';

/**
 * Hands messages of a client on, several at once, and acknowledges each in order when it is handled. The client would
 * acknowledge one message before it reads the next. An error from its hook makes it read on without acknowledging; the
 * acknowledgement is then ours.
 *
 * @param options.most messages of QoS 1 in hand above which no more is read from the broker
 * @param options.isOver true when the connection has ended: nothing is written any more
 * @param options.handle never rejects
 */
export function handleInOrder(
  client: MqttClient,
  options: { most: number; isOver: () => boolean; handle: (packet: IPublishPacket) => Promise<void> },
): void {
  const { most, isOver, handle } = options;
  const acks = new OrderedAcks((messageId) => {
    // The same four bytes in 3.1.1 and, as "success", in 5.
    if (!isOver()) client.stream.write(Buffer.from([0x40, 2, messageId >> 8, messageId & 0xff]));
  });
  const ownAcknowledgement = new Error('acknowledged by us');
  const waiting: (() => void)[] = [];
  client.handleMessage = (packet: IPublishPacket, readOn) => {
    const { messageId } = packet;
    const acknowledge = packet.qos === 0 || messageId === undefined ? () => {} : acks.admit(messageId);
    void handle(packet).then(() => {
      acknowledge();
      if (acks.size < most) waiting.shift()?.();
    });
    const next = () => readOn(packet.qos === 0 ? undefined : ownAcknowledgement);
    if (acks.size < most) next();
    else waiting.push(next);
  };
}
