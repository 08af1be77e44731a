import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { classifyState, type StateModel } from '../../../collector/energy/operating-state.ts';
import type { StatusWord } from '../../../collector/energy/status-word.ts';
import type { Status } from '../../../protocols/telemetry/quantity.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { bandSetOf } from './fold-feed.ts';
import { sharedFile } from '../../support/shared-files.ts';

const FACTS = sharedFile('facts/devices/state-map-iso14955.json');

const METER: StateModel = {
  offBelowW: watts(50),
  bandSets: [
    bandSetOf([
      { state: 'standby', belowW: watts(400) },
      { state: 'ready', belowW: watts(1500) },
      { state: 'processing', belowW: null },
    ]),
  ],
  stateMap: {},
};
/** Where power tells off and nothing more. */
const OFF_ONLY: StateModel = { ...METER, bandSets: [bandSetOf([])] };

type Told = [status: Status, vocabulary: string, ...values: StatusWord['value'][]];
/** Words of a rule: for each value of each, the state, without power, or with the power given, and in the model given. */
interface Trial {
  told: Told[];
  state: string;
  powerW?: number;
  model?: StateModel;
}

const execution = (...values: string[]): Told => ['execution', 'mtconnect/Execution', ...values];
const NOT_ACTIVE = [
  'READY',
  'INTERRUPTED',
  'FEED_HOLD',
  'STOPPED',
  'OPTIONAL_STOP',
  'PROGRAM_STOPPED',
  'PROGRAM_COMPLETED',
];

/** How each rule of the collected facts is tried against our map, by its source. */
const TRIALS: Record<string, Trial[]> = {
  'connection lost AND meter power < offThreshold': [{ told: [], powerW: 20, state: 'off' }],
  'connection lost AND meter power >= offThreshold': [
    { told: [], powerW: 900, state: 'unknown', model: OFF_ONLY },
  ],
  'MTConnect AVAILABILITY=UNAVAILABLE': [
    { told: [['availability', 'mtconnect/Availability', 'UNAVAILABLE']], state: 'unknown' },
    { told: [execution('UNAVAILABLE')], powerW: 20, state: 'off' },
  ],
  'MTConnect POWER_STATE(subType LINE)=OFF': [
    { told: [['linePower', 'mtconnect/PowerState', 'OFF'], execution('READY')], state: 'off' },
    {
      told: [['linePower', 'mtconnect/PowerState', 'OFF']],
      powerW: 900,
      state: 'unknown',
      model: OFF_ONLY,
    },
    { told: [['linePower', 'mtconnect/PowerState', 'ON'], execution('READY')], state: 'ready' },
  ],
  'MTConnect POWER_STATE(CONTROL)=OFF': [
    { told: [['controlPower', 'mtconnect/PowerState', 'OFF'], execution('READY')], state: 'standby' },
  ],
  'MTConnect EXECUTION=ACTIVE': [
    { told: [execution('ACTIVE')], state: 'processing' },
    { told: [execution('ACTIVE'), ['waitState', 'mtconnect/WaitState', 'POWERING_UP']], state: 'warmUp' },
    { told: [execution('ACTIVE'), ['functionalMode', 'mtconnect/FunctionalMode', 'SETUP']], state: 'ready' },
    {
      told: [
        execution('ACTIVE'),
        ['functionalMode', 'mtconnect/FunctionalMode', 'PRODUCTION', 'MAINTENANCE'],
      ],
      state: 'processing',
    },
  ],
  'MTConnect EXECUTION=WAIT': [
    { told: [execution('WAIT')], state: 'ready' },
    { told: [execution('WAIT'), ['waitState', 'mtconnect/WaitState', 'POWERING_UP']], state: 'warmUp' },
    { told: [execution('WAIT'), ['waitState', 'mtconnect/WaitState', 'POWERING_DOWN']], state: 'standby' },
    { told: [execution('WAIT'), ['waitState', 'mtconnect/WaitState', 'PART_LOAD']], state: 'ready' },
    // Left over from the last time it waited.
    { told: [execution('READY'), ['waitState', 'mtconnect/WaitState', 'POWERING_UP']], state: 'ready' },
  ],
  'MTConnect EXECUTION in READY,INTERRUPTED,FEED_HOLD,STOPPED,OPTIONAL_STOP,PROGRAM_STOPPED,PROGRAM_COMPLETED':
    [
      { told: [execution(...NOT_ACTIVE)], state: 'ready' },
      {
        told: [execution(...NOT_ACTIVE), ['equipmentMode', 'mtconnect/EquipmentMode', 'OFF']],
        state: 'standby',
      },
      {
        told: [execution(...NOT_ACTIVE), ['equipmentMode', 'mtconnect/EquipmentMode', 'ON']],
        state: 'ready',
      },
      {
        told: [execution('ACTIVE'), ['equipmentMode', 'mtconnect/EquipmentMode', 'OFF']],
        state: 'processing',
      },
      { told: [execution(...NOT_ACTIVE)], powerW: 300, state: 'standby' },
      { told: [execution(...NOT_ACTIVE)], powerW: 3000, state: 'ready' },
    ],
  'MTConnect EMERGENCY_STOP=TRIGGERED': [
    {
      told: [['emergencyStop', 'mtconnect/EmergencyStop', 'TRIGGERED'], execution('ACTIVE', 'READY')],
      state: 'standby',
    },
    { told: [['emergencyStop', 'mtconnect/EmergencyStop', 'ARMED'], execution('READY')], state: 'ready' },
  ],
  'umati IsWarmUp=true': [
    {
      told: [
        ['warmUp', 'umati/IsWarmUp', true],
        ['execution', 'umati/ProductionState', 'Running', 'Ended'],
        ['emergencyStop', 'mtconnect/EmergencyStop', 'TRIGGERED'],
      ],
      state: 'warmUp',
      powerW: 900,
    },
    { told: [['warmUp', 'umati/IsWarmUp', true]], state: 'off', powerW: 20 },
  ],
  'umati ProductionStateMachine Running(1)': [
    { told: [['execution', 'umati/ProductionState', 'Running', 1]], state: 'processing' },
  ],
  'umati Initializing(0)/Ended(2)/Interrupted(3)/Aborted(4)': [
    {
      told: [
        ['execution', 'umati/ProductionState', 'Initializing', 0, 'Ended', 2, 'Interrupted', 3, 'Aborted', 4],
      ],
      state: 'ready',
    },
  ],
  'Machinery MachineryItemState Executing(3)': [
    { told: [['itemState', 'machinery/ItemState', 'Executing', 3]], state: 'processing' },
  ],
  'NotExecuting(2)': [{ told: [['itemState', 'machinery/ItemState', 'NotExecuting', 2]], state: 'ready' }],
  'OutOfService(1)': [
    { told: [['itemState', 'machinery/ItemState', 'OutOfService', 1]], state: 'standby' },
    {
      told: [
        ['itemState', 'machinery/ItemState', 'OutOfService'],
        ['execution', 'umati/ProductionState', 'Ended'],
      ],
      state: 'standby',
    },
  ],
  'NotAvailable(0)': [
    { told: [['itemState', 'machinery/ItemState', 'NotAvailable', 0]], state: 'unknown' },
    { told: [['itemState', 'machinery/ItemState', 'NotAvailable', 0]], powerW: 20, state: 'off' },
    {
      told: [['itemState', 'machinery/ItemState', 'NotAvailable', 0]],
      powerW: 900,
      state: 'extendedStandby',
    },
  ],
  'MachineryOperationMode Setup(2)/Maintenance(1)': [
    {
      told: [
        ['functionalMode', 'machinery/OperationMode', 'Setup', 2, 'Maintenance', 1],
        ['itemState', 'machinery/ItemState', 'NotExecuting'],
      ],
      state: 'ready',
    },
    {
      told: [
        ['functionalMode', 'machinery/OperationMode', 'Setup', 2, 'Maintenance', 1],
        ['itemState', 'machinery/ItemState', 'Executing'],
      ],
      state: 'processing',
    },
  ],
  'umati ChannelState Active(0)': [
    { told: [['channelState', 'umati/ChannelState', 'Active', 0]], state: 'processing' },
  ],
  'ChannelState Interrupted(1)/Reset(2)': [
    { told: [['channelState', 'umati/ChannelState', 'Interrupted', 1, 'Reset', 2]], state: 'ready' },
  ],
  'CNC 40502 CncChannelProgramStatus Running(1)': [
    { told: [['execution', 'cnc/ChannelProgramStatus', 'Running', 1]], state: 'processing' },
  ],
  'Waiting(2)/Interrupted(3)/Stopped(0)/Canceled(4)': [
    {
      told: [
        [
          'execution',
          'cnc/ChannelProgramStatus',
          'Waiting',
          2,
          'Interrupted',
          3,
          'Stopped',
          0,
          'Canceled',
          4,
        ],
        ['channelState', 'cnc/ChannelStatus', 'Active', 'Reset', 0, 1],
      ],
      state: 'ready',
    },
  ],
  'SINUMERIK progStatus 3': [
    {
      told: [
        ['execution', 'sinumerik/ProgStatus', 3],
        ['mode', 'sinumerik/OpMode', 2],
      ],
      state: 'processing',
    },
  ],
  'SINUMERIK progStatus 1,2,4,5 or chanStatus 0,2': [
    { told: [['execution', 'sinumerik/ProgStatus', 1, 2, 4, 5]], state: 'ready' },
    { told: [['channelState', 'sinumerik/ChanStatus', 0, 2]], state: 'ready' },
  ],
  'SINUMERIK chanStatus 1 with opMode 0 (JOG)': [
    {
      told: [
        ['channelState', 'sinumerik/ChanStatus', 1],
        ['mode', 'sinumerik/OpMode', 0],
      ],
      state: 'ready',
    },
    {
      told: [
        ['channelState', 'sinumerik/ChanStatus', 1],
        ['mode', 'sinumerik/OpMode', 2],
      ],
      state: 'unknown',
    },
  ],
  'FANUC run=3': [{ told: [['execution', 'fanuc/Run', 3]], state: 'processing' }],
  'FANUC run 0,1,2': [{ told: [['execution', 'fanuc/Run', 0, 1, 2]], state: 'ready' }],
  'FANUC emergency=1': [
    {
      told: [
        ['emergencyStop', 'fanuc/Emergency', 1],
        ['execution', 'fanuc/Run', 3],
      ],
      state: 'standby',
    },
    {
      told: [
        ['emergencyStop', 'fanuc/Emergency', 0],
        ['execution', 'fanuc/Run', 3],
      ],
      state: 'processing',
    },
  ],
  'DMG EMpro tariff 1,2,3,4': [
    { told: [['execution', 'dmg/EnergyTariff', 1]], state: 'standby' },
    { told: [['execution', 'dmg/EnergyTariff', 2]], state: 'ready' },
    { told: [['execution', 'dmg/EnergyTariff', 3]], state: 'warmUp' },
    { told: [['execution', 'dmg/EnergyTariff', 4]], state: 'processing' },
  ],
  'ECM/PNEM EnergySavingModeStatus != ready/operate': [
    {
      told: [['energySaving', 'energy/SavingMode', 1, 30, 'Sleep'], execution('READY')],
      state: 'extendedStandby',
    },
    {
      told: [['energySaving', 'energy/SavingMode', 'operate', 'Ready', 240, 255], execution('READY')],
      state: 'ready',
    },
    { told: [['energySaving', 'energy/SavingMode', 1], execution('ACTIVE')], state: 'processing' },
  ],
  'Woodworking/Eumabois EnergySaving=true': [
    { told: [['energySaving', 'energy/SavingMode', true]], state: 'extendedStandby' },
    { told: [['energySaving', 'energy/SavingMode', false], execution('READY')], state: 'ready' },
  ],
  'meter only (no CNC link)': [
    { told: [], powerW: 20, state: 'off' },
    { told: [], powerW: 300, state: 'standby' },
    { told: [], powerW: 900, state: 'ready' },
    { told: [], powerW: 9000, state: 'processing' },
  ],
};

describe('the declared map', () => {
  for (const [source, trials] of Object.entries(TRIALS))
    it(`follows the rule of ${source}`, () => {
      for (const { told, state, powerW = null, model = METER } of trials)
        for (const statuses of wordings(told))
          expect([
            statuses,
            classifyState(model, { atMs: 0, supplyPowerW: powerW, statuses, fresh: true }).state,
          ]).toEqual([statuses, state]);
    });

  it.skipIf(!existsSync(FACTS))('tries every rule of the collected facts, and expects their state', () => {
    const facts = JSON.parse(readFileSync(FACTS, 'utf8')) as { rules: { src: string; state: string }[] };
    expect(Object.keys(TRIALS).sort()).toEqual(facts.rules.map(({ src }) => src).sort());
    for (const { src, state } of facts.rules) {
      const tried = new Set(TRIALS[src]?.map((trial) => trial.state));
      // "decide by meter power", "keep state", "classify": no one state is named, and the trials say which.
      const named = [...state.matchAll(/\b(off|standby|extendedStandby|warmUp|ready|processing|unknown)\b/g)];
      if (/decide|keep|classify/.test(state)) continue;
      for (const [name] of named) expect(tried, src).toContain(name);
    }
  });
});

/** Every way to take one value of each word. */
function wordings([first, ...rest]: readonly Told[]): StatusWord[][] {
  if (first === undefined) return [[]];
  const [status, vocabulary, ...values] = first;
  return values.flatMap((value) =>
    wordings(rest).map((others) => [{ status, vocabulary, value }, ...others]),
  );
}
