import type { FoundOptions } from '../opcua-options.ts';
import type { Found } from './found.ts';

/** Applies what the operator says of what was found: another component, or left out. The last that fits counts. */
export function applyOverrides(found: Found, overrides: readonly FoundOptions[]): Found {
  const used = new Set<FoundOptions>();
  const override = <T extends { point: string; component: string }>(items: readonly T[]): T[] =>
    items.flatMap((item) => {
      const fitting = overrides.filter(({ point }) => isAtOrBelow(item.point, point));
      for (const one of fitting) used.add(one);
      if (fitting.some(({ skip }) => skip)) return [];
      const component = fitting.findLast((one) => one.component !== undefined)?.component;
      return [component === undefined ? item : { ...item, component }];
    });
  const measured = override(found.measured);
  const statuses = override(found.statuses);
  const unused = overrides.filter((one) => !used.has(one));
  return {
    ...found,
    measured,
    statuses,
    remarks: [
      ...unused.map(({ point }) => `found: nothing is called ${point}; millwatt browse shows what there is.`),
      ...found.remarks.filter((remark) => !isSettled(remark, used)),
    ],
  };
}

/** True for the point itself and what lies below it: `CncAxisList/X` is not the beginning of `CncAxisList/X2/ActPower`. */
function isAtOrBelow(point: string, beginning: string): boolean {
  if (!point.startsWith(beginning)) return false;
  const next = point[beginning.length];
  return next === undefined || /[/[.]$/.test(beginning) || '/[.'.includes(next);
}

/** True for a hint at a point that the operator has decided upon. */
function isSettled(remark: string, used: ReadonlySet<FoundOptions>): boolean {
  const [, written] = /point: ("(?:[^"\\]|\\.)*")/.exec(remark) ?? [];
  if (written === undefined) return false;
  const hinted = String(JSON.parse(written));
  return [...used].some(({ point }) => isAtOrBelow(hinted, point));
}
