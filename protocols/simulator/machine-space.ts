import {
  DataType,
  StatusCodes,
  type Namespace,
  type OPCUAServer,
  type UAObject,
  type VariantOptions,
} from 'node-opcua';
import type { LoadMoment } from './load-profile.ts';
import type { MachineTruth } from './machine-truth.ts';
import { METER_NODES, SIMULATOR_NAMESPACE } from './meter-nodes.ts';
import { addCnc } from './opcua-cnc-space.ts';
import { addEnergyProfile } from './opcua-energy-space.ts';
import { serveItemState } from './opcua-item-state.ts';
import { addMonitoredParts } from './opcua-monitored-parts.ts';
import { variableAt, writePath, type NodePath } from './opcua-node-path.ts';
import { serveValue, type ServedNodes } from './opcua-served-value.ts';

export type { MachineTruth };

/** What a machine tells besides what every machine tool does. */
export interface MachineOffers {
  /** Item state and operation mode of OPC 40001-1. */
  itemState?: boolean;
  /** A spindle and a channel below Monitoring, as OPC 40501-1 has them. */
  spindle?: boolean;
  /** Drives with their power, a spindle and a channel as OPC 40502 has them, in an object CncInterface. */
  cnc?: boolean;
  /** Power and energy with their accuracy, as OPC 30141 names them. */
  energyProfile?: boolean;
  /** So many further nodes below an object Filler, for whoever browses: `nsu=urn:millwatt:simulator;s=Filler.7`. */
  filler?: number;
}

const OPERATION_MODES = { Manual: 0, Automatic: 1, Setup: 2 } as const;
const PRODUCTION_NUMBERS = { Initializing: 0, Running: 1, Ended: 2, Interrupted: 3, Aborted: 4 } as const;
/** Nodes in one folder of the filler. */
const FILLER_FOLDER = 1000;

/** Puts a machine tool (OPC 40501-1) with its energy meter below Machines; every value is asked for when it is read. */
export function buildMachineSpace(
  server: OPCUAServer,
  name: string,
  truth: MachineTruth,
  nodes: ServedNodes,
  offers: MachineOffers,
): void {
  const space = server.engine.addressSpace;
  if (space === null) throw new Error('the server has no address space');
  const own = space.registerNamespace(SIMULATOR_NAMESPACE);
  const machineTool = space.getNamespaceIndex('http://opcfoundation.org/UA/MachineTool/');
  const machinery = space.getNamespaceIndex('http://opcfoundation.org/UA/Machinery/');
  const type = space.findObjectType('MachineToolType', machineTool);
  // i=1001 of the Machinery node set is the folder Machines.
  const machines = space.findNode(`ns=${machinery};i=1001`);
  if (type === null || machines === null) throw new Error('the MachineTool node set is incomplete');
  const machine = type.instantiate({
    browseName: { name, namespaceIndex: own.index },
    namespace: own,
    nodeId: `s=${name}`,
    organizedBy: machines,
    optionals: [
      'Monitoring.MachineTool.IsWarmUp',
      'Production.Statistics',
      'Production.Statistics.PartsProducedInLifetime',
      ...(offers.itemState === true
        ? ['Monitoring.MachineTool.MachineryItemState', 'Monitoring.MachineTool.MachineryOperationMode']
        : []),
    ],
  });
  fillMachine(machine, name, machineTool, truth, nodes);
  addMeter(own, machine, truth, nodes);
  if (offers.itemState === true) serveItemState(machine, machineTool, truth, nodes);
  if (offers.spindle === true) addMonitoredParts(own, machine, machineTool, truth, nodes);
  if (offers.cnc === true) addCnc(own, space, truth, nodes);
  if (offers.energyProfile === true) addEnergyProfile(own, machine, truth, nodes);
  addFiller(own, machine, offers.filler ?? 0);
}

function fillMachine(
  machine: UAObject,
  name: string,
  machineTool: number,
  truth: MachineTruth,
  nodes: ServedNodes,
): void {
  const bind = (path: NodePath, valueOf: (moment: LoadMoment) => VariantOptions | null) =>
    serveValue(nodes, variableAt(machine, path), writePath(path), () => valueOf(truth.moment()));
  const monitoring = [
    ['Monitoring', machineTool],
    ['MachineTool', machineTool],
  ] as const;
  const program = [
    ['Production', machineTool],
    ['ActiveProgram', machineTool],
  ] as const;
  const state = [...program, ['State', machineTool], ['CurrentState', 0]] as const;
  const stateNodes = new Map(
    Object.keys(PRODUCTION_NUMBERS).map((word) => {
      const stateType = machine.addressSpace.findObjectType('ProductionStateMachineType', machineTool);
      return [word, stateType?.getChildByName({ name: word, namespaceIndex: machineTool })?.nodeId] as const;
    }),
  );
  bind([...monitoring, ['OperationMode', machineTool]], ({ mode }) =>
    mode === null ? null : { dataType: DataType.Int32, value: OPERATION_MODES[mode] },
  );
  bind([...monitoring, ['IsWarmUp', machineTool]], ({ production, warmUp }) =>
    production === null ? null : { dataType: DataType.Boolean, value: warmUp },
  );
  bind([...program, ['Name', machineTool]], (moment) =>
    moment.program === null ? null : { dataType: DataType.String, value: moment.program },
  );
  bind(state, ({ production }) =>
    production === null
      ? null
      : { dataType: DataType.LocalizedText, value: { locale: 'en', text: production } },
  );
  bind([...state, ['Id', 0]], ({ production }) => {
    const nodeId = production === null ? undefined : stateNodes.get(production);
    return nodeId === undefined ? null : { dataType: DataType.NodeId, value: nodeId };
  });
  bind([...state, ['Number', 0]], ({ production }) =>
    production === null ? null : { dataType: DataType.UInt32, value: PRODUCTION_NUMBERS[production] },
  );
  bind(
    [
      ['Production', machineTool],
      ['Statistics', machineTool],
      ['PartsProducedInLifetime', machineTool],
    ],
    ({ production, partCount }) =>
      production === null ? null : { dataType: DataType.UInt32, value: partCount },
  );
  const device = machine.addressSpace.getNamespaceIndex('http://opcfoundation.org/UA/DI/');
  const identify = (field: string, value: VariantOptions) =>
    variableAt(machine, [
      ['Identification', device],
      [field, device],
    ]).setValueFromSource(value);
  identify('Manufacturer', { dataType: DataType.LocalizedText, value: { text: 'millwatt simulator' } });
  identify('ProductInstanceUri', { dataType: DataType.String, value: `${SIMULATOR_NAMESPACE}:${name}` });
  identify('SerialNumber', { dataType: DataType.String, value: `SIM-${name}` });
}

function addMeter(own: Namespace, machine: UAObject, truth: MachineTruth, nodes: ServedNodes): void {
  const meter = own.addObject({ browseName: 'EnergyMeter', nodeId: 's=Meter', componentOf: machine });
  for (const node of METER_NODES) {
    const variable = own.addVariable({
      browseName: node.id,
      nodeId: `s=${node.id}`,
      description: `${node.quantity} of ${node.component} in ${node.unit}`,
      componentOf: meter,
      dataType: 'Double',
    });
    const valueOf = () => {
      const value = truth.measure(node.component, node.quantity, node.phase);
      return value === null ? null : { dataType: DataType.Double, value: value / node.factor };
    };
    serveValue(nodes, variable, node.id, valueOf, StatusCodes.BadNoData);
  }
}

/** Nodes that mean nothing: real servers have ten thousand of them, and a client must find its way. */
function addFiller(own: Namespace, machine: UAObject, count: number): void {
  if (count === 0) return;
  const filler = own.addObject({ browseName: 'Filler', nodeId: 's=Filler', componentOf: machine });
  let folder = filler;
  for (let index = 0; index < count; index++) {
    if (index % FILLER_FOLDER === 0)
      folder = own.addObject({
        browseName: `Part${index / FILLER_FOLDER}`,
        nodeId: `s=Filler.Part${index / FILLER_FOLDER}`,
        componentOf: filler,
      });
    own.addVariable({
      browseName: `Parameter${index}`,
      nodeId: `s=Filler.${index}`,
      componentOf: folder,
      dataType: 'Double',
      value: { dataType: DataType.Double, value: index },
    });
  }
}
