import { pointName, type DeviceProfile } from '../../protocols/modbus/profile/profile.ts';
import { expandLine } from './profile-point-schema.ts';
import type { ProfileFile, VariantFile } from './profile-schema.ts';

/** The profile that a file describes; with `variant`, what that variant of it says differently put in its place. */
export function profileOf(id: string, file: ProfileFile, variant?: string): DeviceProfile | undefined {
  const { accuracyClass, serial, points, variants, ...rest } = file;
  const base: DeviceProfile = {
    ...rest,
    id,
    ...(accuracyClass === undefined ? {} : { accuracyClass }),
    ...(serial === undefined ? {} : { serial }),
    points: points.flatMap(expandLine),
    variants: Object.keys(variants),
  };
  if (variant === undefined) return base;
  const said = Object.hasOwn(variants, variant) ? variants[variant] : undefined;
  return said === undefined ? undefined : applyVariant(base, variant, said);
}

function applyVariant(base: DeviceProfile, name: string, said: VariantFile): DeviceProfile {
  const { points: lines = [], without = [], notes = [], limits = {}, ...overrides } = said;
  const points = lines.flatMap(expandLine);
  const replaced = new Set([...points.map(pointName), ...without]);
  return {
    ...base,
    // Other names belong to the models that the file names first.
    ...(said.models === undefined ? {} : { aliases: [] }),
    ...withoutUndefined(overrides),
    limits: { ...base.limits, ...withoutUndefined(limits) },
    id: `${base.id}:${name}`,
    notes: [...base.notes, ...notes],
    points: [...base.points.filter((point) => !replaced.has(pointName(point))), ...points],
    variants: [],
  };
}

function withoutUndefined(said: object): object {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}
