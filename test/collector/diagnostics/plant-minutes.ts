import type { DiagnosedMachine } from '../../../collector/diagnostics/diagnosed-machine.ts';
import type { MachineMinute, MinuteReading } from '../../../collector/diagnostics/machine-minute.ts';
import { PlausibilityScan } from '../../../collector/diagnostics/plausibility.ts';
import type { PlausibilityFinding } from '../../../collector/diagnostics/plausibility-finding.ts';
import type { MeasuredChannel } from '../../../protocols/telemetry/channel.ts';
import type { Phase, Quantity } from '../../../protocols/telemetry/quantity.ts';
import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';

export const MINUTE_MS = 60_000;
export const START_MS = Date.UTC(2026, 2, 2);
export const LINES = ['l1', 'l2', 'l3'] as const;

const THREE: readonly Quantity[] = ['voltage', 'current', 'activePower', 'apparentPower', 'powerFactor'];

/** Reproducible chance. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function channelOf(
  quantity: Quantity,
  phase: Phase = 'total',
  traits: Partial<MeasuredChannel> = {},
): MeasuredChannel {
  const component = traits.component ?? 'supply';
  return {
    kind: 'measured',
    id: `mill.${component}.${quantity}${phase === 'total' ? '' : `.${phase}`}`,
    machine: 'mill',
    component,
    quantity,
    phase,
    source: 'meter',
    point: quantity,
    scale: ['1', '1'],
    ...traits,
  };
}

/** A machine of 15 kW with a meter that reads everything there is of three phases. */
export function meteredMill(about: Partial<DiagnosedMachine> = {}): DiagnosedMachine {
  return {
    machine: 'mill',
    ratedPowerW: 15_000,
    componentRatedPowerW: {},
    channels: [
      ...THREE.flatMap((quantity) => LINES.map((phase) => channelOf(quantity, phase))),
      channelOf('activePower'),
      channelOf('apparentPower'),
      channelOf('powerFactor'),
      channelOf('frequency'),
      channelOf('activeEnergyImport', 'total', { scale: ['10', '1'], counter: { behaviour: 'monotone' } }),
      channelOf('activeEnergyExport', 'total', { scale: ['10', '1'], counter: { behaviour: 'monotone' } }),
    ],
    sources: [
      {
        id: 'meter',
        protocol: 'modbus-tcp',
        address: '127.0.0.1:502 unit 1',
        everyMs: 1000,
        ct: { primary: 50, secondary: 5 },
      },
    ],
    history: { hours: 500, hasExported: false },
    ...about,
  };
}

/** One moment of the meter; a fault changes what it shows. */
export interface Moment {
  atMs: number;
  voltageV: number[];
  currentA: number[];
  /** Power of each phase, W, and its factor. */
  powerW: number[];
  factor: number[];
  apparentVa: number[];
  totalW: number;
  frequencyHz: number;
  importWh: number;
  exportWh: number;
  state: OperatingState;
}

/**
 * A machine that changes between standby, ready and processing by chance, read every two seconds: registers of one poll
 * are not of one instant, so amperes follow watts a poll later.
 */
export function* momentsOf(seed: number, minutes: number): Iterable<Moment> {
  const random = randomOf(seed);
  let state: OperatingState = 'standby';
  let leftS = 0;
  let baseW = 300;
  let factor = 0.6;
  let importWh = 123_450;
  let voltage = 225 + 12 * random();
  let lateA = [0, 0, 0];
  const skew = [1 + 0.2 * random(), 1, 1 - 0.2 * random()];
  for (let second = 0; second < minutes * 60; second += 2) {
    if (leftS <= 0) {
      const draw = random();
      state = draw < 0.2 ? 'standby' : draw < 0.5 ? 'ready' : 'processing';
      baseW = state === 'standby' ? 300 + 100 * random() : state === 'ready' ? 1500 : 3000 + 9000 * random();
      factor = state === 'standby' ? 0.5 : 0.6 + 0.35 * random();
      leftS = 30 + 1200 * random() ** 2;
    }
    leftS -= 2;
    voltage += (random() - 0.5) * 0.4 + (230 - voltage) * 0.01;
    const wobble = state === 'processing' && random() < 0.1 ? 1.4 : 1;
    const voltageV = [0, 1, 2].map(() => Math.round(10 * (voltage + random())) / 10);
    const powerW = skew.map((share) =>
      Math.round(((baseW * share) / 3) * wobble * (1 + 0.02 * (random() - 0.5))),
    );
    const nowA = powerW.map((power, index) => power / factor / (voltageV[index] ?? 230));
    const currentA = lateA.every((value) => value === 0) ? nowA : lateA;
    lateA = nowA;
    const totalW = powerW.reduce((sum, value) => sum + value, 0);
    importWh += (totalW * 2) / 3600;
    yield {
      atMs: START_MS + second * 1000,
      voltageV,
      currentA: currentA.map((value) => Math.round(1000 * value) / 1000),
      powerW,
      factor: powerW.map(() => Math.round(100 * factor) / 100),
      apparentVa: powerW.map((power) => power / factor),
      totalW,
      frequencyHz: 50 + 0.02 * (random() - 0.5),
      importWh,
      exportWh: 0,
      state,
    };
  }
}

/** Minutes of these moments, as a collector rolls them up. */
export function* minutesOf(moments: Iterable<Moment>): Iterable<MachineMinute> {
  let minuteMs = Number.NaN;
  let readings = new Map<string, MinuteReading>();
  let states = new Set<OperatingState>();
  const close = (): MachineMinute => ({
    minuteMs,
    readings,
    controlState: states.size === 1 ? ([...states][0] ?? null) : null,
  });
  for (const moment of moments) {
    const ownMs = Math.floor(moment.atMs / MINUTE_MS) * MINUTE_MS;
    if (ownMs !== minuteMs) {
      if (readings.size > 0) yield close();
      [minuteMs, readings, states] = [ownMs, new Map(), new Set()];
    }
    states.add(moment.state);
    for (const [channel, value] of valuesOf(moment)) {
      const known = readings.get(channel);
      if (known === undefined)
        readings.set(channel, { count: 1, min: value, max: value, sum: value, last: value });
      else {
        known.count++;
        known.min = Math.min(known.min, value);
        known.max = Math.max(known.max, value);
        known.sum += value;
        known.last = value;
      }
    }
  }
  if (readings.size > 0) yield close();
}

function valuesOf(moment: Moment): [string, number][] {
  const { voltageV, currentA, powerW, factor, apparentVa } = moment;
  const phases = LINES.flatMap((line, index): [string, number][] => [
    [`mill.supply.voltage.${line}`, voltageV[index] ?? 0],
    [`mill.supply.current.${line}`, currentA[index] ?? 0],
    [`mill.supply.activePower.${line}`, powerW[index] ?? 0],
    [`mill.supply.powerFactor.${line}`, factor[index] ?? 0],
    [`mill.supply.apparentPower.${line}`, apparentVa[index] ?? 0],
  ]);
  const apparent = apparentVa.reduce((sum, value) => sum + value, 0);
  return [
    ...phases,
    ['mill.supply.activePower', moment.totalW],
    ['mill.supply.apparentPower', apparent],
    ['mill.supply.powerFactor', apparent === 0 ? 1 : moment.totalW / apparent],
    ['mill.supply.frequency', moment.frequencyHz],
    ['mill.supply.activeEnergyImport', 10 * Math.floor(moment.importWh / 10)],
    ['mill.supply.activeEnergyExport', 10 * Math.floor(moment.exportWh / 10)],
  ];
}

/** What is found in these minutes. */
export function scanMinutes(
  machine: DiagnosedMachine,
  minutes: Iterable<MachineMinute>,
): PlausibilityFinding[] {
  const scan = new PlausibilityScan(machine);
  for (const minute of minutes) scan.takeMinute(minute);
  return scan.end();
}
