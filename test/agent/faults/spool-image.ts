import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSpoolDatabase } from '../../../agent/spool-database.ts';
import { Spool } from '../../../agent/spool.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { readSigningKey, type SigningKey } from '../../../protocols/evidence/keys.ts';
import { silentLog } from '../../../protocols/log.ts';
import { seedRandom } from '../../../protocols/simulator/seeded-random.ts';
import { drawToken } from '../../../protocols/telemetry/ids.ts';
import { addReading, holds, openSealer, openSpool } from '../spool-rig.ts';

/** The three files of a spool as a crash leaves them, or the one that closing leaves. */
export interface SpoolFiles {
  db: Buffer;
  wal: Buffer | undefined;
  shm: Buffer | undefined;
  /** The copy of the first page. */
  page1: Buffer | undefined;
}

/** A spool at one moment, and all that ever was written to it. */
export interface SpoolImage {
  files: SpoolFiles;
  /** The write-ahead log of the generation before. */
  older: Buffer | undefined;
  epoch: string;
  headSeq: number;
  sampled: number;
  /** Rows that were open. */
  openRows: number;
  /** Seqs that waited for a receipt. */
  pending: ReadonlySet<number>;
  /** The bytes of every record by its seq. */
  records: ReadonlyMap<number, Uint8Array>;
  /** The texts of rows that ever were open, with their boot. */
  open: ReadonlySet<string>;
  key: SigningKey;
}

/** On memory, where it is there: a million starts must wear out no disk. */
export function memoryFolder(): string {
  return mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'millwatt-faults-'));
}

/** An Ed25519 key that is the same in every run: what failed once must fail again. */
export function fixedKey(): SigningKey {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 7)]);
  return readSigningKey(
    `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`,
  );
}

/** Bytes that look drawn by chance and are the same in every run. */
export function fixedRandom(seed: string): (count: number) => Uint8Array {
  const random = seedRandom(seed);
  return (count) => Uint8Array.from({ length: count }, () => random.whole(0, 255));
}

/**
 * A spool of so many records, some receipted, with readings open. `crashed` takes its files while it is in use; `logFrom` carries the
 * write-ahead log over into the database when there are so many records, so that it holds those after.
 */
export function makeImage(records: number, options: { crashed: boolean; logFrom?: number }): SpoolImage {
  const folder = memoryFolder();
  const key = fixedKey();
  const random = fixedRandom('image');
  const clock = new SteppedClock(Date.UTC(2026, 2, 2, 6));
  const spool = openSpool(folder, { randomBytes: random });
  let older: Buffer | undefined;
  const all = new Map<number, Uint8Array>();
  const open = new Set<string>();
  const append = spool.append.bind(spool);
  spool.append = (rows, anchor) => {
    for (const row of rows) open.add(`${anchor.boot} ${row.machine} ${row.part}`);
    append(rows, anchor);
  };
  const sealer = openSealer(spool, clock, ['mill', 'lathe'], {
    key,
    boot: drawToken(random),
    onSealed: (sealed) => {
      for (const { header, bytes } of sealed) all.set(header.seq, bytes);
    },
  });
  for (let reading = 0; all.size < records; reading++) {
    clock.stepTo(clock.wallMs() + 1000);
    addReading(sealer, clock, 'mill', Math.sin(reading));
    if (reading % 3 === 0) addReading(sealer, clock, 'lathe', reading % 7);
    if (reading % 5 === 4) sealer.flush();
    if (reading % 10 !== 9) continue;
    sealer.sealAll();
    if (all.size === options.logFrom) older = carryOver(folder);
  }
  const { epoch, seq } = spool.head;
  spool.markReceipted(epoch, [{ from: 1, to: 3 }]);
  for (let reading = 0; reading < 3; reading++) {
    clock.stepTo(clock.wallMs() + 1000);
    addReading(sealer, clock, 'mill', reading);
    sealer.flush();
  }
  const { sampled } = spool.accounts().samples;
  const pending = new Set(spool.pendingHeaders(0, records).map((header) => header.seq));
  const openRows = spool.leftovers('other').reduce((sum, { rows }) => sum + rows.length, 0);
  if (!options.crashed) spool.close();
  const files = readFiles(folder);
  spool.close();
  rmSync(folder, { recursive: true, force: true });
  return { files, older, epoch, headSeq: seq, sampled, openRows, pending, records: all, open, key };
}

/** Carries the log over, and gives what it was. */
function carryOver(folder: string): Buffer | undefined {
  const { wal } = readFiles(folder);
  const other = new DatabaseSync(join(folder, 'spool.sqlite'));
  other.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  other.close();
  return wal;
}

function readFiles(folder: string): SpoolFiles {
  const read = (suffix: string) => {
    const path = join(folder, `spool.sqlite${suffix}`);
    return existsSync(path) ? readFileSync(path) : undefined;
  };
  return { db: read('') ?? Buffer.alloc(0), wal: read('-wal'), shm: read('-shm'), page1: read('.page1') };
}

export function writeFiles(folder: string, { db, wal, shm, page1 }: SpoolFiles): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'spool.sqlite'), db);
  if (wal !== undefined) writeFileSync(join(folder, 'spool.sqlite-wal'), wal);
  if (shm !== undefined) writeFileSync(join(folder, 'spool.sqlite-shm'), shm);
  if (page1 !== undefined) writeFileSync(join(folder, 'spool.sqlite.page1'), page1);
}

/** What is left of an image after a fault. */
export interface Found {
  /** Records that waited and are not there any more, or do not hold. */
  lostRecords: number;
  /** True when the chain goes on where it stood. */
  headKept: boolean;
  headSeq: number;
  /** The damaged file was moved aside. */
  salvaged: boolean;
  openRows: number;
}

/**
 * Opens a spool after a fault and holds it against what was written. Throws where it holds what nobody wrote, where its accounts
 * do not hold, or where opening throws.
 */
export function inspect(folder: string, image: SpoolImage, options: { goOn?: boolean } = {}): Found {
  let database: DatabaseSync | undefined;
  const spool = new Spool({
    folder,
    maxBytes: 1e9,
    keepMs: 72 * 3_600_000,
    randomBytes: (count) => new Uint8Array(count).fill(7),
    log: silentLog,
    open: (at, log, isLazy) => (database = openSpoolDatabase(at, log, isLazy)),
  });
  try {
    if (database === undefined) throw new Error('not opened');
    const found = new Set<number>();
    for (const row of database.prepare('SELECT epoch, seq, state, bytes FROM records ORDER BY id').all()) {
      const seq = Number(row['seq']);
      const epoch = String(row['epoch']);
      const own = epoch === image.epoch ? image.records.get(seq) : undefined;
      const { bytes } = row;
      if (own !== undefined && bytes instanceof Uint8Array && Buffer.compare(own, bytes) === 0) {
        found.add(seq);
        continue;
      }
      // It reads it as the publisher would: what does not hold is never given out.
      const given = spool.record(epoch, seq);
      if (given !== undefined && row['state'] !== 'receipted')
        throw new Error(`record ${seq} is given out, and nobody wrote it`);
    }
    if (!holds(spool)) throw new Error(`accounts do not hold: ${JSON.stringify(spool.accounts().samples)}`);
    let openRows = 0;
    for (const { anchor, boot, rows } of spool.leftovers('other')) {
      openRows += rows.length;
      for (const row of rows)
        if (anchor !== undefined && !image.open.has(`${boot} ${row.machine} ${row.part}`))
          throw new Error(`an open row is there that nobody wrote: ${JSON.stringify(row)}`);
    }
    const lost = [...image.pending].filter((seq) => !found.has(seq)).length;
    const { head } = spool;
    if (options.goOn === true) goOn(spool, image);
    return {
      lostRecords: lost,
      headKept: head.epoch === image.epoch && head.seq === image.headSeq,
      headSeq: head.epoch === image.epoch ? head.seq : 0,
      salvaged: existsSync(join(folder, 'quarantine')),
      openRows,
    };
  } finally {
    spool.close();
  }
}

/** The next append is readable, and what was open is sealed. */
function goOn(spool: Spool, { key }: SpoolImage): void {
  const clock = new SteppedClock(Date.UTC(2026, 2, 3));
  const sealer = openSealer(spool, clock, ['mill', 'lathe'], { key });
  clock.stepTo(clock.wallMs() + 1000);
  addReading(sealer, clock, 'mill', 5);
  sealer.sealAll();
  const { epoch, seq } = spool.head;
  if (spool.record(epoch, seq) === undefined) throw new Error('what was sealed next cannot be read');
  if (!holds(spool))
    throw new Error(`accounts do not hold after going on: ${JSON.stringify(spool.accounts().samples)}`);
}
