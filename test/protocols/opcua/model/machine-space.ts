import {
  DataType,
  makeEUInformation,
  type AddressSpace,
  type Namespace,
  type UAObject,
  type UAVariable,
  type VariantOptions,
} from 'node-opcua';
import { nodesets } from 'node-opcua-nodesets';

/** What a machine tool with its control needs, in the order that they rest on each other. */
export const MACHINE_NODESETS = [
  nodesets.standard,
  nodesets.di,
  nodesets.ia,
  nodesets.machinery,
  nodesets.isa95JobControl,
  nodesets.machineryJobs,
  nodesets.machineTool,
];
export const CNC_NODESETS = [...MACHINE_NODESETS, nodesets.cnc];

const URI = 'http://opcfoundation.org/UA/';

/** A child by its browse name, whatever its namespace; fails the test where it is missing. */
export function childOf(node: UAObject | UAVariable, ...names: string[]): UAVariable {
  let found: unknown = node;
  for (const name of names) {
    const all = (found as UAObject).findReferencesExAsObject('HierarchicalReferences') as {
      browseName: { name: string | null };
    }[];
    found = all.find((one) => one.browseName.name === name);
    if (found === undefined) throw new Error(`nothing is called ${name} of ${names.join('/')}`);
  }
  return found as UAVariable;
}

/** Writes a value from within the server. */
export function setValue(node: UAObject | UAVariable, path: string, value: VariantOptions): void {
  childOf(node, ...path.split('/')).setValueFromSource(value);
}

/** A state machine's current state as a server in some language tells it. */
export function setState(
  node: UAObject,
  path: string,
  text: string,
  id: { type: UAObject; state: string },
  number?: number,
): void {
  const state = childOf(id.type, id.state).nodeId;
  setValue(node, path, { dataType: DataType.LocalizedText, value: { locale: 'de', text } });
  setValue(node, `${path}/Id`, { dataType: DataType.NodeId, value: state });
  if (number !== undefined) setValue(node, `${path}/Number`, { dataType: DataType.UInt32, value: number });
}

/** A machine tool below Machines, with a channel and two spindles beside MachineTool. */
export function addMachineTool(space: AddressSpace, own: Namespace, name: string): UAObject {
  const machineTool = space.getNamespaceIndex(`${URI}MachineTool/`);
  const machinery = space.getNamespaceIndex(`${URI}Machinery/`);
  const machines = space.findNode(`ns=${machinery};i=1001`);
  const type = space.findObjectType('MachineToolType', machineTool);
  const typeOf = (name: string) => space.findObjectType(name, machineTool);
  if (machines === null || type === null) throw new Error('the node sets are incomplete');
  const machine = type.instantiate({
    browseName: { name, namespaceIndex: own.index },
    namespace: own,
    nodeId: `s=${name}`,
    organizedBy: machines,
    optionals: [
      'Monitoring.MachineTool.IsWarmUp',
      'Monitoring.MachineTool.PowerOnDuration',
      'Monitoring.MachineTool.MachineryItemState',
      'Monitoring.MachineTool.MachineryOperationMode',
      'Monitoring.MachineTool.OperationCounters',
      'Production.Statistics',
      'Production.Statistics.PartsProducedInLifetime',
    ],
  });
  const monitoring = childOf(machine, 'Monitoring') as unknown as UAObject;
  for (const [element, kind] of [
    ['Channel1', 'ChannelMonitoringType'],
    ['Spindle10', 'SpindleMonitoringType'],
    ['Spindle2', 'SpindleMonitoringType'],
  ] as const)
    typeOf(kind)?.instantiate({
      browseName: { name: element, namespaceIndex: own.index },
      namespace: own,
      componentOf: monitoring,
    });
  setValue(machine, 'Identification/Manufacturer', {
    dataType: DataType.LocalizedText,
    value: { text: 'Muster Maschinen' },
  });
  setValue(machine, 'Identification/SerialNumber', { dataType: DataType.String, value: `SN-${name}` });
  setValue(machine, 'Identification/ProductInstanceUri', {
    dataType: DataType.String,
    value: `urn:muster:${name}`,
  });
  return machine;
}

/** The type of a state machine, to point at its states. */
export function stateType(space: AddressSpace, name: string, uri: 'MachineTool/' | 'Machinery/'): UAObject {
  const type = space.findObjectType(name, space.getNamespaceIndex(URI + uri));
  if (type === null) throw new Error(`no type ${name}`);
  return type as unknown as UAObject;
}

/** A CNC interface of a control: two spindles, axes X and Z, of which Z is virtual, and a channel. */
export function addCnc(space: AddressSpace, own: Namespace, channels: readonly string[]): UAObject {
  const cnc = space.getNamespaceIndex(`${URI}CNC`);
  const make = (type: string, name: string, parent: UAObject, how: 'componentOf' | 'organizedBy') => {
    const made = space.findObjectType(type, cnc)?.instantiate({
      browseName: { name, namespaceIndex: own.index },
      namespace: own,
      [how]: parent,
    });
    if (made === undefined) throw new Error(`no type ${type}`);
    return made;
  };
  const face = make('CncInterfaceType', 'Control', space.rootFolder.objects, 'organizedBy');
  const list = (name: string) => childOf(face, name) as unknown as UAObject;
  for (const name of ['S1', 'S2']) {
    const spindle = make('CncSpindleType', name, list('CncSpindleList'), 'componentOf');
    setUnit(childOf(spindle, 'ActPower'), 'KWT', 'kW');
    setUnit(childOf(spindle, 'ActLoad'), 'P1', '%');
    setUnit(childOf(spindle, 'ActTorque'), 'NU', 'N·m');
    setUnit(childOf(spindle, 'ActSpeed'), 'RPM', '1/min');
    setValue(spindle, 'ActPower', { dataType: DataType.Double, value: 3.5 });
  }
  for (const name of ['X', 'Z']) {
    const axis = make('CncAxisType', name, list('CncAxisList'), 'componentOf');
    setUnit(childOf(axis, 'ActPower'), 'WTT', 'W');
    setUnit(childOf(axis, 'ActLoad'), 'XYZ', 'bananas');
    setValue(axis, 'IsVirtual', { dataType: DataType.Boolean, value: name === 'Z' });
  }
  for (const name of channels) make('CncChannelType', name, list('CncChannelList'), 'componentOf');
  return face;
}

/** Gives a variable the unit of a UNECE code, with its text; the property is made where it is missing. */
export function setUnit(variable: UAVariable, code: string, text: string): void {
  const unitId = Buffer.from(code).reduce((sum, byte) => sum * 256 + byte, 0);
  const information = makeEUInformation(text, text, text);
  information.unitId = unitId;
  information.namespaceUri = 'http://www.opcfoundation.org/UA/units/un/cefact';
  const value = { dataType: DataType.ExtensionObject, value: information };
  const property = variable.getPropertyByName('EngineeringUnits');
  if (property === null)
    variable.namespace.addVariable({
      propertyOf: variable,
      browseName: { name: 'EngineeringUnits', namespaceIndex: 0 },
      dataType: 'EUInformation',
      value,
    });
  else property.setValueFromSource(value);
}

/** How exact a value is said to be, as OPC 34100 puts it: a number with its text, and an object for the domain. */
export interface SaidAccuracy {
  number: number;
  text?: string;
  domain: UAObject;
}

/**
 * A stand-in for an energy measurement of OPC 34100, whose node set is not to be had: an object of a type called
 * EnergyMeasurementType with variables of the standard's names, made by hand in a namespace of its own.
 */
export function addEnergyStandIn(
  space: AddressSpace,
  own: Namespace,
  parent: UAObject,
  name: string,
  values: Readonly<Record<string, { value: number; code?: string; text?: string; accuracy?: SaidAccuracy }>>,
): UAObject {
  const type =
    space.findObjectType('EnergyMeasurementType', own.index) ??
    own.addObjectType({ browseName: 'EnergyMeasurementType' });
  const object = type.instantiate({
    browseName: name,
    namespace: own,
    ...(parent === space.rootFolder.objects ? { organizedBy: parent } : { componentOf: parent }),
  });
  for (const [measurement, { value, code, text, accuracy }] of Object.entries(values)) {
    const variable = own.addVariable({
      componentOf: object,
      browseName: measurement,
      dataType: 'Double',
      value: { dataType: DataType.Double, value },
    });
    if (code !== undefined) setUnit(variable, code, text ?? code);
    if (accuracy === undefined) continue;
    const accuracyClass = own.addVariable({
      componentOf: variable,
      browseName: 'AccuracyClass',
      dataType: 'UInt32',
      value: { dataType: DataType.UInt32, value: accuracy.number },
    });
    if (accuracy.text !== undefined)
      own.addVariable({
        propertyOf: accuracyClass,
        browseName: { name: 'ValueAsText', namespaceIndex: 0 },
        dataType: 'LocalizedText',
        value: { dataType: DataType.LocalizedText, value: { text: accuracy.text } },
      });
    own.addVariable({
      propertyOf: variable,
      browseName: 'AccuracyDomain',
      dataType: 'NodeId',
      value: { dataType: DataType.NodeId, value: accuracy.domain.nodeId },
    });
  }
  return object;
}
