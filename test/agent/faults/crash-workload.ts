/*
 * The life of a spool whose calls to the disk are recorded, commit by commit: after each one that returned, the path
 * /.millwatt-mark/<n> is looked for, and what the spool holds then is entry n of the digests. Arguments: scenario, folder,
 * file for the digests.
 */
import { accessSync, writeFileSync } from 'node:fs';
import { sealThinned } from '../../../agent/thinning/seal-thinned.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { headerHash, unfoldPart } from '../../../protocols/evidence/seal.ts';
import { decodePart } from '../../../protocols/telemetry/part.ts';
import { parseRecord } from '../../../protocols/telemetry/record.ts';
import { drawToken } from '../../../protocols/telemetry/ids.ts';
import { addReading, openSealer } from '../spool-rig.ts';
import { SCENARIOS, type Scenario } from './crash-scenarios.ts';
import { openWatched, type WatchedSpool } from './spool-digest.ts';
import { fixedKey, fixedRandom } from './spool-image.ts';

const COMMITS = [
  'append',
  'seal',
  'thin',
  'markReceipted',
  'markRejected',
  'countLost',
  'forgetBoots',
  'dropOpen',
  'excessBytes',
] as const;
const [name = '', folder = '', digestFile = ''] = process.argv.slice(2);
const scenario: Scenario = SCENARIOS[name] ?? { starts: [] };
/** Entry 0 is never allowed: nothing was acknowledged before the first start. */
const digests: { digest: string; lazy: boolean }[] = [{ digest: '', lazy: false }];
const random = fixedRandom('boots');
const key = fixedKey();
const clock = new SteppedClock(Date.UTC(2026, 2, 2, 6));

function mark({ digest }: WatchedSpool, lazy: boolean): void {
  digests.push({ digest: digest(), lazy });
  try {
    accessSync(`/.millwatt-mark/${digests.length - 1}`);
  } catch {
    // It is never there: the recording sees that it was looked for.
  }
}

function start(maxBytes: number, durability: 'group' | 'os', rounds: number): void {
  const watched = openWatched(folder, { maxBytes, durability });
  const { spool } = watched;
  mark(watched, false);
  for (const commit of COMMITS) {
    const act = (spool[commit] as (...args: unknown[]) => unknown).bind(spool);
    Object.assign(spool, {
      [commit]: (...args: unknown[]) => {
        const result = act(...args);
        mark(watched, durability === 'os' && commit !== 'seal' && commit !== 'thin');
        return result;
      },
    });
  }
  const sealer = openSealer(spool, clock, ['mill', 'lathe'], { key, boot: drawToken(random) });
  for (let round = 1; round <= rounds; round++) {
    for (let reading = 0; reading < 4; reading++) {
      clock.stepTo(clock.wallMs() + 1000);
      addReading(sealer, clock, 'mill', Math.sin(clock.wallMs()));
      if (reading % 2 === 0) addReading(sealer, clock, 'lathe', reading);
      if (reading % 2 === 1) sealer.flush();
    }
    sealer.sealAll();
    const { epoch, seq } = spool.head;
    if (round % 3 === 0) spool.markReceipted(epoch, [{ from: seq - 1, to: seq - 1 }]);
    if (round === 3) spool.markRejected(epoch, seq, 'unwritable');
    if (round === 2) spool.countLost('disk-failed', 3);
    if (round === 5) thin(watched, seq - 1, seq);
  }
  clock.stepTo(clock.wallMs() + 1000);
  addReading(sealer, clock, 'mill');
  sealer.flush();
  spool.close();
}

/** The last two records become one that holds the readings of the first. */
function thin({ spool }: WatchedSpool, from: number, to: number): void {
  const [first, last] = [from, to].map((seq) =>
    parseRecord(spool.record(spool.head.epoch, seq)?.bytes ?? new Uint8Array()),
  );
  if (first === undefined || last === undefined) return;
  const parts = first.parts.map((part) => decodePart(unfoldPart(part)));
  const span = { first: first.header, last: { ...last.header, hash: headerHash(last) } };
  const maker = { site: 'pune', agent: 'gw1', key };
  const record = sealThinned(parts, span, maker, spool.head, last.header.sealedTo);
  if (record !== undefined) spool.thin(record);
}

for (const { maxBytes, durability, rounds } of scenario.starts) start(maxBytes, durability, rounds);
writeFileSync(digestFile, JSON.stringify(digests));
