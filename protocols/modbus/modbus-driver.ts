import type { Clock } from '../clock.ts';
import type { ChannelReading, Driver, Poll } from '../driver.ts';
import type { MeasuredChannel } from '../telemetry/channel.ts';
import type { SourceDescription } from '../telemetry/snapshot.ts';
import { describeEndpoint } from './endpoint.ts';
import { makeDecoder, type Decoder } from './decode.ts';
import { ModbusLines, type ModbusLine } from './line.ts';
import { ModbusExceptionError, timeoutError } from './modbus-error.ts';
import { functionCodeOf, registerCount, type DeviceProfile } from './profile.ts';
import { planReads, type PlannedRead, type WantedRegisters } from './read-plan.ts';
import { splitRead } from './split-read.ts';
import type { ModbusSource } from './source.ts';
import { channelOf, choosePoints } from './wanted-points.ts';

/** A wanted value: where its registers lie, which channel it feeds, and how it is decoded. */
interface WantedValue extends WantedRegisters {
  channel: number;
  decode: Decoder;
}

/** A value that the device refused is asked for again after so long: it may have been starting up. */
const REFUSED_RETRY_MS = 10 * 60_000;
/** "No such register" and "no such request"; other exceptions are no reason to ask differently. */
const SPLITTING_EXCEPTIONS = [2, 3];

const PROTOCOLS = { tcp: 'modbus-tcp', rtu: 'modbus-rtu', 'rtu-over-tcp': 'modbus-rtu-over-tcp' } as const;

/** Connections of this process; drivers of units behind one gateway find each other here. */
const sharedLines = new ModbusLines();

/**
 * The driver of one meter over Modbus TCP. A poll reads every wanted value in the fewest requests the profile allows; a
 * request refused for its registers is cut in two at once and stays so; a value refused alone reads as null, bad, and is
 * asked for again every ten minutes. Throws an error of class `refuse` where the profile lacks what is wanted.
 * @param options.lines connections to share; by default those of the process
 */
export function createModbusDriver(options: {
  source: ModbusSource;
  profile: DeviceProfile;
  /** SHA-256 of the profile's file, base64url. */
  profileSha256: string;
  clock: Clock;
  lines?: ModbusLines;
}): Driver {
  const { source, profile } = options;
  const points = choosePoints(profile, source.read, source.id);
  const shift = source.addressOffset;
  const limits = {
    ...profile.limits,
    forbidden: profile.limits.forbidden.map((range) => ({
      first: range.first + shift,
      last: range.last + shift,
    })),
  };
  const wanted: WantedValue[] = points.map((point, channel) => ({
    functionCode: functionCodeOf(profile, point),
    address: point.address + shift,
    count: registerCount(point.type),
    channel,
    decode: makeDecoder(profile, point),
  }));
  const plan = planReads(wanted, limits);
  const line = (options.lines ?? sharedLines).acquire(source.endpoint);
  return new ModbusDriver(
    describe(source, profile, options.profileSha256),
    points.map((point) => channelOf(profile, point, source)),
    { source, clock: options.clock, line, plan, split: (read) => splitRead(read, limits) },
  );
}

class ModbusDriver implements Driver {
  readonly description: SourceDescription;
  readonly channels: readonly MeasuredChannel[];
  readonly #source: ModbusSource;
  readonly #clock: Clock;
  readonly #line: ModbusLine;
  readonly #split: (read: PlannedRead<WantedValue>) => PlannedRead<WantedValue>[];
  readonly #fullPlan: readonly PlannedRead<WantedValue>[];
  #plan: PlannedRead<WantedValue>[];
  /** Reads of one value each that the device refused, and when (on the injected clock) to try them again. */
  #refused: { read: PlannedRead<WantedValue>; retryAtMs: number }[] = [];

  constructor(
    description: SourceDescription,
    channels: MeasuredChannel[],
    parts: {
      source: ModbusSource;
      clock: Clock;
      line: ModbusLine;
      plan: PlannedRead<WantedValue>[];
      split: (read: PlannedRead<WantedValue>) => PlannedRead<WantedValue>[];
    },
  ) {
    this.description = description;
    this.channels = channels;
    this.#source = parts.source;
    this.#clock = parts.clock;
    this.#line = parts.line;
    this.#split = parts.split;
    this.#fullPlan = parts.plan;
    this.#plan = [...parts.plan];
  }

  async poll(): Promise<Poll> {
    const startedMs = performance.now();
    const startedAtMs = this.#clock.monotonicMs();
    const readings: ChannelReading[] = this.channels.map((channel) => ({
      channel: channel.id,
      value: null,
      quality: 'bad',
    }));
    this.#retryRefused(startedAtMs);
    const deadlineMs = startedMs + this.#source.timeout * Math.max(2, this.#plan.length);
    for (let i = 0; i < this.#plan.length; i++) {
      const read = this.#plan[i];
      if (read === undefined) break;
      const refusal = await this.#readInto(readings, read, deadlineMs);
      if (refusal === undefined) continue;
      const parts = this.#split(read);
      // What is learnt stays, even when a later request of this poll fails.
      this.#plan.splice(i, 1, ...parts);
      i--;
      if (parts.length > 0) continue;
      this.#refused.push({ read, retryAtMs: startedAtMs + REFUSED_RETRY_MS });
      if (this.#plan.length === 0) {
        // It has nothing of what we want: not these registers are wrong but the device, the profile or the moment.
        this.#plan = [...this.#fullPlan];
        this.#refused = [];
        throw refusal;
      }
    }
    const endedAtMs = this.#clock.monotonicMs();
    return {
      atMs: Math.round((startedAtMs + endedAtMs) / 2),
      readings,
      roundTripMs: performance.now() - startedMs,
    };
  }

  onStatus(): void {
    // A meter has no status words.
  }

  close(): Promise<void> {
    this.#line.release();
    return Promise.resolve();
  }

  #retryRefused(nowMs: number): void {
    if (this.#refused.length === 0) return;
    this.#plan.push(...this.#refused.filter((one) => one.retryAtMs <= nowMs).map((one) => one.read));
    this.#refused = this.#refused.filter((one) => one.retryAtMs > nowMs);
  }

  /** Fills in the readings of one request; gives back the exception when it was refused for its registers. */
  async #readInto(
    readings: ChannelReading[],
    read: PlannedRead<WantedValue>,
    deadlineMs: number,
  ): Promise<ModbusExceptionError | undefined> {
    const { unit, timeout } = this.#source;
    const leftMs = deadlineMs - performance.now();
    if (leftMs < 1) throw timeoutError(this.description.address, timeout);
    let registers: Uint16Array;
    try {
      registers = await this.#line.run(
        (client, timeoutMs) =>
          client.readRegisters(unit, read.functionCode, read.address, read.count, timeoutMs),
        Math.min(timeout, leftMs),
        deadlineMs,
      );
    } catch (error) {
      if (error instanceof ModbusExceptionError && SPLITTING_EXCEPTIONS.includes(error.exceptionCode))
        return error;
      throw error;
    }
    for (const value of read.wanted) {
      const reading = readings[value.channel];
      if (reading === undefined) continue;
      reading.value = value.decode(registers, value.address - read.address);
      reading.quality = reading.value === null ? 'bad' : 'good';
    }
    return undefined;
  }
}

function describe(source: ModbusSource, profile: DeviceProfile, sha256: string): SourceDescription {
  const { ct, vt } = source;
  const serial = source.meter?.serial;
  const accuracyClass = source.meter?.class ?? profile.accuracyClass;
  return {
    id: source.id,
    protocol: PROTOCOLS[source.endpoint.transport],
    address: `${describeEndpoint(source.endpoint)} unit ${source.unit}`,
    everyMs: source.every,
    profile: { id: profile.id, version: profile.version, sha256 },
    ...(serial === undefined && accuracyClass === undefined
      ? {}
      : {
          meter: {
            ...(serial === undefined ? {} : { serial }),
            ...(accuracyClass === undefined ? {} : { class: accuracyClass }),
          },
        }),
    ...(ct === undefined ? {} : { ct: { primary: ct.primary, secondary: ct.secondary } }),
    ...(vt === undefined ? {} : { vt: { primary: vt.primary, secondary: vt.secondary } }),
  };
}
