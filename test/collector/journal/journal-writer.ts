import { readFileSync } from 'node:fs';
import { openJournal } from '../../../collector/journal/sqlite-journal.ts';
import { readSigningKey } from '../../../protocols/evidence/keys.ts';
import { silentLog } from '../../../protocols/log.ts';
import { amendment } from './journal-rig.ts';

// Appends until it is killed, and says the hash of each entry when it is durable.
const [folder = '', keyFile = '', name = ''] = process.argv.slice(2);
const journal = openJournal({ folder, key: readSigningKey(readFileSync(keyFile, 'utf8')), log: silentLog });
for (;;) {
  const { hash } = journal.append(amendment({ reason: `entered by ${name}` }, { by: name }));
  process.stdout.write(`${hash}\n`);
  await new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}
