/*
 * A collector to be killed: ledger, receipts, hours and minutes. Arguments: folder, broker URL, mode: `collect`, or `warm` to
 * load what it is made of and end. Says on stdout `up` with the ms since the process began and those of the processor, once it would store a record.
 * SIGTERM: derives what there is, and ends.
 */
import { writeSync } from 'node:fs';
import { startCollector } from '../../collector/collector.ts';
import { startDerivation } from '../../collector/derivation/deriver.ts';
import { unconfiguredMachine } from '../../collector/energy/machine-model.ts';
import { collectorConfig } from '../../config/collector-config.ts';
import { systemClock } from '../../protocols/clock.ts';
import { silentLog } from '../../protocols/log.ts';
import { connectLink } from '../../protocols/mqtt/mqtt-link.ts';
import { watts } from '../../protocols/telemetry/unit.ts';
import { KILL_MACHINES, KILL_SITE } from './kill-names.ts';

const [dataFolder = '', url = '', mode = 'collect'] = process.argv.slice(2);
if (mode === 'warm') process.exit(0);

const collector = await startCollector({
  config: collectorConfig.parse({
    site: KILL_SITE,
    broker: { url },
    machines: KILL_MACHINES.map((id) => ({ id, ratedPower: '15kW' })),
  }),
  dataFolder,
  connect: (link) =>
    connectLink({ ...link, url, username: 'collector' }, { backOffBaseMs: 20, backOffCapMs: 100 }),
  clock: systemClock,
  log: silentLog,
  version: '0.1.0',
  parts: {
    startDerivation: (surroundings) =>
      startDerivation({
        ...surroundings,
        machines: KILL_MACHINES.map((machine) => ({
          ...unconfiguredMachine(machine),
          ratedPowerW: watts(15_000),
        })),
      }),
  },
  onCrash: () => process.exit(70),
});
process.once('SIGTERM', () => {
  void collector
    .idle()
    .then(() => collector.stop())
    .then(() => process.exit(0));
});
const { user, system } = process.cpuUsage();
writeSync(1, `up ${Math.round(performance.now())} ${Math.round((user + system) / 1000)}\n`);
