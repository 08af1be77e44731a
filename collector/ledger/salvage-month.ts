import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { sha256 } from '../../protocols/evidence/keys.ts';
import { unfoldPart, verifyHead, verifyRecord } from '../../protocols/evidence/seal.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { parseRecord, parseRecordHead } from '../../protocols/telemetry/record.ts';
import { readAt, readWhatCanBe } from './bad-sectors.ts';
import { pageBytesOf, rowsOfPage, type CarvedRow } from './carve-rows.ts';
import { goneOf } from './gone-ranges.ts';
import { MonthRows } from './month-rows.ts';
import { pagesOfLog, type LoggedPage } from './log-pages.ts';
import { openMonth, sqliteCode } from './month-schema.ts';
import { isHeadOnly, rowOf } from './record-row.ts';

/** Columns of `record`, and where its bytes are among them. */
const COLUMNS = 15;
const RECEIVED_AT = 1;
const BYTES_AT = 14;
const RECORDS_A_COMMIT = 500;
const NO_LOG = new Uint8Array();

/**
 * Takes from a damaged month's file, and from the log beside it, each record that verifies by itself: hash, signature, parts;
 * under the ordinal that it had. Returns how many.
 * @param path the damaged file, which is only read
 * @param newPath a month that is made anew
 */
export function salvageMonth(path: string, newPath: string): number {
  const db = openMonth(newPath);
  try {
    db.exec('BEGIN IMMEDIATE');
    const rows = new MonthRows(db);
    let count = 0;
    let headOnly = 0;
    for (const carved of carvedRecords(path)) {
      const found = sound(carved);
      if (found === undefined) continue;
      try {
        if (rows.insert(carved.rowid, found.row) !== carved.rowid) continue;
      } catch (error) {
        // The place of another one: its own was damaged.
        if (sqliteCode(error) !== 19) throw error;
        continue;
      }
      if (found.headOnly) headOnly++;
      if (++count % RECORDS_A_COMMIT === 0) db.exec('COMMIT; BEGIN IMMEDIATE');
    }
    if (headOnly > 0) db.prepare("INSERT INTO meta VALUES ('pruned', ?)").run(headOnly);
    db.exec('COMMIT');
    return count;
  } finally {
    db.close();
  }
}

/** Rows of `record`, from the log first: there they are as they were last. What no commit stands for comes last. */
function* carvedRecords(path: string): Generator<CarvedRow, void> {
  const seen = new Set<number>();
  const once = function* (rows: Iterable<CarvedRow>) {
    for (const row of rows)
      if (!seen.has(row.rowid) && sound(row) !== undefined) {
        seen.add(row.rowid);
        yield row;
      }
  };
  const size = statSync(path).size;
  const handle = openSync(path, 'r');
  try {
    const pageBytes = pageBytesOf(readAt(handle, 0, Math.min(100, size)) ?? new Uint8Array());
    const inFile = (number: number) =>
      number < 1 || number * pageBytes > size
        ? undefined
        : readAt(handle, (number - 1) * pageBytes, pageBytes);
    const { committed, others } = pagesOfLog(
      existsSync(`${path}-wal`) ? readWhatCanBe(`${path}-wal`) : NO_LOG,
    );
    const byNumber = (pages: readonly LoggedPage[]) =>
      new Map(pages.map(({ number, page }) => [number, page]));
    const [newest, stray] = [byNumber(committed), byNumber(others)];
    const pageAt = (number: number) => newest.get(number) ?? inFile(number) ?? stray.get(number);
    const strayAt = (number: number) => stray.get(number) ?? newest.get(number) ?? inFile(number);
    for (const { page } of committed.toReversed()) yield* once(rowsOfPage(page, 0, COLUMNS, pageAt));
    for (let number = 2; number * pageBytes <= size; number++) {
      const page = inFile(number);
      if (page !== undefined) yield* once(rowsOfPage(page, 0, COLUMNS, pageAt));
    }
    for (const { page } of others.toReversed())
      for (const at of [pageAt, strayAt]) yield* once(rowsOfPage(page, 0, COLUMNS, at));
  } finally {
    closeSync(handle);
  }
}

/** The record of a row, where it verifies; what else the row says is worked out again. */
function sound({ values }: CarvedRow): { row: ReturnType<typeof rowOf>; headOnly: boolean } | undefined {
  const receivedMs = values[RECEIVED_AT];
  const bytes = values[BYTES_AT];
  if (typeof receivedMs !== 'number' || !(bytes instanceof Uint8Array)) return undefined;
  try {
    const head = parseRecordHead(bytes);
    const { header, signedBytes } = head;
    const headOnly = isHeadOnly(header, bytes);
    let logText: string | undefined;
    if (headOnly) verifyHead(head);
    else {
      const frame = parseRecord(bytes);
      verifyRecord(frame);
      if (header.kind === 'log' && frame.parts[0] !== undefined) logText = unfoldPart(frame.parts[0]);
    }
    const gone = goneOf(header, logText);
    const row = rowOf({ header, hash: sha256(signedBytes), receivedMs, bytes, gone });
    // Under no machine is found what says nothing of one any more.
    return { row: headOnly ? { ...row, machines: [] } : row, headOnly };
  } catch (error) {
    if (error instanceof MillwattError) return undefined;
    throw error;
  }
}
