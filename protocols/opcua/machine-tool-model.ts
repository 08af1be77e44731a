import type { ClientSession, ReferenceDescription } from 'node-opcua';
import type { Status } from '../telemetry/quantity.ts';

const MACHINE_TOOL = 'http://opcfoundation.org/UA/MachineTool/';
const MACHINERY = 'http://opcfoundation.org/UA/Machinery/';
const DEVICES = 'http://opcfoundation.org/UA/DI/';
/** Numeric ids that the published node sets fix. */
const MACHINES_FOLDER = 'i=1001';
const MACHINE_TOOL_TYPE = 'i=13';
const SUBTYPE_DEPTH_MAX = 8;

type Step = readonly [namespaceUri: string, name: string];

/** A status word of an OPC 40501-1 machine tool: where it is below the machine, and what words it speaks. */
export interface MachineToolStatus {
  status: Status;
  vocabulary: string;
  /** Browse path for people and for the channel's point. */
  point: string;
  /** Paths to try, best first. */
  paths: readonly (readonly Step[])[];
}

const ua = (name: string): Step => ['http://opcfoundation.org/UA/', name];
const tool = (name: string): Step => [MACHINE_TOOL, name];

/** What `model: machinetool` reads. Everything but the production state is optional in the standard. */
export const MACHINE_TOOL_STATUSES: readonly MachineToolStatus[] = [
  {
    status: 'execution',
    vocabulary: 'umati/ProductionState',
    point: 'Production/ActiveProgram/State/CurrentState',
    paths: [[tool('Production'), tool('ActiveProgram'), tool('State'), ua('CurrentState')]],
  },
  {
    status: 'mode',
    // OPC 40501-1 numbers its modes (Manual 0, Automatic 1, Setup 2 ...) otherwise than OPC 40001-1.
    vocabulary: 'umati/MachineOperationMode',
    point: 'Monitoring/MachineTool/OperationMode',
    paths: [[tool('Monitoring'), tool('MachineTool'), tool('OperationMode')]],
  },
  {
    status: 'warmUp',
    vocabulary: 'umati/IsWarmUp',
    point: 'Monitoring/MachineTool/IsWarmUp',
    paths: [[tool('Monitoring'), tool('MachineTool'), tool('IsWarmUp')]],
  },
  {
    status: 'program',
    vocabulary: 'raw',
    point: 'Production/ActiveProgram/Name',
    paths: [[tool('Production'), tool('ActiveProgram'), tool('Name')]],
  },
  {
    status: 'partCount',
    vocabulary: 'raw',
    point: 'Production/Statistics/PartsProducedInLifetime',
    paths: [
      [tool('Production'), tool('Statistics'), tool('PartsProducedInLifetime')],
      [
        tool('Monitoring'),
        tool('MachineTool'),
        [DEVICES, 'OperationCounters'],
        tool('PartsProducedInLifetime'),
      ],
    ],
  },
];

/** A machine tool that a server offers. */
export interface FoundMachine {
  name: string;
  nodeId: string;
}

/** The machines below Objects/Machines whose type is MachineToolType or derived from it. Empty when there is none. */
export async function findMachineTools(
  session: ClientSession,
  namespaceUris: readonly string[],
): Promise<FoundMachine[]> {
  const machinery = namespaceUris.indexOf(MACHINERY);
  const machineTool = namespaceUris.indexOf(MACHINE_TOOL);
  if (machinery < 0 || machineTool < 0) return [];
  const type = `ns=${machineTool};${MACHINE_TOOL_TYPE}`;
  const found: FoundMachine[] = [];
  for (const reference of await browse(
    session,
    `ns=${machinery};${MACHINES_FOLDER}`,
    'HierarchicalReferences',
  )) {
    if (await isOfType(session, reference.typeDefinition.toString(), type))
      found.push({ name: reference.browseName.name ?? '', nodeId: reference.nodeId.toString() });
  }
  return found;
}

/** The node of a status word below a machine; undefined where the machine does not offer it. */
export async function findStatusNode(
  session: ClientSession,
  machineNodeId: string,
  status: MachineToolStatus,
  namespaceUris: readonly string[],
): Promise<string | undefined> {
  const { makeBrowsePath } = await import('node-opcua');
  for (const path of status.paths) {
    const steps = path.map(([uri, name]) => ({ index: namespaceUris.indexOf(uri), name }));
    if (steps.some(({ index }) => index < 0)) continue;
    const text = steps.map(({ index, name }) => `/${index}:${name}`).join('');
    const [result] = await session.translateBrowsePath([makeBrowsePath(machineNodeId, text)]);
    const target = result?.statusCode.isGood() === true ? result.targets?.[0]?.targetId : undefined;
    if (target !== undefined) return target.toString();
  }
  return undefined;
}

async function isOfType(session: ClientSession, typeNodeId: string, wanted: string): Promise<boolean> {
  let current = typeNodeId;
  for (let depth = 0; depth < SUBTYPE_DEPTH_MAX; depth++) {
    if (current === wanted) return true;
    const [parent] = await browse(session, current, 'HasSubtype', 'inverse');
    if (parent === undefined) return false;
    current = parent.nodeId.toString();
  }
  return false;
}

async function browse(
  session: ClientSession,
  nodeId: string,
  referenceTypeId: string,
  direction: 'forward' | 'inverse' = 'forward',
): Promise<ReferenceDescription[]> {
  const { BrowseDirection } = await import('node-opcua');
  let result = await session.browse({
    nodeId,
    referenceTypeId,
    includeSubtypes: true,
    browseDirection: direction === 'forward' ? BrowseDirection.Forward : BrowseDirection.Inverse,
    nodeClassMask: 0,
    resultMask: 63,
  });
  const references = [...(result.references ?? [])];
  while (result.continuationPoint !== null && result.continuationPoint?.length > 0) {
    result = await session.browseNext(result.continuationPoint, false);
    references.push(...(result.references ?? []));
  }
  return references;
}
