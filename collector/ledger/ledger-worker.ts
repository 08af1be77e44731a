import { parentPort, workerData } from 'node:worker_threads';
import type { Month } from './month-file.ts';
import type { RowToWrite } from './month-rows.ts';
import { MonthWriter } from './month-writer.ts';

/** What the writer thread is started with. */
export interface LedgerWorkerData {
  folder: string;
  nextOrdinal: number;
  newestMonth: Month;
  monthBytesMax?: number;
  /** How long rows are gathered for one commit, ms. */
  groupMs: number;
}

/** What the thread is told: rows to write, or (null) to close its file and end. */
export type LedgerWorkerRequest = RowToWrite | null;

const GROUP_ROWS_MAX = 512;

const port = parentPort;
if (port === null) throw new Error('ledger-worker runs only as a worker thread');
const data = workerData as LedgerWorkerData;
const writer = new MonthWriter(data);
let group: RowToWrite[] = [];
let timer: NodeJS.Timeout | undefined;

function commit(): void {
  clearTimeout(timer);
  timer = undefined;
  if (group.length === 0) return;
  const rows = group;
  group = [];
  port?.postMessage(writer.write(rows));
}

port.on('message', (request: LedgerWorkerRequest) => {
  if (request === null) {
    commit();
    writer.close();
    port.close();
    return;
  }
  group.push(request);
  if (group.length >= GROUP_ROWS_MAX) commit();
  else timer ??= setTimeout(commit, data.groupMs);
});
