import { join } from 'node:path';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it, onTestFinished } from 'vitest';
import { startAgent, type RunningAgent } from '../../agent/agent.ts';
import type { AgentView } from '../../collector/agent-views.ts';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { buildCollector } from '../../cli/build-collector.ts';
import { agentConfig } from '../../config/agent-config.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { SteppedClock, type Clock } from '../../protocols/clock.ts';
import type { Driver, StatusReport } from '../../protocols/driver.ts';
import { silentLog } from '../../protocols/log.ts';
import { connectLink } from '../../protocols/mqtt/mqtt-link.ts';
import { seedRandom } from '../../protocols/simulator/seeded-random.ts';
import { measuredChannelId, statusChannelId, type Channel } from '../../protocols/telemetry/channel.ts';
import type { Quantity } from '../../protocols/telemetry/quantity.ts';
import { findFreePort, startMosquitto } from '../support/mosquitto.ts';
import { requireTool } from '../support/tools.ts';
import { onEnd, run } from './fault-rig.ts';
import { eventually } from './millwatt-process.ts';

const BEGAN_MS = Date.UTC(2026, 2, 2, 5, 30, 7);
const EVERY_MS = 5000;
const HOURS = process.env['MILLWATT_TEST_LONG'] === '1' ? 72 : 24;
const tools = requireTool('mosquitto') !== undefined;

/** A meter with five quantities and a control, the same of two machines. */
function meterOf(machine: string, clock: Clock): Driver & { report: () => void } {
  const source = `${machine}-meter`;
  const measured = (quantity: Quantity): Channel => ({
    kind: 'measured',
    id: measuredChannelId(machine, 'supply', quantity, 'total'),
    machine,
    component: 'supply',
    quantity,
    phase: 'total',
    source,
    point: quantity,
    scale: quantity === 'activeEnergyImport' ? ['1', '100'] : ['1', '1'],
  });
  const channels = (['activePower', 'activeEnergyImport', 'voltage', 'current', 'frequency'] as const).map(
    measured,
  );
  const execution: Channel = {
    kind: 'status',
    id: statusChannelId(machine, 'control', 'execution'),
    machine,
    component: 'control',
    status: 'execution',
    source,
    point: 'execution',
    vocabulary: 'mtconnect/Execution',
  };
  const chance = seedRandom(6);
  let wattHours = 123_456;
  let polls = 0;
  let tell: (status: StatusReport) => void = () => {};
  return {
    description: { id: source, protocol: 'modbus-tcp', address: '127.0.0.1:502 unit 1', everyMs: EVERY_MS },
    channels: [...channels, execution],
    poll: async () => {
      const cuts = polls % 240 < 150;
      polls++;
      const powerW = 700 + (cuts ? 2000 + Math.round(4000 * chance.next()) : 0);
      wattHours += (powerW * EVERY_MS) / 3_600_000;
      const values = [
        powerW,
        Math.floor(wattHours * 100),
        230 + chance.next(),
        powerW / 400,
        50 + chance.next() / 10,
      ];
      // Four minutes over the end of every fifth hour it does not answer.
      if ((polls * EVERY_MS + 127_000) % (5 * 3_600_000) < 240_000) throw new Error('It does not answer.');
      return {
        atMs: clock.monotonicMs(),
        roundTripMs: 1,
        readings: channels.map(({ id }, index) => ({
          channel: id,
          value: values[index] ?? 0,
          quality: 'good' as const,
        })),
      };
    },
    onStatus: (report) => {
      tell = report;
    },
    report: () => {
      if (polls % 240 === 1) tell({ channel: execution.id, atMs: clock.monotonicMs(), value: 'ACTIVE' });
      if (polls % 240 === 151) tell({ channel: execution.id, atMs: clock.monotonicMs(), value: 'READY' });
    },
    close: async () => {},
  };
}

/** What both machines have in common: all but power and states within the hour. */
const exact = (hours: readonly MachineHour[]) =>
  hours.map(({ hourMs, quality, energy, timeMs }) => ({ hourMs, quality, mwh: energy.supplyMwh, timeMs }));

it.skipIf(!tools)(
  'an agent without its broker for days, whose spool is far too small, loses no watt-hour of any hour',
  async () => {
    // A day of group commits: what is tried here is not the disk.
    const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'millwatt-thinned-'));
    onEnd(() => rmSync(folder, { recursive: true, force: true }));
    const port = await findFreePort();
    const clock = new SteppedClock(BEGAN_MS);
    writeFileSync(
      join(folder, 'collector.yaml'),
      `site: plant\ndata: ./collector\nbroker: { url: "mqtt://127.0.0.1:${port}" }\nhttp: { port: ${await findFreePort()} }\nmachines: [{ id: small, ratedPower: 15kW }, { id: roomy, ratedPower: 15kW }]\n`,
    );
    const meters = new Map(['small', 'roomy'].map((machine) => [machine, meterOf(machine, clock)]));
    const agents = new Map<string, RunningAgent>();
    for (const [machine, meter] of meters) {
      const agent = await startAgent({
        config: agentConfig.parse({
          site: 'plant',
          agent: machine,
          broker: { url: `mqtt://127.0.0.1:${port}` },
          spool: { maxSize: machine === 'small' ? '300kB' : '1GB' },
          sources: [
            { protocol: 'modbus-tcp', id: 'meter', machine, host: '127.0.0.1', profile: 'siemens/pac3200' },
          ],
        }),
        dataFolder: join(folder, machine),
        drivers: [meter],
        connect: (options) => connectLink(options, { backOffBaseMs: 50, backOffCapMs: 200 }),
        clock,
        log: silentLog,
        version: 'test',
      });
      onTestFinished(() => agent.stop());
      agents.set(machine, agent);
    }
    for (let atMs = BEGAN_MS; atMs < BEGAN_MS + HOURS * 3_600_000; atMs += EVERY_MS) {
      clock.stepTo(atMs);
      for (const [machine, agent] of agents) {
        await agent.pollAll();
        meters.get(machine)?.report();
      }
    }
    const [small, roomy] = [agents.get('small'), agents.get('roomy')];
    if (small === undefined || roomy === undefined) expect.unreachable();
    const before = small.stats();
    expect(before.samples.thinned).toBeGreaterThan(before.samples.sampled / 2);
    expect(before.samples.dropped).toBe(0);
    expect(before.bytes).toBeLessThanOrEqual(300_000);
    expect(before.full).toMatchObject({ over: false, thinned: before.samples.thinned, dropped: 0 });
    expect(before.full?.since).toBeGreaterThan(BEGAN_MS);
    expect(roomy.stats().full).toBeUndefined();

    const broker = await startMosquitto({ port });
    onTestFinished(() => broker.stop());
    const collector = await buildCollector(loadCollectorConfig(join(folder, 'collector.yaml')).config, {
      folder,
      clock,
      log: silentLog,
      simulated: true,
    });
    onTestFinished(() => collector.stop());
    for (const agent of agents.values()) agent.sealNow();
    const pending = () => [small, roomy].map((agent) => agent.stats().samples.pending);
    await eventually(() => pending().every((samples) => samples === 0), 'all of it is receipted', 40_000);
    await collector.idle();

    // Both sides of the account.
    const asked = await fetch(`${collector.url}/api/v1/agents`);
    const views = ((await asked.json()) as { agents: AgentView[] }).agents;
    for (const [machine, agent] of agents) {
      const { samples } = agent.stats();
      const { thinned = 0 } = samples;
      expect(samples.sampled).toBe(samples.receipted + thinned);
      const chain = views.find(({ id }) => id === machine)?.chain;
      expect(chain?.samples).toBe(samples.receipted);
      expect(chain?.contiguousSeq).toBe(chain?.headSeq);
      expect(chain?.headSeq).toBe(agent.stats().headSeq);
    }
    expect(roomy.stats().samples.thinned).toBe(0);
    expect(collector.stats().ledger).toMatchObject({ pending: 0, missing: 0 });

    const hoursOf = async (machine: string) => {
      const [from, to] = [BEGAN_MS, BEGAN_MS + (HOURS + 1) * 3_600_000].map((ms) =>
        new Date(ms).toISOString(),
      );
      const answer = await fetch(`${collector.url}/api/v1/machines/${machine}/hours?from=${from}&to=${to}`);
      return ((await answer.json()) as { hours: MachineHour[] }).hours;
    };
    const [thinned, whole] = [await hoursOf('small'), await hoursOf('roomy')];
    expect(whole.length).toBeGreaterThanOrEqual(HOURS - 1);
    expect(exact(thinned)).toEqual(exact(whole));
    const isThinned = ({ reasons }: MachineHour) => reasons.includes('thinned');
    expect(thinned.filter(isThinned).length).toBeGreaterThan(HOURS / 2);
    expect(whole.filter(isThinned)).toEqual([]);

    // Nothing is asked for again: patience with gaps is seconds.
    const { publisher } = small.stats();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(small.stats().publisher).toEqual(publisher);

    for (const agent of agents.values()) await agent.stop();
    await collector.stop();
    const verify = run(folder, ['ledger', 'verify', '-c', 'collector.yaml']);
    expect(await verify.exited, verify.output()).toBe(0);
    expect(verify.output()).toContain('thinned');
  },
  120_000,
);
