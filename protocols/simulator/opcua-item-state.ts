import { DataType, type UAObject } from 'node-opcua';
import type { LoadMoment } from './load-profile.ts';
import type { MachineTruth } from './machine-truth.ts';
import { objectAt, variableAt } from './opcua-node-path.ts';
import { serveValue, type ServedNodes } from './opcua-served-value.ts';

const MACHINERY = 'http://opcfoundation.org/UA/Machinery/';
type ItemState = 'NotAvailable' | 'OutOfService' | 'NotExecuting' | 'Executing';
type ItemMode = 'None' | 'Setup' | 'Processing';

/** Serves MachineryItemState and MachineryOperationMode (OPC 40001-1) below Monitoring/MachineTool. */
export function serveItemState(
  machine: UAObject,
  machineTool: number,
  truth: MachineTruth,
  nodes: ServedNodes,
): void {
  const machinery = machine.addressSpace.getNamespaceIndex(MACHINERY);
  const serve = (name: string, typeName: string, wordOf: (moment: LoadMoment) => string | null) => {
    const state = objectAt(machine, [
      ['Monitoring', machineTool],
      ['MachineTool', machineTool],
      [name, machinery],
    ]);
    const type = machine.addressSpace.findObjectType(typeName, machinery);
    const point = `Monitoring/MachineTool/${name}/CurrentState`;
    const current = variableAt(state, [['CurrentState', 0]]);
    const word = () => wordOf(truth.moment());
    serveValue(nodes, current, point, () => {
      const text = word();
      return text === null ? null : { dataType: DataType.LocalizedText, value: { locale: 'en', text } };
    });
    serveValue(nodes, variableAt(current, [['Id', 0]]), `${point}/Id`, () => {
      const text = word();
      const stateNode =
        text === null ? undefined : type?.getChildByName({ name: text, namespaceIndex: machinery });
      return stateNode === undefined || stateNode === null
        ? null
        : { dataType: DataType.NodeId, value: stateNode.nodeId };
    });
  };
  serve('MachineryItemState', 'MachineryItemState_StateMachineType', itemStateOf);
  serve('MachineryOperationMode', 'MachineryOperationModeStateMachineType', modeOf);
}

function itemStateOf({ state, production }: LoadMoment): ItemState | null {
  if (production === null) return null;
  if (state === 'processing') return 'Executing';
  if (state === 'extendedStandby') return 'NotAvailable';
  return state === 'standby' ? 'OutOfService' : 'NotExecuting';
}

function modeOf({ state, mode }: LoadMoment): ItemMode | null {
  if (mode === null) return null;
  if (state === 'standby' || state === 'extendedStandby') return 'None';
  return mode === 'Automatic' ? 'Processing' : 'Setup';
}
