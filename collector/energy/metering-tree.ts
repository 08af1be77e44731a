import { milliwattHours, type MilliwattHours } from '../../protocols/telemetry/unit.ts';

/** What the parts of a machine leave of the whole, at each place of its metering tree. */
export interface TreeBalance {
  /** Supply minus what is measured directly below it; null without either. */
  residualMwh: MilliwattHours | null;
  /** The same of every other component with measured parts; null where it is not measured itself. */
  residuals: Record<string, MilliwattHours | null>;
  /** Components, the supply among them, whose parts add up to more than they draw, beyond what meters resolve. */
  overCounted: string[];
}

/**
 * Balances a metering tree. A part whose parent is not measured counts at the nearest one above that is, and at the supply
 * in the end, so that nothing is left out and nothing is taken off twice.
 *
 * @param componentMwh import of each measured component, `supply` included
 * @param tree components that are part of another one than the supply, and of which
 * @param stepMwh one step of each component's counter, mWh: parts that are above the whole by no more than one step of each
 *   meter say nothing
 */
export function balanceTree(
  componentMwh: Readonly<Record<string, MilliwattHours>>,
  tree: Readonly<Record<string, string>>,
  stepMwh: Readonly<Record<string, number>> = {},
): TreeBalance {
  const parts = new Map<string, string[]>();
  const isInner = new Set<string>();
  for (const name of Object.keys(componentMwh)) {
    if (name === 'supply') continue;
    const above = ancestorsOf(name, tree);
    for (const inner of above) isInner.add(inner);
    const parent = above.find((inner) => componentMwh[inner] !== undefined) ?? 'supply';
    parts.set(parent, [...(parts.get(parent) ?? []), name]);
  }
  const overCounted: string[] = [];
  const balanceOf = (name: string): MilliwattHours | null => {
    const wholeMwh = componentMwh[name];
    const own = parts.get(name);
    if (wholeMwh === undefined || own === undefined) return null;
    let residualMwh: number = wholeMwh;
    let toleranceMwh = stepMwh[name] ?? 0;
    for (const part of own) {
      residualMwh -= componentMwh[part] ?? 0;
      toleranceMwh += stepMwh[part] ?? 0;
    }
    if (residualMwh < -toleranceMwh) overCounted.push(name);
    return milliwattHours(residualMwh);
  };
  const residuals: TreeBalance['residuals'] = {};
  const residualMwh = balanceOf('supply');
  for (const name of [...isInner].sort()) residuals[name] = balanceOf(name);
  return { residualMwh, residuals, overCounted };
}

/** The components above one, the nearest first, the supply left out; a tree that goes round in circles ends there. */
function ancestorsOf(name: string, tree: Readonly<Record<string, string>>): string[] {
  const above: string[] = [];
  for (let parent = tree[name]; parent !== undefined && parent !== 'supply'; parent = tree[parent]) {
    if (parent === name || above.includes(parent)) break;
    above.push(parent);
  }
  return above;
}
