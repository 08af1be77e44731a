import type { DeviceProfile } from '../../protocols/modbus/profile/profile.ts';
import type { ConfigPath, Remark } from '../finding.ts';
import type { ModbusSourceConfig } from './modbus-config.ts';
import type { PointRead } from './points-read.ts';

const KEYS = ['ct', 'vt'] as const;

/**
 * A ratio that the device has already applied would count twice; one that nobody applies is missing; and where no source
 * says which of the two it is, only the operator can find out.
 */
export function checkRatios(
  source: ModbusSourceConfig,
  profile: DeviceProfile,
  reads: readonly PointRead[],
  at: ConfigPath,
): Remark[] {
  const { conventions, title, kind } = profile;
  const refuse = (message: string, cure: (key: string) => string) =>
    KEYS.flatMap((key): Remark[] =>
      source[key] === undefined
        ? []
        : [{ severity: 'error', path: [...at, key], target: 'key', message, cure: cure(key) }],
    );
  if (kind === 'drive')
    return refuse(
      `${title} measures its motor itself: no transformer stands before it.`,
      (key) =>
        `Remove ${key}; where a value is wrong by a factor, look for its scale in the notes of the profile.`,
    );
  const applies =
    conventions.transformers === 'applied' ||
    reads.some(({ point }) => point.factors?.some((factor) => factor.as === 'factor'));
  if (applies)
    return refuse(
      `${title} applies the ratio that is set in it: its values would be multiplied twice.`,
      (key) =>
        `Set the ratio in the device and remove ${key}. Only where the device must stay at ratio 1: copy its profile into profiles/ beside this file and write transformers: not-applied in it.`,
    );
  if (conventions.transformers === undefined) return warnOfUnknown(source, profile, at);
  const depends = reads.some(({ point }) => /^current$|Power$|Energy/.test(point.quantity));
  if (source.ct !== undefined || !depends) return [];
  return [
    {
      severity: 'warning',
      path: at,
      message: `${title} reports secondary values: current, power and energy lack the ratio of its current transformers.`,
      cure: 'Add ct, for example ct: { primary: 100, secondary: 5 }; where it is connected directly, ct: { primary: 1, secondary: 1 }.',
    },
  ];
}

/** One remark for both ratios: what they do to energy is their product. */
function warnOfUnknown(source: ModbusSourceConfig, { title, id }: DeviceProfile, at: ConfigPath): Remark[] {
  const given = KEYS.filter((key) => source[key] !== undefined);
  const [first] = given;
  const factor = given.reduce((product, key) => {
    const { primary = 1, secondary = 1 } = source[key] ?? {};
    return (product * primary) / secondary;
  }, 1);
  if (first === undefined || factor <= 1) return [];
  const base = id.split(':')[0] ?? id;
  return [
    {
      severity: 'warning',
      path: [...at, first],
      target: 'key',
      message: `no source says whether the values of ${title} are already those of the primary side; if they are, ${given.join(' and ')} ${given.length === 1 ? 'makes' : 'make'} its energy ${Number(factor.toPrecision(4))} times too large.`,
      cure: `Compare one current or power (\`millwatt probe\`) with the display of the meter or with a clamp. Where it is right without ${given.join(' and ')}, remove ${given.length === 1 ? 'it' : 'both'}; where it is right with ${given.length === 1 ? 'it' : 'both'}, copy the profile to profiles/${base}.yaml beside this file and write conventions: { transformers: not-applied } in it, which records what you found.`,
    },
  ];
}
