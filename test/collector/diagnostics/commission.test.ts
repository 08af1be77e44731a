import { describe, expect, it } from 'vitest';
import { commission } from '../../../collector/diagnostics/commission.ts';
import type { CommissionResult } from '../../../collector/diagnostics/commission-result.ts';
import { metersChanged, meteredAs } from '../../../collector/diagnostics/metered-as.ts';
import type { DiagnosedMachine } from '../../../collector/diagnostics/diagnosed-machine.ts';
import type { MachineMinute } from '../../../collector/diagnostics/machine-minute.ts';
import { channelOf, meteredMill, MINUTE_MS, START_MS } from './plant-minutes.ts';

const METERING = { supply: { ct: { class: '0.5', primaryA: 50, secondaryA: 5 } } };

/** What the meter shows all the time; each value holds in every minute. */
type Shown = Partial<Record<string, number>>;

/**
 * 6 kW at 230 V and power factor 0.8, the same on each phase: 2000 W / (230 V x 0.8) = 10.87 A, 2500 VA. In a quarter of
 * an hour, from the end of the first minute to that of the last, 6000 W x 14 / 60 h = 1400 Wh.
 */
const RIGHT: Shown = {
  'voltage.l1': 230,
  'voltage.l2': 231,
  'voltage.l3': 229,
  'current.l1': 10.87,
  'current.l2': 10.82,
  'current.l3': 10.92,
  'activePower.l1': 2000,
  'activePower.l2': 2000,
  'activePower.l3': 2000,
  'powerFactor.l1': 0.8,
  'powerFactor.l2': 0.8,
  'powerFactor.l3': 0.8,
  activePower: 6000,
  apparentPower: 7500,
  reactivePower: 4500,
  frequency: 50.01,
};

function minutesOf(shown: Shown, counterW = 6000): MachineMinute[] {
  return Array.from({ length: 15 }, (_, minute) => {
    const readings = new Map(
      Object.entries(shown).flatMap(([name, value]) => {
        if (value === undefined) return [];
        // Nothing stands quite still: the voltage moves a little from reading to reading.
        const wobble = name.startsWith('voltage') ? 0.2 * (minute % 3) : 0;
        return [
          [
            `mill.supply.${name}`,
            { count: 60, min: value, max: value + wobble, sum: 60 * (value + wobble / 2), last: value },
          ] as const,
        ];
      }),
    );
    const energyWh = 500_000 + (counterW * (minute + 1)) / 60;
    const stepped = 10 * Math.floor(energyWh / 10);
    readings.set('mill.supply.activeEnergyImport', {
      count: 60,
      min: stepped - 10,
      max: stepped,
      sum: 60 * stepped,
      last: stepped,
    });
    return { minuteMs: START_MS + minute * MINUTE_MS, readings, controlState: 'ready' as const };
  });
}

function commissionMill(
  minutes: readonly MachineMinute[],
  machine: Partial<DiagnosedMachine> = {},
  nowMs = START_MS + 16 * MINUTE_MS,
): CommissionResult {
  const { channels, ...rest } = meteredMill();
  return commission({
    machine: { ...rest, channels: [...channels, channelOf('reactivePower')], ...machine },
    minutes,
    fromMs: START_MS,
    toMs: START_MS + 15 * MINUTE_MS,
    metering: METERING,
    control: { words: 1, decidedMs: 15 * MINUTE_MS },
    nowMs,
  });
}

const resultOf = (result: CommissionResult, check: string, component = 'supply') =>
  result.checks.find((one) => one.check === check && [component, 'machine'].includes(one.component));

describe('commissioning', () => {
  it('passes a machine that is metered as it should be, each check with its arithmetic', () => {
    const result = commissionMill(minutesOf(RIGHT));
    expect(result.checks.filter((check) => check.result !== 'pass')).toEqual([]);
    expect(result.verdict).toBe('passed');
    const sayings = Object.fromEntries(result.checks.map(({ check, saying }) => [check, saying]));
    expect(sayings).toEqual({
      readings: '15 of 15 minutes have readings.',
      voltage: 'l1 230.1 V of 230 V, l2 231.1 V of 230 V, l3 229.1 V of 230 V.',
      frequency: '50.01 Hz.',
      direction: 'l1 2000 W, l2 2000 W, l3 2000 W: each draws.',
      // 2000 / (230.1 x 10.87) = 0.7996
      pairing: 'Power factors of the phases: l1 0.7996, l2 0.7998, l3 0.7994.',
      ratio: 'At most 6000 W of 15000 W rated: 40 %.',
      // (10.87 + 10.82 + 10.92) / 3 = 10.87
      'current-range': '10.87 A in the mean, 10.92 A at most, of 50 A: 21.7 % and 21.8 %.',
      'sum-of-phases': '2000 + 2000 + 2000 = 6000 W, total 6000 W.',
      'power-triangle': 'root of 6000^2 + 4500^2 = 7500 VA, read 7500 VA.',
      counter: 'The counter rose by 1400 Wh; the power gives 6000 W x 0.2333 h = 1400 Wh: 0 % apart.',
      control: '1 word of the control is wired; they told the state for 900 s of 900 s.',
      plausible: 'Nothing implausible was found in these minutes.',
    });
  });

  it('holds the serial number that was declared against the one that the device tells', () => {
    const serialOf = (meter: { serial?: string }, device: { serial?: string }) => {
      const [source, ...others] = meteredMill().sources;
      return resultOf(
        commissionMill(minutesOf(RIGHT), { sources: [{ ...source!, meter, device }, ...others] }),
        'serial',
      );
    };
    expect(serialOf({ serial: '00-47 11a' }, { serial: '4711A' })?.result).toBe('pass');
    expect(serialOf({ serial: '4711' }, { serial: '4712' })).toMatchObject({
      result: 'fail',
      saying: '4711 is declared, and the device tells 4712.',
    });
    expect(serialOf({ serial: '4711' }, {})?.result).toBe('not-checkable');
    expect(serialOf({}, { serial: '4711' })?.result).toBe('pass');
    expect(serialOf({}, {})).toBeUndefined();
  });

  it('names the key of agent.yaml with all points, where the profile has what is missing', () => {
    const { channels } = meteredMill();
    const phaseless = channels.filter(
      ({ quantity, phase }) => quantity !== 'activePower' || phase === 'total',
    );
    const shown = Object.fromEntries(
      Object.entries(RIGHT).filter(([name]) => !/^activePower[.]|apparent|reactive/.test(name)),
    );
    const read = phaseless.map(({ quantity, phase }) =>
      phase === 'total' ? quantity : `${quantity}.${phase}`,
    );
    const source = phaseless.find(({ quantity }) => quantity === 'activePower')?.source ?? '';
    const result = commission({
      machine: { ...meteredMill(), channels: phaseless },
      minutes: minutesOf(shown),
      fromMs: START_MS,
      toMs: START_MS + 15 * MINUTE_MS,
      metering: METERING,
      offers: { [source]: [...read, 'activePower.l1', 'activePower.l2', 'activePower.l3'] },
      control: { words: 0, decidedMs: 0 },
      nowMs: null,
    });
    expect(result.verdict).toBe('incomplete');
    const cures = Object.fromEntries(result.checks.map(({ check, cure }) => [check, cure]));
    expect(cures['direction']).toBe(
      `Write at the source ${source} in agent.yaml: read: [${[...new Set(read), 'activePower.l1', 'activePower.l2', 'activePower.l3'].join(', ')}]`,
    );
    expect(cures['pairing']).toBe(`With the \`read\` of ${source} as above.`);
    expect(cures['power-triangle']).toContain('has no reactivePower');
  });

  it('finds a turned transformer by its sign, and the total that it leaves', () => {
    const result = commissionMill(
      minutesOf(
        {
          ...RIGHT,
          'activePower.l2': -2000,
          'powerFactor.l2': -0.8,
          activePower: 2000,
          reactivePower: 1500,
          apparentPower: 2500,
        },
        2000,
      ),
    );
    expect(result.verdict).toBe('failed');
    expect(resultOf(result, 'direction')).toMatchObject({
      result: 'fail',
      saying: 'l1 2000 W, l2 -2000 W, l3 2000 W: the others draw while this feeds back.',
    });
    expect(resultOf(result, 'sum-of-phases')?.result).toBe('pass');
  });

  it('finds voltages and currents of two phases interchanged: their sum vanishes', () => {
    // phi = 36.87 deg: U I = 2500 VA; cos(36.87 - 120) = 0.1196, cos(36.87 + 120) = -0.9196, cos(36.87) = 0.8
    const result = commissionMill(
      minutesOf(
        {
          ...RIGHT,
          'activePower.l1': 299,
          'activePower.l2': -2299,
          'activePower.l3': 2000,
          activePower: 0,
          apparentPower: 7500,
          reactivePower: 7500,
          'powerFactor.l1': 0.12,
          'powerFactor.l2': -0.92,
        },
        0,
      ),
    );
    expect(resultOf(result, 'pairing')).toMatchObject({
      result: 'fail',
      saying: 'l1 299 W, l2 -2299 W, l3 2000 W sum to 0 W at currents that are alike.',
    });
    expect(resultOf(result, 'direction')?.result).toBe('not-checkable');
  });

  it('finds a ratio that is ten times too large by the rating', () => {
    const tenfold = Object.fromEntries(
      Object.entries(RIGHT).map(([name, value]) => [
        name,
        /Power|current/.test(name) && !/Factor/.test(name) ? 10 * (value ?? 0) : value,
      ]),
    );
    const result = commissionMill(minutesOf(tenfold, 60_000));
    expect(resultOf(result, 'ratio')).toMatchObject({
      result: 'fail',
      saying: 'At most 60000 W of 15000 W rated: 400 %; 120 % are the most.',
    });
    expect(resultOf(result, 'current-range')).toMatchObject({
      result: 'warning',
      // Class 0.5 holds up to 120 %; 109.2 / 50 = 218 %, so 0.5 % x 218 / 120 = 0.91 %.
      saying:
        '108.7 A in the mean, 109.2 A at most, of 50 A: 217 % and 218 %; above 120 % its class does not hold; class 0.5 may be wrong by 0.91 % there.',
    });
  });

  it('warns of transformers far too large, and says what that costs', () => {
    const result = commissionMill(minutesOf(RIGHT), {
      sources: meteredMill().sources.map((source) => ({ ...source, ct: { primary: 400, secondary: 5 } })),
    });
    expect(resultOf(result, 'current-range')).toMatchObject({
      result: 'warning',
      // 10.87 / 400 = 2.72 %; class 0.5 allows 1.5 % at 5 %, below that it grows as 1/I: 1.5 x 5 / 2.7175 = 2.76 %.
      saying:
        '10.87 A in the mean, 10.92 A at most, of 400 A: 2.72 % and 2.73 %; below 5 %; class 0.5 may be wrong by 2.76 % there.',
    });
    expect(result.verdict).toBe('passed');
  });

  it('finds a counter that counts with another ratio than the power', () => {
    const result = commissionMill(minutesOf(RIGHT, 3000));
    expect(resultOf(result, 'counter')).toMatchObject({
      result: 'fail',
      saying:
        'The counter rose by 700 Wh; the power gives 6000 W x 0.2333 h = 1400 Wh: 700 Wh apart, 90 Wh (5 % and two steps of 10 Wh) are allowed.',
    });
  });

  it('says what is missing where it cannot tell, and takes none of it for a pass', () => {
    const bare = commissionMill(minutesOf({ activePower: 300 }, 300), { ratedPowerW: null, sources: [] });
    expect(bare.verdict).toBe('incomplete');
    expect(bare.checks.filter(({ result }) => result === 'not-checkable').map(({ check }) => check)).toEqual([
      'voltage',
      'frequency',
      'direction',
      'pairing',
      'ratio',
      'current-range',
      'sum-of-phases',
      'power-triangle',
      'counter',
    ]);
    // 300 W x 0.2333 h = 70 Wh of 20 x 10 Wh: 60 x 200 x 0.2333 / 70 = 40 min, so 45.
    expect(resultOf(bare, 'counter')?.cure).toContain('--minutes 45');
    for (const { cure } of bare.checks.filter(({ result }) => result !== 'pass')) expect(cure).not.toBe('');
  });

  it('asks of a component only what its meter tells, and compares it with its own rating', () => {
    const minutes = minutesOf(RIGHT).map((minute) => ({
      ...minute,
      readings: new Map([
        ...minute.readings,
        ['mill.spindle.activePower', { count: 60, min: 6400, max: 6400, sum: 60 * 6400, last: 6400 }],
      ]),
    }));
    const channels = [...meteredMill().channels, channelOf('activePower', 'total', { component: 'spindle' })];
    const result = commissionMill(minutes, { channels });
    // 6400 W are more than 1.05 x 6000 + 5 = 6305 W.
    expect(result.checks.filter(({ component }) => component === 'spindle')).toMatchObject([
      { check: 'ratio', result: 'not-checkable' },
      { check: 'counter', result: 'not-checkable' },
      { check: 'below-supply', result: 'fail', saying: '6400 W of 6000 W of the supply.' },
    ]);
    const rated = commissionMill(minutes, { channels, componentRatedPowerW: { spindle: 5000 } });
    expect(
      rated.checks.find(({ check, component }) => check === 'ratio' && component === 'spindle'),
    ).toMatchObject({
      result: 'fail',
      saying: 'At most 6400 W of 5000 W rated: 128 %; 120 % are the most.',
    });
  });

  it('warns of readings that are older than the work at the meter may be', () => {
    const result = commissionMill(minutesOf(RIGHT), {}, START_MS + 15 * MINUTE_MS + 26 * 60 * MINUTE_MS);
    expect(resultOf(result, 'readings')).toMatchObject({
      result: 'warning',
      saying: '15 of 15 minutes have readings, the newest of 2026-03-02T00:15Z, 26 h ago.',
    });
    expect(resultOf(commissionMill(minutesOf(RIGHT)), 'readings')).toMatchObject({ result: 'pass' });
  });

  it('fails without readings', () => {
    const result = commissionMill([]);
    expect(result.verdict).toBe('failed');
    expect(resultOf(result, 'readings')?.saying).toBe('0 of 15 minutes have readings; 5 are the least.');
  });
});

describe('what was commissioned', () => {
  it('stands until serial, ratio, point or scale are others; an untold serial is none', () => {
    const mill = meteredMill();
    const then = meteredAs({ ...mill, sources: [{ ...mill.sources[0]!, meter: { serial: 'A1' } }] });
    expect(metersChanged(then, then)).toEqual([]);
    expect(metersChanged(then, meteredAs(mill))).toEqual([]);
    const now = meteredAs({
      channels: mill.channels.map((channel) =>
        channel.quantity === 'activePower' ? { ...channel, scale: ['2', '1'] } : channel,
      ),
      sources: [{ ...mill.sources[0]!, meter: { serial: 'B2' }, ct: { primary: 100, secondary: 5 } }],
    });
    expect(metersChanged(then, now)).toEqual([
      'serial of meter was A1 and is B2',
      'ct of meter was 50/5 A and is 100/5 A',
      'mill.supply.activePower activePower x 2/1 is new or scaled otherwise',
    ]);
    expect(metersChanged([], now)).toEqual(['meter was not there']);
  });
});

describe('a machine on one phase of a three-phase meter', () => {
  const ONE: Shown = {
    'voltage.l1': 230,
    'voltage.l2': 0,
    'voltage.l3': 0,
    'current.l1': 32.6,
    'current.l2': 0,
    'current.l3': 0,
    'activePower.l1': 6000,
    'activePower.l2': 0,
    'activePower.l3': 0,
    activePower: 6000,
  };
  const checked = (shown: Shown, check: string) => resultOf(commissionMill(minutesOf(shown)), check);

  it('is warned of its empty phases, and fails where one of them carries current', () => {
    expect(checked(ONE, 'voltage')).toMatchObject({
      result: 'warning',
      saying: 'l1 230.1 V of 230 V; l2 and l3 with neither voltage nor current.',
    });
    expect(checked({ ...ONE, 'current.l2': 5 }, 'voltage')).toMatchObject({ result: 'fail' });
  });

  it('fails with its transformer turned round', () => {
    expect(checked(ONE, 'direction')).toMatchObject({ result: 'pass' });
    expect(checked({ ...ONE, 'activePower.l1': -6000, activePower: -6000 }, 'direction')).toMatchObject({
      result: 'fail',
    });
  });
});
