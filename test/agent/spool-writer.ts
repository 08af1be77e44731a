/*
 * A process to be killed: reads, flushes, seals and receipts as fast as it can, and says on stdout, after each commit,
 * how many samples are durable. Arguments: folder, key file.
 */
import { readFileSync, writeSync } from 'node:fs';
import { lockFolder } from '../../protocols/folder-lock.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { readSigningKey } from '../../protocols/evidence/keys.ts';
import { addReading, openSealer, openSpool } from './spool-rig.ts';

const [folder = '', keyFile = ''] = process.argv.slice(2);
lockFolder(folder, 'agent');
const clock = new SteppedClock(Date.UTC(2026, 2, 2, 6));
const machines = ['mill', 'lathe', 'press'];
const spool = openSpool(folder);
const sealer = openSealer(spool, clock, machines, {
  key: readSigningKey(readFileSync(keyFile, 'utf8')),
  batchSamples: 40,
});
for (let step = 1; ; step++) {
  clock.stepTo(clock.wallMs() + 100);
  machines.forEach((machine, index) => {
    // Unequal cadences, so that machines are not due together.
    if (step % (index + 1) === 0) addReading(sealer, clock, machine, step % 97);
  });
  if (step % 4 === 0) sealer.flush();
  sealer.sealDue();
  const { epoch, seq } = spool.head;
  if (step % 50 === 0 && seq > 3) spool.markReceipted(epoch, [{ from: 1, to: seq - 3 }]);
  if (step % 4 === 0) writeSync(1, `${spool.accounts().samples.sampled}\n`);
}
