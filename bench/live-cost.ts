import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDerivation } from '../collector/derivation/deriver.ts';
import { unconfiguredMachine } from '../collector/energy/machine-model.ts';
import { openLedger } from '../collector/ledger/sqlite-ledger.ts';
import { openViews } from '../collector/ledger/sqlite-views.ts';
import { silentLog } from '../protocols/log.ts';
import { watts } from '../protocols/telemetry/unit.ts';
import { BenchMachine, MEASURED, START_MS, sumNaively, threadSeconds } from './derive-machine.ts';

/*
 * What a machine costs while it is watched: 12 channels at 1 Hz, a record of 60 s at a time, each derived and written as it
 * comes, through the real ledger, reader, fold and views. The reference, in the same run: the same readings as one JSON
 * object each, parsed and summed naively, a minute at a time.
 *
 * How old the running hour is: what the views say of it ends at its last reading, and is written when the record's
 * derivation is done; it is oldest just before the next record's is. A record is sealed after 60 s, or 1,000 samples.
 *
 *   node bench/live-cost.ts [hours, default 24]
 */
const HOURS = Number(process.argv[2] ?? 24);
const MINUTES = HOURS * 60;
/** The first hours are not counted: the compiler works. */
const WARM_MINUTES = 120;

const folder = mkdtempSync(join(tmpdir(), 'millwatt-bench-'));
const ledger = await openLedger({ folder: join(folder, 'ledger'), log: silentLog, groupMs: 0 });
const views = openViews({ folder });
const now = { wallMs: START_MS };
const derivation = startDerivation({
  ledger,
  views,
  machines: [{ ...unconfiguredMachine('m'), ratedPowerW: watts(20_000), offBelowW: watts(50) }],
  site: 'plant',
  clock: { wallMs: () => now.wallMs },
  log: silentLog,
});
const machine = new BenchMachine();
await ledger.append({ ...machine.config(), receivedMs: START_MS });

let [derivedS, referenceS, wallMs, oldestMs, slowestMs] = [0, 0, 0, 0, 0];
let knownToMs = START_MS;
for (let minute = 0; minute < MINUTES; minute++) {
  const { record, objects } = machine.seal(minute * 60, minute * 60 + 60, true);
  now.wallMs = START_MS + (minute + 1) * 60_000;
  await ledger.append({ ...record, receivedMs: now.wallMs });
  const began = threadSeconds();
  const wallBegan = performance.now();
  await derivation.idle();
  const tookMs = performance.now() - wallBegan;
  const tookS = threadSeconds() - began;
  const referenceBegan = threadSeconds();
  sumNaively(objects);
  const naiveS = threadSeconds() - referenceBegan;
  if (minute >= WARM_MINUTES) {
    derivedS += tookS;
    referenceS += naiveS;
    wallMs += tookMs;
    slowestMs = Math.max(slowestMs, tookMs);
    oldestMs = Math.max(oldestMs, now.wallMs + tookMs - knownToMs);
  }
  const hour = views.hour('m', Math.floor((now.wallMs - 1) / 3_600_000) * 3_600_000);
  knownToMs = (hour?.hourMs ?? START_MS) + (hour?.spanMs ?? 0);
}
await derivation.stop();
const counted = (MINUTES - WARM_MINUTES) / 60;
views.close();
await ledger.close();
const viewsBytes = statSync(join(folder, 'views.db')).size;
rmSync(folder, { recursive: true });

const perHourMs = (derivedS / counted) * 1000;
console.log(`${HOURS} h x ${MEASURED.length} channels x 1 Hz in records of 60 s, one machine`);
console.log(
  `derived   ${perHourMs.toFixed(0)} ms of CPU a machine-hour (${((perHourMs / 3_600_000) * 100).toFixed(4)} % of a core), ${(wallMs / (MINUTES - WARM_MINUTES)).toFixed(1)} ms a record, at most ${slowestMs.toFixed(0)} ms`,
);
console.log(
  `reference ${((referenceS / counted) * 1000).toFixed(0)} ms of CPU a machine-hour (JSON objects, naive sum)`,
);
console.log(`ratio     ${(derivedS / referenceS).toFixed(2)} x the reference's cost`);
console.log(`age       the running hour was at most ${(oldestMs / 1000).toFixed(1)} s old (goal: 70 s)`);
console.log(`disk      ${(viewsBytes / HOURS / 1000).toFixed(1)} kB of views a machine-hour`);
