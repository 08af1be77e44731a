import { describe, expect, it } from 'vitest';
import { judgeWords } from '../../../collector/energy/judge-words.ts';
import type { StatusWord } from '../../../collector/energy/status-word.ts';
import { STATUSES, type Status } from '../../../protocols/telemetry/quantity.ts';

const word = (
  status: Status,
  vocabulary: string,
  value: StatusWord['value'],
  channel = `m.control.${status}`,
): StatusWord => ({ status, vocabulary, value, channel });
const execution = (value: StatusWord['value'], path = '') =>
  word('execution', 'mtconnect/Execution', value, `m.control.execution${path}`);

describe('judgeWords', () => {
  it('names the words that decided, and their channels', () => {
    expect(judgeWords({}, [execution('ACTIVE'), word('program', 'raw', 'O1')])).toMatchObject({
      kind: 'state',
      state: 'processing',
      decider: 'control',
      basis: 'm.control.execution=ACTIVE',
      channels: ['m.control.execution'],
    });
    expect(
      judgeWords({}, [execution('WAIT'), word('waitState', 'mtconnect/WaitState', 'POWERING_UP')]),
    ).toMatchObject({
      state: 'warmUp',
      decider: 'control',
      basis: 'm.control.execution=WAIT, m.control.waitState=POWERING_UP',
    });
    expect(judgeWords({}, [word('warmUp', 'umati/IsWarmUp', true)])).toMatchObject({ decider: 'warmUp' });
  });

  it('calls words that are numbers by their names', () => {
    for (const [status, vocabulary, value, said] of [
      ['channelState', 'umati/ChannelState', 0, '0 (Active)'],
      ['execution', 'sinumerik/ProgStatus', 3, '3 (in progress)'],
      ['execution', 'umati/ProductionState', 'Running', 'Running'],
    ] as const)
      expect(judgeWords({}, [word(status, vocabulary, value)])).toMatchObject({
        basis: `m.control.${status}=${said}`,
      });
  });

  it('takes the path or channel that processes, of several', () => {
    const two = [execution('READY'), execution('ACTIVE', '.path2')];
    for (const words of [two, [...two].reverse()])
      expect(judgeWords({}, words)).toMatchObject({
        state: 'processing',
        basis: 'm.control.execution.path2=ACTIVE',
      });
    expect(
      judgeWords({}, [
        word('execution', 'umati/ProductionState', 'Ended'),
        word('channelState', 'umati/ChannelState', 'Reset', 'm.control.channelState.1'),
        word('channelState', 'umati/ChannelState', 'Active', 'm.control.channelState.2'),
      ]),
    ).toMatchObject({ state: 'processing', basis: 'm.control.channelState.2=Active' });
    expect(judgeWords({}, [execution('UNAVAILABLE'), execution('STOPPED', '.path2')])).toMatchObject({
      state: 'ready',
    });
  });

  it('never guesses: a word of what is executed that nobody knows tells no state, but where another one processes', () => {
    expect(judgeWords({}, [execution('IN_PROGRESS')])).toEqual({
      kind: 'unmapped',
      basis: 'm.control.execution=IN_PROGRESS',
    });
    expect(judgeWords({}, [execution('IN_PROGRESS'), execution('READY', '.path2')]).kind).toBe('unmapped');
    expect(judgeWords({}, [execution('IN_PROGRESS'), execution('ACTIVE', '.path2')])).toMatchObject({
      state: 'processing',
    });
    expect(
      judgeWords({}, [
        execution('IN_PROGRESS'),
        word('emergencyStop', 'mtconnect/EmergencyStop', 'TRIGGERED'),
      ]),
    ).toMatchObject({ state: 'standby' });
    expect(judgeWords({}, [execution('constructor')]).kind).toBe('unmapped');
    // Other words that nobody knows say nothing.
    expect(judgeWords({}, [word('mode', 'acme/Mode', 'WARP'), execution('READY')])).toMatchObject({
      state: 'ready',
    });
  });

  it('takes the drives to be off where all modes of the equipment say so', () => {
    const mode = (name: string, value: string) =>
      word('equipmentMode', 'mtconnect/EquipmentMode', value, `m.control.equipmentMode.${name}`);
    const idle = execution('READY');
    expect(judgeWords({}, [idle, mode('loaded', 'OFF'), mode('operating', 'OFF')])).toMatchObject({
      state: 'standby',
      basis: 'm.control.execution=READY, m.control.equipmentMode.loaded=OFF',
    });
    expect(judgeWords({}, [idle, mode('loaded', 'OFF'), mode('operating', 'ON')])).toMatchObject({
      state: 'ready',
    });
  });

  it('lets the machine say what its own words mean, and asks no other word then', () => {
    const map = { IN_PROGRESS: 'processing', 'mtconnect/Execution=FEED_HOLD': 'processing' } as const;
    const setup = word('functionalMode', 'mtconnect/FunctionalMode', 'SETUP');
    expect(judgeWords(map, [execution('IN_PROGRESS'), setup])).toMatchObject({ state: 'processing' });
    expect(judgeWords(map, [execution('FEED_HOLD')])).toMatchObject({ state: 'processing' });
    expect(judgeWords({ UNAVAILABLE: 'standby' }, [execution('UNAVAILABLE')])).toMatchObject({
      state: 'standby',
    });
  });

  it('leaves the state to power where a vocabulary is not ours, and says which word told nothing', () => {
    const map = { 'vacon/vacon-10/running=true': 'processing' } as const;
    const running = (value: boolean) => word('execution', 'vacon/vacon-10/running', value);
    expect(judgeWords(map, [running(true)])).toMatchObject({ state: 'processing' });
    expect(judgeWords(map, [running(false)])).toEqual({
      kind: 'silent',
      basis: 'm.control.execution=false',
    });
    expect(judgeWords({}, [word('execution', 'raw', 7)]).kind).toBe('silent');
  });

  it('never goes by what only tells of programs, parts, times and faults', () => {
    const idle: Status[] = ['program', 'partCount', 'condition', 'timer', 'spindleState', 'availability'];
    for (const status of idle)
      expect(
        judgeWords({ ACTIVE: 'processing', FAULT: 'standby' }, [
          word(status, 'mtconnect/Condition', 'FAULT'),
          word(status, 'mtconnect/Execution', 'ACTIVE'),
        ]).kind,
      ).toBe('silent');
  });

  it('passes missing words over, whatever they would tell of', () => {
    for (const status of STATUSES)
      for (const value of [null, 'UNAVAILABLE'])
        expect(judgeWords({}, [word(status, 'mtconnect/Execution', value)]).kind).toBe('silent');
  });
});
