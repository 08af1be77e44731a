import type { Clock } from '../../protocols/clock.ts';
import type { Driver, Poll, StatusReport } from '../../protocols/driver.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { measuredChannelId, statusChannelId, type Channel } from '../../protocols/telemetry/channel.ts';
import type { Status } from '../../protocols/telemetry/quantity.ts';

/** What a finding source offers from one connection to the next. */
export interface Offer {
  /** Components whose power it measures. */
  powers?: readonly string[];
  words?: readonly Status[];
  /** Scale of the powers. */
  scale?: [string, string];
}

/** A source in memory that knows what it offers only when it is connected, as controls do. */
export interface FindingDriver extends Driver {
  /** At the next poll it offers this. */
  offer(offer: Offer): void;
  report(status: Status, value: StatusReport['value'], atMs: number): void;
  fail(code: string | undefined, healed?: boolean): void;
  tellFrom(atMs: number | undefined): void;
}

/** A control of one machine, in memory. */
export function findingDriver(options: { clock: Clock; machine: string; source: string }): FindingDriver {
  const { clock, machine, source } = options;
  let channels: Channel[] = [];
  let offered: Offer | undefined;
  let failure: string | undefined;
  let healed = false;
  let tellsFromMs: number | undefined;
  let tell: (status: StatusReport) => void = () => {};
  let changed = () => {};
  return {
    description: { id: source, protocol: 'opcua', address: 'opc.tcp://127.0.0.1:4840', everyMs: 1000 },
    get channels() {
      return channels;
    },
    machines: [machine],
    insecure: true,
    remarks: () => ['It is spoken to without security.'],
    tellsFromMs: () => tellsFromMs,
    onWiring: (callback) => {
      changed = callback;
    },
    onStatus: (report) => {
      tell = report;
    },
    poll: async (): Promise<Poll> => {
      if (failure !== undefined) throw new MillwattError('retry', failure, 'It is gone.');
      if (offered !== undefined) {
        channels = channelsOf(offered, machine, source);
        offered = undefined;
        changed();
      }
      const readings = channels
        .filter(({ kind }) => kind === 'measured')
        .map(({ id }) => ({ channel: id, value: 7, quality: 'good' as const }));
      const poll = { atMs: clock.monotonicMs(), roundTripMs: 1, readings, ...(healed ? { healed } : {}) };
      healed = false;
      return poll;
    },
    close: () => Promise.resolve(),
    offer: (offer) => {
      offered = offer;
    },
    report: (status, value, atMs) =>
      tell({ channel: statusChannelId(machine, 'control', status), atMs, value }),
    fail: (code, isHealed = false) => {
      failure = code;
      healed = isHealed;
    },
    tellFrom: (atMs) => {
      tellsFromMs = atMs;
    },
  };
}

function channelsOf({ powers = [], words = [], scale = ['1', '1'] }: Offer, machine: string, source: string) {
  return [
    ...powers.map((component): Channel => ({
      kind: 'measured',
      id: measuredChannelId(machine, component, 'activePower', 'total'),
      machine,
      component,
      quantity: 'activePower',
      phase: 'total',
      source,
      point: `${component}/ActPower`,
      scale,
    })),
    ...words.map((status): Channel => ({
      kind: 'status',
      id: statusChannelId(machine, 'control', status),
      machine,
      component: 'control',
      status,
      source,
      point: status,
      vocabulary: 'raw',
    })),
  ];
}
