import type { Status } from '../../telemetry/quantity.ts';
import { findBelow, type ServerNode } from '../browse/server-node.ts';
import { pointOf, type StatusCandidate } from './candidate.ts';

interface MachineWord {
  status: Status;
  name?: string;
  vocabulary: string;
  isState?: true;
  /** Ways below the machine, best first; only the first that is there is read. */
  ways: readonly (readonly string[])[];
}

const MONITORING = ['Monitoring', 'MachineTool'] as const;
const PROGRAM = ['Production', 'ActiveProgram'] as const;
const BLOCKS = ['MachineryBuildingBlocks'] as const;
/** Building blocks of OPC 40001-1 lie where the machine's type puts them, or in a folder of their own. */
const inBlocks = (...names: readonly string[]) => [
  [...MONITORING, ...names],
  [...BLOCKS, ...names],
  ['Monitoring', 'Status', ...names],
  [...names],
];

/** What a machine tool may say of itself (OPC 40501-1, 40001-1). Units of timers are in their names. */
const MACHINE_WORDS: readonly MachineWord[] = [
  {
    status: 'execution',
    vocabulary: 'umati/ProductionState',
    isState: true,
    ways: [[...PROGRAM, 'State', 'CurrentState']],
  },
  {
    status: 'mode',
    // OPC 40501-1 numbers its modes (Manual 0, Automatic 1, Setup 2 ...) otherwise than OPC 40001-1.
    vocabulary: 'umati/MachineOperationMode',
    ways: [[...MONITORING, 'OperationMode']],
  },
  { status: 'warmUp', vocabulary: 'umati/IsWarmUp', ways: [[...MONITORING, 'IsWarmUp']] },
  { status: 'program', vocabulary: 'raw', ways: [[...PROGRAM, 'Name']] },
  {
    status: 'partCount',
    vocabulary: 'raw',
    ways: [
      ['Production', 'Statistics', 'PartsProducedInLifetime'],
      ...inBlocks('OperationCounters', 'PartsProducedInLifetime'),
    ],
  },
  { status: 'partCount', name: 'program', vocabulary: 'raw', ways: [[...PROGRAM, 'PartCounter']] },
  {
    status: 'itemState',
    vocabulary: 'machinery/ItemState',
    isState: true,
    ways: inBlocks('MachineryItemState', 'CurrentState'),
  },
  {
    // What the machine is there for just now (Processing, Setup, Maintenance), besides how it is operated.
    status: 'functionalMode',
    vocabulary: 'machinery/OperationMode',
    isState: true,
    ways: inBlocks('MachineryOperationMode', 'CurrentState'),
  },
  {
    status: 'energySaving',
    vocabulary: 'energy/SavingMode',
    ways: [['State', 'Machine', 'Flags', 'EnergySaving']],
  },
  {
    status: 'timer',
    name: 'powerOnDurationH',
    vocabulary: 'raw',
    ways: [[...MONITORING, 'PowerOnDuration']],
  },
  {
    status: 'timer',
    name: 'powerOnDurationMs',
    vocabulary: 'raw',
    ways: inBlocks('OperationCounters', 'PowerOnDuration'),
  },
  {
    status: 'timer',
    name: 'operationDurationMs',
    vocabulary: 'raw',
    ways: inBlocks('OperationCounters', 'OperationDuration'),
  },
  {
    status: 'timer',
    name: 'operationCycles',
    vocabulary: 'raw',
    ways: inBlocks('OperationCounters', 'OperationCycleCounter'),
  },
];

/** Browse names of the variables of these words. */
export const MACHINE_WORD_NAMES: readonly string[] = MACHINE_WORDS.flatMap(({ ways }) =>
  ways.map((way) => way.at(-1) ?? ''),
);

/** The words that a machine offers. */
export function findMachineWords(machine: ServerNode, component: string): StatusCandidate[] {
  return MACHINE_WORDS.flatMap(({ ways, ...word }) => {
    for (const way of ways) {
      const variable = findBelow(machine, ...way);
      if (variable?.kind === 'variable') return [{ ...word, variable, point: pointOf(...way), component }];
    }
    return [];
  });
}
