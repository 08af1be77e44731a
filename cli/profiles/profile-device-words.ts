import type { DeviceProfile, IdentityCheck, RegisterRange } from '../../protocols/modbus/profile/profile.ts';

/** How the device wants to be asked: addressing, limits, timing, line. */
export function wordsOfReading(profile: DeviceProfile): string[] {
  const { limits, timing, serial } = profile;
  const orders = [
    profile.wordOrder === 'big' ? 'high word first' : 'low word first',
    ...(profile.byteOrder === 'big' ? [] : ['the two bytes of a register swapped']),
  ];
  return [
    `Function ${profile.functionCode} (${profile.functionCode === 3 ? 'holding' : 'input'} registers), ${orders.join(', ')}. Addresses count from 0, as on the wire.`,
    `At most ${limits.maxRegisters} registers a request.`,
    ...(limits.even ? ['Requests begin at even addresses and ask for even counts.'] : []),
    ...(limits.wholeValues ? ['A request that cuts a value is refused.'] : []),
    ...(limits.maxGap === 0 ? ['Nothing that is not wanted may be read along.'] : []),
    ...listed('No request touches', limits.forbidden),
    ...listed('Requests lie within', limits.readable),
    ...listed('Read whole and alone:', limits.whole),
    ...(timing.minTimeoutMs > 0 ? [`It may take ${timing.minTimeoutMs} ms to answer.`] : []),
    ...(timing.guardMs > 0 ? [`${timing.guardMs} ms of silence before each request.`] : []),
    ...(timing.pipelining > 1 ? [`Over TCP it takes ${timing.pipelining} requests at once.`] : []),
    ...(serial === undefined
      ? []
      : [
          `As delivered: ${serial.baudRate} baud, 8${serial.parity.charAt(0).toUpperCase()}${serial.stopBits}, unit ${serial.unit}.`,
        ]),
    ...Object.entries(profile.notAvailable).map(
      ([type, patterns]) => `No value in ${type}: ${(patterns ?? []).join(', ')}.`,
    ),
  ];
}

const POWER_WORDS = {
  'import-positive': 'Active power is positive while energy is imported.',
  'export-positive': 'Active power is positive while energy is exported: turn the sign in mind.',
  unsigned: 'Active power has no sign: import and export cannot be told apart by it.',
} as const;

const FACTOR_WORDS = {
  'sign-of-power': 'The power factor has the sign of active power.',
  'capacitive-positive': 'The power factor is positive for capacitive, negative for inductive load.',
  'inductive-positive': 'The power factor is positive for inductive, negative for capacitive load.',
  unsigned: 'The power factor has no sign.',
} as const;

const TOTAL_WORDS = {
  'sum-of-phases': 'Energy totals are the sum of the counters of the phases.',
  'net-of-phases': 'Energy totals net one phase against another before they count.',
} as const;

const TRANSFORMER_WORDS = {
  applied: 'Values are those of the primary side: the device applies its transformer ratios itself.',
  'not-applied': 'Values are those of the secondary side.',
} as const;

const TRANSFORMERS_UNKNOWN =
  'Transformers: not stated by any source whether the values are already those of the primary side. Compare one current or power with the display or a clamp before you enter ct or vt: a ratio that is applied twice counts energy that many times.';

/** Signs and sums, where a source states them; and transformers even where none does. */
export function wordsOfConventions({ conventions, points, kind }: DeviceProfile): string[] {
  const { activePower, powerFactor, energyTotals, transformers } = conventions;
  const readsRatio = points.some((point) => point.factors?.some((factor) => factor.as === 'factor'));
  return [
    ...(activePower === undefined ? [] : [POWER_WORDS[activePower]]),
    ...(powerFactor === undefined ? [] : [FACTOR_WORDS[powerFactor]]),
    ...(energyTotals === undefined ? [] : [TOTAL_WORDS[energyTotals]]),
    ...(transformers === undefined || readsRatio || kind === 'drive'
      ? []
      : [TRANSFORMER_WORDS[transformers]]),
    ...(transformers === undefined && !readsRatio && kind === 'meter' ? [TRANSFORMERS_UNKNOWN] : []),
    ...(readsRatio
      ? ['Its transformer ratios are read from the device and multiplied here: leave ct and vt out.']
      : []),
    ...(!readsRatio && transformers === 'applied' ? ['Leave ct and vt out of the source.'] : []),
  ];
}

/** How a device of this kind is recognised, and what it tells of itself. */
export function wordsOfIdentity(profile: DeviceProfile): string[] {
  const told = profile.details.map(
    ({ is, address, functionCode }) =>
      `${is === 'orderNumber' ? 'order number' : is} (function ${functionCode}, register ${address})`,
  );
  return [
    ...profile.identity.map(
      (check) =>
        `${check.title}: function ${check.functionCode}, register ${check.address} is ${wantedOf(check)}.`,
    ),
    ...(profile.identity.length === 0
      ? ['No register is known that tells this device; scan can only guess by plausible values.']
      : []),
    ...(told.length === 0 ? [] : [`It tells its ${told.join(', ')}.`]),
    ...(profile.deviceIdentification ? ['It answers Read Device Identification (43/14).'] : []),
  ];
}

function wantedOf({ oneOf, between, startsWith }: IdentityCheck): string {
  if (oneOf !== undefined) return oneOf.join(' or ');
  if (between !== undefined) return `${between.first} to ${between.last}`;
  return `a text that begins with ${(startsWith ?? []).join(' or ')}`;
}

function listed(words: string, ranges: readonly RegisterRange[]): string[] {
  if (ranges.length === 0) return [];
  return [`${words} registers ${ranges.map(({ first, last }) => `${first} to ${last}`).join(', ')}.`];
}
