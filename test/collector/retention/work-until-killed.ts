/*
 * A process that opens a ledger, derives, and lets readings of its first month go, until it is killed. What is upgraded or
 * salvaged is so on opening. Arguments: folder, wall time. Says `begun` when it begins, and `done`.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { startDerivation } from '../../../collector/derivation/deriver.ts';
import { unconfiguredMachine } from '../../../collector/energy/machine-model.ts';
import { frozenPath, readFrozen } from '../../../collector/ledger/frozen-store.ts';
import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { openViews, viewsPath } from '../../../collector/ledger/sqlite-views.ts';
import { startRetention } from '../../../collector/retention/retention.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { silentLog } from '../../../protocols/log.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { MACHINE } from '../derivation/plant-feed.ts';

const [folder = '', nowMs = ''] = process.argv.slice(2);
const clock = new SteppedClock(Number(nowMs));
process.stdout.write('begun\n');
const ledger = await openLedger({ folder: `${folder}/ledger`, log: silentLog, clock });
const views = openViews({ folder });
const derivation = startDerivation({
  ledger,
  views,
  machines: [{ ...unconfiguredMachine(MACHINE), ratedPowerW: watts(15_000) }],
  frozen: readFrozen(folder),
  site: 'plant',
  clock,
  log: silentLog,
});
await derivation.idle();
const retention = startRetention({
  ledger,
  derivation,
  cursors: () => [views.cursor('derive')],
  frozenPath: frozenPath(folder),
  viewsPath: viewsPath(folder),
  keepMs: 0,
  wallMs: () => clock.wallMs(),
  log: silentLog,
});
await retention.run();
process.stdout.write('done\n');
await wait(60_000);
