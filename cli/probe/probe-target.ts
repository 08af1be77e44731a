import { loadProfile, type LoadedProfile } from '../../config/library/profile-library.ts';
import { systemClock } from '../../protocols/clock.ts';
import type { Driver } from '../../protocols/driver.ts';
import { MillwattError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import { createModbusClient } from '../../protocols/modbus/connect.ts';
import { describeEndpoint, type ModbusEndpoint, type Parity } from '../../protocols/modbus/endpoint.ts';
import { identifyDevice } from '../../protocols/modbus/scan/identify.ts';
import { listSuspects } from '../../protocols/modbus/scan/identify-suspects.ts';
import { IdentifyTalk } from '../../protocols/modbus/scan/identify-talk.ts';
import { createModbusDriver } from '../../protocols/modbus/modbus-driver.ts';
import { pointName, type DeviceProfile } from '../../protocols/modbus/profile/profile.ts';
import { parseNumbers, parseScanTarget, usageError } from '../../protocols/modbus/scan/scan-target.ts';
import { parseParities } from '../scan/scan-command.ts';
import { checkProfileFolder, readAllProfiles } from '../scan/scan-profiles.ts';

/** What of the command line names a device that no configuration knows. */
export interface ProbeTargetOptions {
  profile?: string;
  unit?: string;
  baud?: string;
  parity?: string;
  profiles?: string;
}

/** A driver of a device at an address, and what to know of its values, by channel id. */
export interface ProbeTarget {
  driver: Driver;
  notes: ReadonlyMap<string, string>;
}

const TIMEOUT_MS = 1000;
const EVERY_MS = 1000;

/**
 * Every point and status word of one device, without a configuration. Without a profile the device is identified first.
 * Scales that only the operator knows are taken as 1, and a rated power as 100 W, so that percent stay percent; `notes`
 * say so.
 */
export async function openProbeTarget(
  text: string,
  options: ProbeTargetOptions,
  log: Log,
): Promise<ProbeTarget> {
  const unit = parseOne(options.unit, 'unit id', 0, 255) ?? 1;
  checkProfileFolder(options.profiles);
  const given = options.profile === undefined ? undefined : loadProfile(options.profile, options.profiles);
  const endpoint = endpointOf(text, options, given?.profile);
  const { profile, sha256 } = given ?? (await recognise(endpoint, unit, options.profiles));
  const component = profile.kind;
  const open = profile.points.filter(({ scaleFrom }) => scaleFrom !== undefined);
  const driver = createModbusDriver({
    source: {
      id: 'probe',
      machine: 'probe',
      component,
      endpoint,
      unit,
      read: [...profile.points.map(pointName), ...profile.statuses.map(({ status }) => status)],
      addressOffset: 0,
      timeout: TIMEOUT_MS,
      every: EVERY_MS,
      scales: Object.fromEntries(
        open.filter(({ scaleFrom }) => scaleFrom === 'operator').map((point) => [pointName(point), '1']),
      ),
      ratedPowerW: 100,
    },
    profile,
    profileSha256: sha256,
    clock: systemClock,
    log,
  });
  const notes = open.map((point): [string, string] => [
    `probe.${component}.${point.quantity}.${point.phase}`.replace(/\.total$/, ''),
    point.scaleFrom === 'operator'
      ? `no source states its scale; shown as if one count were 1 ${point.unit}: compare it with the display`
      : 'shown in percent: the device tells it so, and its rated power is not known here',
  ]);
  return { driver, notes: new Map(notes) };
}

function endpointOf(
  text: string,
  options: ProbeTargetOptions,
  profile: DeviceProfile | undefined,
): ModbusEndpoint {
  const target = parseScanTarget(text, { network: true, isPublicAllowed: true, isProbe: true });
  if (target.kind !== 'serial' && (options.baud !== undefined || options.parity !== undefined))
    throw usageError(
      `${text} is no serial port, so it has no baud rate and parity.`,
      'Leave --baud and --parity out.',
    );
  switch (target.kind) {
    case 'network':
      throw usageError(
        `${text} is a network; a probe looks at one device.`,
        `Run: millwatt scan ${text} --network`,
      );
    case 'host':
      return { transport: target.transport, host: target.host, port: target.port };
    case 'serial':
      return {
        transport: 'rtu',
        path: target.path,
        baudRate: parseOne(options.baud, 'baud rate', 300, 921_600) ?? profile?.serial?.baudRate ?? 9600,
        parity: parseParity(options.parity) ?? profile?.serial?.parity ?? 'none',
        stopBits: profile?.serial?.stopBits ?? 1,
      };
  }
}

/** A probe looks at one device: of one number. */
function parseOne(text: string | undefined, what: string, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const [number, ...others] = parseNumbers(text, what, least, most);
  if (others.length > 0) throw oneOnly(text, what);
  return number;
}

function parseParity(text: string | undefined): Parity | undefined {
  const [parity, ...others] = text === undefined ? [] : parseParities(text);
  if (text !== undefined && others.length > 0) throw oneOnly(text, 'parity');
  return parity;
}

function oneOnly(text: string, what: string): MillwattError {
  return usageError(`${JSON.stringify(text)} is more than one ${what}.`, 'A probe looks at one device.');
}

/** The profile of a device that only one fits; throws an error that names what it may be otherwise. */
async function recognise(
  endpoint: ModbusEndpoint,
  unit: number,
  folder: string | undefined,
): Promise<LoadedProfile> {
  const where = `${describeEndpoint(endpoint)} unit ${unit}`;
  const client = createModbusClient(endpoint);
  try {
    const talk = new IdentifyTalk({ client, unit, timeoutMs: TIMEOUT_MS, turn: () => Promise.resolve() });
    const presence = await talk.askPresence();
    if (presence !== 'present')
      throw (
        talk.lastError ??
        new MillwattError('retry', 'absent', `The gateway finds no ${where}.`, {
          cure: 'Check the unit id, and the wiring and serial settings behind the gateway.',
        })
      );
    const { candidates } = await identifyDevice(talk, listSuspects(readAllProfiles(folder)));
    const [first] = candidates;
    if (first !== undefined && first.certainty !== 'possible') return loadProfile(first.profile.id, folder);
    const ids = candidates.filter(({ rank }) => rank === 1).map(({ profile }) => profile.id);
    throw usageError(
      ids.length === 0
        ? `${where} is a Modbus device, but no profile fits what it shows.`
        : `${where} fits ${ids.join(', ')}; the nameplate tells which.`,
      `Name it, for example --profile ${ids[0] ?? 'siemens/sinamics-g120'}; \`millwatt profiles\` lists all.`,
    );
  } finally {
    client.close();
  }
}
