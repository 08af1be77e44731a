import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startAgent } from '../../agent/agent.ts';
import { buildCollector } from '../../cli/build-collector.ts';
import { buildDrivers } from '../../cli/build-drivers.ts';
import { loadAgentConfig, loadCollectorConfig } from '../../config/load.ts';
import { loadProfile } from '../../config/library/profile-library.ts';
import { systemClock } from '../../protocols/clock.ts';
import { silentLog } from '../../protocols/log.ts';
import { pointName } from '../../protocols/modbus/profile/profile.ts';
import { connectLink } from '../../protocols/mqtt/mqtt-link.ts';
import { createProfileBank } from '../../protocols/simulator/modbus-bank.ts';
import { startRtuServer } from '../../protocols/simulator/modbus-rtu-server.ts';
import { startModbusServer, type RegisterBank } from '../../protocols/simulator/modbus-server.ts';
import { createAuthority } from '../support/certificates.ts';
import { findFreePort } from '../support/mosquitto.ts';
import { openSerialPair } from '../support/serial-pair.ts';
import { requireTool } from '../support/tools.ts';
import { eventually } from './millwatt-process.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** An SDM630 that tells its own power in W and ten times that as its energy in kWh. */
function meterOf(powerW: number): RegisterBank {
  const { profile } = loadProfile('eastron/sdm630');
  return createProfileBank(profile, (point) =>
    pointName(point) === 'activePower'
      ? powerW
      : point.quantity === 'voltage'
        ? 230
        : point.quantity.startsWith('activeEnergy')
          ? powerW * 10
          : 1,
  );
}

const socat = requireTool('socat');
const openssl = requireTool('openssl');

test.skipIf(socat === undefined || openssl === undefined)(
  'an agent reads meters on a serial port, behind a device server and over TLS, each value of its own meter, and delivers them',
  { timeout: 90_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-lines-'));
    closers.push(() => rmSync(folder, { recursive: true, force: true }));
    const pair = await openSerialPair();
    closers.push(() => pair.close());
    const format = { baudRate: 19_200, parity: 'even', stopBits: 1 } as const;
    const serial = await startRtuServer({
      at: { path: pair.far, ...format },
      units: new Map([
        [1, meterOf(1001)],
        [2, meterOf(1002)],
      ]),
    });
    closers.push(() => serial.close());
    const deviceServer = await startRtuServer({
      at: { host: '127.0.0.1', port: 0 },
      units: new Map([[1, meterOf(1003)]]),
    });
    closers.push(() => deviceServer.close());
    const authority = createAuthority(openssl ?? '', 'plant-ca');
    closers.push(() => authority.dispose());
    const [meter, own] = [
      authority.issue({ names: 'IP:127.0.0.1' }),
      authority.issue({ commonName: 'agent' }),
    ];
    const secured = await startModbusServer({
      host: '127.0.0.1',
      port: 0,
      units: new Map([[1, meterOf(1004)]]),
      tls: { ...meter, ca: authority.cert, requestCert: true },
    });
    closers.push(() => secured.close());
    writeFileSync(join(folder, 'ca.pem'), authority.cert);
    writeFileSync(join(folder, 'agent.pem'), own.cert);
    writeFileSync(join(folder, 'agent.key'), own.key, { mode: 0o600 });

    const brokerPort = await findFreePort();
    const port = realpathSync(pair.near);
    const file = join(folder, 'agent.yaml');
    writeFileSync(
      file,
      `site: plant-1
agent: gateway-1
data: ./agent
broker: { url: "mqtt://127.0.0.1:${brokerPort}" }
sources:
  - { id: one, protocol: modbus-rtu, serialPort: ${port}, baudRate: 19200, parity: even, unit: 1, profile: eastron/sdm630, machine: m1, every: 200ms,
      slower: [{ every: 500ms, read: [voltage.l1, voltage.l2, voltage.l3] }] }
  - { id: two, protocol: modbus-rtu, serialPort: ${port}, unit: 2, profile: eastron/sdm630, machine: m2, every: 500ms, read: [activePower] }
  - { id: three, protocol: modbus-rtu-over-tcp, host: 127.0.0.1, port: ${deviceServer.port}, profile: eastron/sdm630, machine: m3, every: 500ms, read: [activePower, activeEnergyImport] }
  - { id: four, protocol: modbus-tcp, host: 127.0.0.1, port: ${secured.port}, tls: { ca: ca.pem, cert: agent.pem, key: agent.key }, profile: eastron/sdm630, machine: m4, every: 500ms }
`,
    );
    const collectorFile = join(folder, 'collector.yaml');
    writeFileSync(
      collectorFile,
      `site: plant-1
data: ./collector
broker: { embedded: { port: ${brokerPort} } }
http: { port: ${await findFreePort()} }
machines:
${['m1', 'm2', 'm3', 'm4'].map((id) => `  - { id: ${id}, name: ${id}, ratedPower: 5kW }\n`).join('')}`,
    );
    const collector = await buildCollector(loadCollectorConfig(collectorFile).config, {
      folder,
      clock: systemClock,
      log: silentLog,
      simulated: false,
    });
    closers.push(() => collector.stop());
    const { config, warnings } = loadAgentConfig(file);
    expect(warnings).toEqual([]);
    const dataFolder = join(folder, 'agent');
    const drivers = await buildDrivers(config, { folder, dataFolder, clock: systemClock, log: silentLog });
    expect(drivers.map(({ description }) => [description.id, description.everyMs])).toEqual([
      ['one', 200],
      ['one-500ms', 500],
      ['two', 500],
      ['three', 500],
      ['four', 500],
    ]);
    const agent = await startAgent({
      config,
      dataFolder,
      drivers,
      connect: connectLink,
      clock: systemClock,
      log: silentLog,
      version: 'test',
    });
    closers.push(() => agent.stop());
    await eventually(
      () => agent.stats().sources.every(({ polls, failures }) => polls - failures >= 5),
      'every source was read five times',
    );
    agent.sealNow();
    await eventually(() => {
      const { samples } = agent.stats();
      return samples.receipted > 0 && samples.dropped === 0;
    }, 'what was read is receipted');
    const powers = await eventually(async () => {
      const response = await fetch(`${collector.url}/api/v1/machines`);
      const { machines } = (await response.json()) as { machines: { id: string; powerW?: number | null }[] };
      const found = Object.fromEntries(machines.map(({ id, powerW }) => [id, powerW ?? null]));
      return Object.values(found).every((powerW) => powerW !== null) && found;
    }, 'every machine has a live power');
    expect(powers).toEqual({ m1: 1001, m2: 1002, m3: 1003, m4: 1004 });
  },
);
