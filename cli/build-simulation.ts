import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { loadProfile } from '../config/library/profile-library.ts';
import {
  zoneOffsetMs,
  type SimulatedDeviceConfig,
  type SimulationConfig,
} from '../config/simulation-config.ts';
import type { Clock } from '../protocols/clock.ts';
import { MillwattError } from '../protocols/errors.ts';
import type { Log } from '../protocols/log.ts';
import { readDevices } from '../protocols/simulator/mtconnect-devices.ts';
import { beginningOf, moveLog, readRecordedLog } from '../protocols/simulator/mtconnect-log.ts';
import { startSimulation, type SimulatedDevice, type Simulation } from '../protocols/simulator/plant.ts';
import { resolveSecret } from './secrets.ts';
import { parseRecording } from '../protocols/simulator/recording.ts';
import { createReplay } from '../protocols/simulator/replay.ts';

/** Starts the plant that a configuration describes. */
export async function buildSimulation(
  config: SimulationConfig,
  around: { folder: string; dataFolder: string; clock: Clock; log: Log },
): Promise<Simulation> {
  const { dataFolder, clock, log } = around;
  return startSimulation({
    seed: config.seed,
    clock,
    zoneOffsetMs: zoneOffsetMs(config.zoneOffset),
    machines: config.machines.map(({ id, kind, ratedPower }) => ({ id, kind, ratedPowerW: ratedPower })),
    devices: config.devices.map((device) => deviceOf(device, config, around)),
    dataFolder,
    log,
  });
}

function deviceOf(
  device: SimulatedDeviceConfig,
  config: SimulationConfig,
  { folder, clock, log }: { folder: string; clock: Clock; log: Log },
): SimulatedDevice {
  const { id, host, port } = device;
  switch (device.type) {
    case 'opcua-machine':
      return opcuaMachineOf(device, folder);
    case 'mtconnect-agent': {
      const { machine, file = '', devices = '', bufferSize } = device;
      const agent = { type: 'mtconnect-agent', id, host, port, bufferSize } as const;
      if (machine !== undefined) return { ...agent, of: { machine } };
      const model = readDevices(readRecording(resolve(folder, devices)));
      const recorded = readRecordedLog(readRecording(resolve(folder, file)), model, device.device);
      const { unreadable, undeclared } = recorded;
      if (unreadable.length > 0 || undeclared > 0)
        log.warn(
          { id, file, undeclared, unreadable: unreadable.slice(0, 20) },
          'Parts of the recorded log are left out: items that the device file does not declare, or lines that cannot be read.',
        );
      const { begin } = device;
      const seconds = begin === undefined ? 0 : Math.ceil((begin - beginningOf(recorded)) / 1000);
      return { ...agent, of: { model, log: moveLog(recorded, seconds) } };
    }
    case 'modbus-meter':
      return {
        type: 'modbus-meter',
        id,
        host,
        port,
        unit: device.unit,
        machine: device.machine,
        component: device.component,
        profile: profileOf(device.profile, folder),
      };
    case 'replay': {
      const replay = createReplay(
        {
          recording: parseRecording(readRecording(resolve(folder, device.file)), {
            timeColumn: device.timeColumn,
            zoneOffset: device.zoneOffset ?? config.zoneOffset,
          }),
          maxHoldMs: device.maxHold,
          columns: device.columns,
        },
        clock,
      );
      return {
        type: 'replay',
        id,
        host,
        port,
        unit: device.unit,
        profile: profileOf(device.profile, folder),
        replay,
      };
    }
  }
}

function opcuaMachineOf(
  device: Extract<SimulatedDeviceConfig, { type: 'opcua-machine' }>,
  folder: string,
): SimulatedDevice {
  const { type, id, host, port, machine, offers, filler, policies, username, limits, troubles } = device;
  const password = resolveSecret(device.password, folder);
  return {
    type,
    id,
    host,
    port,
    machine,
    control: {
      offers: { ...Object.fromEntries(offers.map((offer) => [offer, true])), filler },
      security: { policies },
      limits: definedOf(limits),
      ...(username === undefined || password === undefined ? {} : { user: { name: username, password } }),
    },
    troubles: troubles.map(({ kind, every, lasts }) => ({ kind, everyMs: every, lastsMs: lasts })),
  };
}

/** Limits that were written; the others are the server's own. */
function definedOf(limits: Record<string, number | undefined>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(limits).flatMap(([name, limit]) => (limit === undefined ? [] : [[name, limit] as const])),
  );
}

function profileOf(id: string, folder: string) {
  return loadProfile(id, join(folder, 'profiles')).profile;
}

function readRecording(path: string): string {
  try {
    const bytes = readFileSync(path);
    return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (cause) {
    throw new MillwattError('refuse', 'no-recording', `The recording ${path} cannot be read.`, {
      cure: 'Check the name; it is relative to the configuration file.',
      cause,
    });
  }
}
