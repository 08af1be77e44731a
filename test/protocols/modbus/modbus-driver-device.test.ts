import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { SteppedClock } from '../../../protocols/clock.ts';
import type { StatusReport } from '../../../protocols/driver.ts';
import { silentLog } from '../../../protocols/log.ts';
import { ModbusLines } from '../../../protocols/modbus/line/line.ts';
import { createModbusDriver } from '../../../protocols/modbus/modbus-driver.ts';
import { pointName, type DeviceProfile } from '../../../protocols/modbus/profile/profile.ts';
import { PHASES } from '../../../protocols/telemetry/quantity.ts';
import type { ModbusSource } from '../../../protocols/modbus/source.ts';
import { pointWith, profileWith, RegisterDevice } from './register-device.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp(profile: Partial<DeviceProfile>, changes: Partial<ModbusSource> = {}) {
  const device = new RegisterDevice();
  device.set(0, 500);
  const warnings: { fields: object; message: string }[] = [];
  const clock = new SteppedClock(Date.UTC(2026, 10, 22));
  const driver = createModbusDriver({
    source: {
      id: 'meter',
      machine: 'mill',
      component: 'supply',
      endpoint: { transport: 'tcp', host: '192.0.2.1', port: 502 },
      unit: 1,
      addressOffset: 0,
      timeout: 1000,
      every: 1000,
      ...changes,
    },
    profile: profileWith(profile),
    profileSha256: 'x',
    // It is moved by hand, but polls are paced as in real time.
    clock: { wallMs: () => clock.wallMs(), monotonicMs: () => clock.monotonicMs(), speed: () => 1 },
    log: { ...silentLog, warn: (fields, message) => warnings.push({ fields, message }) },
    lines: new ModbusLines(() => device),
  });
  const statuses: StatusReport[] = [];
  driver.onStatus((report) => statuses.push(report));
  onTestFinished(() => driver.close());
  const values = async () => (await driver.poll()).readings.map(({ value }) => value);
  const passMs = (ms: number) => clock.stepTo(clock.wallMs() + ms);
  return { device, driver, clock, warnings, statuses, values, passMs };
}

/** Lets the pause after failures pass. */
async function pass(driver: { pausedMs?(): number }): Promise<void> {
  await vi.advanceTimersByTimeAsync(Math.ceil(driver.pausedMs?.() ?? 0));
}

const DAY_MS = 86_400_000;

describe('status words', () => {
  const profile: Partial<DeviceProfile> = {
    statuses: [
      { status: 'execution', address: 5, type: 'u16', vocabulary: 'acme/state' },
      { status: 'emergencyStop', address: 6, type: 'bit', bit: 2, vocabulary: 'acme/stop' },
      { status: 'program', address: 7, type: 'ascii', length: 2, vocabulary: 'acme/program' },
    ],
  };

  it('are reported when they change, and again when the device was away', async () => {
    const { device, driver, statuses } = setUp(profile, {
      read: ['activePower', 'emergencyStop', 'execution'],
    });
    device.set(5, 3, 0b100);
    const told = () => statuses.splice(0).map(({ channel, value }) => `${channel}=${value}`);
    expect(driver.channels.map(({ id }) => id)).toEqual([
      'mill.supply.activePower',
      'mill.supply.execution',
      'mill.supply.emergencyStop',
    ]);
    const { readings, atMs } = await driver.poll();
    expect(readings).toEqual([{ channel: 'mill.supply.activePower', value: 500, quality: 'good' }]);
    expect(statuses.every((report) => report.atMs === atMs)).toBe(true);
    expect(told()).toEqual(['mill.supply.execution=3', 'mill.supply.emergencyStop=true']);
    await driver.poll();
    expect(told()).toEqual([]);
    device.set(5, 3, 0);
    await driver.poll();
    expect(told()).toEqual(['mill.supply.emergencyStop=false']);
    device.isOn = false;
    await expect(driver.poll()).rejects.toMatchObject({ code: 'timeout' });
    expect(told()).toEqual([]);
    device.isOn = true;
    await pass(driver);
    await driver.poll();
    expect(told()).toEqual(['mill.supply.execution=3', 'mill.supply.emergencyStop=false']);
  });

  it('are null where the device refuses them, and text as it is written', async () => {
    const { device, driver, statuses } = setUp(profile, { read: ['program', 'execution'] });
    device.set(7, 0x4f31, 0x3030);
    await driver.poll();
    expect(Object.fromEntries(statuses.map(({ channel, value }) => [channel, value]))).toEqual({
      'mill.supply.program': 'O100',
      'mill.supply.execution': null,
    });
  });

  it('are not read unless they are asked for', async () => {
    const { device, driver } = setUp(profile);
    await driver.poll();
    expect(device.asked.map(({ address }) => address)).toEqual([0]);
    expect(driver.channels).toHaveLength(1);
  });
});

describe('factors in registers', () => {
  const profile: Partial<DeviceProfile> = {
    points: [
      pointWith({ factors: [{ address: 6, type: 'u16', as: 'factor', scale: '1' }] }),
      pointWith({ quantity: 'voltage', phase: 'l1', unit: 'V', address: 1 }),
    ],
  };

  it('that change make the readings of that poll uncertain, and are told', async () => {
    const { device, driver, warnings, values } = setUp(profile);
    device.set(0, 500, 230);
    device.set(6, 40);
    expect(await values()).toEqual([20_000, 230]);
    device.set(6, 60);
    expect((await driver.poll()).readings).toEqual([
      { channel: 'mill.supply.activePower', value: 30_000, quality: 'uncertain' },
      { channel: 'mill.supply.voltage.l1', value: 230, quality: 'good' },
    ]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.message).toMatch(/activePower went from 40 to 60/);
    expect((await driver.poll()).readings.map(({ quality }) => quality)).toEqual(['good', 'good']);
    expect(warnings).toHaveLength(1);
  });

  it('that change all the time are told once an hour', async () => {
    const { device, passMs, values, warnings } = setUp(profile);
    device.set(0, 500, 230);
    for (let poll = 0; poll <= 7000; poll++) {
      device.set(6, 40 + (poll % 2));
      await values();
      passMs(1000);
    }
    expect(warnings.map(({ fields }) => (fields as { times: number }).times)).toEqual([1, 3600]);
    expect(warnings[1]?.message).toMatch(/3600 times .* does the profile fit/);
  });

  it('that change between two requests never make a reading that seems good', async () => {
    const { device, driver } = setUp({
      points: [pointWith({ address: 500, factors: [{ address: 6, type: 'u16', as: 'factor', scale: '1' }] })],
    });
    // 1000 W throughout: a current transformer of 1 becomes one of 20, right behind whichever request comes first.
    device.set(500, 1000);
    device.set(6, 1);
    await driver.poll();
    device.onceRead = () => {
      device.set(500, 50);
      device.set(6, 20);
    };
    const [mixed] = (await driver.poll()).readings;
    expect(mixed?.quality === 'good' && mixed.value !== 1000, JSON.stringify(mixed)).toBe(false);
    expect((await driver.poll()).readings[0]).toMatchObject({ value: 1000, quality: 'good' });
  });

  it('that are unknown for a while are compared with what they were', async () => {
    const { device, driver, values } = setUp(profile);
    device.set(0, 500, 230);
    device.set(6, 40);
    await values();
    device.set(6, 0);
    expect(await values()).toEqual([null, 230]);
    device.set(6, 40);
    expect((await driver.poll()).readings[0]).toMatchObject({ value: 20_000 });
  });
});

describe('the identity of a device', () => {
  const profile: Partial<DeviceProfile> = {
    identity: [{ title: 'type code', functionCode: 3, address: 900, count: 1, type: 'u16', oneOf: [32] }],
    details: [{ is: 'serial', functionCode: 3, address: 902, type: 'ascii', length: 3 }],
  };

  it('is looked at when it is first read and then daily, without a word where it fits', async () => {
    const { device, warnings, values, passMs } = setUp(profile, { meter: { serial: '00-12.34' } });
    device.set(900, 32);
    device.set(902, 0x3132, 0x3334, 0);
    const looks = () => device.asked.filter(({ address }) => address >= 900).length;
    await values();
    expect(looks()).toBe(2);
    passMs(DAY_MS - 1);
    await values();
    expect(looks()).toBe(2);
    passMs(1);
    await values();
    expect(looks()).toBe(4);
    expect(warnings).toEqual([]);
  });

  it('that does not fit is told once, with what was found, and withholds nothing', async () => {
    const { device, warnings, values, passMs } = setUp(profile, { meter: { serial: '999' } });
    device.set(900, 33);
    device.set(902, 0x3132, 0x3334, 0);
    for (let day = 0; day < 3; day++) {
      expect(await values()).toEqual([500]);
      passMs(DAY_MS);
    }
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/acme\/meter.*type code.*holds 33/),
      expect.stringMatching(/999.*1234/),
    ]);
    device.set(900, 34);
    await values();
    expect(warnings).toHaveLength(3);
  });

  it('that is refused is told once too', async () => {
    const { warnings, values, passMs } = setUp(profile);
    await values();
    passMs(DAY_MS);
    await values();
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('refused (exception 2)'),
    ]);
  });

  it('is asked for ever more seldom where the device says nothing of it', async () => {
    const { device, passMs, values, warnings } = setUp(profile);
    device.mute.add(900);
    const looks = () => device.asked.filter(({ address }) => address >= 900).length;
    for (let minutes = 0; minutes < 7 * 1440; minutes++) {
      await values();
      passMs(60_000);
    }
    expect(looks()).toBeGreaterThan(10);
    expect(looks()).toBeLessThan(20);
    device.mute.clear();
    device.set(900, 33);
    passMs(DAY_MS);
    await values();
    expect(warnings).toHaveLength(1);
  });

  it('is looked at again when the device was away, but not every time', async () => {
    const { device, driver, values, passMs } = setUp(profile);
    device.set(900, 32);
    const looks = () => device.asked.filter(({ address }) => address >= 900).length;
    const goAway = async () => {
      device.isOn = false;
      await expect(driver.poll()).rejects.toThrow();
      device.isOn = true;
      await pass(driver);
    };
    await values();
    await goAway();
    await values();
    expect(looks()).toBe(1);
    passMs(600_000);
    await values();
    expect(looks()).toBe(2);
  });
});

describe('the settings of a source', () => {
  it('shift every register and every limit by the address offset', async () => {
    const { device, values, driver } = setUp(
      {
        points: [
          pointWith({ address: 10 }),
          pointWith({ quantity: 'voltage', phase: 'l1', unit: 'V', address: 14 }),
          pointWith({ quantity: 'frequency', unit: 'Hz', address: 20 }),
        ],
        limits: {
          ...profileWith({}).limits,
          maxGap: 10,
          forbidden: [{ first: 16, last: 16 }],
          whole: [{ first: 20, last: 22 }],
          readable: [{ first: 10, last: 30 }],
        },
        identity: [{ title: 'id', functionCode: 3, address: 30, count: 1, type: 'u16', oneOf: [7] }],
      },
      { addressOffset: 1 },
    );
    device.set(11, 1, 0, 0, 0, 5);
    device.set(21, 50, 0, 0);
    device.set(31, 7);
    expect(await values()).toEqual([1, 5, 50]);
    expect(device.asked.map(({ address, count }) => `${address}+${count}`)).toEqual(['11+5', '21+3', '31+1']);
    expect(driver.channels.map((channel) => channel.point)).toEqual([
      'fc3 11 u16',
      'fc3 15 u16',
      'fc3 21 u16',
    ]);
  });

  it('refuse an address that does not exist once it is shifted', () => {
    expect(() => setUp({}, { addressOffset: -1 })).toThrow(expect.objectContaining({ remedy: 'refuse' }));
  });

  it('turn the words of a value round where the operator has done so in the device', async () => {
    const { device, values } = setUp({ points: [pointWith({ type: 'u32' })] }, { wordOrder: 'little' });
    device.set(0, 1, 2);
    expect(await values()).toEqual([2 * 65_536 + 1]);
  });

  it('never give a device less time than its profile says', async () => {
    const { device, values } = setUp({ timing: { minTimeoutMs: 3000, guardMs: 0, pipelining: 1 } });
    await values();
    expect(device.asked[0]?.timeoutMs).toBe(3000);
  });
});

describe('the trace of a poll', () => {
  it('shows requests, what came of them, raw registers and what keeps a channel from being read', async () => {
    const { device, driver } = setUp({
      points: [
        pointWith({ type: 'f32' }),
        pointWith({ quantity: 'voltage', phase: 'l1', unit: 'V', address: 40 }),
        pointWith({
          quantity: 'current',
          phase: 'l1',
          unit: 'A',
          address: 60,
          factors: [{ address: 70, type: 'u16', as: 'factor', scale: '1' }],
        }),
      ],
    });
    device.setFloat(0, 1.5);
    device.set(60, 7);
    device.set(70, 3);
    await driver.poll();
    const trace = driver.trace?.();
    expect(trace?.requests.map(({ text, count, outcome }) => `${text} ${count} ${outcome}`)).toEqual([
      'fc3 0 +2 2 ok',
      'fc3 40 +1 1 exception 2',
      'fc3 60 +1 1 ok',
      'fc3 70 +1 1 ok',
    ]);
    for (const request of trace?.requests ?? []) expect(request.roundTripMs).toBeGreaterThanOrEqual(0);
    expect([...(trace?.raw ?? [])]).toEqual([
      ['mill.supply.activePower', Uint16Array.of(0x3fc0, 0)],
      ['mill.supply.current.l1', Uint16Array.of(7, 3)],
    ]);
    await driver.poll();
    expect([...(driver.trace?.().remarks ?? [])]).toEqual([
      [
        'mill.supply.voltage.l1',
        'the device does not give fc3 40 +1; asked again at 2026-11-23T00:00:00.000Z',
      ],
    ]);
    device.asked.length = 0;
    device.isOn = false;
    await expect(driver.poll()).rejects.toThrow();
    expect(driver.trace?.().requests).toEqual([
      { text: 'fc3 0 +2', count: 2, roundTripMs: null, outcome: 'timeout' },
    ]);
    expect(driver.trace?.().raw.size).toBe(0);
    await expect(driver.poll()).rejects.toMatchObject({
      remedy: 'retry',
      code: 'timeout',
      message: expect.stringMatching(/asked again in 0\.\d s/),
    });
    expect(device.asked).toHaveLength(1);
  });
});

describe('a register that was refused', () => {
  it('costs no poll where the device is silent when it is asked again', async () => {
    const { device, values, passMs } = setUp({
      points: [pointWith({}), pointWith({ quantity: 'frequency', unit: 'Hz', address: 40 })],
    });
    for (let poll = 0; poll < 3; poll++) expect(await values()).toEqual([500, null]);
    device.mute.add(40);
    passMs(DAY_MS);
    device.asked.length = 0;
    for (let poll = 0; poll < 3; poll++) expect(await values()).toEqual([500, null]);
    expect(device.asked.filter(({ address }) => address === 40)).toHaveLength(1);
    device.mute.delete(40);
    device.set(40, 50);
    passMs(DAY_MS);
    expect(await values()).toEqual([500, 50]);
  });
});

describe('a device that is silent where others refuse', () => {
  const profile = {
    points: [
      ...[0, 1, 2, 3, 4, 5, 6].map((address) =>
        pointWith({ quantity: 'voltage', phase: PHASES[address] ?? 'n', unit: 'V', address }),
      ),
      pointWith({ quantity: 'frequency', unit: 'Hz', address: 400 }),
    ],
  };

  it.each([
    { muteAt: 5 },
    { muteAt: 0 },
    { muteAt: 400 },
    { muteAt: 5, exception: 1 },
    { muteAt: 0, exception: 4 },
    { muteAt: 400, exception: 11 },
  ])(
    'at $muteAt (or gives exception $exception) is read without that register after a few polls, and told',
    async ({ muteAt, exception }) => {
      const { device, driver, warnings, values, passMs } = setUp(profile, {
        read: profile.points.map(pointName),
      });
      device.set(0, 10, 11, 12, 13, 14, 15, 16);
      device.set(400, 50);
      device.mute.add(muteAt);
      device.exceptionForSilence = exception;
      let failures = 0;
      for (let poll = 0; poll < 12; poll++) {
        await pass(driver);
        await driver.poll().catch(() => failures++);
      }
      expect(failures).toBeLessThanOrEqual(3);
      device.asked.length = 0;
      const expected = [10, 11, 12, 13, 14, 15, 16, 50];
      expect(await values()).toEqual(
        expected.map((value, i) => ((i < 7 ? i : 400) === muteAt ? null : value)),
      );
      expect(device.asked.some(({ address, count }) => address <= muteAt && muteAt < address + count)).toBe(
        false,
      );
      expect(warnings.map(({ message }) => message)).toEqual([expect.stringContaining(`fc3 ${muteAt} +1`)]);
      device.mute.clear();
      passMs(DAY_MS);
      expect(await values()).toEqual(expected);
    },
  );

  it.each([
    { dead: 'silent', exception: undefined, code: 'timeout' },
    { dead: 'said to be dead by its gateway', exception: 11, code: 'exception' },
  ])('is not taken for one when it is $dead altogether', async ({ exception, code }) => {
    const { device, driver, warnings, values } = setUp(profile, { read: profile.points.map(pointName) });
    device.exceptionForSilence = exception;
    device.set(0, 10, 11, 12, 13, 14, 15, 16);
    device.set(400, 50);
    await values();
    device.isOn = false;
    for (let poll = 0; poll < 4; poll++) {
      await pass(driver);
      await expect(driver.poll()).rejects.toMatchObject({ code });
    }
    device.isOn = true;
    await pass(driver);
    expect(await values()).toEqual([10, 11, 12, 13, 14, 15, 16, 50]);
    expect(warnings).toEqual([]);
  });
});
