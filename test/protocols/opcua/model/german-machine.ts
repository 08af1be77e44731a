import { DataType, EnumValueType, VariantArrayType, type AddressSpace } from 'node-opcua';
import { addCnc, addEnergyStandIn, addMachineTool, setState, setValue, stateType } from './machine-space.ts';

/** One machine whose control speaks German, with drives of its CNC, and with energy values here and there. */
export function buildGermanMachine(space: AddressSpace): void {
  const own = space.getOwnNamespace();
  const machine = addMachineTool(space, own, 'Fräse');
  setState(
    machine,
    'Production/ActiveProgram/State/CurrentState',
    'Läuft',
    { type: stateType(space, 'ProductionStateMachineType', 'MachineTool/'), state: 'Running' },
    1,
  );
  const itemStates = stateType(space, 'MachineryItemState_StateMachineType', 'Machinery/');
  setState(machine, 'Monitoring/MachineTool/MachineryItemState/CurrentState', 'Führt aus', {
    type: itemStates,
    state: 'Executing',
  });
  const modes = stateType(space, 'MachineryOperationModeStateMachineType', 'Machinery/');
  setState(machine, 'Monitoring/MachineTool/MachineryOperationMode/CurrentState', 'Einrichten', {
    type: modes,
    state: 'Setup',
  });
  setValue(machine, 'Production/ActiveProgram/Name', { dataType: DataType.String, value: 'WELLE.MPF' });
  addCnc(space, own, ['Kanal 1']);
  const domain = own.addObject({
    browseName: 'ACCURACY_DOMAIN_PERCENT_FULL_SCALE',
    organizedBy: space.rootFolder.objects,
  });
  own.addVariable({
    propertyOf: domain,
    browseName: { name: 'EnumValues', namespaceIndex: 0 },
    dataType: 'EnumValueType',
    valueRank: 1,
    value: {
      dataType: DataType.ExtensionObject,
      arrayType: VariantArrayType.Array,
      value: [
        new EnumValueType({
          value: [0, 6],
          displayName: { text: 'ACCURACY_CLASS_6' },
          description: { text: '0,5%' },
        }),
      ],
    },
  });
  const iec = own.addObject({ browseName: 'ACCURACY_DOMAIN_IEC', organizedBy: space.rootFolder.objects });
  addEnergyStandIn(space, own, machine, 'EnergyMeasurement', {
    AcActivePowerTotal: { value: 7100, code: 'WTT', text: 'W', accuracy: { number: 6, domain } },
    AcActiveEnergyTotalImportLp: { value: 12_000, code: 'WHR', text: 'W·h' },
    AcActiveEnergyTotalImportHp: {
      value: 12.000_123,
      code: 'KWH',
      text: 'kW·h',
      accuracy: { number: 3, text: '0.5S', domain: iec },
    },
    AcActiveEnergyTotalExportLp: { value: 0, code: 'WHR', text: 'W·h' },
    AcVoltageL1N: { value: 230, code: 'VLT', text: 'V' },
    AcVoltageL2L3: { value: 400, code: 'VLT', text: 'V' },
    AcCurrentL2: { value: 10 },
    AcCurrentPe: { value: 0, code: 'AMP' },
    AcPowerFactorTotal: { value: 0.9 },
    AcActivePowerTotalMax: { value: 9000, code: 'WTT', text: 'W' },
  });
  const cooling = own.addObject({ browseName: 'Kühlung', componentOf: machine });
  addEnergyStandIn(space, own, cooling, 'EnergyMeasurement', {
    AcActivePowerTotal: { value: 0.4, code: 'KWT', text: 'kW' },
  });
  // What a maker may put below a machine besides, much of it and near the top: no reason to miss what lies deeper.
  for (let part = 0; part < 10; part++) {
    const folder = own.addObject({ componentOf: machine, browseName: `Daten ${part}` });
    for (let index = 0; index < 1000; index++)
      own.addVariable({ componentOf: folder, browseName: `D${index}`, dataType: 'Double' });
  }
}
