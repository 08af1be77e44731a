import { join } from 'node:path';
import {
  DataType,
  DataValue,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAServer,
  SecurityPolicy,
  StatusCodes,
  Variant,
  type Namespace,
  type UAObject,
  type UAVariable,
  type VariantOptions,
} from 'node-opcua';
import { nodesets } from 'node-opcua-nodesets';
import { MillwattError } from '../errors.ts';
import type { Phase, Quantity } from '../telemetry/quantity.ts';
import type { LoadMoment } from './load-profile.ts';
import type { LoadComponent } from './load-shares.ts';
import { METER_NODES, SIMULATOR_NAMESPACE } from './meter-nodes.ts';

export { METER_NODES, SIMULATOR_NAMESPACE };

/** What an OPC UA machine tells, at the moment it is asked. */
export interface MachineTruth {
  moment(): LoadMoment;
  /** In the quantity's canonical unit; null where there is no value. */
  measure(component: LoadComponent, quantity: Quantity, phase: Phase): number | null;
}

export interface OpcuaMachineOptions {
  /** Browse name of the machine below Machines. */
  name: string;
  /** Default 127.0.0.1. */
  host?: string;
  /** 0 lets the system choose. */
  port: number;
  /** Folder for keys and certificates of the server; made when missing. */
  pkiFolder: string;
  /** With it, clients must log in so; without it, anonymous clients are welcome. */
  user?: { name: string; password: string };
}

export interface OpcuaMachine {
  /** opc.tcp address that clients use. */
  readonly endpoint: string;
  readonly port: number;
  /** Subscriptions that clients hold just now. */
  subscriptionCount(): number;
  close(): Promise<void>;
}

/** The server samples no faster, ms. */
const SAMPLING_MS = 50;
const OPERATION_MODES = { Manual: 0, Automatic: 1, Setup: 2 } as const;
const PRODUCTION_NUMBERS = { Initializing: 0, Running: 1, Ended: 2, Interrupted: 3, Aborted: 4 } as const;

/**
 * Starts an OPC UA server with the MachineTool node set (OPC 40501-1), one machine below Machines and an energy meter.
 * While the control is switched off its status nodes answer BadNoCommunication; the meter goes on. Clients may come
 * without security or with it; any client certificate is taken, since nothing here is worth hiding.
 */
export async function startOpcuaMachine(
  options: OpcuaMachineOptions,
  truth: MachineTruth,
): Promise<OpcuaMachine> {
  const { host = '127.0.0.1', port, user } = options;
  const certificates = new OPCUACertificateManager({
    rootFolder: options.pkiFolder,
    automaticallyAcceptUnknownCertificate: true,
    disableFileWatchers: true,
  });
  const users = new OPCUACertificateManager({
    rootFolder: join(options.pkiFolder, 'users'),
    automaticallyAcceptUnknownCertificate: false,
    disableFileWatchers: true,
  });
  await certificates.initialize();
  await users.initialize();
  const server = new OPCUAServer({
    host,
    port,
    alternateHostname: [host],
    serverCertificateManager: certificates,
    userCertificateManager: users,
    allowAnonymous: user === undefined,
    ...(user === undefined
      ? {}
      : {
          userManager: {
            isValidUser: (name: string, password: string) => name === user.name && password === user.password,
          },
        }),
    securityModes: [MessageSecurityMode.None, MessageSecurityMode.SignAndEncrypt],
    securityPolicies: [
      SecurityPolicy.None,
      SecurityPolicy.Basic256Sha256,
      SecurityPolicy.Aes128_Sha256_RsaOaep,
      SecurityPolicy.Aes256_Sha256_RsaPss,
    ],
    serverInfo: {
      applicationUri: 'urn:millwatt:simulated-machine',
      productUri: 'urn:millwatt:simulated-machine',
      applicationName: { text: `${options.name} (simulated)` },
    },
    nodeset_filename: [
      nodesets.standard,
      nodesets.di,
      nodesets.ia,
      nodesets.machinery,
      nodesets.isa95JobControl,
      nodesets.machineryJobs,
      nodesets.machineTool,
    ],
  });
  try {
    await server.initialize();
    buildAddressSpace(server, options.name, truth);
    await server.start();
  } catch (cause) {
    await server.shutdown(0).catch(() => {});
    throw new MillwattError(
      'refuse',
      'cannot-listen',
      `Cannot serve OPC UA on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cure: 'Choose a free port above 1023, or stop the program that holds it.', cause },
    );
  }
  const boundPort = server.endpoints[0]?.port ?? port;
  return {
    endpoint: `opc.tcp://${host}:${boundPort}`,
    port: boundPort,
    subscriptionCount: () => server.engine.currentSubscriptionCount,
    close: async () => {
      await server.shutdown(0);
      await certificates.dispose();
      await users.dispose();
    },
  };
}

function buildAddressSpace(server: OPCUAServer, name: string, truth: MachineTruth): void {
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
