import {
  AccessLevelFlag,
  DataType,
  makeEUInformation,
  standardUnits,
  StatusCodes,
  type EUInformation,
  type Namespace,
  type UAObject,
} from 'node-opcua';
import type { MachineTruth } from './machine-truth.ts';
import { serveValue, type ServedNodes } from './opcua-served-value.ts';

/** Namespace of the energy profiles of OPC 30141, whose names are used here. */
export const ENERGY_NAMESPACE = 'http://opcfoundation.org/UA/PNEM/';

/** How the stand-in says how good its values are: class 1 of the domain IEC. */
const ACCURACY = { class: 6, text: '1', domain: 'IEC' } as const;

interface EnergyNode {
  name: string;
  quantity: 'activePower' | 'activeEnergyImport' | 'activeEnergyExport';
  dataType: 'Float' | 'Double';
  unit: EUInformation;
}

const WATT_HOUR = makeEUInformation('WHR', 'W·h', 'watt hour');
/** Profile E2, with the counter of higher precision that E3 has. */
const ENERGY_NODES: readonly EnergyNode[] = [
  { name: 'AcActivePowerTotal', quantity: 'activePower', dataType: 'Float', unit: standardUnits.watt },
  { name: 'AcActiveEnergyTotalImportLp', quantity: 'activeEnergyImport', dataType: 'Float', unit: WATT_HOUR },
  { name: 'AcActiveEnergyTotalExportLp', quantity: 'activeEnergyExport', dataType: 'Float', unit: WATT_HOUR },
  {
    name: 'AcActiveEnergyTotalImportHp',
    quantity: 'activeEnergyImport',
    dataType: 'Double',
    unit: WATT_HOUR,
  },
];

/**
 * Puts an object Energy below the machine. It is a stand-in: the names of objects, types and properties are those of the
 * energy profiles (OPC 30141, and OPC 34100 after it), but their node set is not part of the library, so that the ids and
 * what else the types have are not theirs.
 */
export function addEnergyProfile(
  own: Namespace,
  machine: UAObject,
  truth: MachineTruth,
  nodes: ServedNodes,
): void {
  const space = machine.addressSpace;
  const energy = space.registerNamespace(ENERGY_NAMESPACE);
  const valueType = energy.addVariableType({
    browseName: 'EnergyMeasurementValueType',
    subtypeOf: 'BaseDataVariableType',
    dataType: 'Number',
  });
  const base = energy.addObjectType({ browseName: 'IEnergyProfileE2Type', subtypeOf: 'BaseInterfaceType' });
  const domainType = energy.addObjectType({ browseName: 'AccuracyDomainType', subtypeOf: 'BaseObjectType' });
  const domain = energy.addObject({
    browseName: ACCURACY.domain,
    typeDefinition: domainType,
    organizedBy: domainType,
  });
  const profile = own.addObject({
    browseName: { name: 'Energy', namespaceIndex: own.index },
    nodeId: 's=Energy',
    description: 'Stand-in for an energy profile E2; its node set is not part of the simulator.',
    componentOf: machine,
  });
  profile.addReference({ referenceType: 'HasInterface', nodeId: base.nodeId });
  for (const { name, quantity, dataType, unit } of ENERGY_NODES) {
    const variable = energy.addVariable({
      browseName: name,
      nodeId: `s=Energy.${name}`,
      componentOf: profile,
      typeDefinition: valueType,
      dataType,
      accessLevel: AccessLevelFlag.CurrentRead,
    });
    serveValue(
      nodes,
      variable,
      `Energy/${name}`,
      () => {
        const value = truth.measure('supply', quantity, 'total');
        return value === null ? null : { dataType: DataType[dataType], value };
      },
      StatusCodes.BadNoData,
    );
    energy.addVariable({
      browseName: { name: 'EngineeringUnits', namespaceIndex: 0 },
      propertyOf: variable,
      dataType: 'EUInformation',
      value: { dataType: DataType.ExtensionObject, value: unit },
    });
    energy.addVariable({
      browseName: 'AccuracyDomain',
      propertyOf: variable,
      dataType: 'NodeId',
      value: { dataType: DataType.NodeId, value: domain.nodeId },
    });
    const accuracyClass = energy.addVariable({
      browseName: 'AccuracyClass',
      componentOf: variable,
      dataType: 'UInt32',
      value: { dataType: DataType.UInt32, value: ACCURACY.class },
    });
    energy.addVariable({
      browseName: { name: 'ValueAsText', namespaceIndex: 0 },
      propertyOf: accuracyClass,
      dataType: 'LocalizedText',
      value: { dataType: DataType.LocalizedText, value: { text: ACCURACY.text } },
    });
  }
}
