import type { Clock } from '../clock.ts';
import type { Driver, Poll, RequestTrace, SourceTrace, StatusReport } from '../driver.ts';
import { MillwattError } from '../errors.ts';
import { silentLog, type Log } from '../log.ts';
import type { Channel } from '../telemetry/channel.ts';
import type { SourceDescription } from '../telemetry/snapshot.ts';
import { channelOf, statusChannelOf } from './device/device-channel.ts';
import { describeSource } from './device/device-description.ts';
import { FactorWatch } from './device/device-factor-watch.ts';
import { IdentityWatch } from './device/device-identity.ts';
import { DeviceReads } from './device/device-reads.ts';
import { StatusChanges } from './device/device-status.ts';
import { DeviceTalk, type Reach } from './device/device-talk.ts';
import { DeviceValues } from './device/device-values.ts';
import { ModbusLines } from './line/line.ts';
import { pausedError } from './modbus-error.ts';
import type { DeviceProfile } from './profile/profile.ts';
import { costOfEndpoint } from './plan/read-cost.ts';
import type { ModbusSource } from './source.ts';
import { choosePoints, chooseStatuses } from './profile/wanted-points.ts';

/** Connections of this process; drivers of units behind one gateway find each other here. */
const sharedLines = new ModbusLines();

/**
 * The driver of one meter or drive over Modbus. A poll reads every wanted value with the cheapest requests the profile
 * allows, in turn with the other devices on its line; what the device refuses is left out, told, and asked for again
 * daily. A device that fails is left in peace for a while (`pausedMs`). Throws an error of class `refuse` where the
 * profile lacks what is wanted, a scale is missing or stated twice, or the line is held with other settings.
 * @param options.lines connections to share; by default those of the process
 */
export function createModbusDriver(options: {
  source: ModbusSource;
  profile: DeviceProfile;
  /** SHA-256 of the profile's file, base64url. */
  profileSha256: string;
  clock: Clock;
  log?: Log;
  lines?: ModbusLines;
}): Driver {
  const { source, clock, log = silentLog } = options;
  const profile = { ...options.profile, wordOrder: source.wordOrder ?? options.profile.wordOrder };
  const points = choosePoints(profile, source.read, source.id, source);
  const statuses = chooseStatuses(profile, source.read);
  const channels = points.map((point) => channelOf(profile, point, source));
  const statusChannels = statuses.map((status) => statusChannelOf(profile, status, source));
  const description = describeSource(source, profile, options.profileSha256);
  const shift = source.addressOffset;
  const values = new DeviceValues({ profile, points, statuses, channels, statusChannels, shift });
  const cost = costOfEndpoint(source.endpoint, profile.timing.guardMs);
  const reads = new DeviceReads({ source: source.id, profile, values, cost, shift, clock, log });
  const line = (options.lines ?? sharedLines).acquire(source.endpoint, profile.timing);
  return new ModbusDriver({
    description,
    channels: [...channels, ...statusChannels],
    reach: {
      line,
      unit: source.unit,
      timeoutMs: Math.max(source.timeout, profile.timing.minTimeoutMs),
      where: description.address,
    },
    underWayMax: source.endpoint.transport === 'tcp' ? profile.timing.pipelining : 1,
    values,
    reads,
    identity: new IdentityWatch(profile, source, log),
    factors: new FactorWatch(source.id, log),
    clock,
  });
}

/** What a driver is made of. */
interface Parts {
  description: SourceDescription;
  channels: readonly Channel[];
  reach: Reach;
  underWayMax: number;
  values: DeviceValues;
  reads: DeviceReads;
  identity: IdentityWatch;
  factors: FactorWatch;
  clock: Clock;
}

class ModbusDriver implements Driver {
  readonly description: SourceDescription;
  readonly channels: readonly Channel[];
  readonly #parts: Parts;
  readonly #statuses = new StatusChanges();
  #report: (status: StatusReport) => void = () => {};
  #requests: readonly RequestTrace[] = [];
  /** Why polls are rejected during a pause. */
  #failure = 'timeout';

  constructor(parts: Parts) {
    this.description = parts.description;
    this.channels = parts.channels;
    this.#parts = parts;
  }

  pausedMs(): number {
    // Where time is stepped there is no line to protect, and whoever steps it wants every row.
    if (this.#parts.clock.speed() === 0) return 0;
    return this.#parts.reach.line.pause.leftMs(performance.now());
  }

  async poll(): Promise<Poll> {
    const { reach, reads, values, underWayMax, clock } = this.#parts;
    const pausedMs = this.pausedMs();
    if (pausedMs > 0) throw pausedError(reach.where, this.#failure, pausedMs);
    const plan = reads.plan();
    // The time of a poll is that of its requests, not that of waiting for others on the line.
    let startedMs = performance.now();
    let startedAtMs = clock.monotonicMs();
    const talk = new DeviceTalk(reach, plan.length, () => {
      startedMs = performance.now();
      startedAtMs = clock.monotonicMs();
    });
    this.#requests = talk.requests;
    try {
      await reads.read(plan, talk, underWayMax);
    } catch (error) {
      this.#fail(error, talk);
      throw error;
    }
    const atMs = Math.round((startedAtMs + clock.monotonicMs()) / 2);
    const endedMs = performance.now();
    reach.line.pause.answered(endedMs);
    const { readings, changes } = values.readPoints();
    this.#parts.factors.look(changes, startedAtMs);
    for (const report of this.#statuses.changed(values.readStatuses(), atMs)) this.#report(report);
    if (this.#parts.identity.isDue(startedAtMs)) await this.#lookAtIdentity(startedAtMs);
    return { atMs, readings, roundTripMs: endedMs - startedMs };
  }

  onStatus(report: (status: StatusReport) => void): void {
    this.#report = report;
  }

  trace(): SourceTrace {
    const { values, reads } = this.#parts;
    return { requests: [...this.#requests], raw: values.raw(), remarks: reads.remarks() };
  }

  close(): Promise<void> {
    this.#parts.reach.line.release();
    return Promise.resolve();
  }

  /** Only what the device itself did wrong makes it sick: not that the line was full or given back. */
  #fail(error: unknown, talk: DeviceTalk): void {
    this.#statuses.forget();
    this.#parts.identity.suspect();
    if (talk.wastedMs === undefined) return;
    this.#failure = error instanceof MillwattError ? error.code : 'error';
    this.#parts.reach.line.pause.failed(performance.now(), talk.wastedMs, talk.harmMs);
  }

  async #lookAtIdentity(nowMs: number): Promise<void> {
    const { identity, reach } = this.#parts;
    const talk = new DeviceTalk(reach, 8, () => {});
    await identity.look(nowMs, (request) => talk.read(request));
    this.#requests = [...this.#requests, ...talk.requests];
  }
}
