import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { startMosquitto } from '../test/support/mosquitto.ts';

const WINDOW = 20;

/**
 * The least that brings the same bytes over: a client of mqtt.js that publishes at QoS 1 with twenty under way, and one that
 * appends each to a file and syncs it. No spool, no signatures, no receipts, no hours. Seconds from the first to the last.
 */
export async function carryBarely(payloads: readonly Uint8Array[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-bare-'));
  const broker = await startMosquitto({
    write: ({ port }) => `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0`,
  });
  const file = openSync(join(folder, 'bytes'), 'a');
  try {
    const taker = await connectAsync(broker.url);
    let taken = 0;
    const all = new Promise<void>((resolve) => {
      taker.on('message', (_topic, payload) => {
        writeSync(file, payload);
        fdatasyncSync(file);
        taken += 1;
        if (taken === payloads.length) resolve();
      });
    });
    await taker.subscribeAsync('bytes', { qos: 1 });
    const giver = await connectAsync(broker.url);
    const startedMs = performance.now();
    let next = 0;
    const publish = async (): Promise<void> => {
      for (let payload = payloads[next++]; payload !== undefined; payload = payloads[next++])
        await giver.publishAsync('bytes', Buffer.from(payload), { qos: 1 });
    };
    await Promise.all([all, ...Array.from({ length: WINDOW }, publish)]);
    const seconds = (performance.now() - startedMs) / 1000;
    await giver.endAsync(true);
    await taker.endAsync(true);
    return seconds;
  } finally {
    closeSync(file);
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
