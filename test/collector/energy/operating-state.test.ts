import { describe, expect, it } from 'vitest';
import { classifyState } from '../../../collector/energy/operating-state.ts';
import type { StatusWord } from '../../../collector/energy/status-word.ts';
import { bandSetOf } from './fold-feed.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';

const MODEL = {
  offBelowW: watts(50),
  bandSets: [
    bandSetOf([
      { state: 'standby', belowW: watts(500) },
      { state: 'ready', belowW: watts(1500) },
      { state: 'processing', belowW: null },
    ]),
  ],
  stateMap: {},
};
const word = (status: StatusWord['status'], vocabulary: string, value: StatusWord['value']) => ({
  status,
  vocabulary,
  value,
});
const state = (supplyPowerW: number | null, statuses: StatusWord[], fresh = true, model = MODEL) =>
  classifyState(model, { atMs: 1000, supplyPowerW, statuses, fresh }).state;

const RUNNING = word('execution', 'umati/ProductionState', 'Running');
const WARM = word('warmUp', 'umati/IsWarmUp', true);

describe('classifyState', () => {
  it('goes by the bands that hold now, not by those adopted for later', () => {
    const later = bandSetOf([{ state: 'processing', belowW: null }], { version: 1, fromMs: 1001 });
    const model = { ...MODEL, bandSets: [...MODEL.bandSets, later] };
    expect(state(900, [], true, model)).toBe('ready');
    expect(classifyState(model, { atMs: 1001, supplyPowerW: 900, statuses: [], fresh: true })).toEqual({
      state: 'processing',
      decider: 'bands',
      basis: 'from 50 W, calibration 1',
    });
  });

  it('goes by measured off, then warm-up, then execution, then power bands', () => {
    expect(state(20, [RUNNING, WARM])).toBe('off');
    expect(state(900, [RUNNING, WARM])).toBe('warmUp');
    expect(state(900, [RUNNING, word('warmUp', 'umati/IsWarmUp', false)])).toBe('processing');
    expect(state(900, [])).toBe('ready');
    expect(state(9000, [])).toBe('processing');
  });

  it('never guesses: a lost link is unknown, not off', () => {
    expect(state(null, [RUNNING], false)).toBe('unknown');
    expect(state(null, [])).toBe('unknown');
    expect(state(900, [], true, { ...MODEL, bandSets: [] })).toBe('unknown');
  });

  it('knows the words of umati by name and by number, and of MTConnect', () => {
    for (const value of ['Running', 1])
      expect(state(null, [word('execution', 'umati/ProductionState', value)])).toBe('processing');
    for (const value of ['Initializing', 'Ended', 'Interrupted', 'Aborted', 0, 2, 3, 4])
      expect(state(null, [word('execution', 'umati/ProductionState', value)])).toBe('ready');
    expect(state(null, [word('execution', 'mtconnect/Execution', 'ACTIVE')])).toBe('processing');
    expect(state(null, [word('execution', 'mtconnect/Execution', 'FEED_HOLD')])).toBe('ready');
    expect(state(null, [word('execution', 'mtconnect/Execution', 'UNAVAILABLE')])).toBe('unknown');
    // OPC 40501-1 numbers: Manual 0, Automatic 1, Setup 2, AutoWithManualIntervention 3, Service 4, Other 5.
    for (const value of ['Setup', 'Service', 2, 4])
      expect(state(null, [word('mode', 'umati/MachineOperationMode', value)])).toBe('ready');
    for (const value of ['Manual', 'Automatic', 'AutoWithManualIntervention', 'Other', 0, 1, 3, 5, 6])
      expect(state(null, [word('mode', 'umati/MachineOperationMode', value)])).toBe('unknown');
    expect(state(null, [word('emergencyStop', 'mtconnect/EmergencyStop', 'TRIGGERED')])).toBe('standby');
  });

  it('lets the machine say what its own words mean', () => {
    const model = {
      ...MODEL,
      stateMap: { RUN: 'processing' as const, 'mtconnect/Execution=READY': 'standby' as const },
    };
    expect(state(null, [word('execution', 'raw', 'RUN')], true, model)).toBe('processing');
    expect(state(null, [word('execution', 'mtconnect/Execution', 'READY')], true, model)).toBe('standby');
    expect(state(null, [word('execution', 'raw', 'constructor')], true, model)).toBe('unknown');
  });
});
