/*
 * A process whose disk is filled and freed under it: a spool that is read into once a second of simulated time, sealed and thinned as
 * an agent does. Arguments: folder, key file, cap in bytes. Each line on stdin is a number of seconds to read, and whether the
 * oldest record is receipted afterwards (`600 receipt`); each is answered by one line of JSON, a `FullDiskReport`.
 */
import { readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { SpoolThinner } from '../../../agent/thinning/spool-thinner.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { readSigningKey } from '../../../protocols/evidence/keys.ts';
import { seedRandom } from '../../../protocols/simulator/seeded-random.ts';
import { silentLog } from '../../../protocols/log.ts';
import { systemTimers } from '../../../protocols/timers.ts';
import { encodeSnapshot } from '../../../protocols/telemetry/snapshot-text.ts';
import { holds, openSealer, openSpool } from '../spool-rig.ts';
import { BOOT_MS, MACHINE, measured, ThinningPlant } from '../thinning/thinning-plant.ts';

/** How the spool fares. */
export interface FullDiskReport {
  samples: { sampled: number; receipted: number; thinned: number; dropped: Record<string, number> };
  /** Samples that this process was given. */
  added: number;
  /** Those that were in the spool when it started. */
  before: number;
  failing: string | null;
  holds: boolean;
  /** Records made by thinning. */
  made: number;
  usedBytes: number;
}

const [folder = '', keyFile = '', cap = '0'] = process.argv.slice(2);
const CHANNELS = [measured('supply', 'activePower'), measured('supply', 'activeEnergyImport')];
const FLUSH_S = 10;
const maxBytes = Number(cap);
const random = seedRandom(folder);
const spool = openSpool(folder, { maxBytes });
const before = spool.accounts().samples.sampled;
// Each run is later than the one before it.
const clock = new SteppedClock(BOOT_MS + before * 1000);
const key = readSigningKey(readFileSync(keyFile, 'utf8'));
const sealer = openSealer(spool, clock, [], {
  key,
  wiring: {
    snapshot: encodeSnapshot(new ThinningPlant(CHANNELS).snapshot),
    channelOf: new Map(CHANNELS.map(({ id }) => [id, { machine: MACHINE, source: 'meter' }])),
    machinesOf: new Map([['meter', [MACHINE]]]),
  },
});
const thinner = new SpoolThinner({
  spool,
  maker: { site: 'pune', agent: 'gw1', key },
  snapshotOf: (hash) => sealer.snapshotOf(hash),
  maxBytes,
  isInFlight: () => false,
  timers: systemTimers,
  log: silentLog,
});
let added = 0;
let wattHours = 1000;

function read(seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    clock.stepTo(clock.wallMs() + 1000);
    const powerW = random.whole(2000, 6000);
    wattHours += powerW / 3600;
    const readings = CHANNELS.map(({ id }) => ({
      channel: id,
      value: id.endsWith('Power') ? powerW : Math.floor(wattHours * 100),
      quality: 'good' as const,
    }));
    sealer.addPoll('meter', { atMs: clock.monotonicMs(), roundTripMs: 1, readings }, 1000);
    added += readings.length;
    if (second % FLUSH_S === FLUSH_S - 1) {
      sealer.flush();
      sealer.sealDue();
      sealer.thin(thinner);
    }
  }
}

function receiptOldest(): void {
  const oldest = spool.pendingHeaders(0, 1).at(0);
  if (oldest === undefined) return;
  spool.markReceipted(oldest.epoch, [{ from: oldest.seq, to: oldest.seq }]);
}

for await (const line of createInterface({ input: process.stdin })) {
  const [seconds = '0', receipt] = line.split(' ');
  read(Number(seconds));
  if (receipt !== undefined) receiptOldest();
  const { sampled, receipted, thinned, dropped } = spool.accounts().samples;
  const report: FullDiskReport = {
    samples: { sampled, receipted, thinned, dropped },
    added,
    before,
    failing: sealer.failing,
    holds: holds(spool),
    made: thinner.counts().made,
    usedBytes: spool.usedBytes(),
  };
  writeSync(1, `${JSON.stringify(report)}\n`);
}
