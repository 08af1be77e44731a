import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger } from '../collector/ledger/sqlite-ledger.ts';
import type { SealedRecord } from '../protocols/evidence/seal.ts';
import { silentLog } from '../protocols/log.ts';
import { BenchMachine, MEASURED, START_MS } from './derive-machine.ts';
import type { StepMeasure } from './verify-step.ts';

/*
 * How long evidence of a machine-month takes, written and verified: a machine, 12 channels at 1 Hz, as a package on disk. The
 * reference, in the same run and over the same bytes: SHA-256 of the file, and SHA-256 and Ed25519 of every record, without
 * chains, parts, readings or hours. Each step is a process of its own, so that its memory is its own; CPU is that of the
 * whole process, compiler and garbage collector included.
 *
 *   node bench/verify.ts [hours, default 72]       720 are the machine-month itself
 */
const HOURS = Number(process.argv[2] ?? 72);
const ROWS_A_RECORD = 60;
const MONTH_HOURS = 720;

const folder = mkdtempSync(join(tmpdir(), 'millwatt-bench-'));
try {
  await fill();
  const package_ = join(folder, 'm.evidence.zip');
  const derived = step('derive', folder, package_);
  const written = step('write', folder, package_);
  const verified = step('verify', folder, package_);
  const reference = step('reference', folder, package_);
  const { size } = statSync(package_);
  const samples = HOURS * 3600 * MEASURED.length;
  console.log(
    `${HOURS} h x ${MEASURED.length} channels x 1 Hz: ${samples} readings, ${(size / 1e6).toFixed(1)} MB, ${(size / samples).toFixed(2)} B each`,
  );
  say('derived', derived);
  say('written', written);
  say('verified', verified);
  say('reference', reference);
  console.log(
    `ratio     ${(verified.cpuS / reference.cpuS).toFixed(1)} x the CPU of the reference (SHA-256 and Ed25519 of the same bytes)`,
  );
  const months = MONTH_HOURS / HOURS;
  console.log(
    `a machine-month: written in ${(months * written.cpuS).toFixed(1)} s and verified in ${(months * verified.cpuS).toFixed(1)} s of CPU (${(months * verified.wallS).toFixed(1)} s of wall), goal 60 s`,
  );
} finally {
  rmSync(folder, { recursive: true });
}

function say(what: string, { wallS, cpuS, threadS, peakMb, said }: StepMeasure): void {
  console.log(
    `${what.padEnd(9)} ${cpuS.toFixed(2)} s of CPU (its thread ${threadS.toFixed(2)} s, wall ${wallS.toFixed(2)} s), at most ${peakMb.toFixed(0)} MB: ${said}`,
  );
}

function step(...args: string[]): StepMeasure {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...process.execArgv, join(import.meta.dirname, 'verify-step.ts'), ...args, String(HOURS)],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as StepMeasure;
}

/** Seals the readings of believable days: a record a minute, as an agent does. */
async function fill(): Promise<void> {
  const ledger = await openLedger({ folder: join(folder, 'ledger'), log: silentLog });
  const machine = new BenchMachine();
  const append = (record: SealedRecord) =>
    ledger.append({ ...record, receivedMs: START_MS + record.header.last });
  await append(machine.config());
  let pending: Promise<number>[] = [];
  const rows = HOURS * 3600;
  for (let row = 0; row < rows; row += ROWS_A_RECORD) {
    pending.push(append(machine.seal(row, Math.min(rows, row + ROWS_A_RECORD), false).record));
    if (pending.length < 64) continue;
    await Promise.all(pending);
    pending = [];
  }
  await Promise.all(pending);
  await ledger.close();
}
