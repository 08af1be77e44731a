import type { ChannelReading } from '../../driver.ts';
import type { Reading } from '../../telemetry/decimal.ts';
import type { MeasuredChannel, StatusChannel } from '../../telemetry/channel.ts';
import { makePointReader, type PointReader, type RegisterSlice } from '../profile/point-reader.ts';
import type { DeviceProfile, ProfilePoint, StatusPoint } from '../profile/profile.ts';
import type { PlannedRead, WantedRegisters } from '../plan/read-plan.ts';
import { makeStatusReader, type StatusReader, type StatusValue } from '../profile/status-reader.ts';

/** Registers that a value needs, and whose they are. Addresses are those on the wire. */
export interface WantedPart extends WantedRegisters {
  /** Which value: points first, then status words. */
  value: number;
  /** Which of its parts. */
  part: number;
  /** The value is multiplied by what these registers hold. */
  isFactor: boolean;
}

/** A factor register that holds another number than before. */
export interface FactorChange {
  channel: string;
  from: Reading;
  to: Reading;
}

/** The registers of the last poll by value, and what they mean. */
export class DeviceValues {
  readonly wanted: readonly WantedPart[];
  readonly #channels: readonly MeasuredChannel[];
  readonly #statusChannels: readonly StatusChannel[];
  readonly #points: readonly PointReader[];
  readonly #statuses: readonly StatusReader[];
  /** By value and part. */
  readonly #slices: (RegisterSlice | null)[][];
  /** By point: what its factor registers held when they were last known. */
  readonly #factors: (readonly (Reading | null)[])[];

  constructor(options: {
    profile: DeviceProfile;
    points: readonly ProfilePoint[];
    statuses: readonly StatusPoint[];
    channels: readonly MeasuredChannel[];
    statusChannels: readonly StatusChannel[];
    /** Added to every address of the profile. */
    shift: number;
  }) {
    const { profile, shift } = options;
    this.#channels = options.channels;
    this.#statusChannels = options.statusChannels;
    this.#points = options.points.map((point) => makePointReader(profile, point));
    this.#statuses = options.statuses.map((status) => makeStatusReader(profile, status));
    const parts = [
      ...this.#points.map((reader) => reader.parts),
      ...this.#statuses.map((reader) => [reader.part]),
    ];
    this.wanted = parts.flatMap((ofValue, value) => {
      const factorsFrom = ofValue.length - (options.points[value]?.factors?.length ?? 0);
      return ofValue.map((one, part) => ({
        ...one,
        address: one.address + shift,
        value,
        part,
        isFactor: part >= factorsFrom,
      }));
    });
    this.#slices = parts.map((ofValue) => ofValue.map(() => null));
    this.#factors = this.#points.map(() => []);
  }

  /** Forgets what the last poll gave. */
  clear(): void {
    for (const slices of this.#slices) slices.fill(null);
  }

  /** Takes what an answer holds of each wanted value. */
  store(read: PlannedRead<WantedPart>, registers: Uint16Array): void {
    for (const { value, part, address } of read.wanted) {
      const slices = this.#slices[value];
      if (slices !== undefined) slices[part] = { registers, offset: address - read.address };
    }
  }

  /** The channel that a part belongs to. */
  channelOf({ value }: WantedPart): MeasuredChannel | StatusChannel | undefined {
    return this.#channels[value] ?? this.#statusChannels[value - this.#channels.length];
  }

  /**
   * One reading a point, in order, and the factors that changed since they were last known. Where one did, nobody knows
   * whether the value was read before or after: such a reading is uncertain.
   */
  readPoints(): { readings: ChannelReading[]; changes: FactorChange[] } {
    const changes: FactorChange[] = [];
    const readings = this.#points.map((reader, i): ChannelReading => {
      const channel = this.#channels[i]?.id ?? '';
      const { value, factors } = reader.read(this.#slices[i] ?? []);
      const hasMoved = factors !== this.#factors[i] && this.#compareFactors(i, channel, factors, changes);
      if (value === null) return { channel, value, quality: 'bad' };
      return { channel, value, quality: hasMoved ? 'uncertain' : 'good' };
    });
    return { readings, changes };
  }

  /** One value a status word, in order. */
  readStatuses(): { channel: string; value: StatusValue }[] {
    return this.#statuses.map((reader, i) => ({
      channel: this.#statusChannels[i]?.id ?? '',
      value: reader.read(this.#slices[this.#points.length + i]?.[0] ?? null),
    }));
  }

  /** By channel: the bits of the last poll, all parts in a row; channels of which a part is missing are left out. */
  raw(): ReadonlyMap<string, Uint16Array> {
    const raw = new Map<string, Uint16Array>();
    const parts = this.#slices.map((slices) => slices.map((): number[] | null => null));
    for (const { value, part, count } of this.wanted) {
      const slice = this.#slices[value]?.[part];
      const ofValue = parts[value];
      if (slice && ofValue) ofValue[part] = [...slice.registers.subarray(slice.offset, slice.offset + count)];
    }
    for (const [i, words] of parts.entries()) {
      const channel = this.#channels[i] ?? this.#statusChannels[i - this.#channels.length];
      if (channel !== undefined && words.every((one) => one !== null))
        raw.set(channel.id, Uint16Array.from(words.flat()));
    }
    return raw;
  }

  /** True when a factor is another than it was last known to be; each is added to the changes. */
  #compareFactors(
    i: number,
    channel: string,
    factors: readonly (Reading | null)[],
    changes: FactorChange[],
  ): boolean {
    const before = this.#factors[i] ?? [];
    const changed = changes.length;
    // What could not be read this time is not a change: the next known value is compared with the last known one.
    const known = factors.map((to, n) => {
      const from = before[n] ?? null;
      if (from !== null && to !== null && to !== from) changes.push({ channel, from, to });
      return to ?? from;
    });
    // The reader's own array where nothing is missing: as long as it gives that one, nothing is to be compared.
    this.#factors[i] = factors.includes(null) ? known : factors;
    return changes.length > changed;
  }
}
