import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildCollector } from '../../cli/build-collector.ts';
import { DEMO_MACHINES, demoCollectorYaml, demoDevices } from '../../cli/demo/demo-plant.ts';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { SteppedClock, type Clock } from '../../protocols/clock.ts';
import { silentLog } from '../../protocols/log.ts';
import { startSimulation } from '../../protocols/simulator/plant.ts';
import { makeFolder, onEnd, run } from '../e2e/fault-rig.ts';
import { eventually } from '../e2e/millwatt-process.ts';
import { startWholeLine, type WholeLine } from '../e2e/whole-line.ts';
import { findFreePort } from '../support/mosquitto.ts';

const FROM_MS = Date.UTC(2026, 2, 2, 9, 50);
const TO_MS = Date.UTC(2026, 2, 2, 13, 20);
const EVERY_MS = 30_000;

const meter = demoDevices().find((device) => device.type === 'modbus-meter' && device.component === 'supply');

/** A metered machine of the demo, from the socket of its meter to the page of a collector that runs on. */
async function startPlant(): Promise<{
  folder: string;
  machine: string;
  meterId: string;
  line: WholeLine;
  clock: Clock;
}> {
  if (meter?.type !== 'modbus-meter') throw new Error('the demo has no meter');
  const { id, machine, profile } = meter;
  const folder = makeFolder();
  const clock = new SteppedClock(FROM_MS);
  const plant = await startSimulation({
    seed: 'amend',
    clock,
    machines: DEMO_MACHINES,
    devices: [meter],
    dataFolder: folder,
  });
  onEnd(() => plant.close());
  const brokerPort = await findFreePort();
  const [collectorFile, agentFile] = [join(folder, 'collector.yaml'), join(folder, 'agent.yaml')];
  writeFileSync(collectorFile, demoCollectorYaml(await findFreePort(), brokerPort));
  writeFileSync(
    agentFile,
    `site: demo\nagent: gateway-1\ndata: ./agent\nbroker: { url: "mqtt://127.0.0.1:${brokerPort}" }\nsources:\n  - { id: ${id}, protocol: modbus-tcp, host: 127.0.0.1, port: ${plant.endpoints[0]?.port}, profile: ${profile.id}, machine: ${machine}, component: supply, every: ${EVERY_MS}ms, timeout: 5s, read: [activePower, activeEnergyImport], meter: { serial: "${id}" } }\n`,
  );
  const line = await startWholeLine({ folder, clock, collectorFile, agentFile, simulated: true });
  let isStopped = false;
  const stop = async () => {
    if (!isStopped) await line.stop();
    isStopped = true;
  };
  onEnd(stop);
  for (let atMs = FROM_MS; atMs <= TO_MS; atMs += EVERY_MS) {
    clock.stepTo(atMs);
    await line.agent.pollAll();
  }
  await line.deliver();
  return { folder, machine, meterId: id, clock, line: { ...line, stop } };
}

describe('an amendment that is entered while the collector runs', () => {
  it('changes the figures it touches within a minute, and its revocation restores every one of them', async () => {
    const { folder, machine, meterId, clock, line } = await startPlant();
    const readHours = async (url = line.collector.url): Promise<MachineHour[]> => {
      const query = 'from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z';
      const answer = await fetch(`${url}/api/v1/machines/${machine}/hours?${query}`);
      return ((await answer.json()) as { hours: MachineHour[] }).hours;
    };
    const supplies = (hours: readonly MachineHour[]): number[] =>
      hours.map(({ energy }) => energy.supplyMwh ?? 0);
    const before = await readHours();
    expect(before.map(({ status }) => status)).toEqual(['final', 'final', 'final', 'final', 'provisional']);
    expect(Math.min(...supplies(before))).toBeGreaterThan(0);

    const amend = async (...args: string[]) => {
      const command = run(folder, ['amend', ...args, '--yes', '--json', '-c', 'collector.yaml']);
      expect(await command.exited, command.output()).toBe(0);
      return command.output();
    };
    // Between two polls, so that the difference over each edge lies within an hour that is touched.
    const span = ['--from', '2026-03-02T11:00:10Z', '--to', '2026-03-02T12:59:50Z'];
    const ratio = ['--was', '100/5', '--is', '200/5', '--reason', 'the plate reads 200/5'];
    const entered = await amend('scale', machine, ...ratio, ...span);
    expect(entered).toContain('The collector runs: figures change within a minute.');
    const [, id = ''] = /"id": "([0-9a-f]{12})"/.exec(entered) ?? [];

    // Nothing wakes the collector: it looks by itself.
    let amended: MachineHour[] = [];
    await eventually(
      async () => {
        amended = await readHours();
        return amended.some(({ basis }) => basis.amendments.includes(id));
      },
      'the figures change',
      60_000,
    );
    const [first, second, third, fourth, fifth] = amended;
    expect([first, second, fifth]).toEqual([before[0], before[1], before[4]]);
    for (const [index, hour] of [third, fourth].entries()) {
      const was = before[index + 2];
      if (hour === undefined || was === undefined) throw new Error('an hour is missing');
      // Twice the energy, but for the seconds at the edges.
      expect(hour.energy.supplyMwh ?? 0).toBeGreaterThan(1.95 * (was.energy.supplyMwh ?? 0));
      expect(hour.energy.supplyMwh ?? 0).toBeLessThan(2.05 * (was.energy.supplyMwh ?? 0));
      expect(hour.basis.amendments).toEqual([id]);
      expect(hour.reasons).toContain('amended');
      expect(hour.revision).toBe(was.revision + 1);
    }
    const page = await fetch(`${line.collector.url}/api/v1/amendments?machine=${machine}`);
    expect(await page.json()).toMatchObject({
      amendments: [{ id, standing: 'in-force', reason: 'the plate reads 200/5', revocation: null }],
    });
    const shown = run(folder, ['amend', 'show', id, '-c', 'collector.yaml']);
    expect([await shown.exited, shown.output()]).toEqual([
      0,
      expect.stringContaining('2 machine-hours name it'),
    ]);

    // A name that no meter had is told; the one that was read is not.
    const names = ['--meter', 'serial nobody', '--is', `serial ${meterId}`];
    const renamed = run(folder, [
      'amend',
      'same-meter',
      machine,
      ...names,
      ...span,
      ...ratio.slice(4),
      '-c',
      'collector.yaml',
    ]);
    expect(await renamed.exited).toBe(1);
    expect(renamed.output()).toMatch(
      new RegExp(
        `no counter of a meter "serial nobody" was read round this time; these were: serial ${meterId} `,
      ),
    );
    expect(renamed.output()).not.toContain(`meter "serial ${meterId}" was read`);

    await amend('revoke', id, '--reason', 'the plate was misread');
    await line.collector.idle();
    const after = await readHours();
    expect(after.map((hour) => ({ ...hour, revision: 0 }))).toEqual(
      before.map((hour) => ({ ...hour, revision: 0 })),
    );
    expect(after.map(({ revision }) => revision)).toEqual(
      before.map(({ revision }, index) => (index === 2 || index === 3 ? revision + 2 : revision)),
    );

    // While it is stopped: taken at the next start.
    await line.stop();
    const meanwhile = await amend('exclude', machine, '--reason', 'the meter was on the test bench', ...span);
    expect(meanwhile).toContain('No collector answers here now: figures change at its next start.');
    const started = await buildCollector(loadCollectorConfig(join(folder, 'collector.yaml')).config, {
      folder,
      clock,
      log: silentLog,
      simulated: true,
    });
    onEnd(() => started.stop());
    await started.idle();
    const without = await readHours(started.url);
    expect([without[0], without[1], without[4]].map((hour) => hour?.energy)).toEqual(
      [before[0], before[1], before[4]].map((hour) => hour?.energy),
    );
    // The counter went on meanwhile: what is left out is bridged, and the sum stays.
    expect(without[2]?.obtained.bridgedMwh).toBeGreaterThan(0.95 * (without[2]?.energy.supplyMwh ?? 0));
    const sumOf = (hours: readonly MachineHour[]) => supplies(hours).reduce((total, mwh) => total + mwh, 0);
    expect(sumOf(without)).toBe(sumOf(before));
  }, 180_000);
});
