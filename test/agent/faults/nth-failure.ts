/*
 * A process whose disk fails: for n = 1, 2, 3 ... until no call fails, call number n of a spool's life does, once or from
 * then on, in one way after the other. Preloaded with failing-disk.c. Argument: folder. Says on stdout how many lives it lived.
 */
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { SteppedClock } from '../../../protocols/clock.ts';
import { generateSigningKey } from '../../../protocols/evidence/keys.ts';
import { unfoldPart } from '../../../protocols/evidence/seal.ts';
import { decodePart } from '../../../protocols/telemetry/part.ts';
import { parseRecord } from '../../../protocols/telemetry/record.ts';
import type { Spool } from '../../../agent/spool.ts';
import { addReading, holds, openSealer, openSpool } from '../spool-rig.ts';

const [folder = ''] = process.argv.slice(2);
const { EIO, ENOSPC, EMFILE } = constants.errno;
const WAYS = [EIO, ENOSPC, EMFILE, 0].flatMap(
  (errno) =>
    [
      { errno, kind: 'once' },
      { errno, kind: 'ever' },
    ] as const,
);
const key = generateSigningKey();
const SEALS = 2;

const tell = (word: string) => existsSync(`/.millwatt-fault/${word}`);

/** What an agent knows that it has: the bytes of each record that was said to be sealed, and samples that were said to be durable. */
interface Known {
  sealed: Map<string, Uint8Array>;
  durable: number;
  added: number;
}

/** One life: opened, filled, sealed, receipted. Throws where the spool could not be opened. */
function live(path: string, known: Known): Spool {
  const clock = new SteppedClock(Date.UTC(2026, 2, 2, 6));
  const spool = openSpool(path);
  const sealer = openSealer(spool, clock, ['mill'], {
    key,
    onSealed: (records) => {
      for (const { header, bytes } of records) known.sealed.set(`${header.epoch}/${header.seq}`, bytes);
    },
  });
  for (let reading = 1; reading <= SEALS * 3; reading++) {
    clock.stepTo(clock.wallMs() + 1000);
    addReading(sealer, clock, 'mill', reading);
    known.added += 1;
    sealer.flush();
    if (sealer.failing === null) known.durable = known.added;
    if (reading % 3 === 0) sealer.sealAll();
    if (reading === 4) quietly(() => spool.markReceipted(spool.head.epoch, [{ from: 1, to: 1 }]));
  }
  tell('off');
  // The disk works again: all that was held in memory comes.
  clock.stepTo(clock.wallMs() + 1000);
  sealer.flush();
  sealer.sealAll();
  sealer.flush();
  if (sealer.failing !== null) throw new Error(`it does not go on: ${sealer.failing}`);
  return spool;
}

function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // The receipt comes again.
  }
}

function check(spool: Spool, known: Known, what: string): void {
  if (!holds(spool))
    throw new Error(`${what}: accounts do not hold ${JSON.stringify(spool.accounts().samples)}`);
  for (const [place, bytes] of known.sealed) {
    const [epoch = '', seq = ''] = place.split('/');
    const kept = spool.record(epoch, Number(seq));
    if (kept === undefined || Buffer.compare(kept.bytes, bytes) !== 0)
      throw new Error(`${what}: record ${place} is gone`);
  }
  if (spool.accounts().samples.sampled < known.durable) throw new Error(`${what}: durable samples are gone`);
  const times = [...known.sealed.values()].flatMap((bytes) => {
    const { header, parts } = parseRecord(bytes);
    if (header.kind !== 'readings') return [];
    return parts.flatMap((part) =>
      decodePart(unfoldPart(part)).sampled.flatMap((group) =>
        group.timesMs.map((atMs) => `${header.boot} ${atMs}`),
      ),
    );
  });
  if (new Set(times).size !== times.length) throw new Error(`${what}: a reading was sealed twice`);
}

let lives = 0;
for (const { errno, kind } of WAYS) {
  for (let n = 1; ; n++) {
    const path = join(folder, 'spool');
    const copy = join(folder, 'killed');
    for (const one of [path, copy]) rmSync(one, { recursive: true, force: true });
    mkdirSync(path);
    const what = `errno ${errno} ${kind} at call ${n}`;
    const known: Known = { sealed: new Map(), durable: 0, added: 0 };
    tell(`arm/${n}/${errno}/${kind}`);
    let spool: Spool | undefined;
    try {
      spool = live(path, known);
    } catch (error) {
      tell('off');
      // A start may fail; it is tried again, and finds all that was acknowledged.
      if (known.durable > 0) throw new Error(what, { cause: error });
    }
    const wasHit = tell('hit');
    spool ??= live(path, known);
    check(spool, known, what);
    if (known.added > 0 && spool.accounts().samples.sampled < known.added)
      throw new Error(`${what}: a sample is not accounted for`);
    // What a kill -9 would leave just now.
    cpSync(path, copy, { recursive: true });
    spool.close();
    const again = openSpool(copy);
    check(again, known, `${what}, then killed`);
    again.close();
    lives += 1;
    if (!wasHit) break;
  }
}
console.log(lives);
