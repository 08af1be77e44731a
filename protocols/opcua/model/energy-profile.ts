import type { ServerNode } from '../browse/server-node.ts';
import { isOfType, type TypeNames } from '../browse/type-names.ts';
import { pointOf, type Candidates } from './candidate.ts';
import { energyMeaning, isPhaseStructure, type EnergyMeaning } from './energy-names.ts';
import { levelName } from './level-name.ts';

const SUPPLY = 'supply';
/** Objects between a machine and its values that say nothing of what is measured. */
const NO_COMPONENT =
  /^(?:Energy\w*|Measurements?|Monitoring|MachineryBuildingBlocks|Components|MachineTool|Supply|Mains)$/;

/**
 * The energy profiles among the nodes below a machine, by the names of the standard whatever namespace they are in. What
 * hangs at the machine itself is its supply; the rest is named after what it hangs at.
 * @param isMachine false where the nodes lie somewhere else on the server: then nothing is taken for the supply
 */
export function findEnergyPoints(
  nodes: readonly ServerNode[],
  types: TypeNames,
  isMachine: boolean,
): Candidates {
  const found: Candidates = { measured: [], statuses: [], remarks: [] };
  const holders = new Map<ServerNode, ServerNode[]>();
  for (const node of nodes) {
    if (node.kind !== 'variable' || node.parent === undefined) continue;
    const isNamed = energyMeaning(node.name) !== undefined || isPhaseStructure(node.name);
    if (isNamed) holders.set(node.parent, [...(holders.get(node.parent) ?? []), node]);
  }
  // In an order that does not hang on the server's: which of two namesakes has the number must not change with a restart.
  const ordered = [...holders].toSorted(([a], [b]) => (a.path.join('/') < b.path.join('/') ? -1 : 1));
  const named = nameHolders(
    ordered.map(([holder]) => holder),
    types,
    isMachine,
  );
  for (const [holder, variables] of ordered) {
    const component = named.get(holder) ?? 'energy';
    const best = bestOf(variables);
    for (const { variable, meaning } of best) {
      const { quantity, phase, unit } = meaning;
      found.measured.push({
        variable,
        point: pointOf(...variable.path),
        component,
        quantity,
        phase,
        ...(unit === undefined ? {} : { unit }),
      });
    }
    const point = pointOf(...holder.path);
    const structures = variables.filter(({ name }) => isPhaseStructure(name)).map(({ name }) => name);
    if (structures.length > 0)
      found.remarks.push(
        `${point === '' ? 'The machine' : point} tells its phases as structures (${structures.join(', ')}), which are not read.`,
      );
    if (best.length > 0 && component !== SUPPLY)
      found.remarks.push(
        `${point} is read as component ${component}: if it measures the whole machine, write found: [{ point: ${JSON.stringify(point)}, component: supply }].`,
      );
  }
  return found;
}

interface Meant {
  variable: ServerNode;
  meaning: EnergyMeaning;
}

function bestOf(variables: readonly ServerNode[]): Meant[] {
  const best = new Map<string, Meant>();
  for (const variable of variables) {
    const meaning = energyMeaning(variable.name);
    if (meaning === undefined) continue;
    const key = `${meaning.quantity}.${meaning.phase}`;
    if ((best.get(key)?.meaning.rank ?? 0) < meaning.rank) best.set(key, { variable, meaning });
  }
  return [...best.values()];
}

function componentOf(holder: ServerNode, types: TypeNames, isMachine: boolean): string {
  for (let node: ServerNode | undefined = holder; node?.parent !== undefined; node = node.parent) {
    const isContainer = isOfType(types, node.type, 'EnergyMeasurementType') || NO_COMPONENT.test(node.name);
    if (!isContainer || (!isMachine && node.parent.parent === undefined))
      return levelName(node.name.toLowerCase(), 'energy');
  }
  return isMachine ? SUPPLY : 'energy';
}

/** Where several hang at the machine itself, nobody but the operator knows which of them is the supply: none is. */
function nameHolders(
  holders: readonly ServerNode[],
  types: TypeNames,
  isMachine: boolean,
): Map<ServerNode, string> {
  const components = holders.map((holder) => componentOf(holder, types, isMachine));
  const isAmbiguous = components.filter((component) => component === SUPPLY).length > 1;
  const taken = new Set<string>();
  return new Map(
    holders.map((holder, index) => {
      const component = components[index] ?? 'energy';
      const isOneOfSeveral = isAmbiguous && component === SUPPLY;
      const name = freeName(
        isOneOfSeveral ? levelName(holder.name.toLowerCase(), 'energy') : component,
        taken,
      );
      taken.add(name);
      return [holder, name];
    }),
  );
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let number = 2; taken.has(name); number++) name = name.replace(/(?:-\d+)?$/, `-${number}`);
  return name;
}

/** What a walk has to open to see the unit and the accuracy of a value. */
export function isEnergyVariable(name: string): boolean {
  return energyMeaning(name) !== undefined;
}
