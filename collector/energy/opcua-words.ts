import { byNumber, type Vocabulary } from './word-meanings.ts';

/** Companion models of OPC UA, by the names and numbers that their node sets give. */
export const OPCUA_WORDS: Readonly<Record<string, Vocabulary>> = {
  /** OPC 40501-1, the state of the active program. */
  'umati/ProductionState': byNumber([
    ['Initializing', 'ready'],
    ['Running', 'processing'],
    ['Ended', 'ready'],
    ['Interrupted', 'ready'],
    ['Aborted', 'ready'],
  ]),
  'umati/ChannelState': byNumber([
    ['Active', 'processing'],
    ['Interrupted', 'ready'],
    ['Reset', 'ready'],
  ]),
  /** A mode is no proof of execution, so most of them say nothing by themselves. */
  'umati/MachineOperationMode': byNumber([
    ['Manual', null],
    ['Automatic', null],
    ['Setup', 'ready'],
    ['AutoWithManualIntervention', null],
    ['Service', 'ready'],
    ['Other', null],
  ]),
  'umati/IsWarmUp': { words: { true: 'warmUp', '1': 'warmUp', false: null, '0': null } },
  'umati/SpindleRotating': { words: { true: null, '1': null, false: null, '0': null } },
  /** OPC 40001-1. NotAvailable is switched off or saving energy: measured power says which. */
  'machinery/ItemState': byNumber([
    ['NotAvailable', 'extendedStandby'],
    ['OutOfService', 'standby'],
    ['NotExecuting', 'ready'],
    ['Executing', 'processing'],
  ]),
  'machinery/OperationMode': byNumber([
    ['None', null],
    ['Maintenance', null],
    ['Setup', null],
    ['Processing', null],
  ]),
  /** OPC 40502. */
  'cnc/ChannelProgramStatus': byNumber([
    ['Stopped', 'ready'],
    ['Running', 'processing'],
    ['Waiting', 'ready'],
    ['Interrupted', 'ready'],
    ['Canceled', 'ready'],
  ]),
  /** An active channel may move by hand: with the mode it says more (`word-pairs.ts`). */
  'cnc/ChannelStatus': byNumber([
    ['Active', null],
    ['Interrupted', 'ready'],
    ['Reset', 'ready'],
  ]),
  'cnc/OperationMode': byNumber([
    ['Manual', null],
    ['MDA', null],
    ['Automatic', null],
  ]),
  'cnc/SpindleStatus': byNumber([
    ['Stopped', null],
    ['InTargetArea', null],
    ['Accelerating', null],
    ['Decelerating', null],
    ['Parked', null],
  ]),
  /**
   * OPC 34100 and 30141, the energy saving mode: every mode but operation saves energy. 240 and 255 are PROFIenergy's
   * "operate" and "ready to operate".
   */
  'energy/SavingMode': {
    words: {
      operate: null,
      Operate: null,
      ready: null,
      Ready: null,
      'Ready to operate': null,
      ReadyToOperate: null,
      '240': null,
      '255': null,
      false: null,
      '': null,
    },
    others: 'extendedStandby',
  },
};
