import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import { watts, type Watts } from '../../../protocols/telemetry/unit.ts';
import type { BandSet } from '../band-set.ts';
import { classifyPower } from './classify-power.ts';
import { findLevels, type Valley } from './find-levels.ts';
import { splitInHalves } from './halves.ts';
import { judgeBoundary } from './judge-boundary.ts';
import { judgeCoarseness } from './judge-coarseness.ts';
import { describeLevels, sortIntoLevels, type LevelFacts } from './level-facts.ts';
import { drawsNothing, nameLevels } from './name-levels.ts';
import {
  BIN_DECADES,
  fedBackBelowW,
  findFloor,
  powerOfBin,
  quantileOf,
  sortByPower,
  type PowerHistogram,
} from './power-axis.ts';
import { isJoined, weighSamples, type PowerSamples, type WeighedSamples } from './power-samples.ts';
import { saySpan } from './power-words.ts';
import {
  CALIBRATION_METHOD,
  type BoundaryProposal,
  type CalibrationRefusal,
  type Proposal,
  type Reason,
} from './proposal.ts';
import { refuseEarly, refuseOneLevel } from './refuse.ts';
import { roundBoundary } from './round-boundary.ts';
import { driftOf, remarkOn } from './remark.ts';
import { proposeDwell, proposeHysteresis } from './propose-hold.ts';
import { dropStale } from './stale-readings.ts';
import { listStays, middleStayMs } from './stays.ts';

const EMPTY: PowerHistogram = { floorW: 0, workW: 0, fromDecade: 0, timeMs: new Float64Array(0) };
const HOUR_MS = 3_600_000;
/** A day and a night show most of what a machine does. */
const HOURS_ENOUGH = 24;
/** Figures of the power below which nobody has seen the machine. */
const UNSEEN_DIGITS = 2;

/** What is known of the machine besides its readings. */
export interface KnownOfMachine {
  /** W; null where it is not known. */
  ratedPowerW?: number | null;
  /** Power below which the operator said that the machine is off, W. */
  offBelowW?: number | null;
}

/**
 * Proposes operating states by power: the levels at which a machine stays, the boundaries between them, the hysteresis and
 * dwell that its noise asks for, and how far all of it can be trusted. The same readings give the same proposal.
 */
export function calibrate(raw: PowerSamples, known: KnownOfMachine = {}): Calibration {
  const steps = calibrateInSteps(raw, known);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** What came of a calibration. */
export type Calibration = { proposal: Proposal } | { refusal: CalibrationRefusal };

/** The same in steps, so that others get a turn between them: each yields the share of the work that is done, 0..1. */
export function* calibrateInSteps(
  raw: PowerSamples,
  known: KnownOfMachine = {},
): Generator<number, Calibration, void> {
  const { ratedPowerW = null, offBelowW = null } = known;
  const all = weighSamples(raw);
  yield 0.05;
  const whole = findFloor(all);
  yield 0.1;
  const early = refuseEarly(all, ratedPowerW, whole.workW);
  if (early !== undefined) return { refusal: early };
  const live = dropStale(all, whole.floorW);
  const samples = live.staleMs === 0 ? all : weighSamples(live.samples);
  yield 0.15;
  const axis = live.staleMs === 0 ? whole : findFloor(samples);
  const found = layBoundaries(samples, axis);
  if (found.boundariesW.length === 0) return { refusal: refuseOneLevel(samples, axis.noiseW, axis.workW) };
  const { histogram, valleys, boundariesW } = found;

  yield 0.25;
  const levelOf = sortIntoLevels(samples.powersW, boundariesW);
  const facts = describeLevels(samples, levelOf, boundariesW.length + 1, axis.floorW);
  const hysteresis = proposeHysteresis(facts, boundariesW);
  yield 0.4;
  const nameless = bandsOf(boundariesW, hysteresis);
  const powers = { ...axis, offBelowW };
  // Braking is a state of no machine: where nothing else lies below, the dwell has to cover it.
  const hold = drawsNothing(facts[0]!, powers)
    ? proposeDwell(samples, nameless, facts)
    : proposeDwell(samples, addFedBack(nameless, axis.floorW), [null, ...facts]);
  yield 0.55;
  const stays = listStays(samples, classifyPower({ ...nameless, dwellMs: hold.dwellMs }, samples));
  const names = nameLevels(
    facts.map((level, index) => ({ ...level, stayMs: middleStayMs(stays, index) })),
    powers,
  );
  const held: BandSet = {
    ...nameless,
    dwellMs: hold.dwellMs,
    bands: nameless.bands.map(({ belowW }, index) => ({ state: names[index]!.state, belowW })),
  };
  yield 0.65;
  const boundaries = judgeAll(samples, facts, { boundariesW, valleys, hysteresis }).map(
    (boundary, index) => ({ ...boundary, counts: names[index]!.state !== names[index + 1]!.state }),
  );
  yield 0.85;
  const counting = boundaries.filter(({ counts }) => counts);
  const data = dataOf(samples);
  const coarse = judgeCoarseness(stays, data.everyMs);
  const reasons = [judgeHours(samples), ...(coarse === undefined ? [] : [coarse])];
  const bands = proposeBands(held, facts[0]!);
  return {
    proposal: {
      method: CALIBRATION_METHOD,
      data,
      histogram: {
        floorW: axis.floorW,
        fromDecade: histogram.fromDecade,
        binDecades: BIN_DECADES,
        shares: [...histogram.timeMs].map((timeMs) => timeMs / samples.measuredMs),
      },
      levels: facts.map((level, index) => ({
        ...names[index]!,
        powerW: level.powerW,
        lowW: level.lowW,
        highW: level.highW,
        timeMs: level.timeMs,
        share: level.timeMs / samples.measuredMs,
        stays: stays.filter((stay) => stay.band === index).length,
        stayMs: middleStayMs(stays, index),
      })),
      boundaries,
      bands,
      hysteresis,
      dwellMs: hold.dwellMs,
      confidence: Math.min(...[...counting, ...reasons].map(({ confidence }) => confidence)),
      reasons,
      outcome: outcomeOf(samples, { ...held, bands }),
      remarks: remarkOn(samples, {
        live,
        hold,
        bands,
        axis,
        isCoarse: coarse !== undefined,
        drifts: driftOf(samples, levelOf, names),
      }),
    },
  };
}

/** Where the boundaries of these readings are, rounded as they are proposed. */
function layBoundaries(
  samples: WeighedSamples,
  { floorW, workW }: { floorW: number; workW: number },
): { histogram: PowerHistogram; valleys: Valley[]; boundariesW: Watts[] } {
  if (!(floorW > 0)) return { histogram: EMPTY, valleys: [], boundariesW: [] };
  const histogram = sortByPower(samples, floorW, workW);
  const { levels, valleys } = findLevels(histogram, samples.measuredMs / samples.timesMs.length);
  return {
    histogram,
    valleys,
    boundariesW: valleys.map(({ bin }, index) => {
      const [lowerW, exactW, upperW] = [levels[index]!.peakBin, bin, levels[index + 1]!.peakBin].map((at) =>
        powerOfBin(histogram, at),
      ) as [number, number, number];
      return watts(roundBoundary(exactW, lowerW, upperW));
    }),
  };
}

/** A band a level, before they have names. */
function bandsOf(boundariesW: readonly Watts[], hysteresis: number): BandSet {
  return {
    version: 0,
    fromMs: -Infinity,
    bands: [...boundariesW, null].map((belowW) => ({ state: 'unknown', belowW })),
    hysteresis,
    dwellMs: 0,
  };
}

/** A band below all levels, for what is fed back. */
function addFedBack(bandSet: BandSet, floorW: number): BandSet {
  return {
    ...bandSet,
    bands: [{ state: 'unknown', belowW: watts(fedBackBelowW(floorW)) }, ...bandSet.bands],
  };
}

/** Neighbours of one state are one band; below a machine that was never off begins what nobody has seen. */
function proposeBands({ bands }: BandSet, lowest: LevelFacts): BandSet['bands'] {
  const joined = bands.filter(({ state }, index) => bands[index + 1]?.state !== state);
  if (bands[0]?.state === 'off') return joined;
  return [
    { state: 'unknown', belowW: watts(Number((lowest.lowW / 2).toPrecision(UNSEEN_DIGITS))) },
    ...joined,
  ];
}

function judgeAll(
  samples: WeighedSamples,
  facts: readonly LevelFacts[],
  found: { boundariesW: readonly number[]; valleys: readonly Valley[]; hysteresis: number },
): Omit<BoundaryProposal, 'counts'>[] {
  const halves = splitInHalves(samples).map((half) =>
    half.measuredMs === 0 ? [] : layBoundaries(half, findFloor(half)).boundariesW,
  );
  return found.boundariesW.map((powerW, index) => {
    const near = Math.max(found.hysteresis, 0.1);
    let nearMs = 0;
    for (let row = 0; row < samples.powersW.length; row++)
      if (Math.abs(samples.powersW[row]! - powerW) <= near * powerW) nearMs += samples.weightsMs[row]!;
    const [lower, upper] = [facts[index]!, facts[index + 1]!];
    const reasons = judgeBoundary({
      powerW,
      valley: found.valleys[index]!.height,
      lower,
      upper,
      nearMs,
      halvesW: halves.map(
        (half) => half.find((halfW) => halfW > lower.powerW && halfW < upper.powerW) ?? null,
      ),
    });
    return { powerW, confidence: Math.min(...reasons.map(({ confidence }) => confidence)), reasons };
  });
}

function judgeHours({ measuredMs, timesMs }: WeighedSamples): Reason {
  const hours = measuredMs / HOUR_MS;
  const spanMs = timesMs[timesMs.length - 1]! - timesMs[0]!;
  return {
    what: 'hours',
    confidence: Math.min(1, 0.2 + (0.8 * hours) / HOURS_ENOUGH),
    sentence: `${saySpan(measuredMs)} of readings over ${saySpan(spanMs)}; ${HOURS_ENOUGH} h with a night in them show most of what a machine does.`,
  };
}

function outcomeOf(samples: WeighedSamples, bandSet: BandSet): Proposal['outcome'] {
  const bandOf = classifyPower(bandSet, samples);
  const timeMs: Partial<Record<OperatingState, number>> = {};
  let changes = 0;
  for (let row = 0; row < bandOf.length; row++) {
    const state = bandSet.bands[bandOf[row]!]?.state ?? 'unknown';
    timeMs[state] = (timeMs[state] ?? 0) + samples.weightsMs[row]!;
    if (row > 0 && bandOf[row] !== bandOf[row - 1] && isJoined(samples, row - 1)) changes++;
  }
  return { timeMs, changes };
}

function dataOf(samples: WeighedSamples): Proposal['data'] {
  const { timesMs, measuredMs, gaps, everyMs } = samples;
  return {
    fromMs: timesMs[0]!,
    toMs: timesMs[timesMs.length - 1]!,
    measuredMs,
    samples: timesMs.length,
    everyMs: quantileOf(everyMs, new Uint8Array(everyMs.length).fill(1), 0.5),
    gaps: gaps.count,
    gapMs: gaps.lostMs,
  };
}
