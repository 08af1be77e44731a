import {
  WATT_MS_PER_MWH,
  milliwattHours,
  watts,
  type MilliwattHours,
  type Watts,
} from '../../../protocols/telemetry/unit.ts';
import { group, sayEnergy, sayTime } from './say-figures.ts';

/** Time and energy of two states of one machine over the same period. */
export interface MeasuredStates {
  readyMs: number;
  readyMwh: MilliwattHours;
  processingMs: number;
  processingMwh: MilliwattHours;
}

/** Power while processing taken apart: P = basic + idle + tip. Null where it cannot be said; `sayings` say why. */
export interface PowerSplit {
  /** Mean power while ready. */
  basicW: Watts | null;
  /** Mean power of running without cutting, less basic; null where nobody measured running without cutting. */
  idleW: Watts | null;
  /** Mean power while processing, less basic and idle. Without idle it holds what idle would. May be negative. */
  tipW: Watts | null;
  /** The same over the processing time; basic + idle + tip = processing energy, to the last mWh. */
  basicMwh: MilliwattHours | null;
  idleMwh: MilliwattHours | null;
  tipMwh: MilliwattHours | null;
  sayings: string[];
}

/**
 * The basic / idle / tip split that unit process inventories use (CO2PE!, Kellens 2012; footprint method: basic = mean ready
 * power, tip = processing - ready). States alone do not tell running without cutting from cutting: idle is split off only
 * where the power of an air cut is given, measured by hand and so marked as declared.
 *
 * @param airCutW mean power of the same program without material, or null
 */
export function splitPower(states: MeasuredStates, airCutW: Watts | null): PowerSplit {
  const { readyMs, readyMwh, processingMs, processingMwh } = states;
  const sayings: string[] = [];
  const none: PowerSplit = {
    basicW: null,
    idleW: null,
    tipW: null,
    basicMwh: null,
    idleMwh: null,
    tipMwh: null,
    sayings,
  };
  if (readyMs === 0) sayings.push('basic: none, the machine was never ready in this time');
  if (processingMs === 0) sayings.push('tip: none, the machine never processed in this time');
  const basicW = readyMs === 0 ? null : powerOf(readyMwh, readyMs);
  if (basicW !== null)
    sayings.push(`basic: ${sayEnergy(readyMwh)} ready / ${sayTime(readyMs)} = ${group(basicW)} W`);
  if (basicW === null || processingMs === 0) return { ...none, basicW };

  const meanW = powerOf(processingMwh, processingMs);
  const isIdleKnown = airCutW !== null && Number.isFinite(airCutW);
  const idleW = isIdleKnown ? roundPower(airCutW - basicW) : null;
  const tipW = roundPower(meanW - basicW - (idleW ?? 0));
  const basicMwh = energyOf(basicW, processingMs);
  const idleMwh = idleW === null ? null : energyOf(idleW, processingMs);
  sayings.push(
    idleW === null
      ? 'idle: none, nobody gave the power of an air cut; it is within tip'
      : `idle: ${group(airCutW ?? 0)} W air cut (declared) - ${group(basicW)} W = ${group(idleW)} W`,
    `tip: ${sayEnergy(processingMwh)} / ${sayTime(processingMs)} = ${group(meanW)} W processing - ${group(basicW)} W` +
      `${idleW === null ? '' : ` - ${group(idleW)} W`} = ${group(tipW)} W`,
  );
  if (tipW < 0)
    sayings.push('tip is negative: ready drew more than processing; look at the states of this machine');
  return {
    basicW,
    idleW,
    tipW,
    basicMwh,
    idleMwh,
    tipMwh: milliwattHours(processingMwh - basicMwh - (idleMwh ?? 0)),
    sayings,
  };
}

/** To the mW, as it is said: so the differences of what is said are what is said of them. */
function powerOf(mwh: number, ms: number): Watts {
  return roundPower((mwh * WATT_MS_PER_MWH) / ms);
}

function roundPower(powerW: number): Watts {
  return watts(Math.round(powerW * 1000) / 1000);
}

function energyOf(powerW: Watts, ms: number): MilliwattHours {
  return milliwattHours(Math.round((powerW * ms) / WATT_MS_PER_MWH));
}
