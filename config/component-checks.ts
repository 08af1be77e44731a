import type { ConfigPath, Remark } from './finding.ts';
import { findNearest } from './nearest.ts';

/** What components are usually called; any other name is as good, where it was meant. */
const USUAL_COMPONENTS = [
  'supply',
  'spindle',
  'drives',
  'cabinet',
  'coolant',
  'hydraulics',
  'compressedAir',
  'control',
] as const;

/** A warning where a component is nearly one of the usual ones: `suply` would be a component beside the supply. */
export function checkComponentName(
  name: string,
  path: ConfigPath,
  target: 'key' | 'value' = 'value',
): Remark[] {
  // spindle-2, left_spindle and drives2 are names that somebody chose.
  const chosen = USUAL_COMPONENTS.some((usual) => new RegExp(`(^|[-_])${usual}($|[-_\\d])`).test(name));
  const near = chosen ? undefined : findNearest(name, USUAL_COMPONENTS);
  // A word inside another (air, cool) is no slip of the keyboard.
  if (near === undefined || Math.abs(near.length - name.length) > 2) return [];
  return [
    {
      severity: 'warning',
      path,
      target,
      message: `"${name}" is taken as a component of its own.`,
      cure: `Did you mean ${near}? If not, leave it.`,
    },
  ];
}
