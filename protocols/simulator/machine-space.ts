import {
  DataType,
  DataValue,
  StatusCodes,
  Variant,
  type Namespace,
  type OPCUAServer,
  type UAObject,
  type UAVariable,
  type VariantOptions,
} from 'node-opcua';
import type { Phase, Quantity } from '../telemetry/quantity.ts';
import type { LoadMoment } from './load-profile.ts';
import type { LoadComponent } from './load-shares.ts';
import { METER_NODES, SIMULATOR_NAMESPACE } from './meter-nodes.ts';

/** What an OPC UA machine tells, at the moment it is asked. */
export interface MachineTruth {
  moment(): LoadMoment;
  /** In the quantity's canonical unit; null where there is no value. */
  measure(component: LoadComponent, quantity: Quantity, phase: Phase): number | null;
}

/** The server samples no faster, ms. */
const SAMPLING_MS = 50;
const OPERATION_MODES = { Manual: 0, Automatic: 1, Setup: 2 } as const;
const PRODUCTION_NUMBERS = { Initializing: 0, Running: 1, Ended: 2, Interrupted: 3, Aborted: 4 } as const;

/** Puts a machine tool (OPC 40501-1) with its energy meter below Machines; every value is asked for when it is read. */
export function buildMachineSpace(server: OPCUAServer, name: string, truth: MachineTruth): void {
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
    ],
  });
  fillMachine(machine, name, machineTool, truth);
  addMeter(own, machine, truth);
}

function fillMachine(machine: UAObject, name: string, machineTool: number, truth: MachineTruth): void {
  const find = (...path: readonly (readonly [name: string, namespaceIndex: number])[]): UAVariable => {
    let node: unknown = machine;
    for (const [step, namespaceIndex] of path)
      node = (node as UAObject).getChildByName({ name: step, namespaceIndex });
    if (node === null) throw new Error(`the machine has no ${path.map(([step]) => step).join('/')}`);
    return node as UAVariable;
  };
  const bind = (variable: UAVariable, valueOf: (moment: LoadMoment) => VariantOptions | null) => {
    variable.minimumSamplingInterval = SAMPLING_MS;
    variable.bindVariable(
      {
        timestamped_get: () => {
          const value = valueOf(truth.moment());
          return value === null
            ? new DataValue({ statusCode: StatusCodes.BadNoCommunication, sourceTimestamp: new Date() })
            : new DataValue({ value: new Variant(value), sourceTimestamp: new Date() });
        },
      },
      true,
    );
  };
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
  bind(find(...monitoring, ['OperationMode', machineTool]), ({ mode }) =>
    mode === null ? null : { dataType: DataType.Int32, value: OPERATION_MODES[mode] },
  );
  bind(find(...monitoring, ['IsWarmUp', machineTool]), ({ production, warmUp }) =>
    production === null ? null : { dataType: DataType.Boolean, value: warmUp },
  );
  bind(find(...program, ['Name', machineTool]), (moment) =>
    moment.program === null ? null : { dataType: DataType.String, value: moment.program },
  );
  bind(find(...state), ({ production }) =>
    production === null
      ? null
      : { dataType: DataType.LocalizedText, value: { locale: 'en', text: production } },
  );
  bind(find(...state, ['Id', 0]), ({ production }) => {
    const nodeId = production === null ? undefined : stateNodes.get(production);
    return nodeId === undefined ? null : { dataType: DataType.NodeId, value: nodeId };
  });
  bind(find(...state, ['Number', 0]), ({ production }) =>
    production === null ? null : { dataType: DataType.UInt32, value: PRODUCTION_NUMBERS[production] },
  );
  bind(
    find(['Production', machineTool], ['Statistics', machineTool], ['PartsProducedInLifetime', machineTool]),
    ({ production, partCount }) =>
      production === null ? null : { dataType: DataType.UInt32, value: partCount },
  );
  const device = machine.addressSpace.getNamespaceIndex('http://opcfoundation.org/UA/DI/');
  const identify = (field: string, value: VariantOptions) =>
    find(['Identification', device], [field, device]).setValueFromSource(value);
  identify('Manufacturer', { dataType: DataType.LocalizedText, value: { text: 'millwatt simulator' } });
  identify('ProductInstanceUri', { dataType: DataType.String, value: `${SIMULATOR_NAMESPACE}:${name}` });
  identify('SerialNumber', { dataType: DataType.String, value: `SIM-${name}` });
}

function addMeter(own: Namespace, machine: UAObject, truth: MachineTruth): void {
  const meter = own.addObject({ browseName: 'EnergyMeter', nodeId: 's=Meter', componentOf: machine });
  for (const node of METER_NODES) {
    const variable = own.addVariable({
      browseName: node.id,
      nodeId: `s=${node.id}`,
      description: `${node.quantity} of ${node.component} in ${node.unit}`,
      componentOf: meter,
      dataType: 'Double',
      minimumSamplingInterval: SAMPLING_MS,
    });
    variable.bindVariable(
      {
        timestamped_get: () => {
          const value = truth.measure(node.component, node.quantity, node.phase);
          return value === null
            ? new DataValue({ statusCode: StatusCodes.BadNoData, sourceTimestamp: new Date() })
            : new DataValue({
                value: new Variant({ dataType: DataType.Double, value: value / node.factor }),
                sourceTimestamp: new Date(),
              });
        },
      },
      true,
    );
  }
}
