import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { silentLog } from '../../../protocols/log.ts';
import { ChainFeed, FEED_START_MS } from './chain-feed.ts';

// A child that appends under load and prints each sequence number once it is acknowledged, until it is killed.
// Arguments: folder, epoch, how many are on their way at once, and after how many it ends by itself.
const [folder = '', epoch = '', atOnce = '16', last = 'Infinity'] = process.argv.slice(2);
const ledger = await openLedger({ folder, log: silentLog, groupMs: 2 });
const feed = new ChainFeed({ epoch });

async function appendForEver(): Promise<void> {
  for (;;) {
    const record = feed.next();
    await ledger.append({ ...record, receivedMs: FEED_START_MS });
    process.stdout.write(`${record.header.seq}\n`);
    if (record.header.seq >= Number(last)) process.exit();
  }
}

await Promise.all(Array.from({ length: Number(atOnce) }, appendForEver));
