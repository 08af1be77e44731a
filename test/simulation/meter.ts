import type { Clock } from '../../protocols/clock.ts';
import type { Driver, Poll } from '../../protocols/driver.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { measuredChannelId, type MeasuredChannel } from '../../protocols/telemetry/channel.ts';
import { chanceAt } from './chance.ts';

/** Power is constant for so long. */
const SLOT_MS = 10_000;

/** What one reading was, and when: by the true time that no process knows. */
export interface Given {
  trueMs: number;
  value: number | bigint;
}

/** Every reading that a meter gave to a process, by `boot/channel/monotonic ms`. */
export type GivenBook = Map<string, Given>;

/** A machine whose power and counter are pure functions of (seed, machine, true time). */
export class Plant {
  readonly #seed: number;
  readonly #energyMwh = new Map<string, number[]>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** W, with one decimal. */
  powerAt(machine: string, trueMs: number): number {
    return Math.round(chanceAt(this.#seed, machine, Math.floor(trueMs / SLOT_MS)) * 90_000) / 10;
  }

  /** What the counter shows, whole mWh: never falls. */
  counterAt(machine: string, trueMs: number): bigint {
    const slot = Math.floor(trueMs / SLOT_MS);
    let sums = this.#energyMwh.get(machine);
    if (sums === undefined) this.#energyMwh.set(machine, (sums = [0]));
    while (sums.length <= slot) {
      const last = sums.length - 1;
      sums.push((sums[last] ?? 0) + this.powerAt(machine, last * SLOT_MS) * (SLOT_MS / 3600));
    }
    const inSlot = this.powerAt(machine, trueMs) * ((trueMs - slot * SLOT_MS) / 3600);
    return 40_000_000_000n + BigInt(Math.floor((sums[slot] ?? 0) + inSlot));
  }

  /** What a channel's reading must be at a true time. */
  valueOf(channel: string, trueMs: number): number | bigint {
    const [machine = '', , quantity] = channel.split('.');
    return quantity === 'activePower' ? this.powerAt(machine, trueMs) : this.counterAt(machine, trueMs);
  }
}

/** The channels of a machine's meter. */
export function channelsOf(machine: string): MeasuredChannel[] {
  const channel = (
    quantity: MeasuredChannel['quantity'],
    rest: Pick<MeasuredChannel, 'scale' | 'counter'>,
  ): MeasuredChannel => ({
    kind: 'measured',
    id: measuredChannelId(machine, 'supply', quantity, 'total'),
    machine,
    component: 'supply',
    quantity,
    phase: 'total',
    source: `${machine}-meter`,
    point: quantity,
    ...rest,
  });
  return [
    channel('activePower', { scale: ['1', '1'] }),
    channel('activeEnergyImport', { scale: ['1', '1000'], counter: { behaviour: 'monotone' } }),
  ];
}

/** A meter as one process polls it: slow at times, away at times; each reading it gives is noted. */
export function meterDriver(options: {
  plant: Plant;
  machine: string;
  everyMs: number;
  clock: Clock & { monotonicAt(trueMs: number): number };
  trueMs: () => number;
  wait: (ms: number) => Promise<void>;
  isAway: (trueMs: number) => boolean;
  /** How long a poll takes, ms. */
  roundTripMs: () => number;
  onGiven: (channel: string, atMs: number, given: Given) => void;
}): Driver {
  const { plant, machine, clock, trueMs, wait } = options;
  const channels = channelsOf(machine);
  return {
    description: {
      id: `${machine}-meter`,
      protocol: 'modbus-tcp',
      address: '127.0.0.1:502 unit 1',
      everyMs: options.everyMs,
    },
    channels,
    poll: async (): Promise<Poll> => {
      const roundTripMs = options.roundTripMs();
      const readMs = trueMs() + roundTripMs / 2;
      await wait(roundTripMs);
      if (options.isAway(readMs)) throw new MillwattError('retry', 'timeout', 'The meter is away.');
      const atMs = clock.monotonicAt(readMs);
      const readings = channels.map(({ id }) => {
        const value = plant.valueOf(id, readMs);
        options.onGiven(id, atMs, { trueMs: readMs, value });
        return { channel: id, value, quality: 'good' as const };
      });
      return { atMs, readings, roundTripMs };
    },
    onStatus: () => {},
    close: async () => {},
  };
}
