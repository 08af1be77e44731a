import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { describeError } from '../errors.ts';
import { silentLog, type Log } from '../log.ts';
import { rawReadingOf } from '../modbus/profile/encode.ts';
import { canonicalScale, type DeviceProfile, type ProfilePoint } from '../modbus/profile/profile.ts';
import { multiply, rational, rationalOf, type Rational } from '../telemetry/unit.ts';
import { createLoadProfile, type LoadProfile } from './load-profile.ts';
import type { LoadComponent, MachineKind } from './load-shares.ts';
import { readMeter } from './machine-meter.ts';
import { createProfileBank } from './modbus-bank.ts';
import { startModbusServer, type RegisterBank } from './modbus-server.ts';
import type { MachineTruth } from './machine-space.ts';
import { startMtconnectAgent } from './mtconnect-agent.ts';
import { replayLog } from './mtconnect-content.ts';
import type { DeviceModel } from './mtconnect-devices.ts';
import type { RecordedLog } from './mtconnect-log.ts';
import { machineContent } from './mtconnect-machine.ts';
import type { OpcuaMachineOptions } from './opcua-machine.ts';
import type { RecurringTrouble } from './opcua-trouble.ts';
import type { Replay } from './replay.ts';

/** A simulated machine tool; meters that name it share its load. */
export interface SimulatedMachine {
  id: string;
  kind: MachineKind;
  ratedPowerW: number;
}

interface Listener {
  id: string;
  /** Default 127.0.0.1. */
  host?: string | undefined;
  /** 0 lets the system choose. */
  port: number;
}

/** A device on a socket: a meter of a machine, a machine that speaks for itself, or a recorded meter. */
export type SimulatedDevice =
  | (Listener & {
      type: 'modbus-meter';
      machine: string;
      component: LoadComponent;
      profile: DeviceProfile;
      /** Modbus unit id; meters of one port are units of one gateway. */
      unit: number;
      /** The serial number that it tells, where its profile has one; digits only where that is a number. */
      serial?: string | undefined;
    })
  | (Listener & {
      type: 'opcua-machine';
      machine: string;
      /** How it differs from a control that serves everyone, always. */
      control?: Pick<OpcuaMachineOptions, 'offers' | 'security' | 'limits' | 'user'> | undefined;
      troubles?: readonly RecurringTrouble[] | undefined;
    })
  | (Listener & {
      type: 'mtconnect-agent';
      /** A machine of the plant, or a recorded log with what it is of. */
      of: { machine: string } | { model: DeviceModel; log: RecordedLog };
      /** Observations that are kept. */
      bufferSize?: number | undefined;
    })
  | (Listener & { type: 'replay'; profile: DeviceProfile; unit: number; replay: Replay });

/** A plant to simulate. */
export interface SimulationOptions {
  /** The same seed gives the same plant for ever. */
  seed: number | string;
  /** Simulated time. */
  clock: Clock;
  /** Local time of the plant minus UTC, ms; shifts follow it. Default 0. */
  zoneOffsetMs?: number;
  machines: readonly SimulatedMachine[];
  devices: readonly SimulatedDevice[];
  /** Folder for the certificates of OPC UA machines. */
  dataFolder: string;
  log?: Log;
}

/** Where a device of the running simulation is reached. */
export type SimulatedEndpoint =
  | { id: string; protocol: 'modbus-tcp'; host: string; port: number; unit: number }
  | {
      id: string;
      protocol: 'opcua';
      endpoint: string;
      /** SHA-256 of the certificate it starts with, hex: what a control shows on its screen. */
      thumbprint: string;
      host: string;
      port: number;
    }
  | { id: string; protocol: 'mtconnect'; url: string; host: string; port: number };

/** A running plant. */
export interface Simulation {
  readonly endpoints: readonly SimulatedEndpoint[];
  /** The load behind each machine, for whoever wants to compare. */
  readonly loads: ReadonlyMap<string, LoadProfile>;
  close(): Promise<void>;
}

/**
 * Starts every device of a plant on real sockets. Values are functions of (seed, simulated time), so a plant that is
 * started again continues. When one device cannot start, those already started are closed and its error is thrown.
 */
export async function startSimulation(options: SimulationOptions): Promise<Simulation> {
  const { clock, seed, zoneOffsetMs = 0, log = silentLog } = options;
  const loads = new Map(
    options.machines.map(({ id, kind, ratedPowerW }) => [
      id,
      createLoadProfile({ seed: `${seed}/${id}`, kind, ratedPowerW, zoneOffsetMs }),
    ]),
  );
  const loadOf = (machine: string): LoadProfile => {
    const load = loads.get(machine);
    if (load === undefined) throw new RangeError(`no machine ${machine} in the simulation`);
    return load;
  };
  const endpoints: SimulatedEndpoint[] = [];
  const running: { close(): Promise<void> }[] = [];
  const close = async () => {
    await Promise.all(running.splice(0).map((server) => server.close()));
  };
  try {
    for (const gateway of groupByGateway(options.devices)) {
      const units = new Map(gateway.devices.map((device) => [device.unit, bankOf(device, loadOf, clock)]));
      const server = await startModbusServer({ host: gateway.host, port: gateway.port, units, log });
      running.push(server);
      for (const { id, unit } of gateway.devices)
        endpoints.push({ id, protocol: 'modbus-tcp', host: gateway.host, port: server.port, unit });
    }
    for (const device of options.devices) {
      if (device.type !== 'mtconnect-agent') continue;
      const { id, of, host = '127.0.0.1', port, bufferSize } = device;
      const content =
        'machine' in of
          ? machineContent(of.machine, loadOf(of.machine), clock.wallMs())
          : replayLog(of.model, of.log);
      const agent = await startMtconnectAgent({ content, clock, host, port, bufferSize, log });
      running.push(agent);
      endpoints.push({ id, protocol: 'mtconnect', url: agent.url, host, port: agent.port });
    }
    for (const device of options.devices) {
      if (device.type !== 'opcua-machine') continue;
      const host = device.host ?? '127.0.0.1';
      const server = await startMachine(
        device,
        host,
        truthOf(loadOf(device.machine), clock),
        options.dataFolder,
        log,
      );
      running.push(server);
      endpoints.push({
        id: device.id,
        protocol: 'opcua',
        endpoint: server.endpoint,
        thumbprint: server.thumbprint,
        host,
        port: server.port,
      });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { endpoints, loads, close };
}

type RegisterDevice = Extract<SimulatedDevice, { unit: number }>;

interface Gateway {
  host: string;
  port: number;
  devices: RegisterDevice[];
}

/** Devices of one host and port answer as units of one gateway; with port 0 each gets a port of its own. */
function groupByGateway(devices: readonly SimulatedDevice[]): Gateway[] {
  const gateways: Gateway[] = [];
  for (const device of devices) {
    if (!('unit' in device)) continue;
    const { host = '127.0.0.1', port } = device;
    const shared = gateways.find((gateway) => port !== 0 && gateway.host === host && gateway.port === port);
    if (shared === undefined) gateways.push({ host, port, devices: [device] });
    else shared.devices.push(device);
  }
  return gateways;
}

function bankOf(
  device: RegisterDevice,
  loadOf: (machine: string) => LoadProfile,
  clock: Clock,
): RegisterBank {
  if (device.type === 'replay') return device.replay.bank(device.profile);
  const load = loadOf(device.machine);
  return createProfileBank(
    device.profile,
    (point) => {
      const value = readMeter(load, device.component, point, clock.wallMs());
      return value === null ? null : rawReadingOf(point, value, scaleOf(point, load));
    },
    device.serial === undefined ? {} : { details: { serial: device.serial } },
  );
}

/** A drive that shows percent has the rating of its machine. */
function scaleOf(point: ProfilePoint, load: LoadProfile): Rational {
  return point.scaleFrom === 'rated-power'
    ? multiply(rationalOf(point.scale), multiply(rationalOf(load.ratedPowerW), rational(1n, 100n)))
    : canonicalScale(point);
}

function truthOf(load: LoadProfile, clock: Clock): MachineTruth {
  return {
    moment: () => load.momentAt(clock.wallMs()),
    measure: (component, quantity, phase) => readMeter(load, component, { quantity, phase }, clock.wallMs()),
  };
}

/** OPC UA is loaded only when a machine speaks it: it takes a second and 150 MB. */
async function startMachine(
  device: Extract<SimulatedDevice, { type: 'opcua-machine' }>,
  host: string,
  truth: MachineTruth,
  dataFolder: string,
  log: Log,
): Promise<{ endpoint: string; thumbprint: string; port: number; close(): Promise<void> }> {
  const { startOpcuaMachine } = await import('./opcua-machine.ts');
  const { id, machine: name, port, control = {}, troubles = [] } = device;
  const pkiFolder = join(dataFolder, `pki-${id}`);
  const machine = await startOpcuaMachine({ name, host, port, pkiFolder, ...control }, truth);
  const { startTroubles } = await import('./opcua-trouble.ts');
  const running = startTroubles(machine, troubles, (trouble, failure) => {
    if (failure === undefined) log.info({ device: id, trouble }, 'The simulated control is troubled');
    else log.warn({ device: id, trouble, error: describeError(failure) }, 'The trouble went wrong');
  });
  return {
    endpoint: machine.endpoint,
    thumbprint: machine.thumbprint,
    port: machine.port,
    close: async () => {
      await running.stop();
      await machine.close();
    },
  };
}
