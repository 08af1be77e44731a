import {
  DataType,
  standardUnits,
  type AddressSpace,
  type EUInformation,
  type Namespace,
  type UAObject,
  type VariantOptions,
} from 'node-opcua';
import type { LoadMoment } from './load-profile.ts';
import type { MachineTruth } from './machine-truth.ts';
import { objectAt, variableAt } from './opcua-node-path.ts';
import { serveValue, type ServedNodes } from './opcua-served-value.ts';

const CNC = 'http://opcfoundation.org/UA/CNC';
/** How the axes share what all drives draw. */
const AXES = { X: 0.42, Y: 0.33, Z: 0.25 } as const;
const OPERATION_MODES = { Manual: 0, Setup: 1, Automatic: 2 } as const;
const PROGRAM_STATUS = { Initializing: 0, Running: 1, Ended: 0, Interrupted: 3, Aborted: 4 } as const;
const CHANNEL_STATUS = { Initializing: 2, Running: 0, Ended: 2, Interrupted: 1, Aborted: 2 } as const;
const SPINDLE_STATUS = { stopped: 0, turning: 1 } as const;

/**
 * Puts an object CncInterface (OPC 40502) into Objects: spindle S1 in kW, axes X, Y, Z in W, one channel. The instances
 * that the published node set has for show are taken away.
 */
export function addCnc(own: Namespace, space: AddressSpace, truth: MachineTruth, nodes: ServedNodes): void {
  const cnc = space.getNamespaceIndex(CNC);
  removeShowpieces(space, cnc);
  const instantiate = (typeName: string, name: string, parent: UAObject | undefined): UAObject => {
    const type = space.findObjectType(typeName, cnc);
    if (type === null) throw new Error(`the node set has no ${typeName}`);
    return type.instantiate({
      browseName: { name, namespaceIndex: own.index },
      namespace: own,
      nodeId: `s=${parent === undefined ? name : `${name}.Cnc`}`,
      ...(parent === undefined ? { organizedBy: space.rootFolder.objects } : { componentOf: parent }),
    });
  };
  const face = instantiate('CncInterfaceType', 'CncInterface', undefined);
  const list = (name: string) => objectAt(face, [[name, cnc]]);
  const serve = (
    part: UAObject,
    at: string,
    served: Record<string, (moment: LoadMoment) => VariantOptions | null>,
  ) => {
    for (const [name, valueOf] of Object.entries(served))
      serveValue(nodes, variableAt(part, [[name, cnc]]), `${at}/${name}`, () => valueOf(truth.moment()));
  };
  const text = (part: UAObject, name: string, value: string) =>
    variableAt(part, [[name, cnc]]).setValueFromSource({
      dataType: DataType.String,
      value,
    });
  text(face, 'VendorName', 'millwatt simulator');
  text(face, 'Version', '1.0');

  const spindle = instantiate('CncSpindleType', 'S1', list('CncSpindleList'));
  serve(spindle, 'CncInterface/CncSpindleList/S1', {
    ActPower: () => double(truth.measure('spindle', 'activePower', 'total'), 1000),
    ActLoad: () => double(truth.measure('spindle', 'load', 'total'), 1),
    ActSpeed: ({ spindleSpeed, production }) => (production === null ? null : double(spindleSpeed, 1)),
    ActStatus: ({ spindleSpeed, production }) =>
      production === null ? null : int(spindleSpeed > 0 ? SPINDLE_STATUS.turning : SPINDLE_STATUS.stopped),
  });
  setUnit(spindle, 'ActPower', cnc, standardUnits.kilowatt);
  setUnit(spindle, 'ActLoad', cnc, standardUnits.percent);
  setUnit(spindle, 'ActSpeed', cnc, standardUnits.revolutions_per_minute);
  for (const [name, share] of Object.entries(AXES)) {
    const axis = instantiate('CncAxisType', name, list('CncAxisList'));
    serve(axis, `CncInterface/CncAxisList/${name}`, {
      ActPower: () => double(truth.measure('drives', 'activePower', 'total'), 1 / share),
    });
    setUnit(axis, 'ActPower', cnc, standardUnits.watt);
  }
  const channel = instantiate('CncChannelType', 'Channel1', list('CncChannelList'));
  serve(channel, 'CncInterface/CncChannelList/Channel1', {
    ActProgramStatus: ({ production }) => (production === null ? null : int(PROGRAM_STATUS[production])),
    ActStatus: ({ production }) => (production === null ? null : int(CHANNEL_STATUS[production])),
    ActOperationMode: ({ mode }) => (mode === null ? null : int(OPERATION_MODES[mode])),
    ActProgramName: ({ program }) =>
      program === null ? null : { dataType: DataType.String, value: program },
  });
}

function double(value: number | null, factor: number): VariantOptions | null {
  return value === null ? null : { dataType: DataType.Double, value: value / factor };
}

function int(value: number): VariantOptions {
  return { dataType: DataType.Int32, value };
}

function setUnit(part: UAObject, name: string, cnc: number, unit: EUInformation): void {
  const units = variableAt(part, [
    [name, cnc],
    ['EngineeringUnits', 0],
  ]);
  units.setValueFromSource({ dataType: DataType.ExtensionObject, value: unit });
}

/** The node set hangs objects of its own into Objects. */
function removeShowpieces(space: AddressSpace, cnc: number): void {
  for (const node of space.rootFolder.objects.findReferencesAsObject('Organizes', true))
    if (node.nodeId.namespace === cnc) space.deleteNode(node);
}
