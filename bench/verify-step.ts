import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { startDerivation } from '../collector/derivation/deriver.ts';
import type { MachineHour } from '../collector/energy/machine-hour.ts';
import { unconfiguredMachine, type MachineModel } from '../collector/energy/machine-model.ts';
import { unpackZip, type PackageBytes } from '../collector/evidence/canonical-zip.ts';
import { HoursInMemory } from '../collector/evidence/hours-in-memory.ts';
import { decodeRaw } from '../collector/evidence/raw-frames.ts';
import { verifyPackage } from '../collector/evidence/verify-package.ts';
import { writePackage } from '../collector/evidence/write-package.ts';
import { readLedger } from '../collector/ledger/read-ledger.ts';
import { loadKeyFile } from '../protocols/evidence/key-file.ts';
import { sha256, verifySignature } from '../protocols/evidence/keys.ts';
import { silentLog } from '../protocols/log.ts';
import { watts } from '../protocols/telemetry/unit.ts';
import { START_MS, threadSeconds } from './derive-machine.ts';

/*
 * One step of bench/verify.ts, in a process of its own: derive, write, verify or reference, of a folder and a package.
 */

/** What a step took. */
export interface StepMeasure {
  wallS: number;
  /** Of the whole process, and of the thread that works. */
  cpuS: number;
  threadS: number;
  /** Most memory that the process held, start and code included. */
  peakMb: number;
  said: string;
}

const MODEL: MachineModel = {
  ...unconfiguredMachine('m'),
  ratedPowerW: watts(20_000),
  offBelowW: watts(50),
};
const [what = '', folder = '', path = '', hours = ''] = process.argv.slice(2);
const HOURS = Number(hours);
const HOURS_FILE = join(folder, 'hours.json');

const before = process.cpuUsage();
const threadBefore = threadSeconds();
const began = performance.now();
const said = await run();
const { user, system } = process.cpuUsage(before);
const measure: StepMeasure = {
  wallS: (performance.now() - began) / 1000,
  cpuS: (user + system) / 1e6,
  threadS: threadSeconds() - threadBefore,
  peakMb: process.resourceUsage().maxRSS / 1000,
  said,
};
process.stdout.write(JSON.stringify(measure));

async function run(): Promise<string> {
  if (what === 'derive') {
    const derived = await derive();
    writeFileSync(HOURS_FILE, JSON.stringify(derived));
    return `${derived.length} hours from the ledger, without minutes`;
  }
  if (what === 'write') return write();
  if (what === 'verify') return verify();
  return reference();
}

async function derive(): Promise<MachineHour[]> {
  const ledger = readLedger({ folder: join(folder, 'ledger'), log: silentLog });
  const views = new HoursInMemory();
  const clock = { wallMs: () => START_MS + (HOURS + 24) * 3_600_000 };
  const derivation = startDerivation({
    ledger,
    views,
    machines: [MODEL],
    site: 'plant',
    clock,
    log: silentLog,
  });
  await derivation.idle();
  await derivation.stop();
  ledger.close();
  return views.hours('m', 0, Number.MAX_SAFE_INTEGER);
}

function write(): string {
  const ledger = readLedger({ folder: join(folder, 'ledger'), log: silentLog });
  const out = openSync(path, 'w');
  let bytes = 0;
  for (const piece of writePackage({
    site: 'plant',
    machine: 'm',
    fromMs: START_MS,
    toMs: START_MS + HOURS * 3_600_000,
    madeMs: START_MS + (HOURS + 24) * 3_600_000,
    software: { name: 'millwatt', version: '0.1.0' },
    ledger,
    lastOrdinal: 1 + HOURS * 60,
    standingOf: () => ({ standing: 'confirmed' }),
    key: loadKeyFile(join(folder, 'collector-key.pem'), ''),
    model: MODEL,
    amendments: [],
    hours: JSON.parse(readFileSync(HOURS_FILE, 'utf8')) as MachineHour[],
    records: [],
    factors: [],
    certificates: [],
  }))
    if (typeof piece !== 'number') {
      writeSync(out, piece);
      bytes += piece.length;
    }
  closeSync(out);
  ledger.close();
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

async function verify(): Promise<string> {
  const { result, lines } = await verifyPackage(open(), {
    trusted: [loadKeyFile(join(folder, 'collector-key.pem'), '').publicKey],
  });
  if (result !== 'verified')
    throw new Error(JSON.stringify(lines.filter((line) => line.result === 'fail').slice(0, 3)));
  return lines.find(({ check, result: one }) => check === 'recomputation' && one === 'pass')?.saying ?? '';
}

function reference(): string {
  const from = open();
  const whole = createHash('sha256');
  for (let at = 0; at < from.size; at += 1 << 20)
    whole.update(from.read(at, Math.min(1 << 20, from.size - at)));
  let records = 0;
  for (const { path: file, bytes } of unpackZip(from)) {
    if (!file.startsWith('raw/')) continue;
    for (const { header, signedBytes, signature, parts } of decodeRaw(file, bytes, 'm')) {
      for (const part of parts) if (part !== undefined) sha256(part);
      if (!verifySignature(header.key, signedBytes, signature)) throw new Error('a signature does not hold');
      records++;
    }
  }
  return `${records} records`;
}

function open(): PackageBytes {
  const fd = openSync(path, 'r');
  return {
    size: fstatSync(fd).size,
    read(offset, length) {
      const bytes = Buffer.allocUnsafe(length);
      readSync(fd, bytes, 0, length, offset);
      return bytes;
    },
  };
}
