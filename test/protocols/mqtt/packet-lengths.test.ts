import type { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { writeToStream } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { settlePacketLengths } from '../../../protocols/mqtt/packet-lengths.ts';

/** Pools of memory that the written lengths of a hundred packets keep alive, while other things are allocated too. */
function countPools(firstLength: number): number {
  const pools = new Set<ArrayBufferLike>();
  for (let i = 0; i < 100; i++) {
    const written: Buffer[] = [];
    const sink = {
      write: (bytes: Buffer) => written.push(bytes) > 0,
      destroy: () => {},
    } as unknown as Writable;
    const payload = Buffer.alloc(firstLength + i);
    writeToStream({ cmd: 'publish', topic: 't', payload, qos: 0, dup: false, retain: false }, sink);
    // Header, length, length of the topic, topic, payload.
    const length = written[1];
    if (length === undefined || length.length !== 2) throw new Error('mqtt-packet writes in another order');
    pools.add(length.buffer);
    // What a busy process does meanwhile: half a pool.
    for (let n = 0; n < 16; n++) Buffer.allocUnsafe(2048);
  }
  return pools.size;
}

describe('the lengths of packets', () => {
  it('pin a pool each when nobody settles them, and hardly any when they were settled', async () => {
    writeToStream.cacheNumbers = false;
    expect(countPools(1000)).toBeGreaterThan(30);
    settlePacketLengths();
    for (let turn = 0; turn < 40; turn++) await nextTurn();
    expect(countPools(8000)).toBeLessThan(6);
  });
});
