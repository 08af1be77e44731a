/* A process that opens a ledger and reads all of it; says as JSON what it found. Argument: folder. */
import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { MillwattError } from '../../../protocols/errors.ts';
import { silentLog } from '../../../protocols/log.ts';

const codeOf = (error: unknown) => (error instanceof MillwattError ? error.code : String(error));
const [folder = ''] = process.argv.slice(2);
const crashes: string[] = [];
const said: string[] = [];
let seqs: number[] = [];
let error = '';
try {
  const ledger = await openLedger({
    folder,
    log: { ...silentLog, error: (_, message) => void said.push(message) },
    onCrash: ({ code }) => void crashes.push(code),
  });
  try {
    seqs = ledger.readAfter(0, 10_000).map(({ header }) => header.seq);
  } catch (caught) {
    error = codeOf(caught);
  }
  const missing = ledger.missing('gw-1', 'epoch0000001', 99);
  await ledger.close();
  console.log(JSON.stringify({ seqs, missing, crashes, said, error }));
} catch (caught) {
  console.log(JSON.stringify({ seqs, missing: [], crashes, said, error: codeOf(caught) }));
}
