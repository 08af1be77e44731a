import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { listProfiles, loadProfile } from '../../../config/library/profile-library.ts';
import { simulatedClock, SteppedClock, type Clock } from '../../../protocols/clock.ts';
import type { Driver, Poll } from '../../../protocols/driver.ts';
import { opcuaSource } from '../opcua/opcua-source.ts';
import { createOpcuaDriver } from '../../../protocols/opcua/opcua-driver.ts';
import { createModbusDriver } from '../../../protocols/modbus/modbus-driver.ts';
import { makePointReader } from '../../../protocols/modbus/profile/point-reader.ts';
import { canonicalScale } from '../../../protocols/modbus/profile/profile.ts';
import { planReads } from '../../../protocols/modbus/plan/read-plan.ts';
import { ModbusTcpClient } from '../../../protocols/modbus/tcp/tcp-client.ts';
import { toNumber } from '../../../protocols/telemetry/unit.ts';
import { parseRecording } from '../../../protocols/simulator/recording.ts';
import { createReplay } from '../../../protocols/simulator/replay.ts';
import {
  startSimulation,
  type SimulatedDevice,
  type Simulation,
} from '../../../protocols/simulator/plant.ts';

const folder = mkdtempSync(join(tmpdir(), 'millwatt-plant-'));
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PROFILES = [
  'siemens/pac3200',
  'eastron/sdm630',
  'carlo-gavazzi/em340',
  'schneider/iem3000',
  'shelly/pro-3em',
];
/** Tuesday morning, while the mill works. */
const MORNING = Date.UTC(2026, 10, 17, 9, 30);

describe('a simulated plant', () => {
  test('every meter shows the same machine, as finely as its registers allow', async () => {
    const clock = new SteppedClock(MORNING);
    const simulation = await start(
      clock,
      PROFILES.map((id, index) => meter(`m${index}`, id)),
    );
    const load = simulation.loads.get('mill-1')!;
    for (const [index, id] of PROFILES.entries()) {
      const values = await readMeter(connect(simulation, `m${index}`, id, clock));
      const errorW = values.get('activePower')! - load.powerW('supply', clock.wallMs());
      const errorWh = values.get('activeEnergyImport')! - load.energyWh('supply', clock.wallMs());
      expect(Math.abs(errorW)).toBeLessThanOrEqual(10); // iEM3000 counts in steps of 10 W
      expect(Math.abs(errorWh)).toBeLessThanOrEqual(100); // EM340 counts in steps of 0.1 kWh
      expect(values.get('voltage.l1')).toBeCloseTo(230, -1);
    }
  });

  test('every profile can be a device of the plant, drives too', async () => {
    const clock = new SteppedClock(MORNING);
    const ids = listProfiles().map((listed) => listed.id);
    const simulation = await start(
      clock,
      ids.map((id, index) => ({ ...meter(`d${index}`, id), component: 'drives' as const })),
    );
    const powerW = simulation.loads.get('mill-1')!.powerW('drives', clock.wallMs());
    for (const endpoint of simulation.endpoints) {
      if (endpoint.protocol !== 'modbus-tcp') continue;
      const client = new ModbusTcpClient(endpoint.host, endpoint.port);
      const { profile } = loadProfile(ids[simulation.endpoints.indexOf(endpoint)]!);
      const power = profile.points.find(
        ({ quantity, phase }) => quantity === 'activePower' && phase === 'total',
      );
      const parts = profile.points.flatMap((point) => makePointReader(profile, point).parts);
      for (const { functionCode, address, count } of planReads(parts, profile.limits))
        expect(await client.readRegisters(1, functionCode, address, count, 5000)).toHaveLength(count);
      if (power !== undefined && power.scaleFrom !== 'operator') {
        const reader = makePointReader(profile, power);
        const slices = [];
        for (const { functionCode, address, count } of reader.parts) {
          const [whole] = planReads([{ functionCode, address, count }], profile.limits);
          const registers = await client.readRegisters(1, functionCode, whole!.address, whole!.count, 5000);
          slices.push({ registers, offset: address - whole!.address });
        }
        const percentW = power.scaleFrom === 'rated-power' ? 15_000 / 100 : 1;
        const readW = Number(reader.read(slices).value) * toNumber(canonicalScale(power)) * percentW;
        // The coarsest drive counts whole percents of 15 kW.
        expect(Math.abs(readW - powerW), profile.id).toBeLessThanOrEqual(75);
      }
      client.close();
    }
  });

  test('a plant that is started again continues, to the last digit', async () => {
    const clock = new SteppedClock(MORNING);
    const readEnergyWh = async () => {
      const simulation = await start(clock, [meter('m', 'siemens/pac3200')]);
      const driver = connect(simulation, 'm', 'siemens/pac3200', clock);
      const energyWh = (await readMeter(driver)).get('activeEnergyImport')!;
      await driver.close();
      await simulation.close();
      return energyWh;
    };
    const first = await readEnergyWh();
    expect(await readEnergyWh()).toBe(first);
    clock.stepTo(MORNING + 3_600_000);
    const later = await readEnergyWh();
    expect(later - first).toBeGreaterThan(500);
    expect(later - first).toBeLessThan(15_000);
  });

  test('meters of one port are units of one gateway', async () => {
    const clock = new SteppedClock(MORNING);
    const first = await start(clock, [meter('free', 'siemens/pac3200')]);
    const { port } = first.endpoints[0]!;
    await first.close();
    const simulation = await start(clock, [
      { ...meter('a', 'siemens/pac3200'), port, unit: 1 },
      { ...meter('b', 'siemens/pac3200'), port, unit: 2, component: 'spindle' },
    ]);
    expect(simulation.endpoints.map((endpoint) => endpoint.port)).toEqual([port, port]);
    const load = simulation.loads.get('mill-1')!;
    for (const [id, component] of [
      ['a', 'supply'],
      ['b', 'spindle'],
    ] as const) {
      const values = await readMeter(connect(simulation, id, 'siemens/pac3200', clock));
      expect(values.get('activeEnergyImport')).toBeCloseTo(load.energyWh(component, clock.wallMs()), 6);
    }
  });

  test('a machining centre speaks OPC UA at the pace of simulated time', async () => {
    const realMs = Date.now();
    // Six hundredfold, from a morning on: a part is finished every other second.
    const clock = simulatedClock({ originMs: MORNING, startMs: realMs, speed: 600, untilNow: false });
    const simulation = await start(clock, [
      { type: 'opcua-machine', id: 'control', port: 0, machine: 'centre-1' },
    ]);
    const [endpoint] = simulation.endpoints;
    if (endpoint?.protocol !== 'opcua') throw new Error('no OPC UA server');
    const driver = await createOpcuaDriver(
      opcuaSource({
        id: 'control',
        machine: 'centre-1',
        endpoint: endpoint.endpoint,
        allowInsecure: true,
        model: 'machinetool',
      }),
      { clock, pkiFolder: join(folder, 'pki') },
    );
    open.push(driver);
    const parts: { atMs: number; value: unknown }[] = [];
    driver.onStatus(({ channel, atMs, value }) => {
      if (channel === 'centre-1.control.partCount') parts.push({ atMs, value });
    });
    await driver.poll();
    const deadline = Date.now() + 20_000;
    while (parts.length < 3 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(parts).toHaveLength(3);
    const load = simulation.loads.get('centre-1')!;
    for (const [index, { atMs, value }] of parts.entries()) {
      // Told a little later than it was (a busy computer, times six hundred), never earlier.
      expect(load.momentAt(MORNING + atMs).partCount).toBeGreaterThanOrEqual(Number(value));
      expect(Number(value)).toBeGreaterThan(Number(parts[index - 1]?.value ?? 0));
    }
  });

  test('a recorded meter answers in its rows, and not at all in its gaps', async () => {
    const csv = 'time,kWh\n2026-11-17T09:30:00Z,1.8163374662399288\n2026-11-17T10:30:00Z,2.5\n';
    const clock = new SteppedClock(MORNING);
    const replay = createReplay(
      {
        recording: parseRecording(csv, { timeColumn: 'time' }),
        columns: [{ column: 'kWh', quantity: 'activeEnergyImport', phase: 'total', unit: 'kWh' }],
      },
      clock,
    );
    const { profile } = loadProfile('siemens/pac3200');
    const simulation = await start(clock, [{ type: 'replay', id: 'r', port: 0, unit: 1, profile, replay }]);
    const driver = connect(simulation, 'r', 'siemens/pac3200', clock, 400);
    expect(await readMeter(driver)).toEqual(new Map([['activeEnergyImport', Number('1816.3374662399288')]]));
    clock.stepTo(MORNING + 60_000);
    await expect(driver.poll()).rejects.toMatchObject({ code: 'timeout', remedy: 'retry' });
    clock.stepTo(MORNING + 3_600_000);
    // A device that was silent is left alone for a moment.
    await vi.waitFor(
      async () => expect(await readMeter(driver)).toEqual(new Map([['activeEnergyImport', 2500]])),
      { timeout: 15_000, interval: 100 },
    );
  });

  test('a port that is taken is refused, and nothing stays open', async () => {
    const clock = new SteppedClock(MORNING);
    const first = await start(clock, [meter('a', 'siemens/pac3200'), meter('b', 'siemens/pac3200')]);
    const [taken, free] = first.endpoints.map((endpoint) => endpoint.port) as [number, number];
    await first.close();
    const holder = await start(clock, [{ ...meter('a', 'siemens/pac3200'), port: taken }]);
    const both = [
      { ...meter('b', 'siemens/pac3200'), port: free },
      { ...meter('c', 'siemens/pac3200'), port: taken },
    ];
    await expect(start(clock, both)).rejects.toMatchObject({ code: 'port-in-use', remedy: 'refuse' });
    await holder.close();
    await start(clock, both);
  });
});

function meter(id: string, profileId: string): Extract<SimulatedDevice, { type: 'modbus-meter' }> {
  return {
    type: 'modbus-meter',
    id,
    port: 0,
    unit: 1,
    machine: 'mill-1',
    component: 'supply',
    profile: loadProfile(profileId).profile,
  };
}

async function start(clock: Clock, devices: SimulatedDevice[]): Promise<Simulation> {
  const simulation = await startSimulation({
    seed: 1,
    clock,
    machines: [
      { id: 'mill-1', kind: 'mill', ratedPowerW: 15_000 },
      { id: 'centre-1', kind: 'machiningCentre', ratedPowerW: 30_000 },
    ],
    devices,
    dataFolder: folder,
  });
  open.push(simulation);
  return simulation;
}

function connect(
  simulation: Simulation,
  id: string,
  profileId: string,
  clock: SteppedClock,
  timeout = 5000,
): Driver {
  const endpoint = simulation.endpoints.find((one) => one.id === id);
  if (endpoint?.protocol !== 'modbus-tcp') throw new Error(`the simulation does not serve ${id}`);
  const { profile, sha256 } = loadProfile(profileId);
  const driver = createModbusDriver({
    source: {
      id,
      machine: 'mill-1',
      component: 'supply',
      endpoint: { transport: 'tcp', host: endpoint.host, port: endpoint.port },
      unit: endpoint.unit,
      addressOffset: 0,
      timeout,
      every: 1000,
    },
    profile,
    profileSha256: sha256,
    clock,
  });
  open.push(driver);
  return driver;
}

/** One poll as values in canonical units, by quantity and phase. */
async function readMeter(driver: Driver): Promise<Map<string, number>> {
  const { readings }: Poll = await driver.poll();
  const values = new Map<string, number>();
  for (const { channel: id, value } of readings) {
    const channel = driver.channels.find((one) => one.id === id);
    if (channel?.kind !== 'measured' || value === null) continue;
    const name = channel.phase === 'total' ? channel.quantity : `${channel.quantity}.${channel.phase}`;
    values.set(name, (Number(value) * Number(channel.scale[0])) / Number(channel.scale[1]));
  }
  return values;
}
