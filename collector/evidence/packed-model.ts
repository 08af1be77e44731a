import { isCount, isLevelId } from '../../protocols/telemetry/ids.ts';
import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import type { BandSet } from '../energy/band-set.ts';
import { unconfiguredMachine, type MachineModel } from '../energy/machine-model.ts';
import { isObject } from './manifest.ts';

/**
 * A machine's model as JSON can write it: a band set that holds from the beginning of time on has null for that. Amendments
 * are not in it: they are signed one by one.
 */
export function packModel(model: MachineModel): unknown {
  const bandSets = model.bandSets.map((set) => ({
    ...set,
    fromMs: set.fromMs === -Infinity ? null : set.fromMs,
  }));
  return { ...model, bandSets, amendments: [] };
}

/** The model of `machine` that `packModel` wrote; undefined for anything else. */
export function unpackModel(value: unknown, machine: string): MachineModel | undefined {
  const keys = Object.keys(unconfiguredMachine(machine)).sort().join();
  if (!isObject(value) || Object.keys(value).sort().join() !== keys) return undefined;
  const { bandSets, amendments } = value;
  const isModel =
    value['machine'] === machine &&
    isPowerOrNull(value['ratedPowerW']) &&
    isPowerOrNull(value['offBelowW']) &&
    isCount(value['quietAfterMs']) &&
    isCount(value['bridgeMs']) &&
    Array.isArray(amendments) &&
    amendments.length === 0 &&
    isMapOf(value['componentRatedPowerW'], isAmount) &&
    isMapOf(value['tree'], isLevelId) &&
    isMapOf(value['stateMap'], isState) &&
    Array.isArray(bandSets) &&
    bandSets.every(isBandSet);
  if (!isModel) return undefined;
  const model = value as unknown as MachineModel;
  // Null is what JSON has for the beginning of time.
  const unpacked = model.bandSets.map((set) => ({ ...set, fromMs: set.fromMs ?? -Infinity }));
  return { ...model, bandSets: unpacked };
}

const BAND_SET_KEYS = 'bands,dwellMs,fromMs,hysteresis,version';

/** Before it was unpacked. */
function isBandSet(value: unknown): value is BandSet {
  if (!isObject(value) || Object.keys(value).sort().join() !== BAND_SET_KEYS) return false;
  const { bands, dwellMs, fromMs, hysteresis, version } = value;
  return (
    isCount(version) &&
    isCount(dwellMs) &&
    (fromMs === null || isCount(fromMs)) &&
    isAmount(hysteresis) &&
    hysteresis <= 0.5 &&
    Array.isArray(bands) &&
    bands.every(
      (band) =>
        isObject(band) &&
        Object.keys(band).sort().join() === 'belowW,state' &&
        isState(band['state']) &&
        isPowerOrNull(band['belowW']),
    )
  );
}

function isMapOf(value: unknown, isOne: (one: unknown) => boolean): boolean {
  return isObject(value) && Object.values(value).every(isOne);
}

function isState(value: unknown): boolean {
  return OPERATING_STATES.some((state) => state === value);
}

function isPowerOrNull(value: unknown): boolean {
  return value === null || isAmount(value);
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
