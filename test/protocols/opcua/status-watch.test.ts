import { EventEmitter } from 'node:events';
import type * as NodeOpcua from 'node-opcua';
import { expect, test } from 'vitest';
import { watchStatuses } from '../../../protocols/opcua/status-watch.ts';

const HEAR = { onWord: () => {}, onRefused: () => {}, onAlive: () => {}, onEnd: () => {} };

/** A server that gives subscriptions and will not watch anything; simulated ones always do. */
function makeUnwilling() {
  const open = new Set<EventEmitter>();
  const session = {
    createSubscription2: async () => {
      const subscription = Object.assign(new EventEmitter(), {
        terminate: async () => void open.delete(subscription),
      });
      open.add(subscription);
      return subscription;
    },
  };
  const opcua = {
    AttributeIds: { Value: 13 },
    TimestampsToReturn: { Both: 2 },
    ClientMonitoredItemGroup: {
      create: () => {
        const group = new EventEmitter();
        setImmediate(() => group.emit('err', 'BadTooManyMonitoredItems'));
        return group;
      },
    },
  };
  return { open, session, opcua };
}

test('a subscription whose nodes are all refused is not left behind on the server', async () => {
  const { open, session, opcua } = makeUnwilling();
  for (let attempt = 0; attempt < 3; attempt++)
    await expect(
      watchStatuses(
        opcua as unknown as typeof NodeOpcua,
        session as unknown as NodeOpcua.ClientSession,
        ['ns=1;s=Mode'],
        { samplingMs: 100, publishingMs: 250 },
        HEAR,
      ),
    ).rejects.toThrow('BadTooManyMonitoredItems');
  expect(open.size).toBe(0);
});
