import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StatusCodes } from 'node-opcua';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../protocols/clock.ts';
import type { ChannelReading, Driver, Poll } from '../../../protocols/driver.ts';
import { OPCUA_READINGS, type OpcuaSourceOptions } from '../../../protocols/opcua/opcua-options.ts';
import { checkConfig } from '../../../config/check.ts';
import { startMillwatt } from '../../e2e/millwatt-process.ts';
import { awaitUntil } from '../../protocols/mqtt/await-until.ts';
import { requireTool } from '../../support/tools.ts';
import { LIBRARIES, startForeign, type ForeignServer } from './foreign-server.ts';
import {
  energyWh,
  measured,
  METER,
  openDriver,
  POWER_AND_ENERGY,
  powerWith,
  sourceOf,
  TICK_MS,
  word,
} from './opcua-source.ts';
import { trustRejected } from './operator.ts';
import { pollUntil, pollUntilFailed, valuesOf } from './patient-polls.ts';

const tools = { asyncua: requireTool('asyncua'), milo: requireTool('milo') && requireTool('java') };
const USER = { name: 'energy', password: 'only-reads' };
/** How old a value may be when it is read: one interval to sample, one to publish, and a busy computer. */
const AGE_MS_MAX = 2500;

const folder = mkdtempSync(join(tmpdir(), 'millwatt-interop-opcua-'));
const pkiFolder = join(folder, 'pki');
const drivers: Driver[] = [];
afterAll(async () => {
  await Promise.all(drivers.map((driver) => driver.close()));
  rmSync(folder, { recursive: true, force: true });
});

describe.each(LIBRARIES)('what %s serves', (library) => {
  const missing = tools[library] === undefined;
  let open: ForeignServer;
  let guarded: ForeignServer;

  beforeAll(async () => {
    if (missing) return;
    const originMs = Date.now() - 3_600_000;
    [open, guarded] = await Promise.all([
      startForeign(library, {
        folder: join(folder, `${library}-open`),
        originMs,
        security: ['None', 'Basic256Sha256', 'Aes256_Sha256_RsaPss'],
        machineTool: true,
      }),
      startForeign(library, {
        folder: join(folder, `${library}-guarded`),
        originMs,
        security: ['Basic256Sha256', 'Aes256_Sha256_RsaPss'],
        user: USER,
      }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([open?.close(), guarded?.close()]);
  });

  const opened = async (over: Partial<OpcuaSourceOptions>, server = open) => {
    const made = await openDriver(sourceOf({ endpoint: server.endpoint, ...over }), { pkiFolder });
    drivers.push(made.driver);
    return made;
  };

  it.skipIf(missing).each(OPCUA_READINGS)('every kind of value is read exactly, by %s', async (reading) => {
    const { driver, words } = await opened({
      allowInsecure: true,
      reading,
      nodes: [
        ...POWER_AND_ENERGY,
        measured('Huge', 'activeEnergyImport', 'Wh', 'cabinet'),
        measured('Voltage', 'voltage', 'V'),
        measured('Speed', 'rotationalSpeed', '1/min', 'spindle'),
        word('Program', 'program'),
        word('Mode', 'mode'),
        word('Door', 'emergencyStop'),
      ],
    });
    const poll = await pollUntil(driver, (readings) => readings.every(isGood));
    expectTruth(poll, open.originMs);
    expect(valuesOf(poll).slice(2)).toEqual([9_007_199_254_740_993n, 230.1, -1500]);
    await awaitUntil('the words are told', () => words.size === 3);
    expect(Object.fromEntries(words)).toEqual({
      'mill.control.program': 'O1000',
      'mill.control.mode': 'AUTO',
      'mill.control.emergencyStop': true,
    });
    await driver.close();
  });

  it.skipIf(missing).each(OPCUA_READINGS)('one bad node leaves the others alone, by %s', async (reading) => {
    const fragile = measured('Fragile', 'frequency', 'Hz');
    const { driver } = await opened({
      allowInsecure: true,
      reading,
      nodes: [fragile, measured('No.Such', 'current', 'A'), ...POWER_AND_ENERGY],
    });
    const shows = (value: unknown) =>
      pollUntil(
        driver,
        ([first, , power]) => first?.value === value && power?.value !== null && power !== undefined,
      );
    await shows(50);
    await open.order({ do: 'status', node: 'Fragile', code: StatusCodes.BadSensorFailure.value });
    expect((await shows(null)).readings.map(({ quality }) => quality)).toEqual([
      'bad',
      'bad',
      'good',
      'good',
    ]);
    await open.order({ do: 'status', node: 'Fragile', code: 0 });
    await shows(50);
    await driver.close();
  });

  it.skipIf(missing).each(OPCUA_READINGS)('behind security and a login, by %s', async (reading) => {
    const login = { username: USER.name, password: USER.password };
    const over = { reading, nodes: POWER_AND_ENERGY };
    const first = await opened({ ...over, ...login }, guarded);
    if (reading === OPCUA_READINGS[0]) {
      const refusal = await pollUntilFailed(first.driver, ({ code }) => code === 'untrusted');
      expect(refusal.message).toMatch(/is not trusted yet\./);
      expect(refusal.cure).toMatch(/millwatt trust add/);
      trustRejected(pkiFolder);
    }
    for (const securityPolicy of ['best', 'Basic256Sha256', 'Aes256_Sha256_RsaPss'] as const) {
      const { driver } = await opened({ ...over, ...login, securityPolicy }, guarded);
      const poll = await pollUntil(driver, (readings) => readings.every(isGood));
      expectTruth(poll, guarded.originMs);
      await driver.close();
    }
    const wrong = await opened({ ...over, username: USER.name, password: 'a-guess' }, guarded);
    const refusal = await pollUntilFailed(wrong.driver, ({ code }) => code === 'exception');
    expect(refusal.message).toMatch(/does not accept the login/);
    expect(`${String(refusal)} ${refusal.cure}`).not.toContain('a-guess');
    await first.driver.close();
    await wrong.driver.close();
  });

  it.skipIf(missing)('an agent whose certificate the server does not trust is told so', async () => {
    await guarded.order({ do: 'stop' });
    await guarded.order({ do: 'start', stranger: true });
    const login = { username: USER.name, password: USER.password };
    const { driver } = await opened({ nodes: POWER_AND_ENERGY, ...login }, guarded);
    // Milo breaks off and says nothing that our library hands on.
    const code = library === 'milo' ? 'closed' : 'untrusted';
    const refusal = await pollUntilFailed(driver, (failure) => failure.code === code);
    expect(refusal.cure).toMatch(/certificate.+opcua-pki\/own/s);
    await driver.close();
  });

  it.skipIf(missing)('a unit that is not configured is the one that the server names', async () => {
    const { driver } = await opened({
      allowInsecure: true,
      nodes: [
        measured('Power', 'activePower', undefined),
        measured('Energy', 'activeEnergyImport', undefined),
      ],
    });
    const poll = await pollUntil(driver, (readings) => readings.length === 2 && readings.every(isGood));
    expectTruth(poll, open.originMs);
    expect(driver.channels.map((channel) => channel.kind === 'measured' && channel.scale)).toEqual([
      ['1', '1'],
      ['1', '1'],
    ]);
    await driver.close();
  });

  it.skipIf(missing)('a machine tool is found and followed', async () => {
    const { driver, words } = await opened({ allowInsecure: true, model: 'machinetool' });
    await pollUntil(driver, () => true);
    const spoken = () => Object.fromEntries(words);
    await awaitUntil('six words are told', () => words.size >= 6);
    // States by number or by the id of their state where there is one, which is the same in every language.
    expect(spoken()).toMatchObject({
      'mill.control.execution': 1,
      'mill.control.itemState': 'Executing',
      'mill.control.mode': 1,
      'mill.control.warmUp': false,
      'mill.control.program': 'O1000',
      'mill.control.partCount': 17,
    });
    await open.order({
      do: 'tell',
      words: { state: 'Interrupted', item: 'OutOfService', mode: 2, warmUp: true, parts: 18 },
    });
    const changed = {
      'mill.control.execution': 3,
      'mill.control.itemState': 'OutOfService',
      'mill.control.mode': 2,
      'mill.control.warmUp': true,
      'mill.control.partCount': 18,
      'mill.control.program': 'O1000',
    };
    await awaitUntil('all changes are told', () =>
      Object.entries(changed).every(([channel, value]) => words.get(channel) === value),
    );
    const back = { state: 'Running', item: 'Executing', mode: 1, warmUp: false, parts: 17 } as const;
    await open.order({ do: 'tell', words: back });
    await driver.close();
  });

  it.skipIf(missing)('millwatt browse shows it all, and what it prints can be pasted', async () => {
    const browse = startMillwatt(['browse', open.endpoint, '--security', 'none']);
    expect(await browse.exited).toBe(0);
    const output = browse.output();
    expect(output).toContain('mill, model machinetool');
    expect(output).toContain('umati/ProductionState');
    const [, fragment] = output.split('To paste below sources: in agent.yaml\n');
    expect(fragment).toContain(`nsu=${METER};s=Energy`);
    const text = `site: pune\nagent: gw1\nbroker: { url: "mqtt://127.0.0.1:1883" }\nsources:\n${fragment}\n`;
    expect(
      checkConfig(text, 'agent.yaml', 'agent').findings.filter(({ severity }) => severity === 'error'),
    ).toEqual([]);
  });
});

const isGood = ({ value, quality }: ChannelReading) => value !== null && quality === 'good';

/** Power and counter, the first two readings, are what the server had at most so long ago. */
function expectTruth(poll: Poll, originMs: number): void {
  const [power, shownWh] = valuesOf(poll).map(Number);
  const nowMs = Date.now() - systemClock.monotonicMs() + poll.atMs;
  expect(shownWh).toBeLessThanOrEqual(energyWh(nowMs + poll.roundTripMs, originMs));
  expect(shownWh).toBeGreaterThanOrEqual(energyWh(nowMs - AGE_MS_MAX, originMs));
  const likely = Array.from({ length: (2 * AGE_MS_MAX) / TICK_MS }, (_, ticks) =>
    powerWith((shownWh ?? 0) + ticks - AGE_MS_MAX / TICK_MS),
  );
  expect(likely).toContain(power);
}
