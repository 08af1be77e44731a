import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../../protocols/clock.ts';
import type { Driver, Poll, StatusReport } from '../../../../protocols/driver.ts';
import type { Log } from '../../../../protocols/log.ts';
import { createOpcuaDriver, type OpcuaSurroundings } from '../../../../protocols/opcua/opcua-driver.ts';
import type { OpcuaNodeOptions, OpcuaSourceOptions } from '../../../../protocols/opcua/opcua-options.ts';
import { PLAIN_NAMESPACE } from '../plain-server.ts';
import { opcuaNode, opcuaSource } from '../opcua-source.ts';

/** A driver at a plain server, and all that it said. */
export interface SubscribedSource {
  driver: Driver;
  /** Each word that was reported, in order. */
  words: { channel: string; value: StatusReport['value'] }[];
  /** Each warning and each piece of news of the log. */
  logged: string[];
  /** Lets real time pass for the driver, ms. */
  skip: (ms: number) => void;
  /** Polls once. */
  read: () => Promise<(number | bigint | null)[]>;
  /** Polls until a row is as wanted; rejects after a while with the last row. */
  readUntil: (wanted: (row: (number | bigint | null)[]) => boolean) => Promise<(number | bigint | null)[]>;
  /** Waits, polling, until something holds. */
  until: (condition: () => boolean) => Promise<void>;
}

/** One folder for the agent's own certificate: making a key takes half a second. */
let pkiFolder: string | undefined;

export async function makeSource(
  over: Partial<OpcuaSourceOptions>,
  around: Partial<OpcuaSurroundings> = {},
): Promise<SubscribedSource> {
  pkiFolder ??= mkdtempSync(join(tmpdir(), 'millwatt-opcua-own-'));
  let aheadMs = 0;
  const logged: string[] = [];
  const note = (fields: object, message: string) => logged.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: () => {}, info: note, warn: note, error: note };
  const driver = await createOpcuaDriver(opcuaSource({ allowInsecure: true, ...over }), {
    clock: systemClock,
    pkiFolder,
    log,
    real: { monotonicMs: () => systemClock.monotonicMs() + aheadMs },
    ...around,
  });
  const words: SubscribedSource['words'] = [];
  driver.onStatus(({ channel, value }) => words.push({ channel, value }));
  const read = async () => rowOf(await driver.poll());
  const readUntil: SubscribedSource['readUntil'] = async (wanted) => {
    const deadline = Date.now() + 15_000;
    for (;;) {
      const row = await read().catch((error: unknown) => {
        if (Date.now() > deadline) throw error;
        return [];
      });
      if (wanted(row)) return row;
      if (Date.now() > deadline)
        throw new Error(
          `waited in vain for ${wanted.toString()}; the last row was ${row.slice(0, 10).join(', ')}, and it said ${logged.slice(-5).join('; ')}`,
        );
      await pause(50);
    }
  };
  return {
    driver,
    words,
    logged,
    skip: (ms) => {
      aheadMs += ms;
    },
    read,
    readUntil,
    until: async (condition) => {
      const deadline = Date.now() + 15_000;
      while (!condition()) {
        if (Date.now() > deadline) throw new Error(`waited in vain for ${condition.toString()}`);
        await pause(30);
        await driver.poll().catch(() => {});
      }
    },
  };
}

/** The values of a poll, in the order of the channels. */
export function rowOf(poll: Poll): (number | bigint | null)[] {
  return poll.readings.map(({ value }) => value);
}

/** A listed node of a plain server that measures power; channels differ by component. */
export function power(name: string, over: Partial<OpcuaNodeOptions> = {}): OpcuaNodeOptions {
  return opcuaNode({
    node: `nsu=${PLAIN_NAMESPACE};s=${name}`,
    component: name.toLowerCase().replaceAll('.', '-'),
    quantity: 'activePower',
    unit: 'W',
    ...over,
  });
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
