import { onTestFinished } from 'vitest';
import { SpoolThinner } from '../../../agent/thinning/spool-thinner.ts';
import { goneOf } from '../../../collector/ledger/gone-ranges.ts';
import type { GoneRange } from '../../../collector/ledger/ledger.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { generateSigningKey } from '../../../protocols/evidence/keys.ts';
import { headerHash, unfoldPart, type SealedRecord } from '../../../protocols/evidence/seal.ts';
import { silentLog } from '../../../protocols/log.ts';
import { systemTimers } from '../../../protocols/timers.ts';
import { parseRecord } from '../../../protocols/telemetry/record.ts';
import { encodeSnapshot } from '../../../protocols/telemetry/snapshot-text.ts';
import { seedRandom } from '../../../protocols/simulator/seeded-random.ts';
import { makeTempFolder } from '../../collector/ledger/temp-folder.ts';
import { openSealer, openSpool } from '../spool-rig.ts';
import { BOOT_MS, EXECUTION, MACHINE, measured, ThinningPlant } from './thinning-plant.ts';

const CHANNELS = [
  measured('supply', 'activePower'),
  measured('supply', 'activeEnergyImport'),
  measured('spindle', 'activePower'),
  measured('spindle', 'activeEnergyImport'),
  measured('supply', 'voltage'),
  EXECUTION,
];

/** A record with what it says of its chain. */
export type ToldRecord = SealedRecord & { gone: readonly GoneRange[] };

/** Runs an agent's spool without a collector: everything that it sealed, and what waits in it at the end. */
export function runFullSpool(
  maxBytes: number,
  seconds: number,
): {
  sealed: ToldRecord[];
  waiting: ToldRecord[];
  samples: ReturnType<ReturnType<typeof openSpool>['accounts']>['samples'];
} {
  const clock = new SteppedClock(BOOT_MS);
  const spool = openSpool(makeTempFolder(), { maxBytes });
  onTestFinished(() => spool.close());
  const key = generateSigningKey();
  const { snapshot } = new ThinningPlant(CHANNELS);
  const sealed: ToldRecord[] = [];
  const sealer = openSealer(spool, clock, [], {
    key,
    onSealed: (records) => sealed.push(...records.map(({ bytes }) => told(bytes))),
    wiring: {
      snapshot: encodeSnapshot({ ...snapshot, site: 'pune', agent: 'gw1' }),
      channelOf: new Map(CHANNELS.map(({ id, source }) => [id, { machine: MACHINE, source }])),
      machinesOf: new Map([
        ['meter', [MACHINE]],
        ['control', [MACHINE]],
      ]),
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
  const chance = seedRandom(7);
  const random = () => chance.next();
  const wattHours = { supply: 1000, spindle: 500 };
  for (let second = 0; second < seconds; second++) {
    clock.stepTo(clock.wallMs() + 1000);
    const atMs = clock.monotonicMs();
    const spindleW = second % 600 < 400 ? 2000 + Math.round(3000 * random()) : 0;
    const supplyW = 900 + spindleW + Math.round(100 * random());
    wattHours.supply += supplyW / 3600;
    wattHours.spindle += spindleW / 3600;
    if (second % 600 === 1) sealer.addStatus('control', { channel: EXECUTION.id, atMs, value: 'ACTIVE' });
    if (second % 600 === 401) sealer.addStatus('control', { channel: EXECUTION.id, atMs, value: 'READY' });
    const values = [
      supplyW,
      Math.floor(wattHours.supply * 100),
      spindleW,
      Math.floor(wattHours.spindle * 100),
      230 + random(),
    ];
    // Twenty seconds of every fifty minutes the meter does not answer, now and then over the end of an hour.
    if (second % 3000 >= 20)
      sealer.addPoll(
        'meter',
        {
          atMs,
          roundTripMs: 1,
          readings: values.map((value, index) => ({
            channel: CHANNELS[index]?.id ?? '',
            value,
            quality: 'good',
          })),
        },
        1000,
      );
    sealer.sealDue();
    sealer.thin(thinner);
  }
  sealer.sealAll();
  const waiting: ToldRecord[] = [];
  for (let seq = 1; seq <= spool.head.seq; seq++) {
    const record = spool.record(spool.head.epoch, seq);
    if (record !== undefined) waiting.push(told(record.bytes));
  }
  return { sealed, waiting, samples: spool.accounts().samples };
}

function told(bytes: Uint8Array): ToldRecord {
  const frame = parseRecord(bytes);
  const { header, parts } = frame;
  const text = header.kind === 'log' ? unfoldPart(parts[0] ?? new Uint8Array()) : undefined;
  return { bytes, header, hash: headerHash(frame), gone: goneOf(header, text) };
}
