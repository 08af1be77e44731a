import { startDerivation } from '../../../collector/derivation/deriver.ts';
import type { Amendment } from '../../../collector/energy/amendment.ts';
import { unconfiguredMachine } from '../../../collector/energy/machine-model.ts';
import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import { silentLog } from '../../../protocols/log.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { MACHINE } from './plant-feed.ts';

// A child that derives what a ledger holds, and says so after every commit, until it is done or killed.
const [folder = '', wallMs = '', amendments = '[]'] = process.argv.slice(2);
const ledger = await openLedger({ folder: `${folder}/ledger`, log: silentLog });
const views = openViews({ folder });
const commit = views.commit.bind(views);
views.commit = (change) => {
  commit(change);
  process.stdout.write('commit\n');
};
const derivation = startDerivation({
  ledger,
  views,
  machines: [{ ...unconfiguredMachine(MACHINE), ratedPowerW: watts(15_000) }],
  amendments: { of: () => JSON.parse(amendments) as Amendment[], version: () => 1 },
  site: 'plant',
  clock: { wallMs: () => Number(wallMs) },
  log: silentLog,
});
await derivation.idle();
await derivation.stop();
views.close();
await ledger.close();
process.stdout.write('done\n');
