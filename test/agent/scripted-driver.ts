import type { Clock } from '../../protocols/clock.ts';
import type { Driver, Poll, StatusReport } from '../../protocols/driver.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { measuredChannelId, statusChannelId, type Channel } from '../../protocols/telemetry/channel.ts';

export interface ScriptedDriver extends Driver {
  /** Reports a status word, as a subscription would. */
  report(channel: string, value: StatusReport['value']): void;
  /** From now on polls fail with this code; undefined lets them succeed again. */
  fail(code: string | undefined): void;
  /** From now on polls wait until `release`. */
  hold(): void;
  release(): void;
  polls(): number;
  closed(): boolean;
}

/** A source in memory: a power, an energy counter and an execution word of one machine. Values follow the clock. */
export function scriptedDriver(options: {
  clock: Clock;
  machine: string;
  source?: string;
  everyMs?: number;
}): ScriptedDriver {
  const { clock, machine } = options;
  const source = options.source ?? `${machine}-meter`;
  const measured = (quantity: 'activePower' | 'activeEnergyImport', scale: [string, string]): Channel => ({
    kind: 'measured',
    id: measuredChannelId(machine, 'supply', quantity, 'total'),
    machine,
    component: 'supply',
    quantity,
    phase: 'total',
    source,
    point: quantity,
    scale,
  });
  const power = measured('activePower', ['1', '1']);
  const energy = measured('activeEnergyImport', ['1', '10']);
  const execution: Channel = {
    kind: 'status',
    id: statusChannelId(machine, 'control', 'execution'),
    machine,
    component: 'control',
    status: 'execution',
    source,
    point: 'execution',
    vocabulary: 'raw',
  };
  let failure: string | undefined;
  let held: Promise<void> | undefined;
  let release = () => {};
  let tell: (status: StatusReport) => void = () => {};
  let polls = 0;
  let closed = false;

  return {
    description: {
      id: source,
      protocol: 'modbus-tcp',
      address: '127.0.0.1:502 unit 1',
      everyMs: options.everyMs ?? 1000,
    },
    channels: [power, energy, execution],
    poll: async (): Promise<Poll> => {
      polls += 1;
      const atMs = clock.monotonicMs();
      await held;
      if (failure !== undefined) throw new MillwattError('retry', failure, `The device said ${failure}.`);
      return {
        atMs,
        roundTripMs: 1,
        readings: [
          { channel: power.id, value: 1000.5 + (atMs % 7), quality: 'good' },
          { channel: energy.id, value: 40_000_000_000n + BigInt(atMs), quality: 'good' },
        ],
      };
    },
    onStatus: (report) => {
      tell = report;
    },
    close: async () => {
      closed = true;
      release();
    },
    report: (channel, value) => tell({ channel, atMs: clock.monotonicMs(), value }),
    fail: (code) => {
      failure = code;
    },
    hold: () => {
      held = new Promise((resolve) => {
        release = resolve;
      });
    },
    release: () => {
      held = undefined;
      release();
    },
    polls: () => polls,
    closed: () => closed,
  };
}
