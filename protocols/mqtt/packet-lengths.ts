import type { Writable } from 'node:stream';
import { writeToStream } from 'mqtt-packet';

/** mqtt-packet keeps the bytes of every length below this that it has ever written. */
const LENGTHS = 16_384;
/** About 2 ms of work before others have their turn. */
const LENGTHS_AT_ONCE = 1024;
/** A QoS 0 message with a topic of one letter: what is in it besides its payload, bytes. */
const HEAD_BYTES = 3;

let isSettled = false;

/**
 * Makes mqtt-packet prepare the lengths of all packets now, side by side. Left to itself it keeps 4 bytes of whatever pool
 * is current at the first packet of each length, and with them the whole 64 KiB pool for ever: a process that sends
 * records of many lengths grows by about 1 MiB a minute. Runs once a process, in turns that hold nobody up.
 */
export function settlePacketLengths(): void {
  if (isSettled) return;
  isSettled = true;
  const zeros = Buffer.alloc(LENGTHS);
  // A real stream would keep what is written to it until the next turn.
  const sink = { write: () => true, destroy: () => {} } as unknown as Writable;
  // Else the first packet makes 65,536 more buffers, one for every number a packet may hold.
  writeToStream.cacheNumbers = false;
  const fill = (from: number) => {
    const to = Math.min(from + LENGTHS_AT_ONCE, LENGTHS);
    for (let length = from; length < to; length++) {
      const payload = zeros.subarray(0, length - HEAD_BYTES);
      writeToStream({ cmd: 'publish', topic: 't', payload, qos: 0, dup: false, retain: false }, sink);
    }
    if (to < LENGTHS) setImmediate(fill, to);
  };
  fill(HEAD_BYTES);
}
