import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDerivation } from '../collector/derivation/deriver.ts';
import { unconfiguredMachine } from '../collector/energy/machine-model.ts';
import { openLedger } from '../collector/ledger/sqlite-ledger.ts';
import { openViews } from '../collector/ledger/sqlite-views.ts';
import type { SealedRecord } from '../protocols/evidence/seal.ts';
import { silentLog } from '../protocols/log.ts';
import { watts } from '../protocols/telemetry/unit.ts';
import { BenchMachine, MEASURED, START_MS, sumNaively, threadSeconds } from './derive-machine.ts';

/*
 * How fast machine-hours come out of signed raw records: a machine, 12 channels at 1 Hz, through the real ledger, reader,
 * fold and views. The reference, in the same run: samples as one JSON object each, parsed and summed naively (power x
 * time), without counters, states, signatures, minutes or a disk; of the first day only, a month of objects would not fit
 * into memory. CPU is that of the thread that works; beside it stands that of the whole process (the ledger's writer, the
 * compiler's and the garbage collector's helpers).
 *
 *   node bench/derive.ts [hours, default 96]       720 are the machine-month itself
 */
const HOURS = Number(process.argv[2] ?? 96);
const ROWS_A_RECORD = 83;
const REFERENCE_ROWS = 86_400;
const MONTH_SAMPLES = 30 * 86_400 * MEASURED.length;

const folder = mkdtempSync(join(tmpdir(), 'millwatt-bench-'));
const ledger = await openLedger({ folder: join(folder, 'ledger'), log: silentLog });
const rows = HOURS * 3600;
const objects: string[] = [];
let bytes = 0;
await fill();

const referenceSamples = objects.length;
const referenceBegan = threadSeconds();
sumNaively(objects);
const referenceS = threadSeconds() - referenceBegan;
// Millions of strings would be the garbage collector's work in what is measured next.
objects.length = 0;

const views = openViews({ folder });
const derivation = startDerivation({
  ledger,
  views,
  machines: [{ ...unconfiguredMachine('m'), ratedPowerW: watts(20_000), offBelowW: watts(50) }],
  site: 'plant',
  clock: { wallMs: () => START_MS + (HOURS + 24) * 3_600_000 },
  log: silentLog,
});
const processBegan = process.cpuUsage();
const threadBegan = threadSeconds();
const began = performance.now();
await derivation.idle();
const wallS = (performance.now() - began) / 1000;
const threadS = threadSeconds() - threadBegan;
const used = process.cpuUsage(processBegan);
const processS = (used.user + used.system) / 1e6;
await derivation.stop();
const hours = views.hours('m', 0, Number.MAX_SAFE_INTEGER);
views.close();
await ledger.close();
rmSync(folder, { recursive: true });

const samples = rows * MEASURED.length;
const months = MONTH_SAMPLES / samples;
const say = (seconds: number) => `${seconds.toFixed(1)} s`;
console.log(
  `${HOURS} h x ${MEASURED.length} channels x 1 Hz: ${samples} samples in ${(bytes / samples).toFixed(2)} B each, signed`,
);
console.log(
  `derived   ${(samples / threadS / 1e6).toFixed(2)} M samples/s of CPU: ${hours.length} hours in ${say(threadS)} (process ${say(processS)}, wall ${say(wallS)})`,
);
console.log(
  `reference ${(referenceSamples / referenceS / 1e6).toFixed(2)} M samples/s of CPU: JSON object a sample, naive sum`,
);
console.log(
  `ratio     ${(samples / threadS / (referenceSamples / referenceS)).toFixed(2)} x the reference's speed`,
);
console.log(
  `a machine-month (${(MONTH_SAMPLES / 1e6).toFixed(1)} M samples): ${say(months * threadS)} of CPU (process ${say(months * processS)}, wall ${say(months * wallS)})`,
);

/** Seals the readings of believable days. */
async function fill(): Promise<void> {
  const machine = new BenchMachine();
  const append = (record: SealedRecord) => {
    bytes += record.bytes.length;
    return ledger.append({ ...record, receivedMs: START_MS + HOURS * 3_600_000 });
  };
  await append(machine.config());
  let pending: Promise<number>[] = [];
  for (let row = 0; row < rows; row += ROWS_A_RECORD) {
    const batch = machine.seal(row, Math.min(rows, row + ROWS_A_RECORD), row < REFERENCE_ROWS);
    for (const object of batch.objects) objects.push(object);
    pending.push(append(batch.record));
    if (pending.length >= 64) {
      await Promise.all(pending);
      pending = [];
    }
  }
  await Promise.all(pending);
}
