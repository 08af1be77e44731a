import { nothing, rectangular, type Contribution, type UncertaintySource } from './contribution.ts';
import {
  gatherMissing,
  isLacking,
  lacking,
  sayFigure,
  type KnownLimit,
  type Lacking,
  type Limit,
} from './limit.ts';
import { readMeterClass } from './meter-class.ts';
import { UNTOLD_FACTOR } from './phase-angle.ts';
import { isNoCurrent, UNTOLD_CONNECTION } from './meter-load.ts';
import { limitMeter } from './meter-limit.ts';
import { percentOf, type MeteringFacts, type StateLoad } from './metering-facts.ts';
import { limitCurrentTransformer, limitVoltageTransformer } from './transformer-limit.ts';

/** The temperature for which classes are stated, degC. */
const REFERENCE_DEGC = 23;

/** What the instruments may do wrong all the time, in one state: meter, transformers, drift and temperature. */
export function boundInstruments(metering: MeteringFacts, state: StateLoad): Contribution[] | Lacking {
  const { connection, vt } = metering;
  const ct = connection?.kind === 'transformer' ? limitCurrentTransformer(connection.ct, state) : undefined;
  const voltage = vt === undefined ? undefined : limitVoltageTransformer(vt, state);
  const meter = limitMeter(metering, state);
  // A class in % of the reading does not ask how the current comes in; the transformers before it do.
  const wiring = connection === null ? lacking(UNTOLD_CONNECTION) : undefined;
  const missing = gatherMissing([meter, wiring, ct?.ratio, ct?.phase, voltage?.ratio, voltage?.phase]);
  // Where no current flows, nobody can read an angle either: that is nothing to be cured.
  const isUntold = (fact: string): boolean => fact !== UNTOLD_FACTOR || !isNoCurrent(state.currentA);
  if (missing.length > 0) return lacking(...missing.filter(({ fact }) => isUntold(fact)));
  const bound = (source: UncertaintySource, limit: Limit | undefined, otherwise: string): Contribution =>
    limit === undefined || isLacking(limit)
      ? nothing(source, otherwise)
      : rectangular(source, state.energyMwh, state.isAssumed === true ? markAssumed(limit) : limit);
  return [
    bound('meter', meter, ''),
    bound('ct', ct?.ratio, 'no current transformer'),
    bound('ctPhase', ct?.phase, 'no current transformer'),
    bound('vt', voltage?.ratio, 'no voltage transformer'),
    bound('vtPhase', voltage?.phase, 'no voltage transformer'),
    boundDrift(metering, state),
    boundEnvironment(metering, state),
  ];
}

/** Nobody knows the load for which this limit holds. */
function markAssumed({ percent, note, terms }: KnownLimit): KnownLimit {
  const assumed = 'at a load that was not read, unqualified';
  const outside = [terms?.outside, assumed].filter(Boolean).join('; ');
  return {
    percent,
    isQualified: false,
    note: `${note}; ${assumed}`,
    ...(terms === undefined ? {} : { terms: { ...terms, outside } }),
  };
}

function boundDrift({ drift }: MeteringFacts, { energyMwh }: StateLoad): Contribution {
  if (drift === undefined) return nothing('drift', 'no drift was entered: none is counted');
  const perYear = Math.abs(percentOf(drift.perYear));
  const years = Math.max(0, drift.years);
  return rectangular('drift', energyMwh, {
    percent: perYear * years,
    isQualified: true,
    note: `${sayFigure(perYear)} % a year over ${sayFigure(years)} years since calibration`,
  });
}

function boundEnvironment(metering: MeteringFacts, { energyMwh }: StateLoad): Contribution {
  const meaning = readMeterClass(metering);
  if (!isLacking(meaning) && meaning.kind === 'table' && meaning.table.hasInfluences === true) {
    const isTold = metering.environment !== undefined;
    return nothing(
      'environment',
      `in the limits of the class${isTold ? '' : '; 5 to 30 degC is taken for the place of the meter'}`,
    );
  }
  const { ambientDegC, perKelvin, referenceDegC = REFERENCE_DEGC } = metering.environment ?? {};
  if (ambientDegC === undefined || perKelvin === undefined) {
    return nothing('environment', 'no temperature coefficient was entered: none is counted');
  }
  const distanceK = Math.max(
    Math.abs(ambientDegC.min - referenceDegC),
    Math.abs(ambientDegC.max - referenceDegC),
  );
  const coefficient = Math.abs(percentOf(perKelvin));
  return rectangular('environment', energyMwh, {
    percent: coefficient * distanceK,
    isQualified: true,
    note: `${sayFigure(coefficient)} % a kelvin, up to ${sayFigure(distanceK)} K from ${sayFigure(referenceDegC)} degC`,
  });
}
