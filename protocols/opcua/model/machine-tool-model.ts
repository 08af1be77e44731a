import { describeCut, type BrowseBudget, type Cut } from '../browse/browse-budget.ts';
import { readLimits, type BrowseSession } from '../browse/browse-session.ts';
import { rootNode, type ServerNode } from '../browse/server-node.ts';
import { readTypeNames } from '../browse/type-names.ts';
import { walkTree } from '../browse/walk-tree.ts';
import type { OpcuaSourceOptions } from '../opcua-options.ts';
import type { Candidates } from './candidate.ts';
import { ACCURACY_NAMES } from './accuracy.ts';
import { CNC_MEASURED, CNC_NAMES, findCncInterfaces, findCncPoints } from './cnc-interface.ts';
import { CNC_URI, MACHINERY_URI } from './companion-uris.ts';
import { completeMeasured } from './complete-measured.ts';
import { completeStatuses } from './complete-statuses.ts';
import { isPhaseStructure } from './energy-names.ts';
import { findEnergyPoints, isEnergyVariable } from './energy-profile.ts';
import type { Found } from './found.ts';
import { IDENTIFICATION_FIELDS, readIdentification } from './identification.ts';
import { chooseMachine, listMachines, type OfferedMachine } from './machine-list.ts';
import { findMachineWords, MACHINE_WORD_NAMES } from './machine-words.ts';
import { findMonitoredElements, MONITORED_NAMES } from './monitored-elements.ts';

/** A machine has some hundred nodes, and some thousand with its tools, which are not opened. */
const MACHINE_BUDGET: BrowseBudget = { requestsMax: 300, nodesMax: 8000, depthMax: 12, childrenMax: 1000 };
/** Besides the machine only drives and energy values are looked for, near the top. */
const BESIDE_BUDGET: BrowseBudget = { requestsMax: 100, nodesMax: 4000, depthMax: 6, childrenMax: 500 };

const OBJECTS = 'ns=0;i=85';
/** Objects that hold much and nothing that is read. */
const CLOSED = new Set([
  'Equipment',
  'Notification',
  'FileSystem',
  'JobManagement',
  'ProductionPlan',
  'Stacklight',
  'ResultManagement',
]);
/** Variables with something to see below them. */
const OPENED_VARIABLES = new Set(['CurrentState', 'AccuracyClass', ...CNC_MEASURED]);

/** All variables that are read, or tell something of one that is; whatever else a machine holds is passed over. */
const KEPT_VARIABLES = new Set<string>([
  ...MACHINE_WORD_NAMES,
  ...MONITORED_NAMES,
  ...CNC_NAMES,
  ...ACCURACY_NAMES,
  ...Object.values(IDENTIFICATION_FIELDS),
  'CurrentState',
  'Number',
  'Id',
  'EngineeringUnits',
  'ValueBeforeReset',
]);

/** What a walk found, or that there was none. */
interface Part {
  root: ServerNode;
  nodes: ServerNode[];
  cuts: Cut[];
}

/**
 * Finds a machine tool (OPC 40501-1) with all that it and its control tell: words, drives of its CNC (OPC 40502), energy
 * profiles (OPC 34100). Reads and browses only.
 */
export async function findMachineTool(
  session: BrowseSession,
  namespaceUris: readonly string[],
  options: Pick<OpcuaSourceOptions, 'instance' | 'component'>,
  signal?: AbortSignal,
): Promise<Found> {
  const limits = await readLimits(session);
  const machines = await listMachines(session, namespaceUris, limits);
  const { machine, remarks } = chooseMachine(machines, options.instance);
  if (machine === undefined && remarks.length > 0) return { measured: [], statuses: [], remarks };

  const walk = async (
    nodeId: string,
    budget: BrowseBudget,
    opens: (node: ServerNode) => boolean,
  ): Promise<Part> => walkTree(session, { nodeId }, { budget, limits, opens, keeps: isKept, signal });
  const nothing: Part = { root: rootNode(''), nodes: [], cuts: [] };
  const inside = machine === undefined ? nothing : await walk(machine.nodeId, MACHINE_BUDGET, opensInside);
  // What lies beside several machines is of nobody knows which.
  const isAlone = machines.length <= 1;
  const beside = isAlone
    ? await walk(OBJECTS, BESIDE_BUDGET, (node) => opensBeside(node, namespaceUris.indexOf(MACHINERY_URI)))
    : nothing;

  const insideIds = new Set(inside.nodes.map(({ nodeId }) => nodeId));
  const elsewhere = beside.nodes.filter(({ nodeId }) => !insideIds.has(nodeId));
  const nodes = [...inside.nodes, ...elsewhere];
  const types = await readTypeNames(
    session,
    nodes.filter(hasOwnType).map(({ type }) => type),
    namespaceUris,
    limits,
  );

  const cnc = findCncInterfaces(nodes, types, namespaceUris.indexOf(CNC_URI));
  const parts: Candidates[] = [
    {
      measured: [],
      statuses: [
        ...findMachineWords(inside.root, options.component),
        ...findMonitoredElements(inside.root, options.component),
      ],
      remarks: [],
    },
    findEnergyPoints(inside.nodes, types, true),
    findEnergyPoints(elsewhere, types, false),
    findCncPoints(cnc.real, options.component),
  ];
  const statuses = await completeStatuses(
    session,
    parts.flatMap((part) => part.statuses),
    types,
    limits,
  );
  const measured = await completeMeasured(
    session,
    parts.flatMap((part) => part.measured),
    limits,
  );
  const device = await readIdentification(session, inside.root, limits);
  return {
    ...(device === undefined ? {} : { device }),
    measured: measured.measured,
    statuses: statuses.statuses,
    remarks: [
      ...remarks,
      ...remarkMissing(machine, statuses.statuses, measured.measured, parts),
      ...measured.remarks,
      ...statuses.remarks,
      ...parts.flatMap((part) => part.remarks),
      ...remarkPublished(cnc.published),
      ...(isAlone
        ? []
        : [`The server has several machines: only what lies below ${machine?.name} was looked at.`]),
      ...remarkCuts(`Not all of ${machine?.name} was seen`, inside.cuts, MACHINE_BUDGET),
      ...remarkCuts('Not all of the server was searched for drives and energy', beside.cuts, BESIDE_BUDGET),
    ],
  };
}

function isKept({ kind, name }: ServerNode): boolean {
  return kind === 'object' || KEPT_VARIABLES.has(name) || isEnergyVariable(name) || isPhaseStructure(name);
}

function opensInside(node: ServerNode): boolean {
  if (node.kind === 'variable') return isOpenedVariable(node.name);
  return !CLOSED.has(node.name);
}

function opensBeside(node: ServerNode, machinery: number): boolean {
  // OPC UA's own objects (Server, Aliases, Locations) hold nothing of a machine.
  if (node.nodeId.startsWith('ns=0;') || !node.nodeId.startsWith('ns=')) return false;
  if (node.name === 'Machines' && node.namespace === machinery) return false;
  return opensInside(node);
}

function isOpenedVariable(name: string): boolean {
  return OPENED_VARIABLES.has(name) || isEnergyVariable(name);
}

/** Folders and plain variables say nothing by their type. */
function hasOwnType({ type, kind }: ServerNode): boolean {
  return kind === 'object' && !type.startsWith('ns=0;') && type !== '';
}

function remarkMissing(
  machine: OfferedMachine | undefined,
  statuses: Found['statuses'],
  measured: Found['measured'],
  parts: readonly Candidates[],
): string[] {
  const remarks: string[] = [];
  const name = machine?.name ?? 'The server';
  const offersPower = parts.some((part) => part.measured.length > 0);
  if (machine === undefined)
    remarks.push(
      'The server shows no machine below Objects/Machines (OPC 40001-1): where it tells words and power elsewhere, list its nodes under nodes.',
    );
  else if (!statuses.some(({ status }) => status === 'execution' || status === 'itemState'))
    remarks.push(
      `${name} does not tell whether it produces: where a node does, list it under nodes with status: execution.`,
    );
  const tellsPower = measured.some(
    ({ quantity }) => quantity === 'activePower' || quantity === 'activeEnergyImport',
  );
  if (!tellsPower && !offersPower)
    remarks.push(
      `${name} tells no power and no energy: read a meter besides it, or list the nodes of one under nodes.`,
    );
  return remarks;
}

function remarkPublished(published: readonly ServerNode[]): string[] {
  return published.length === 0
    ? []
    : [
        `${published.map(({ path }) => path.join('/')).join(', ')} is the example that comes with the published node set of OPC 40502 and is not read: if it is filled, list its nodes under nodes.`,
      ];
}

function remarkCuts(what: string, cuts: readonly Cut[], budget: BrowseBudget): string[] {
  const [first] = cuts;
  if (first === undefined) return [];
  const more = cuts.length === 1 ? '' : `, and ${cuts.length - 1} more`;
  return [`${what}: ${describeCut(first, budget)}${more}.`];
}
