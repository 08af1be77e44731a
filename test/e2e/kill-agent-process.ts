/*
 * An agent to be killed: three machines, each with a meter of two counters, read fifty times a second. Arguments: folder, broker
 * URL, where the counters start (wall ms), mode: `read`, or `deliver` for an agent without sources, or `warm` to load what
 * it is made of and end. Says on stdout `up` with the ms since the process began and those of the processor, and each counter it read: `MACHINE MWH`.
 */
import { writeSync } from 'node:fs';
import { startAgent } from '../../agent/agent.ts';
import { agentConfig } from '../../config/agent-config.ts';
import { systemClock } from '../../protocols/clock.ts';
import type { Driver } from '../../protocols/driver.ts';
import { silentLog } from '../../protocols/log.ts';
import { connectLink } from '../../protocols/mqtt/mqtt-link.ts';
import { systemTimers, type Timers } from '../../protocols/timers.ts';
import { measuredChannelId, type Channel } from '../../protocols/telemetry/channel.ts';
import { KILL_AGENT, KILL_MACHINES, KILL_SITE } from './kill-names.ts';

const [dataFolder = '', url = '', originMs = '0', mode = 'read'] = process.argv.slice(2);
if (mode === 'warm') process.exit(0);

const EVERY_MS = 20;
/** Flushing, sealing and publishing beat so many times as fast as in a plant, so that many kills fall into the midst of them. */
const HASTE = 8;
const hastyTimers: Timers = { ...systemTimers, every: (ms, act) => systemTimers.every(ms / HASTE, act) };
const POWER_W = { supply: 10_000n, spindle: 4_000n } as const;

/** Two counters of whole mWh that go on from run to run, and the power that drives them. */
function meterOf(machine: string): Driver {
  const channel = (component: string, quantity: 'activePower' | 'activeEnergyImport'): Channel => ({
    kind: 'measured',
    id: measuredChannelId(machine, component, quantity, 'total'),
    machine,
    component,
    quantity,
    phase: 'total',
    source: `${machine}-meter`,
    point: `${component} ${quantity}`,
    scale: quantity === 'activePower' ? ['1', '1'] : ['1', '1000'],
  });
  const power = channel('supply', 'activePower');
  const counters = (['supply', 'spindle'] as const).map(
    (component) => [channel(component, 'activeEnergyImport'), POWER_W[component]] as const,
  );
  return {
    description: {
      id: `${machine}-meter`,
      protocol: 'modbus-tcp',
      address: '127.0.0.1:502 unit 1',
      everyMs: EVERY_MS,
    },
    channels: [power, ...counters.map(([counter]) => counter)],
    poll: async () => {
      const atMs = systemClock.monotonicMs();
      const sinceMs = BigInt(systemClock.wallMs()) - BigInt(originMs);
      const energy = counters.map(([{ id }, powerW]) => ({
        channel: id,
        value: (powerW * sinceMs) / 3600n,
        quality: 'good' as const,
      }));
      writeSync(1, `${machine} ${energy[0]?.value}\n`);
      return {
        atMs,
        roundTripMs: 1,
        readings: [{ channel: power.id, value: 9990 + (atMs % 20), quality: 'good' }, ...energy],
      };
    },
    onStatus: () => {},
    close: async () => {},
  };
}

const agent = await startAgent({
  config: agentConfig.parse({
    site: KILL_SITE,
    agent: KILL_AGENT,
    broker: { url },
    spool: { batchSamples: 20, batchAge: '1s' },
    // One is asked for; the meters are brought.
    sources: [
      { protocol: 'modbus-tcp', id: 'meter', machine: 'mill', host: '127.0.0.1', profile: 'siemens/pac3200' },
    ],
  }),
  dataFolder,
  drivers: mode === 'read' ? KILL_MACHINES.map(meterOf) : [],
  connect: (options) => connectLink(options, { backOffBaseMs: 20, backOffCapMs: 100 }),
  clock: systemClock,
  timers: hastyTimers,
  log: silentLog,
  version: '0.1.0',
  resendAfterMs: 300,
});
process.once('SIGTERM', () => {
  void agent.stop().then(() => process.exit(0));
});
const { user, system } = process.cpuUsage();
writeSync(1, `up ${Math.round(performance.now())} ${Math.round((user + system) / 1000)}\n`);
