import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { generateKeyPairSync } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { systemClock } from '../../../protocols/clock.ts';
import type { Driver } from '../../../protocols/driver.ts';
import { MillwattError } from '../../../protocols/errors.ts';
import { silentLog, type Log } from '../../../protocols/log.ts';
import { createOpcuaDriver } from '../../../protocols/opcua/opcua-driver.ts';
import type { OpcuaSourceOptions } from '../../../protocols/opcua/opcua-options.ts';
import { makeOwnCertificate } from '../../../protocols/opcua/trust/make-own-certificate.ts';
import type { MachineTruth } from '../../../protocols/simulator/machine-truth.ts';
import { SIMULATOR_NAMESPACE } from '../../../protocols/simulator/meter-nodes.ts';
import {
  startOpcuaMachine,
  type OpcuaMachine,
  type OpcuaMachineOptions,
} from '../../../protocols/simulator/opcua-machine.ts';
import { opcuaNode, opcuaSource } from './opcua-source.ts';

/** A machine that always does the same: what is tested here is who may talk to it. */
const TRUTH: MachineTruth = {
  moment: () => ({
    state: 'processing',
    production: 'Running',
    mode: 'Automatic',
    program: 'O1234',
    warmUp: false,
    partCount: 7,
    spindleSpeed: 4000,
  }),
  measure: (_, quantity) => (quantity === 'activePower' ? 4321 : 1),
};

/** What the meter of the machine says, kW. */
export const POWER_KW = 4.321;

/** A folder that goes when the test does. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-opcua-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What takes long is made once a file: the key of all machines, and the identity of all agents. */
const shared = mkdtempSync(join(tmpdir(), 'millwatt-opcua-shared-'));
afterAll(() => rmSync(shared, { recursive: true, force: true }));

/** Gives a machine the key of all; its certificate is its own. */
function lendServerKey(pkiFolder: string): void {
  const file = join(shared, 'server.pem');
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  }
  const wanted = join(pkiFolder, 'own', 'private', 'private_key.pem');
  mkdirSync(join(wanted, '..'), { recursive: true });
  if (!existsSync(wanted)) cpSync(file, wanted);
}

/** Gives an agent the identity of all, where it has none. */
async function lendIdentity(pkiFolder: string): Promise<void> {
  await makeOwnCertificate(shared);
  if (!existsSync(join(pkiFolder, 'own')))
    cpSync(join(shared, 'own'), join(pkiFolder, 'own'), { recursive: true });
}

/** A machine that ends with the test. */
export async function startMachine(over: Partial<OpcuaMachineOptions> = {}): Promise<OpcuaMachine> {
  const options: OpcuaMachineOptions = { name: 'mc1', port: 0, pkiFolder: makeFolder(), ...over };
  lendServerKey(options.pkiFolder);
  const machine = await startOpcuaMachine(options, TRUTH);
  onTestFinished(() => machine.close());
  return machine;
}

/** A driver that reads the power of such a machine, and what an agent would do with it. */
export async function makeDriver(
  pkiFolder: string,
  over: Partial<OpcuaSourceOptions>,
  log: Log = silentLog,
): Promise<{
  driver: Driver;
  refusal: () => Promise<MillwattError>;
  power: () => Promise<unknown>;
}> {
  await lendIdentity(pkiFolder);
  const driver = await createOpcuaDriver(
    opcuaSource({
      reading: 'read',
      nodes: [
        opcuaNode({
          node: `nsu=${SIMULATOR_NAMESPACE};s=Meter.ActivePower`,
          component: 'supply',
          quantity: 'activePower',
          unit: 'kW',
        }),
      ],
      ...over,
    }),
    { clock: systemClock, pkiFolder, log },
  );
  onTestFinished(() => driver.close());
  return {
    driver,
    refusal: async () => {
      const error: unknown = await driver.poll().catch((cause: unknown) => cause);
      if (error instanceof MillwattError) return error;
      throw new Error(`was not refused: ${JSON.stringify(error)}`);
    },
    power: async () => {
      // As an agent does: a refused connection is tried again after its pause.
      for (const deadline = Date.now() + 20_000; ;) {
        try {
          const { readings } = await driver.poll();
          const value = readings[0]?.value;
          if (value !== null && value !== undefined) return Number(value);
        } catch (error) {
          if (Date.now() > deadline) throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  };
}

/** Trusts every certificate that was turned away, as an operator does by hand who has compared the thumbprints. */
export function trustShown(pkiFolder: string): void {
  for (const name of readdirSync(join(pkiFolder, 'rejected')))
    renameSync(join(pkiFolder, 'rejected', name), join(pkiFolder, 'trusted', 'certs', name));
}

/** A wire that writes down what a client sends. */
export async function tapWire(serverPort: number): Promise<{ endpoint: string; sent: () => Buffer }> {
  const sent: Buffer[] = [];
  const sockets = new Set<Socket>();
  const wire = createServer((near) => {
    const far = connect(serverPort, '127.0.0.1');
    near.on('data', (bytes) => sent.push(bytes));
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => [near, far].forEach((one) => one.destroy()));
    }
  });
  await new Promise<void>((resolve) => {
    wire.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    wire.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    endpoint: `opc.tcp://127.0.0.1:${(wire.address() as AddressInfo).port}`,
    sent: () => Buffer.concat(sent),
  };
}
