import { QUANTITIES, type Quantity } from '../telemetry/quantity.ts';
import { multiply, rational, UNITS, type Rational } from '../telemetry/unit.ts';

/** Units of MTConnect that we can take, as keys of UNITS; those with an offset (FAHRENHEIT, KELVIN) cannot be a factor. */
const UNIT_OF: ReadonlyMap<string, string> = new Map([
  ['WATT', 'W'],
  ['KILOWATT', 'kW'],
  ['MEGAWATT', 'MW'],
  ['VOLT_AMPERE', 'VA'],
  ['KILOVOLT_AMPERE', 'kVA'],
  ['VOLT_AMPERE_REACTIVE', 'var'],
  ['KILOVOLT_AMPERE_REACTIVE', 'kvar'],
  ['WATT_SECOND', 'Ws'],
  ['WATT_HOUR', 'Wh'],
  ['KILOWATT_HOUR', 'kWh'],
  ['JOULE', 'J'],
  ['KILOJOULE', 'kJ'],
  ['MEGAJOULE', 'MJ'],
  ['VOLT', 'V'],
  ['KILOVOLT', 'kV'],
  ['AMPERE', 'A'],
  ['MILLIAMPERE', 'mA'],
  ['HERTZ', 'Hz'],
  ['PERCENT', '%'],
  ['REVOLUTION/MINUTE', '1/min'],
  ['CELSIUS', 'degC'],
  ['NEWTON_METER', 'Nm'],
]);

/** The unit of ours, a key of UNITS, that a unit of MTConnect is; undefined where there is none. */
export function unitOf(mtconnectUnits: string): string | undefined {
  return UNIT_OF.get(mtconnectUnits);
}

/**
 * The exact factor from a unit (a key of UNITS) to that of the quantity; undefined where the unit is not one of it. A
 * power factor in percent is taken, because MTConnect gives it so.
 */
export function scaleOf(quantity: Quantity, unit: string): Rational | undefined {
  const known = UNITS[unit];
  if (known === undefined) return undefined;
  if (quantity === 'powerFactor' && unit === '%') return multiply(known.factor, rational(1n, 100n));
  return known.canonical === QUANTITIES[quantity].unit ? known.factor : undefined;
}

/** Keys of UNITS that a quantity may be given in. */
export function unitsFor(quantity: Quantity): string[] {
  return Object.keys(UNITS).filter((unit) => scaleOf(quantity, unit) !== undefined);
}
