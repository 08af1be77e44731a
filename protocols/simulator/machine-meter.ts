import type { Phase, Quantity } from '../telemetry/quantity.ts';
import type { LoadProfile } from './load-profile.ts';
import type { LoadComponent } from './load-shares.ts';

/** A value that a meter may be asked for. */
export interface MeterPoint {
  quantity: Quantity;
  phase: Phase;
}

const LINE_PHASES = ['l1', 'l2', 'l3'] as const;
const PHASE_SHARES: Readonly<Record<(typeof LINE_PHASES)[number], number>> = {
  l1: 0.342,
  l2: 0.335,
  l3: 0.323,
};
const NOMINAL_VOLTAGE_V = 230;
/** Reactive over active power: of the load itself, and again of the cabinet with its filters and transformers. */
const LOAD_TANGENT = 0.42;
const CABINET_TANGENT = 0.5;
const SPINDLE_TANGENT = 0.62;

/**
 * What an ideal meter of one component reads at a simulated wall time, in the canonical unit of the quantity: W, var, VA,
 * V, A, Hz, Wh ... Null where such a meter has no such value. Energies are the exact integrals of the powers; apparent
 * energy is the vector sum of active and reactive energy, as meters with a vector method count it.
 */
export function readMeter(
  load: LoadProfile,
  component: LoadComponent,
  point: MeterPoint,
  wallMs: number,
): number | null {
  const share = shareOf(point.phase);
  switch (point.quantity) {
    case 'activePower':
      return share === null ? null : share * load.powerW(component, wallMs);
    case 'reactivePower':
      return share === null ? null : share * reactiveOf(component, (of) => load.powerW(of, wallMs));
    case 'apparentPower':
      return share === null ? null : share * apparentPowerVa(load, component, wallMs);
    case 'powerFactor':
      return share === null ? null : powerFactor(load, component, wallMs);
    case 'current':
      return currentA(load, component, point.phase, wallMs);
    case 'voltage':
      return voltageV(load, point.phase, wallMs);
    case 'frequency':
      return 50 + 0.018 * slowWave(wallMs, 97_000) + 0.011 * slowWave(wallMs, 1_370_000);
    case 'activeEnergyImport':
    case 'activeEnergySum':
      return share === null ? null : share * load.energyWh(component, wallMs);
    case 'reactiveEnergyImport':
      return share === null ? null : share * reactiveOf(component, (of) => load.energyWh(of, wallMs));
    case 'activeEnergyExport':
    case 'reactiveEnergyExport':
      return share === null ? null : 0;
    case 'apparentEnergy':
      return share === null
        ? null
        : share *
            Math.hypot(
              load.energyWh(component, wallMs),
              reactiveOf(component, (of) => load.energyWh(of, wallMs)),
            );
    case 'rotationalSpeed':
      return component === 'spindle' ? load.momentAt(wallMs).spindleSpeed : null;
    case 'load':
      return (100 * load.powerW(component, wallMs)) / load.ratedPowerW;
    case 'torque':
    case 'temperature':
    case 'gasVolume':
    default:
      return null;
  }
}

/** Reactive power from powers, or reactive energy from energies: a fixed sum of the parts, so one integrates the other. */
function reactiveOf(component: LoadComponent, activeOf: (component: LoadComponent) => number): number {
  if (component === 'supply')
    return LOAD_TANGENT * activeOf('supply') + CABINET_TANGENT * activeOf('cabinet');
  return (component === 'spindle' ? SPINDLE_TANGENT : LOAD_TANGENT) * activeOf(component);
}

function apparentPowerVa(load: LoadProfile, component: LoadComponent, wallMs: number): number {
  return Math.hypot(
    load.powerW(component, wallMs),
    reactiveOf(component, (of) => load.powerW(of, wallMs)),
  );
}

function powerFactor(load: LoadProfile, component: LoadComponent, wallMs: number): number {
  const apparentVa = apparentPowerVa(load, component, wallMs);
  return apparentVa === 0 ? 1 : load.powerW(component, wallMs) / apparentVa;
}

function currentA(load: LoadProfile, component: LoadComponent, phase: Phase, wallMs: number): number | null {
  const apparentVa = apparentPowerVa(load, component, wallMs);
  const currents = LINE_PHASES.map(
    (line) => (apparentVa * PHASE_SHARES[line]) / lineVoltageV(load, line, wallMs),
  );
  const [a = 0, b = 0, c = 0] = currents;
  if (phase === 'total') return (a + b + c) / 3;
  // What flows back in the neutral of an unbalanced load.
  if (phase === 'n') return Math.sqrt(Math.max(0, a * a + b * b + c * c - a * b - b * c - c * a));
  const index = LINE_PHASES.findIndex((line) => line === phase);
  return currents[index] ?? null;
}

function voltageV(load: LoadProfile, phase: Phase, wallMs: number): number | null {
  const [a, b, c] = LINE_PHASES.map((line) => lineVoltageV(load, line, wallMs)) as [number, number, number];
  switch (phase) {
    case 'l1':
      return a;
    case 'l2':
      return b;
    case 'l3':
      return c;
    case 'l12':
      return betweenV(a, b);
    case 'l23':
      return betweenV(b, c);
    case 'l31':
      return betweenV(c, a);
    case 'total':
      return (a + b + c) / 3;
    case 'n':
    default:
      return null;
  }
}

/** Voltage of a line to neutral: breathes over the day, and sags with the load. */
function lineVoltageV(load: LoadProfile, line: (typeof LINE_PHASES)[number], wallMs: number): number {
  const index = LINE_PHASES.indexOf(line);
  const breath = 0.006 * slowWave(wallMs + index * 7_000_000, 86_400_000) + 0.002 * slowWave(wallMs, 613_000);
  const sag = (0.008 * load.powerW('supply', wallMs)) / load.ratedPowerW;
  return NOMINAL_VOLTAGE_V * (1 + breath - sag + 0.001 * (index - 1));
}

/** Voltage between two lines that are 120 degrees apart. */
function betweenV(a: number, b: number): number {
  return Math.sqrt(a * a + b * b + a * b);
}

function slowWave(wallMs: number, periodMs: number): number {
  return Math.sin((2 * Math.PI * (wallMs % periodMs)) / periodMs);
}

/** A phase's share of power and energy; null for what is no conductor of its own. */
function shareOf(phase: Phase): number | null {
  if (phase === 'total') return 1;
  return phase === 'l1' || phase === 'l2' || phase === 'l3' ? PHASE_SHARES[phase] : null;
}
