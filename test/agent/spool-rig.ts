import { randomBytes } from 'node:crypto';
import { Sealer, type SealerOptions } from '../../agent/sealer.ts';
import { Spool } from '../../agent/spool.ts';
import type { Clock } from '../../protocols/clock.ts';
import { generateSigningKey, type SigningKey } from '../../protocols/evidence/keys.ts';
import { silentLog } from '../../protocols/log.ts';
import { drawToken } from '../../protocols/telemetry/ids.ts';
import { encodeSnapshot } from '../../protocols/telemetry/snapshot-text.ts';

/** Opens a spool as the agent does. */
export function openSpool(
  folder: string,
  options: Partial<ConstructorParameters<typeof Spool>[0]> = {},
): Spool {
  return new Spool({
    folder,
    maxBytes: 1e9,
    keepMs: 72 * 3_600_000,
    randomBytes: (count) => randomBytes(count),
    log: silentLog,
    ...options,
  });
}

/** A sealer for machines that each have one source, `{machine}-meter`, with one channel. */
export function openSealer(
  spool: Spool,
  clock: Clock,
  machines: readonly string[],
  options: Partial<SealerOptions> & { key?: SigningKey; version?: string } = {},
): Sealer {
  const sealer = new Sealer({
    clock,
    spool,
    maker: { site: 'pune', agent: 'gw1', key: options.key ?? generateSigningKey() },
    boot: drawToken((count) => randomBytes(count)),
    wiring: {
      snapshot: encodeSnapshot({
        v: 1,
        site: 'pune',
        agent: 'gw1',
        software: { name: 'millwatt', version: options.version ?? '0.1.0' },
        sources: [],
        channels: [],
      }),
      channelOf: new Map(
        machines.map((machine) => [`${machine}.supply.activePower`, { machine, source: `${machine}-meter` }]),
      ),
      machinesOf: new Map(machines.map((machine) => [`${machine}-meter`, [machine]])),
    },
    batchSamples: 1000,
    batchAgeMs: 60_000,
    oldestRunningMs: () => undefined,
    onSealed: () => {},
    log: silentLog,
    ...options,
  });
  sealer.begin();
  return sealer;
}

/** Adds one reading of a machine at the clock's time. */
export function addReading(sealer: Sealer, clock: Clock, machine: string, value = 1): void {
  sealer.addPoll(
    `${machine}-meter`,
    {
      atMs: clock.monotonicMs(),
      roundTripMs: 1,
      readings: [{ channel: `${machine}.supply.activePower`, value, quality: 'good' }],
    },
    1000,
  );
}

/** Every record the spool keeps of its current epoch, in order. */
export function recordsOf(spool: Spool): Uint8Array[] {
  const { epoch, seq } = spool.head;
  return Array.from({ length: seq }, (_, index) => spool.record(epoch, index + 1)?.bytes ?? new Uint8Array());
}

/** sampled = receipted + pending + rejected + thinned + dropped, in the database itself. */
export function holds(spool: Spool): boolean {
  const { sampled, receipted, pending, rejected, thinned, dropped } = spool.accounts().samples;
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  return sampled === receipted + pending + rejected + thinned + lost;
}
