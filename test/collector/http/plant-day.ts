import type { AgentView } from '../../../collector/http/http-parts.ts';
import { joinSpans, type StateSpan } from '../../../collector/energy/state-span.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import type { MinuteRollup } from '../../../collector/ledger/views.ts';
import { OPERATING_STATES, type OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import { milliwattHours } from '../../../protocols/telemetry/unit.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

const POWER_W: Record<OperatingState, number> = {
  off: 18,
  standby: 320,
  extendedStandby: 190,
  warmUp: 2600,
  ready: 1450,
  processing: 5200,
  unknown: 900,
};

/** The state of a machine at a minute of its day: shifts from 6 to 22 local, a break, cycles, a lost hour. */
function stateAt(minute: number, seed: number): OperatingState {
  const ofDay = (minute + seed * 17) % 1440;
  if (seed === 2 && ofDay >= 800 && ofDay < 835) return 'unknown';
  if (ofDay < 350 || ofDay >= 1330) return seed === 1 ? 'extendedStandby' : 'off';
  if (ofDay < 360) return 'standby';
  if (ofDay < 385) return 'warmUp';
  if (ofDay >= 720 && ofDay < 750) return 'standby';
  return ofDay % (11 + seed * 4) < 8 + seed * 3 ? 'processing' : 'ready';
}

function powerAt(minute: number, seed: number): number {
  const state = stateAt(minute, seed);
  const wave = state === 'processing' ? 900 * Math.sin(minute * 1.7 + seed) + 350 * Math.sin(minute / 9) : 0;
  return POWER_W[state] * (seed === 2 ? 0.55 : seed === 1 ? 1.6 : 1) + wave;
}

/** A believable day of three machines up to a moment, as the derivation would leave it in the views. */
export function plantDay(nowMs: number): {
  minutes: MinuteRollup[];
  hours: MachineHour[];
  agents: AgentView[];
  spans: { machine: string; spans: StateSpan[] }[];
} {
  const minutes: MinuteRollup[] = [];
  const hours: MachineHour[] = [];
  const firstMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS - 24 * HOUR_MS;
  for (const [seed, machine] of ['mill', 'centre', 'lathe'].entries()) {
    for (let hourMs = firstMs; hourMs <= nowMs; hourMs += HOUR_MS)
      hours.push(hourOf(machine, seed, hourMs, Math.min(hourMs + HOUR_MS, nowMs)));
    for (let minuteMs = firstMs; minuteMs + MINUTE_MS <= nowMs; minuteMs += MINUTE_MS) {
      const minute = minuteMs / MINUTE_MS;
      if (stateAt(minute, seed) === 'unknown') continue;
      const powerW = powerAt(minute, seed);
      minutes.push({
        channel: `${machine}.supply.activePower`,
        minuteMs,
        count: 60,
        min: powerW * 0.82,
        max: powerW * 1.25,
        sum: powerW * 60,
        last: powerW,
        lastMs: minuteMs + 59_000,
        squares: 0,
        steps: 0,
      });
    }
  }
  const spans = ['mill', 'centre', 'lathe'].map((machine, seed) => ({
    machine,
    spans: spansOf(machine, seed, firstMs, nowMs),
  }));
  return { minutes, hours, agents: agentsAt(nowMs), spans };
}

function spansOf(machine: string, seed: number, fromMs: number, toMs: number): StateSpan[] {
  const spans: StateSpan[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs += MINUTE_MS) {
    const state = stateAt(atMs / MINUTE_MS, seed);
    const [decider, basis] =
      state === 'off'
        ? (['power', 'below 50 W'] as const)
        : state === 'unknown'
          ? (['none', ''] as const)
          : ([
              'control',
              `${machine}.control.execution=${state === 'processing' ? 'ACTIVE' : 'READY'}`,
            ] as const);
    spans.push({ fromMs: atMs, toMs: Math.min(toMs, atMs + MINUTE_MS), state, decider, basis });
  }
  return joinSpans(spans);
}

function hourOf(machine: string, seed: number, hourMs: number, endMs: number): MachineHour {
  const zero = () =>
    Object.fromEntries(OPERATING_STATES.map((state) => [state, 0])) as Record<OperatingState, number>;
  const timeMs = zero();
  const stateMwh = zero() as MachineHour['energy']['stateMwh'];
  for (let atMs = hourMs; atMs < endMs; atMs += MINUTE_MS) {
    const spanMs = Math.min(MINUTE_MS, endMs - atMs);
    const state = stateAt(atMs / MINUTE_MS, seed);
    timeMs[state] += spanMs;
    stateMwh[state] = milliwattHours(
      stateMwh[state] + Math.round((powerAt(atMs / MINUTE_MS, seed) * 1000 * spanMs) / HOUR_MS),
    );
  }
  const supplyMwh = milliwattHours(Object.values(stateMwh).reduce((sum, energyMwh) => sum + energyMwh, 0));
  const spanMs = endMs - hourMs;
  const isFull = spanMs === HOUR_MS;
  return {
    v: 1,
    site: 'plant',
    machine,
    hourMs,
    timeMs,
    spanMs,
    decidedMs: {
      off: { power: timeMs.off },
      standby: { bands: timeMs.standby },
      extendedStandby: { control: timeMs.extendedStandby },
      warmUp: { warmUp: timeMs.warmUp },
      ready: { control: timeMs.ready },
      processing: { control: timeMs.processing },
      unknown: { none: timeMs.unknown },
    },
    measuredMs: spanMs - timeMs.unknown,
    energy: {
      supplyMwh,
      exportMwh: milliwattHours(0),
      stateMwh,
      componentMwh: { supply: supplyMwh },
      residualMwh: null,
      residuals: {},
    },
    obtained: {
      counterMwh: milliwattHours(supplyMwh - stateMwh.unknown),
      integratedMwh: milliwattHours(0),
      bridgedMwh: stateMwh.unknown,
      bridgedBy: {
        stateMean: milliwattHours(0),
        linear: stateMwh.unknown,
        profile: milliwattHours(0),
      },
    },
    meanPowerW: Object.fromEntries(
      OPERATING_STATES.map((state) => [
        state,
        timeMs[state] === 0 ? null : (stateMwh[state] * 3600) / timeMs[state],
      ]),
    ) as MachineHour['meanPowerW'],
    closure: null,
    coverage: { time: 1 - timeMs.unknown / spanMs, energy: 1 - stateMwh.unknown / supplyMwh },
    quality: timeMs.unknown > 0 ? 'partial' : 'measured',
    reasons: timeMs.unknown > 0 ? ['gap', 'source-down', 'state-unknown'] : [],
    status: isFull ? 'final' : 'provisional',
    finalBy: isFull ? 'watermark' : null,
    revision: isFull ? 1 : 0,
    media: {},
    basis: { algorithm: '1', records: [], configs: [], amendments: [] },
  };
}

function agentsAt(nowMs: number): AgentView[] {
  const source = (id: string, reason = '') => ({
    id,
    up: reason === '',
    reason,
    polls: 86_000,
    failures: reason === '' ? 0 : 210,
    lastReadingAgeMs: reason === '' ? 400 : 2_100_000,
  });
  const chain = {
    epoch: 'epoch0000001',
    headSeq: 1440,
    contiguousSeq: 1440,
    records: 1440,
    samples: 1_036_800,
  };
  return [
    {
      id: 'gateway-hall-1',
      online: true,
      version: '0.1.0',
      lastSeenMs: nowMs - 1000,
      chain,
      health: {
        v: 1,
        at: nowMs - 1000,
        version: '0.1.0',
        uptimeS: 86_400,
        host: { cpuLoad: 0.04, memoryUsedShare: 0.3, diskFreeBytes: 1e10, cpuTemperatureDegC: 51 },
        process: { rssBytes: 84e6, eventLoopDelayMs: 1.2 },
        spool: {
          epoch: 'epoch0000001',
          headSeq: 1441,
          records: { sealed: 1441, receipted: 1440, pending: 1, rejected: 0 },
          samples: { sampled: 1_037_500, receipted: 1_036_800, pending: 700, dropped: 0 },
          bytes: 5_200_000,
        },
        sources: [
          source('mill-supply'),
          {
            ...source('mill-control'),
            insecure: true,
            remarks: ['The server samples Spindle/ActPower every 500 ms, not every 100 ms.'],
          },
          source('lathe-supply', 'timeout'),
        ],
        clock: { wall: nowMs - 1000, state: 'synced' },
      },
    },
    {
      id: 'gateway-hall-2',
      online: false,
      version: '0.1.0',
      lastSeenMs: nowMs - 960_000,
      chain,
      health: null,
    },
  ];
}
