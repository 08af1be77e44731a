import { afterEach, describe, expect, it } from 'vitest';
import { loadProfile } from '../../../config/library/profile-library.ts';
import { SteppedClock, systemClock, type Clock } from '../../../protocols/clock.ts';
import type { Driver } from '../../../protocols/driver.ts';
import { MillwattError } from '../../../protocols/errors.ts';
import { silentLog, type Log } from '../../../protocols/log.ts';
import { rawReadingOf } from '../../../protocols/modbus/profile/encode.ts';
import { ModbusLines } from '../../../protocols/modbus/line/line.ts';
import { createModbusDriver } from '../../../protocols/modbus/modbus-driver.ts';
import type { ModbusSource } from '../../../protocols/modbus/source.ts';
import { pointName, type ProfilePoint } from '../../../protocols/modbus/profile/profile.ts';
import type { RegisterBank } from '../../../protocols/simulator/modbus-server.ts';
import { startModbusServer } from '../../../protocols/simulator/modbus-server.ts';
import { createProfileBank } from '../../../protocols/simulator/modbus-bank.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const VALUES: Readonly<Record<string, number>> = {
  activePower: 4321.5,
  activeEnergyImport: 18_339_247.3,
  activeEnergyExport: 12,
  powerFactor: 0.82,
  frequency: 50,
  'voltage.l1': 230.4,
  'current.l1': 7.25,
};

/** A device that shows the same value, in canonical units, at every moment. */
const steadyValueOf = (point: ProfilePoint) => rawReadingOf(point, VALUES[pointName(point)] ?? 1);

async function serve(units: Map<number, RegisterBank>): Promise<number> {
  const server = await startModbusServer({ host: '127.0.0.1', port: 0, units });
  cleanUps.push(() => server.close());
  return server.port;
}

function drive(
  id: string,
  { port = 502, ...changes }: Partial<ModbusSource> & { port?: number },
  around: { lines?: ModbusLines; clock?: Clock; log?: Log } = {},
): Driver {
  const { lines = new ModbusLines(), clock = systemClock, log = silentLog } = around;
  const { profile, sha256 } = loadProfile(id);
  const source: ModbusSource = {
    id: 'meter',
    machine: 'mill',
    component: 'supply',
    endpoint: { transport: 'tcp', host: '127.0.0.1', port },
    unit: 1,
    addressOffset: 0,
    timeout: 2000,
    every: 1000,
    ...changes,
  };
  const driver = createModbusDriver({ source, profile, profileSha256: sha256, clock, lines, log });
  cleanUps.push(() => driver.close());
  return driver;
}

/** Lets the pause after a failure pass. */
async function restOf(driver: Driver): Promise<void> {
  for (let leftMs = driver.pausedMs?.() ?? 0; leftMs > 0; leftMs = driver.pausedMs?.() ?? 0)
    await new Promise((resolve) => setTimeout(resolve, Math.ceil(leftMs)));
}

/** Readings by channel, with the channel's scale applied: what the collector will make of them. */
async function pollScaled(driver: Driver): Promise<Record<string, number | null>> {
  const { readings } = await driver.poll();
  return Object.fromEntries(
    readings.map(({ channel, value, quality }) => {
      const known = driver.channels.find((one) => one.id === channel);
      if (known?.kind !== 'measured') throw new Error(`${channel} is not a channel of the driver`);
      expect(quality).toBe(value === null ? 'bad' : 'good');
      const [num, den] = known.scale;
      return [channel, value === null ? null : (Number(value) * Number(num)) / Number(den)];
    }),
  );
}

describe('the Modbus driver', () => {
  it.each([
    'siemens/pac3200',
    'eastron/sdm630',
    'carlo-gavazzi/em340',
    'schneider/iem3000',
    'shelly/pro-3em',
  ])('reads %s to the right figures', async (id) => {
    const { profile } = loadProfile(id);
    const port = await serve(new Map([[1, createProfileBank(profile, steadyValueOf)]]));
    const driver = drive(id, { port });
    const values = await pollScaled(driver);
    expect(values['mill.supply.activePower']).toBeCloseTo(4321.5, 1);
    // Counters show whole steps of the device: 100 Wh on the EM340, 1 Wh on the iEM3000, f32 steps elsewhere.
    expect(Math.abs((values['mill.supply.activeEnergyImport'] ?? 0) - 18_339_247.3)).toBeLessThan(100);
    expect(values['mill.supply.voltage.l1']).toBeCloseTo(230.4, 3);
    expect(values['mill.supply.current.l1']).toBeCloseTo(7.25, 6);
    expect(driver.description.profile?.id).toBe(id);
  });

  it('reads every point that a profile has', async () => {
    const { profile } = loadProfile('eastron/sdm630');
    const port = await serve(new Map([[7, createProfileBank(profile, steadyValueOf)]]));
    const driver = drive('eastron/sdm630', { port, unit: 7, read: profile.points.map(pointName) });
    const values = await pollScaled(driver);
    expect(Object.keys(values)).toHaveLength(profile.points.length);
    expect(Object.values(values).every((value) => value !== null)).toBe(true);
  });

  it('hands on raw readings, and puts transformer ratios into the scale', async () => {
    const { profile } = loadProfile('carlo-gavazzi/em340');
    const port = await serve(new Map([[1, createProfileBank(profile, steadyValueOf)]]));
    const driver = drive('carlo-gavazzi/em340', {
      port,
      read: ['activePower', 'current.l1', 'voltage.l1', 'frequency'],
      ct: { primary: 250, secondary: 5 },
      vt: { primary: 400, secondary: 100 },
    });
    const { readings } = await driver.poll();
    expect(readings.map((reading) => reading.value)).toEqual([43_215, 7250, 2304, 500]);
    expect(driver.channels.map((channel) => (channel.kind === 'measured' ? channel.scale : []))).toEqual([
      ['20', '1'], // 0.1 W x 50 x 4
      ['1', '20'], // 0.001 A x 50
      ['2', '5'], // 0.1 V x 4
      ['1', '10'],
    ]);
    expect(driver.description.ct).toEqual({ primary: 250, secondary: 5 });
  });

  it('gives null, bad, where the meter has no value', async () => {
    const { profile } = loadProfile('schneider/iem3000');
    const bank = createProfileBank(profile, (point) =>
      pointName(point).startsWith('activeEnergyExport') ? null : steadyValueOf(point),
    );
    const driver = drive('schneider/iem3000', { port: await serve(new Map([[1, bank]])) });
    const values = await pollScaled(driver);
    expect(values['mill.supply.activeEnergyExport']).toBeNull();
    expect(values['mill.supply.activeEnergyImport']).toBe(18_339_247);
  });

  it('takes counters beyond 2^53 as they are', async () => {
    const { profile } = loadProfile('schneider/iem3000');
    const huge = 2n ** 62n + 1n;
    const bank = createProfileBank(profile, (point) => (point.counter ? huge : 1));
    const driver = drive('schneider/iem3000', {
      port: await serve(new Map([[1, bank]])),
      read: ['activeEnergyImport'],
    });
    expect((await driver.poll()).readings[0]?.value).toBe(huge);
  });

  it('refuses a point that the profile lacks, and names those it has', () => {
    try {
      drive('shelly/pro-3em', { read: ['powerFactor'] });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(MillwattError);
      expect(error).toMatchObject({ remedy: 'refuse', code: 'unknown-point' });
      expect((error as MillwattError).cure).toContain('powerFactor.l1');
    }
  });

  it('reads around registers that the device refuses, and remembers them', async () => {
    const { profile } = loadProfile('siemens/pac3200');
    const whole = createProfileBank(profile, steadyValueOf);
    const requests: string[] = [];
    // A device with less than the profile says: registers 17 .. 18 (current.l3) and the hole 43 .. 54 are not there.
    const bank: RegisterBank = {
      read: (functionCode, address, count) => {
        requests.push(`${address}+${count}`);
        const touches = (first: number, last: number) => first < address + count && last >= address;
        if (touches(17, 18) || touches(43, 54)) return { exception: 2 };
        return whole.read(functionCode, address, count);
      },
    };
    const driver = drive('siemens/pac3200', { port: await serve(new Map([[1, bank]])) });
    const first = await pollScaled(driver);
    expect(first['mill.supply.current.l3']).toBeNull();
    for (const [channel, value] of Object.entries(first))
      if (channel !== 'mill.supply.current.l3') expect(value, channel).not.toBeNull();
    // Each refusal is tried once more, as it may have been starting up; from then on daily.
    for (let poll = 0; poll < 5; poll++) await driver.poll();
    requests.length = 0;
    expect(await pollScaled(driver)).toEqual(first);
    const refused = requests.filter((request) => {
      const [address = 0, count = 0] = request.split('+').map(Number);
      return [17, 18, 43, 54].some((register) => register >= address && register < address + count);
    });
    expect(refused).toEqual([]);
  });

  it('warns once of a register that the device refuses, and asks for it again after a day', async () => {
    const { profile } = loadProfile('siemens/pac3200');
    const whole = createProfileBank(profile, steadyValueOf);
    let isStarting = true;
    const asked: number[] = [];
    const bank: RegisterBank = {
      read: (functionCode, address, count) => {
        asked.push(address);
        return isStarting && address + count > 801
          ? { exception: 2 }
          : whole.read(functionCode, address, count);
      },
    };
    const clock = new SteppedClock(Date.UTC(2026, 10, 22));
    const lines: [string, object, string][] = [];
    const log: Log = {
      ...silentLog,
      warn: (fields, message) => lines.push(['warn', fields, message]),
      info: (fields, message) => lines.push(['info', fields, message]),
    };
    const port = await serve(new Map([[1, bank]]));
    const driver = drive(
      'siemens/pac3200',
      { port, read: ['frequency', 'activeEnergyImport'] },
      { clock, log },
    );
    const value = async () => (await driver.poll()).readings[1];
    for (let poll = 0; poll < 5; poll++) {
      expect(await value()).toEqual({
        channel: 'mill.supply.activeEnergyImport',
        value: null,
        quality: 'bad',
      });
      clock.stepTo(clock.wallMs() + 1000);
    }
    const told = lines.filter(([, , message]) => message.includes('801'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject([
      'warn',
      {
        source: 'meter',
        points: ['mill.supply.activeEnergyImport'],
        register: expect.stringContaining('fc3 801 +'),
      },
      expect.stringContaining('2026-11-23'),
    ]);
    expect(driver.trace?.().remarks.get('mill.supply.activeEnergyImport')).toMatch(
      /does not give fc3 801 .* 2026-11-23/,
    );
    asked.length = 0;
    isStarting = false;
    clock.stepTo(Date.UTC(2026, 10, 22, 23, 59));
    expect((await value())?.value).toBeNull();
    expect(asked.filter((address) => address >= 801)).toEqual([]);
    clock.stepTo(Date.UTC(2026, 10, 23, 0, 1));
    expect((await value())?.value).toBe(18_339_247.3);
    expect((await value())?.value).toBe(18_339_247.3);
    const good = lines.filter(([level, , message]) => level === 'info' && message.includes('801'));
    expect(good).toMatchObject([['info', { source: 'meter' }, expect.stringContaining('now')]]);
    expect(driver.trace?.().remarks.size).toBe(0);
  });

  it('rejects the poll when the device has nothing of what is wanted', async () => {
    const port = await serve(new Map([[1, { read: () => ({ exception: 2 }) }]]));
    const driver = drive('siemens/pac3200', { port });
    await expect(driver.poll()).rejects.toMatchObject({ remedy: 'retry', code: 'exception' });
    await restOf(driver);
    await expect(driver.poll()).rejects.toMatchObject({ remedy: 'retry', code: 'exception' });
  });

  it('does not split on other exceptions', async () => {
    let requests = 0;
    const bank: RegisterBank = { read: () => (requests++, { exception: 6 }) };
    const driver = drive('siemens/pac3200', { port: await serve(new Map([[1, bank]])) });
    await expect(driver.poll()).rejects.toMatchObject({ code: 'exception' });
    expect(requests).toBe(1);
  });

  it('shifts addresses where the operator says so', async () => {
    const { profile } = loadProfile('schneider/iem3000');
    const shifted = {
      ...profile,
      points: profile.points.map((point) => ({ ...point, address: point.address + 1 })),
    };
    const port = await serve(new Map([[1, createProfileBank(shifted, steadyValueOf)]]));
    const values = await pollScaled(drive('schneider/iem3000', { port, addressOffset: 1 }));
    expect(values['mill.supply.activeEnergyImport']).toBe(18_339_247);
  });

  it('shares one connection between units, and a dead unit does not spoil its neighbour', async () => {
    const { profile } = loadProfile('siemens/pac3200');
    const alive = createProfileBank(profile, steadyValueOf);
    const port = await serve(
      new Map<number, RegisterBank>([
        [1, alive],
        [2, { read: () => 'silent' }],
      ]),
    );
    const lines = new ModbusLines();
    const good = drive('siemens/pac3200', { port, unit: 1, timeout: 5000 }, { lines });
    const dead = drive('siemens/pac3200', { port, unit: 2, timeout: 100 }, { lines });
    const silent = drive('siemens/pac3200', { port, unit: 9 }, { lines });
    for (let round = 0; round < 3; round++) {
      await restOf(dead);
      await restOf(silent);
      const results = await Promise.allSettled([dead.poll(), pollScaled(good), silent.poll()]);
      expect(results.map((result) => result.status)).toEqual(['rejected', 'fulfilled', 'rejected']);
      expect(results[0]).toMatchObject({ reason: { code: 'timeout', remedy: 'retry' } });
      expect(results[1]).toMatchObject({ value: { 'mill.supply.frequency': 50 } });
      expect(results[2]).toMatchObject({ reason: { code: 'exception', remedy: 'retry' } });
    }
  });

  it('comes back when the meter does', async () => {
    const { profile } = loadProfile('siemens/pac3200');
    const units = new Map([[1, createProfileBank(profile, steadyValueOf)]]);
    const server = await startModbusServer({ host: '127.0.0.1', port: 0, units });
    const driver = drive('siemens/pac3200', { port: server.port });
    await driver.poll();
    await server.close();
    await expect(driver.poll()).rejects.toMatchObject({ remedy: 'retry' });
    await restOf(driver);
    await expect(driver.poll()).rejects.toMatchObject({ code: 'refused' });
    const again = await startModbusServer({ host: '127.0.0.1', port: server.port, units });
    cleanUps.push(() => again.close());
    await restOf(driver);
    expect((await pollScaled(driver))['mill.supply.frequency']).toBe(50);
  });

  it('tells when a poll was, half-way, on the clock it was given', async () => {
    const { profile } = loadProfile('siemens/pac3200');
    let nowMs = 1000;
    const bank = createProfileBank(profile, (point) => ((nowMs = 1101), steadyValueOf(point)));
    const port = await serve(new Map([[1, bank]]));
    const clock = { ...systemClock, monotonicMs: () => nowMs };
    const driver = drive('siemens/pac3200', { port }, { clock });
    const poll = await driver.poll();
    expect(poll.atMs).toBe(1051);
    expect(poll.roundTripMs).toBeGreaterThan(0);
  });
});
