import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SteppedClock, systemClock } from '../../../protocols/clock.ts';
import type { Driver, Poll, StatusReport } from '../../../protocols/driver.ts';
import { createOpcuaDriver, type OpcuaSurroundings } from '../../../protocols/opcua/opcua-driver.ts';
import type { OpcuaSourceOptions } from '../../../protocols/opcua/opcua-options.ts';
import { createLoadProfile } from '../../../protocols/simulator/load-profile.ts';
import { readMeter } from '../../../protocols/simulator/machine-meter.ts';
import { METER_NODES, SIMULATOR_NAMESPACE } from '../../../protocols/simulator/meter-nodes.ts';
import type { MachineTruth } from '../../../protocols/simulator/machine-space.ts';
import { opcuaSource } from './opcua-source.ts';
import { startOpcuaMachine, type OpcuaMachine } from '../../../protocols/simulator/opcua-machine.ts';

const folder = mkdtempSync(join(tmpdir(), 'millwatt-opcua-'));
const load = createLoadProfile({ seed: 7, kind: 'machiningCentre', ratedPowerW: 20_000 });
const clock = new SteppedClock(findMoment(Date.UTC(2026, 10, 18, 8), 'processing'));
const truth: MachineTruth = {
  moment: () => load.momentAt(clock.wallMs()),
  measure: (component, quantity, phase) => readMeter(load, component, { quantity, phase }, clock.wallMs()),
};
const drivers: Driver[] = [];
let machine: OpcuaMachine;

beforeAll(async () => {
  machine = await startMachine(0);
});
afterAll(async () => {
  await Promise.all(drivers.map((driver) => driver.close()));
  await machine.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('an OPC UA driver at a simulated machining centre', () => {
  test('reads power and counters exactly, and follows the status words', async () => {
    const { driver, words } = await makeDriver({ nodes: meterNodes(), model: 'machinetool' });
    const poll = await driver.poll();
    expect(driver.channels).toHaveLength(METER_NODES.length + 5);
    expect(valuesOf(poll)).toEqual(
      METER_NODES.map(({ component, quantity, phase, factor }) => {
        const value = truth.measure(component, quantity, phase);
        return value === null ? null : value / factor;
      }),
    );
    expect(poll.readings.every(({ quality }) => quality === 'good')).toBe(true);
    expect(poll.atMs).toBe(clock.monotonicMs());
    await until(() => words.size === 5);
    expect(Object.fromEntries(words)).toEqual({
      'mc1.control.execution': 1,
      'mc1.control.mode': 1,
      'mc1.control.warmUp': false,
      'mc1.control.program': truth.moment().program,
      'mc1.control.partCount': truth.moment().partCount,
    });

    clock.stepTo(findMoment(clock.wallMs(), 'ready'));
    await until(() => words.get('mc1.control.execution') === 2);
    clock.stepTo(findMoment(clock.wallMs(), 'off'));
    await until(() => words.get('mc1.control.execution') === null);
    expect(words.get('mc1.control.program')).toBeNull();
    expect(valuesOf(await driver.poll())[0]).toBeGreaterThan(0); // the meter goes on
    clock.stepTo(findMoment(clock.wallMs(), 'warmUp'));
    await until(() => words.get('mc1.control.warmUp') === true);

    expect(machine.subscriptionCount()).toBe(1);
    await driver.close();
    expect(machine.subscriptionCount()).toBe(0);
    await expect(driver.poll()).rejects.toMatchObject({ code: 'closed', remedy: 'retry' });
  });

  test('a node that is not there is null, and the others are read', async () => {
    const { driver } = await makeDriver({
      nodes: [
        { ...meterNode('Meter.ActivePower') },
        { ...meterNode('No.Such.Node'), component: 'drives' },
        { ...meterNode('Meter.ActivePower'), node: 'nsu=urn:nobody;s=Power', component: 'coolant' },
        {
          node: `nsu=${SIMULATOR_NAMESPACE};s=No.Word`,
          status: 'emergencyStop',
          phase: 'total',
          vocabulary: 'raw',
        },
      ],
    });
    const { readings } = await driver.poll();
    expect(readings.map(({ value, quality }) => [typeof value, quality])).toEqual([
      ['number', 'good'],
      ['object', 'bad'],
      ['object', 'bad'],
    ]);
    await driver.close();
  });

  test('an untrusted server is refused with the command that trusts it, and read once it is trusted', async () => {
    const pkiFolder = join(folder, 'pki-secure');
    const { driver } = await makeDriver(
      { allowInsecure: false, nodes: [meterNode('Meter.ActivePower')] },
      { pkiFolder },
    );
    const refusal: unknown = await driver.poll().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'untrusted', remedy: 'retry' });
    expect((refusal as { cure: string }).cure).toMatch(/millwatt trust add [0-9a-f]{16} -c agent\.yaml/);
    trustShown(pkiFolder);
    const values = await eventually(driver);
    expect(values[0]).toBeCloseTo(load.powerW('supply', clock.wallMs()) / 1000, 9);
    await driver.close();
  });

  test('goes on after the server was restarted, without leaving the first session behind', async () => {
    const { driver, words } = await makeDriver({
      nodes: [meterNode('Meter.ActivePower')],
      model: 'machinetool',
    });
    await driver.poll();
    await until(() => words.size === 5);
    const { port } = machine;
    await machine.close();
    await expect(driver.poll()).rejects.toMatchObject({ remedy: 'retry' });
    machine = await startMachine(port);
    words.clear();
    expect((await eventually(driver))[0]).toBeGreaterThan(0);
    await until(() => words.size === 5);
    expect(machine.subscriptionCount()).toBe(1);
    await driver.close();
    expect(machine.subscriptionCount()).toBe(0);
  });

  test('a subscription that falls silent is replaced by a new one', async () => {
    let aheadMs = 0;
    const real = { monotonicMs: () => systemClock.monotonicMs() + aheadMs };
    const { driver, words } = await makeDriver({ model: 'machinetool' }, { real });
    await driver.poll();
    await until(() => words.size === 5);
    words.clear();
    aheadMs = 60_000;
    await driver.poll();
    await until(() => words.size === 5);
    await until(() => machine.subscriptionCount() === 1);
    await driver.close();
  });
});

describe('an OPC UA driver over a long time', () => {
  test('a link that broke after a good while is made anew within the poll', async () => {
    let aheadMs = 0;
    const real = { monotonicMs: () => systemClock.monotonicMs() + aheadMs };
    const { driver } = await makeDriver({ nodes: [meterNode('Meter.ActivePower')] }, { real });
    await driver.poll();
    const { port } = machine;
    await machine.close();
    machine = await startMachine(port);
    aheadMs = 60_000;
    expect(valuesOf(await driver.poll())[0]).toBeGreaterThan(0);
    await driver.close();
  });

  test('a server that was just lost is not hammered: the same reason is given until it is time', async () => {
    let aheadMs = 0;
    const real = { monotonicMs: () => systemClock.monotonicMs() + aheadMs };
    const endpoint = `opc.tcp://127.0.0.1:${await freePort()}`;
    const { driver } = await makeDriver({ endpoint, nodes: [meterNode('Meter.ActivePower')] }, { real });
    const reasons = new Set<unknown>();
    for (let poll = 0; poll < 5; poll++) reasons.add(await driver.poll().catch((error: unknown) => error));
    expect(reasons.size).toBe(1);
    aheadMs = 1500;
    reasons.add(await driver.poll().catch((error: unknown) => error));
    expect(reasons.size).toBe(2);
    await driver.close();
  });

  test('a network that swallows everything costs one deadline, and is left behind once it is back', async () => {
    const network = await startNetwork(machine.port);
    const { driver, words } = await makeDriver({
      endpoint: `opc.tcp://127.0.0.1:${network.port}`,
      nodes: [meterNode('Meter.ActivePower')],
      model: 'machinetool',
      timeout: 3000,
    });
    expect(valuesOf(await driver.poll())[0]).toBeGreaterThan(0);
    await until(() => words.size === 5);
    network.swallow(true);
    await expect(driver.poll()).rejects.toMatchObject({ code: 'timeout', remedy: 'retry' });
    network.swallow(false);
    words.clear();
    expect((await eventually(driver))[0]).toBeGreaterThan(0);
    await until(() => words.size === 5);
    await driver.close();
    network.close();
  });

  test('values are not held for long when a network swallows everything', async () => {
    const network = await startNetwork(machine.port);
    const { driver, words } = await makeDriver(
      {
        endpoint: `opc.tcp://127.0.0.1:${network.port}`,
        nodes: [meterNode('Meter.ActivePower')],
        model: 'machinetool',
        reading: 'subscribe',
        timeout: 1500,
      },
      { clock: systemClock },
    );
    await eventually(driver);
    await until(() => words.size === 5);
    network.swallow(true);
    let polls = 0;
    const refusal = async () => {
      for (;;) {
        const failed = await driver.poll().then(
          () => undefined,
          (error: unknown) => error,
        );
        if (failed !== undefined || polls++ > 100) return failed;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    expect(await refusal()).toMatchObject({ code: 'timeout', remedy: 'retry' });
    network.swallow(false);
    await eventually(driver);
    await driver.close();
    network.close();
  });

  test('logs in with a user name, over an encrypted connection', async () => {
    const user = { name: 'energy', password: 'only-reads' };
    const pkiFolder = join(folder, 'pki-login');
    const guarded = await startOpcuaMachine(
      { name: 'mc2', port: 0, pkiFolder: join(folder, 'pki-guarded'), user },
      truth,
    );
    const over = {
      endpoint: guarded.endpoint,
      allowInsecure: false,
      nodes: [meterNode('Meter.ActivePower')],
    };
    const login = { username: user.name, password: user.password };
    const first = await makeDriver({ ...over, ...login }, { pkiFolder });
    await expect(first.driver.poll()).rejects.toMatchObject({ code: 'untrusted' });
    trustShown(pkiFolder);
    const { driver } = await makeDriver(
      { ...over, ...login, securityPolicy: 'Aes256_Sha256_RsaPss' },
      { pkiFolder },
    );
    expect(valuesOf(await driver.poll())[0]).toBeGreaterThan(0);
    const stranger = await makeDriver({ ...over, ...login, password: 'guess' }, { pkiFolder });
    await expect(stranger.driver.poll()).rejects.toMatchObject({ code: 'exception', remedy: 'retry' });
    const nobody = await makeDriver(over, { pkiFolder });
    await expect(nobody.driver.poll()).rejects.toMatchObject({ code: 'exception', remedy: 'retry' });
    for (const one of [first, { driver }, stranger, nobody]) await one.driver.close();
    await guarded.close();
  });
});

describe('an OPC UA driver without a server', () => {
  test('says that the port refuses', async () => {
    const port = await freePort();
    const { driver } = await makeDriver({ endpoint: `opc.tcp://127.0.0.1:${port}`, model: 'machinetool' });
    await expect(driver.poll()).rejects.toMatchObject({ code: 'refused', remedy: 'retry' });
    await driver.close();
  });

  test('keeps its deadline at a port that never answers, and closes at once', async () => {
    const silent = createServer(() => {});
    const port = await listen(silent);
    const { driver } = await makeDriver({
      endpoint: `opc.tcp://127.0.0.1:${port}`,
      timeout: 300,
      model: 'machinetool',
    });
    await expect(driver.poll()).rejects.toMatchObject({ code: 'timeout', remedy: 'retry' });
    const { driver: patient } = await makeDriver({
      endpoint: `opc.tcp://127.0.0.1:${port}`,
      timeout: 25_000,
      model: 'machinetool',
    });
    const pending = patient.poll().catch(() => 'rejected');
    await patient.close();
    expect(await pending).toBe('rejected');
    silent.close();
  });
});

async function startMachine(port: number): Promise<OpcuaMachine> {
  return startOpcuaMachine({ name: 'mc1', port, pkiFolder: join(folder, 'pki-server') }, truth);
}

async function makeDriver(
  over: Partial<OpcuaSourceOptions>,
  around: Partial<OpcuaSurroundings> = {},
): Promise<{ driver: Driver; words: Map<string, StatusReport['value']> }> {
  const driver = await createOpcuaDriver(
    opcuaSource({ endpoint: machine.endpoint, allowInsecure: true, reading: 'read', ...over }),
    { clock, pkiFolder: join(folder, 'pki-client'), ...around },
  );
  const words = new Map<string, StatusReport['value']>();
  driver.onStatus(({ channel, value }) => words.set(channel, value));
  drivers.push(driver);
  return { driver, words };
}

function meterNodes(): OpcuaSourceOptions['nodes'] {
  return METER_NODES.map(({ id, component, quantity, phase, unit }) => ({
    node: `nsu=${SIMULATOR_NAMESPACE};s=${id}`,
    component,
    quantity,
    phase,
    unit,
    vocabulary: 'raw',
  }));
}

function meterNode(id: string): OpcuaSourceOptions['nodes'][number] {
  return {
    node: `nsu=${SIMULATOR_NAMESPACE};s=${id}`,
    quantity: 'activePower',
    phase: 'total',
    unit: 'kW',
    vocabulary: 'raw',
  };
}

function valuesOf(poll: Poll): unknown[] {
  return poll.readings.map(({ value }) => value);
}

/** The first moment in a state at or after a time, a second inside it. */
function findMoment(fromMs: number, state: string): number {
  let wallMs = fromMs;
  while (load.momentAt(wallMs).state !== state || load.momentAt(wallMs + 1000).state !== state)
    wallMs += 1000;
  return wallMs + 1000;
}

/** What an operator does who has compared the thumbprints. */
function trustShown(pkiFolder: string): void {
  for (const name of readdirSync(join(pkiFolder, 'rejected')))
    renameSync(join(pkiFolder, 'rejected', name), join(pkiFolder, 'trusted', 'certs', name));
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Polls as an agent would, until one succeeds. */
async function eventually(driver: Driver): Promise<unknown[]> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return valuesOf(await driver.poll());
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** A network between driver and server that can lose everything without closing a connection. */
async function startNetwork(
  serverPort: number,
): Promise<{ port: number; swallow(all: boolean): void; close(): void }> {
  let swallows = false;
  const sockets = new Set<Socket>();
  const network = createServer((near) => {
    const far = connect(serverPort, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.on('data', (bytes) => {
        if (!swallows) to.write(bytes);
      });
    }
  });
  return {
    port: await listen(network),
    swallow: (all) => {
      swallows = all;
    },
    close: () => {
      network.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function listen(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
