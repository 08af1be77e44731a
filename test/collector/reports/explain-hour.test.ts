import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { explainHour } from '../../../collector/reports/explain-hour.ts';
import { explainMeters } from '../../../collector/reports/explain-meters.ts';
import type { ExplainedHour, Figure } from '../../../collector/reports/explained-hour.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import { milliwattHours } from '../../../protocols/telemetry/unit.ts';
import { openJournal } from '../../../collector/journal/sqlite-journal.ts';
import { entryId } from '../../../collector/journal/seal-entry.ts';
import { generateSigningKey } from '../../../protocols/evidence/keys.ts';
import { silentLog } from '../../../protocols/log.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import { explainedParts, explainedPlant, HOUR_MS } from './explained-plant.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function explain(change?: (hour: MachineHour) => MachineHour): ExplainedHour {
  const { views, close } = explainedPlant(change);
  closers.push(close);
  const explained = explainHour(
    { views, journal: null, assess: () => 'no metering is declared' },
    'mill',
    HOUR_MS,
  );
  if (explained === undefined) throw new Error('There is no such hour.');
  return explained;
}

const say = (figures: readonly Figure[]): Record<string, string> =>
  Object.fromEntries(figures.map(({ label, saying }) => [label, saying]));

describe('an hour made by hand', () => {
  test('its energy, by how it was obtained, and the counter at its edges', () => {
    const { energy, counters } = explain();
    expect(say(energy)).toEqual({
      energy: '2.82 kWh + 0.38 kWh = 3.2 kWh',
      'from the counter': '2.82 kWh between readings close enough to each other',
      bridged: '0.38 kWh over gaps, spread evenly',
    });
    expect(energy.map(({ value }) => value)).toEqual([3_200_000, 2_820_000, 380_000]);
    expect(counters.map(({ component }) => component)).toEqual(['supply']);
    expect(counters[0]?.figures.map(({ atMs }) => atMs)).toEqual([
      HOUR_MS - 1000,
      HOUR_MS + 3_599_000,
      undefined,
      undefined,
    ]);
    expect(say(counters[0]?.figures ?? [])).toEqual({
      'before the hour': '38.05 kWh',
      'last in the hour': '41.25 kWh',
      'it rose by': '41.25 kWh - 38.05 kWh = 3.2 kWh',
      'booked in the hour':
        '3.2 kWh (2.82 kWh read, 0.38 kWh bridged, 0 kWh from power); the hour begins and ends between two readings, each side gets its part',
    });
  });

  test('its states: energy over time is mean power, and what decided', () => {
    const { states, sums } = explain();
    expect(states.map(({ saying }) => saying)).toEqual([
      'ready: 0.42 kWh / 0.35 h = 1.2 kW',
      'processing: 2.3 kWh / 0.5 h = 4.6 kW',
      'unknown: 0.48 kWh / 0.15 h = 3.2 kW',
    ]);
    expect(states[1]?.decided).toEqual([
      { decider: 'control', ms: 1_800_000, bases: ['mill.control.execution=ACTIVE'] },
    ]);
    expect(states[2]?.decided).toEqual([{ decider: 'none', ms: 540_000, bases: [] }]);
    expect(say(sums)).toEqual({
      'time of all states': '1,260 s + 1,800 s + 540 s = 3,600 s',
      'energy of all states': '0.42 kWh + 2.3 kWh + 0.48 kWh = 3.2 kWh',
      'mean power of the hour': '3.2 kWh / 1 h = 3.2 kW',
    });
  });

  test('counter against power x time, and what closure moved', () => {
    // 21 minutes at 1,200 W and 30 at 4,600 W: 0.42 + 2.3 kWh.
    expect(say(explain().closure)).toEqual({
      counter: '2.82 kWh read by the counter',
      'while power was read': '2.82 kWh of the counter',
      'power x time': '2.72 kWh meanwhile, from reading to reading',
      'counter over power': '2.82 kWh / 2.72 kWh = 1.037 (closure 1.036765 in the record)',
      difference:
        '2.82 kWh - 2.72 kWh = 0.1 kWh; more than the allowance of 0.002 kWh, because power is known only about every 1 s: moved to unknown',
      'moved from processing to unknown': '2.4 kWh - 2.3 kWh = 0.1 kWh',
    });
  });

  test('its gap, its components, its decision and its version', () => {
    const { gaps, components, decisions, basis, time, uncertainty } = explain();
    expect(gaps).toEqual([
      {
        fromMs: HOUR_MS + 51 * 60_000,
        toMs: HOUR_MS + 3_600_000,
        missingMs: 540_000,
        bridgedMwh: 380_000,
        reasons: ['gap', 'source-down'],
        saying: '540 s without readings; 0.38 kWh bridged: 0.38 kWh / 0.15 h = 2.533 kW',
      },
    ]);
    expect(say(components)).toEqual({
      supply: '3.2 kWh',
      coolant: '0.3 kWh',
      spindle: '1.1 kWh',
      'residual of supply': '0.3 kWh + 1.1 kWh = 1.4 kWh; 3.2 kWh - 1.4 kWh = 1.8 kWh',
    });
    expect(decisions.map(({ kind }) => kind)).toEqual(['glitch']);
    expect(basis).toEqual({
      algorithm: 'millwatt-energy/3',
      status:
        'final, revision 2: every agent had delivered everything up to it; figures changed once since, because data came late or more was decided',
      records: ['gateway-1, epoch epoch0000001, records 118 to 179: 179 - 118 + 1 = 62'],
      snapshots: ['snapshot-1'],
    });
    expect(say(time)).toEqual({
      watched: '3,600 s, all of the hour',
      measured: '3,060 s / 3,600 s = 85 %',
    });
    expect(uncertainty).toEqual({ kind: 'not-assessed', because: 'no metering is declared' });
  });

  test('the meter behind it', () => {
    const [power, energy] = explain().meters.toSorted((a, b) => b.quantity.localeCompare(a.quantity));
    expect(power).toMatchObject({ quantity: 'activePower', point: 'register 65' });
    expect(energy).toEqual({
      component: 'supply',
      quantity: 'activeEnergyImport',
      channel: 'mill.supply.activeEnergyImport',
      point: 'register 801',
      source: 'mill-meter',
      protocol: 'modbus-tcp',
      address: '192.0.2.7:502 unit 1',
      serial: 'LQN/123',
      class: '0.5S',
      device: null,
      profile: 'siemens/pac3200 1',
      ct: '200 A / 5 A',
      vt: null,
      scale: ['40', '1'],
      modulus: null,
      snapshots: ['snapshot-1'],
    });
  });

  test('what a device says of itself is told, and is no serial number that anyone wrote down', () => {
    const parts = explainedParts();
    const [told] = parts.snapshots;
    const source = told?.snapshot.sources[0];
    if (told === undefined || source === undefined) throw new Error('There is no wiring.');
    const { meter: _, ...unnamed } = source;
    const device = { manufacturer: 'Siemens', model: 'PAC3200', serial: 'A-1' };
    const snapshot = { ...told.snapshot, sources: [{ ...unnamed, device }] };
    const [meter] = explainMeters({ snapshot: () => snapshot }, 'mill', ['h']);
    expect(meter).toMatchObject({
      serial: null,
      class: null,
      device: 'Siemens PAC3200 that calls itself A-1',
    });
    expect(explainMeters({ snapshot: () => undefined }, 'mill', ['h'])).toEqual([]);
  });

  test('its minutes, for a picture', () => {
    const { curve } = explain();
    expect(curve).toHaveLength(60);
    expect(curve[0]).toEqual({
      minuteMs: HOUR_MS,
      minW: 1080,
      meanW: 1200,
      maxW: 1320,
      timeMs: { ready: 60_000 },
      measuredMs: 60_000,
      countedMwh: 20_000,
      integralMwh: 20_000,
      bookedMwh: 20_000,
    });
    expect(curve[55]).toMatchObject({
      meanW: null,
      timeMs: { unknown: 60_000 },
      measuredMs: 0,
      countedMwh: null,
    });
    expect(curve[59]).toMatchObject({ countedMwh: 3_200_000, integralMwh: 2_720_000 });
    expect(curve.reduce((sum, { bookedMwh }) => sum + bookedMwh, 0)).toBeCloseTo(3_200_000, 6);
  });

  test('where nothing is known, nothing is made up', () => {
    const bare = explain((hour) => ({
      ...hour,
      energy: { ...hour.energy, supplyMwh: null, componentMwh: {}, residualMwh: null },
      obtained: { ...hour.obtained, counterMwh: milliwattHours(0), bridgedMwh: milliwattHours(0) },
    }));
    expect(say(bare.energy)).toEqual({ energy: 'not known: no meter tells of the whole machine' });
    expect(bare.counters).toEqual([]);
    expect(bare.components).toEqual([]);
    expect(say(bare.sums)).toEqual({ 'time of all states': '1,260 s + 1,800 s + 540 s = 3,600 s' });
    expect(bare.states[0]?.saying).toBe('ready: 1,260 s; its energy is not known');
  });

  test('an hour that is not there is not explained', () => {
    const { views, close } = explainedPlant();
    closers.push(close);
    const sources = { views, journal: null, assess: () => '' };
    expect(explainHour(sources, 'mill', HOUR_MS + 3_600_000)).toBeUndefined();
    expect(explainHour(sources, 'lathe', HOUR_MS)).toBeUndefined();
  });
});

describe('a meter that is read every second minute', () => {
  test('is drawn straight between its readings, and no gap', () => {
    const parts = explainedParts();
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-explain-'));
    const views = openViews({ folder });
    closers.push(() => {
      views.close();
      rmSync(folder, { recursive: true, force: true });
    });
    const isKept = (minuteMs: number) => (minuteMs / 60_000) % 2 === 0 || minuteMs < HOUR_MS;
    views.commit({
      reader: 'derive',
      ordinal: 1,
      ...parts,
      minutes: parts.minutes.filter(({ minuteMs }) => isKept(minuteMs)),
    });
    const slow = explainHour({ views, journal: null, assess: () => 'not asked' }, 'mill', HOUR_MS);
    // Minute 20 is ready at 1,200 W, 22 processing at 4,600 W: 21 is drawn at 2,900 W instead of 4,600 W, 1,700 W x 1 min less.
    const integralMwh = 2_720_000 - Math.round((1700 * 60_000) / 3600);
    expect(slow?.curve[59]?.integralMwh).toBe(integralMwh);
    expect(say(slow?.closure ?? [])['difference']).toContain('because power is known only about every 2 s');
    expect(slow?.gaps).toHaveLength(1);
  });
});

describe('an hour that a person amended', () => {
  test('says who decided what and why; without the entry it says that', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-explain-'));
    const journal = openJournal({ folder, key: generateSigningKey(), log: silentLog });
    closers.push(() => {
      journal.close();
      rmSync(folder, { recursive: true, force: true });
    });
    const entry = journal.append({
      atMs: HOUR_MS + 86_400_000,
      kind: 'amendment',
      machine: 'mill',
      by: 'A. Meier',
      body: {
        kind: 'scale',
        component: 'supply',
        fromMs: HOUR_MS,
        toMs: null,
        num: '2',
        den: '1',
        reason: 'the transformers are 400/5',
      },
    });
    const { views, close } = explainedPlant((hour) => ({
      ...hour,
      basis: { ...hour.basis, amendments: [entryId(entry), '0123456789ab'] },
    }));
    closers.push(close);
    const told = explainHour({ views, journal, assess: () => 'not asked' }, 'mill', HOUR_MS);
    expect(told?.amendments).toEqual([
      {
        id: entryId(entry),
        by: 'A. Meier',
        atMs: HOUR_MS + 86_400_000,
        saying: expect.stringMatching(
          /2026-11-22 06:00:00 UTC.*what was read x 2.*Reason given: the transformers are 400\/5$/,
        ),
      },
      { id: '0123456789ab', by: null, atMs: null, saying: 'its entry in the journal is not at hand' },
    ]);
    expect(say(told?.counters[0]?.figures ?? [])['booked in the hour']).toContain('before amendments');
    // What was decided about the spindle says nothing of the supply's counter.
    const other = journal.append({
      ...entry,
      body: { ...(entry.body as object), component: 'spindle' },
    });
    const spindle = explainedPlant((hour) => ({
      ...hour,
      basis: { ...hour.basis, amendments: [entryId(other)] },
    }));
    closers.push(spindle.close);
    const plain = explainHour({ views: spindle.views, journal, assess: () => 'not asked' }, 'mill', HOUR_MS);
    expect(plain?.amendments).toHaveLength(1);
    expect(say(plain?.counters[0]?.figures ?? [])['booked in the hour']).not.toContain('amend');
  });
});
