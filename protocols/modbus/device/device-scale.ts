import { MillwattError } from '../../errors.ts';
import { multiply, rational, rationalOf, type Rational } from '../../telemetry/unit.ts';
import { canonicalScale, pointName, type DeviceProfile, type ProfilePoint } from '../profile/profile.ts';
import type { ModbusSource, TransformerRatio } from '../source.ts';

/** What of a source takes part in its scales. */
export type ScaleSettings = Pick<ModbusSource, 'id' | 'ct' | 'vt' | 'scales' | 'ratedPowerW'>;

/**
 * raw x this = value in the quantity's canonical unit at the machine: the profile's scale or the operator's, and the
 * operator's transformer ratios. Throws errors of class `refuse`: `scale-missing`, `rated-power-missing`,
 * `ratio-applied-twice`.
 */
export function scaleOf(profile: DeviceProfile, point: ProfilePoint, source: ScaleSettings): Rational {
  refuseDoubleRatio(profile, point, source);
  return multiply(scaleOfPoint(profile, point, source), transformerScale(point, source));
}

function scaleOfPoint(profile: DeviceProfile, point: ProfilePoint, source: ScaleSettings): Rational {
  const name = pointName(point);
  switch (point.scaleFrom) {
    case 'operator': {
      const scale = source.scales?.[name];
      if (scale !== undefined) return canonicalScale({ ...point, scale });
      throw new MillwattError(
        'refuse',
        'scale-missing',
        `No document that we know states the scale of ${name} of the profile ${profile.id}, so source ${source.id} must.`,
        {
          cure: `Compare the register with the display of the device, and write in source ${source.id}: scales: { ${name.includes('.') ? `'${name}'` : name}: '0.1' } (register x scale = ${point.unit}; 0.1 is only an example).`,
        },
      );
    }
    case 'rated-power': {
      if (source.ratedPowerW !== undefined)
        return multiply(
          rationalOf(point.scale),
          multiply(rationalOf(source.ratedPowerW), rational(1n, 100n)),
        );
      throw new MillwattError(
        'refuse',
        'rated-power-missing',
        `The profile ${profile.id} gives ${name} in percent of the rated power, which source ${source.id} does not state.`,
        { cure: `Read it off the nameplate, and write in source ${source.id}: ratedPower: 7.5 kW` },
      );
    }
    case undefined:
  }
  return canonicalScale(point);
}

/**
 * A ratio applied in the meter and again by us is the classical error of 20 or 50 times. A meter whose own ratio was
 * deliberately left at 1 needs a profile of its own that says so: a word in a file is hard to write by mistake.
 */
function refuseDoubleRatio(profile: DeviceProfile, point: ProfilePoint, { id, ct, vt }: ScaleSettings): void {
  const given = [...(ct === undefined ? [] : ['ct']), ...(vt === undefined ? [] : ['vt'])];
  if (given.length === 0) return;
  const readsRatio = point.factors?.some((factor) => factor.as === 'factor') === true;
  if (profile.conventions.transformers !== 'applied' && !readsRatio) return;
  throw new MillwattError(
    'refuse',
    'ratio-applied-twice',
    `Source ${id} states ${given.join(' and ')}, but a device of the profile ${profile.id} applies the ratio set in it: its values would be multiplied twice.`,
    {
      cure: `Set the ratio in the device and remove ${given.join(' and ')} from source ${id}. Only where the device must stay at ratio 1: copy the profile into the folder profiles and write transformers: not-applied in it.`,
    },
  );
}

/** Current grows with the current transformer, voltage with the voltage transformer, power and energy with both. */
function transformerScale({ quantity }: ProfilePoint, { ct, vt }: ScaleSettings): Rational {
  const ofCurrent = ct === undefined ? rational(1n) : ratioOf(ct);
  const ofVoltage = vt === undefined ? rational(1n) : ratioOf(vt);
  if (quantity === 'current') return ofCurrent;
  if (quantity === 'voltage') return ofVoltage;
  return /Power$|Energy/.test(quantity) ? multiply(ofCurrent, ofVoltage) : rational(1n);
}

function ratioOf({ primary, secondary }: TransformerRatio): Rational {
  const below = rationalOf(secondary);
  return multiply(rationalOf(primary), rational(below.den, below.num));
}
