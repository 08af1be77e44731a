/*
 * A process whose disk fails: for n = 1, 2, 3 ... until no call fails, call number n of a ledger's life does, once or from
 * then on, in one way after the other. Preloaded with failing-disk.c. Argument: folder. Says on stdout how many lives it lived.
 */
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { openLedger, type AdmissionLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { silentLog } from '../../../protocols/log.ts';
import { ChainFeed } from './chain-feed.ts';
import { InProcessWriter } from './in-process-writer.ts';

const [folder = ''] = process.argv.slice(2);
const { EIO, ENOSPC, EMFILE } = constants.errno;
const ALL = [EIO, ENOSPC, EMFILE, 0].flatMap((errno) => ['once', 'ever'].map((kind) => ({ errno, kind })));
/** All of them with MILLWATT_TEST_LONG=1: what fails for ever leaves a commit in the log that was told to have failed. */
const WAYS =
  process.env['MILLWATT_TEST_LONG'] === '1'
    ? ALL
    : ALL.filter(({ errno, kind }) => (kind === 'once' ? errno === EIO || errno === 0 : errno === EIO));
const NOVEMBER_MS = Date.UTC(2026, 10, 30, 23);
const RECORDS = new ChainFeed().take(9);
/** The last ones come in December. */
const receivedMs = (seq: number) => NOVEMBER_MS + (seq > 6 ? 2 : 0) * 3_600_000;

const tell = (word: string) => existsSync(`/.millwatt-fault/${word}`);

const open = (path: string) =>
  openLedger({ folder: path, log: silentLog, startWriter: (data) => new InProcessWriter(data) });

/** Sends what is not durable yet; takes note of what is said to be. */
async function send(
  ledger: AdmissionLedger,
  durable: Map<number, number>,
  records: readonly SealedRecord[],
): Promise<void> {
  for (const record of records) {
    const { seq } = record.header;
    if (durable.has(seq)) continue;
    try {
      durable.set(seq, await ledger.append({ ...record, receivedMs: receivedMs(seq) }));
    } catch {
      // It was not receipted, and comes again.
    }
  }
}

function check(ledger: AdmissionLedger, durable: ReadonlyMap<number, number>, what: string): void {
  const records = ledger.readAfter(0, 99);
  const ordinals = records.map(({ ordinal }) => ordinal);
  if (new Set(records.map(({ hash }) => hash)).size !== records.length)
    throw new Error(`${what}: one is twice`);
  if (ordinals.some((ordinal, index) => index > 0 && ordinal <= (ordinals[index - 1] ?? 0)))
    throw new Error(`${what}: ordinals ${ordinals.join(' ')}`);
  for (const [seq, ordinal] of durable) {
    const kept = records.find((record) => record.ordinal === ordinal);
    const sent = RECORDS[seq - 1];
    if (kept === undefined || sent === undefined || Buffer.compare(kept.bytes, sent.bytes) !== 0)
      throw new Error(`${what}: record ${seq} was acknowledged and is gone`);
  }
}

let lives = 0;
for (const { errno, kind } of WAYS) {
  for (let n = 1; ; n++) {
    const path = join(folder, 'ledger');
    const copy = join(folder, 'killed');
    for (const one of [path, copy]) rmSync(one, { recursive: true, force: true });
    mkdirSync(path);
    const what = `errno ${errno} ${kind} at call ${n}`;
    const durable = new Map<number, number>();
    tell(`arm/${n}/${errno}/${kind}`);
    let ledger: AdmissionLedger | undefined;
    try {
      ledger = await open(path);
      await send(ledger, durable, RECORDS);
    } catch {
      // A start may fail; it is tried again.
    }
    tell('off');
    const wasHit = tell('hit');
    ledger ??= await open(path);
    check(ledger, durable, what);
    // The disk works again: the same ledger goes on. What is new goes before what failed.
    await send(ledger, durable, RECORDS.toReversed());
    if (durable.size < RECORDS.length) throw new Error(`${what}: it does not go on`);
    check(ledger, durable, what);
    // What a kill -9 would leave just now.
    cpSync(path, copy, { recursive: true });
    await ledger.close();
    for (const left of [path, copy]) {
      const again = await open(left);
      check(again, durable, `${what}, opened again`);
      if (again.chains()[0]?.contiguousSeq !== RECORDS.length)
        throw new Error(`${what}: the chain has a hole`);
      await again.close();
    }
    lives++;
    if (!wasHit) break;
  }
}
console.log(lives);
