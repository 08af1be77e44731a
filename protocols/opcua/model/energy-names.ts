import { PHASES, type Phase, type Quantity } from '../../telemetry/quantity.ts';

/** What a variable of an energy profile (OPC 34100, and OPC 30141 before it) measures, by its browse name. */
export interface EnergyMeaning {
  quantity: Quantity;
  phase: Phase;
  /** The unit where the standard gives none: a power factor. */
  unit?: string;
  /** Of two with the same meaning the higher one is read: high precision (f64) before low (f32). */
  rank: number;
}

const POWERS: Readonly<Record<string, Quantity>> = {
  Active: 'activePower',
  Reactive: 'reactivePower',
  Apparent: 'apparentPower',
};
const ENERGIES: Readonly<Record<string, Quantity>> = {
  ActiveImport: 'activeEnergyImport',
  ActiveExport: 'activeEnergyExport',
  ReactiveImport: 'reactiveEnergyImport',
  ReactiveExport: 'reactiveEnergyExport',
};
const HIGH = 2;
const LOW = 1;

/**
 * The meaning of a name such as AcActivePowerTotal or AcVoltageL1L2; undefined for one that is no such value. Maxima,
 * minima, averages over a period and sums of import and export are none of ours.
 */
export function energyMeaning(name: string): EnergyMeaning | undefined {
  const counter = /^Ac(Active|Reactive)EnergyTotal(Import|Export)(Lp|Hp)$/.exec(name);
  if (counter !== null)
    return of(ENERGIES[`${counter[1]}${counter[2]}`], 'total', counter[3] === 'Hp' ? HIGH : LOW);
  const apparent = /^AcApparentEnergyTotal(Lp|Hp)$/.exec(name);
  if (apparent !== null) return of('apparentEnergy', 'total', apparent[1] === 'Hp' ? HIGH : LOW);
  const power = /^Ac(Active|Reactive|Apparent)Power(Total|L[123])?$/.exec(name);
  if (power !== null) {
    // The plain name stands for the total in servers of the forerunner.
    const isPlain = power[2] === undefined;
    return of(POWERS[power[1] ?? ''], isPlain ? 'total' : phaseOf(power[2]), isPlain ? LOW : HIGH);
  }
  const factor = /^AcPowerFactor(Total|L[123])?$/.exec(name);
  if (factor !== null) return { quantity: 'powerFactor', phase: phaseOf(factor[1]), unit: '1', rank: HIGH };
  const voltage = /^AcVoltage(L1L2|L2L3|L3L1|L[123]N?)$/.exec(name);
  if (voltage !== null) return of('voltage', phaseOf(voltage[1]), HIGH);
  const current = /^AcCurrent(L[123]|N)$/.exec(name);
  if (current !== null) return of('current', phaseOf(current[1]), HIGH);
  return name === 'AcFrequency' ? of('frequency', 'total', HIGH) : undefined;
}

/** True for values that hold all phases in one structure, which has no channel. */
export function isPhaseStructure(name: string): boolean {
  return /^Ac(?:Current(?:Pe)?|VoltagePe|VoltagePp|(?:Active|Reactive|Apparent)PowerPe|PowerFactorPe)$/.test(
    name,
  );
}

function of(quantity: Quantity | undefined, phase: Phase, rank: number): EnergyMeaning | undefined {
  return quantity === undefined ? undefined : { quantity, phase, rank };
}

function phaseOf(text: string | undefined): Phase {
  const name = (text ?? '').replace(/^(L[123])N$/, '$1').toLowerCase();
  const pairs: Readonly<Record<string, Phase>> = { l1l2: 'l12', l2l3: 'l23', l3l1: 'l31' };
  return pairs[name] ?? PHASES.find((phase) => phase === name) ?? 'total';
}
