import { browseChildren, HOLDS } from '../browse/browse-children.ts';
import type { BrowseSession, ServerLimits } from '../browse/browse-session.ts';
import { isOfType, readTypeNames } from '../browse/type-names.ts';
import { MACHINERY_URI } from './companion-uris.ts';

/** A machine that a server offers below Objects/Machines (OPC 40001-1). */
export interface OfferedMachine {
  name: string;
  nodeId: string;
  /** Browse name of its type; empty where the server names none. */
  type: string;
  /** It is of MachineToolType (OPC 40501-1) or of a type derived from it. */
  isMachineTool: boolean;
}

const OBJECTS = 'ns=0;i=85';
const OBJECTS_ONLY = { ...HOLDS, classMask: 1 };
const CHILDREN_MAX = 20_000;
const REQUESTS_MAX = 50;

/** All machines of a server, in its order. They are known by their type, never by a fixed id. */
export async function listMachines(
  session: BrowseSession,
  namespaceUris: readonly string[],
  limits: ServerLimits,
): Promise<OfferedMachine[]> {
  const machinery = namespaceUris.indexOf(MACHINERY_URI);
  if (machinery < 0) return [];
  const costs = { requests: 0, requestsMax: REQUESTS_MAX };
  const list = (nodeId: string) =>
    browseChildren(session, [nodeId], OBJECTS_ONLY, CHILDREN_MAX, limits, costs);
  const [objects] = await list(OBJECTS);
  const folder = objects?.references.find(
    ({ browseName }) => browseName.namespaceIndex === machinery && browseName.name === 'Machines',
  );
  if (folder === undefined) return [];
  const [machines] = await list(folder.nodeId.toString());
  const references = machines?.references ?? [];
  const types = await readTypeNames(
    session,
    references.map(({ typeDefinition }) => typeDefinition.toString()),
    namespaceUris,
    limits,
  );
  return references.map(({ browseName, nodeId, typeDefinition }) => {
    const type = typeDefinition.toString();
    return {
      name: browseName.name ?? '',
      nodeId: nodeId.toString(),
      type: types.get(type)?.[0]?.name ?? '',
      isMachineTool: isOfType(types, type, 'MachineToolType'),
    };
  });
}

/** The machine that is meant, or why none can be chosen. */
export function chooseMachine(
  machines: readonly OfferedMachine[],
  instance: string | undefined,
): { machine?: OfferedMachine; remarks: string[] } {
  const names = machines.map(({ name }) => name).join(', ');
  if (instance !== undefined) {
    const [machine, ...namesakes] = machines.filter(({ name }) => name === instance);
    if (namesakes.length > 0)
      return {
        remarks: [
          `The server has ${namesakes.length + 1} machines that are called ${instance}, and nobody can tell which is meant: list nodes instead.`,
        ],
      };
    if (machine !== undefined) return { machine, remarks: remarkType(machine) };
    const offer = machines.length === 0 ? 'no machine at all' : `only ${names}`;
    return { remarks: [`The server has no machine ${instance}, ${offer}: correct instance.`] };
  }
  const tools = machines.filter(({ isMachineTool }) => isMachineTool);
  const [machine, ...others] = tools.length > 0 ? tools : machines;
  if (machine === undefined) return { remarks: [] };
  if (others.length > 0)
    return {
      remarks: [
        `The server has ${others.length + 1} machines and nothing says which one is meant: add instance, one of ${[machine, ...others].map(({ name }) => name).join(', ')}.`,
      ],
    };
  return { machine, remarks: remarkType(machine) };
}

function remarkType({ name, type, isMachineTool }: OfferedMachine): string[] {
  return isMachineTool
    ? []
    : [
        `${name} is a ${type === '' ? 'machine of unknown type' : type}, no machine tool of OPC 40501-1: only what OPC 40001-1 and the energy profiles give is read.`,
      ];
}
