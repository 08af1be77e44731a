import { expect, test } from 'vitest';
import { lineOfHealth } from '../../../collector/influx/health-line.ts';
import { lineOfHour } from '../../../collector/influx/hour-line.ts';
import { linesOfPart } from '../../../collector/influx/sample-lines.ts';
import type { HealthMessage } from '../../../protocols/telemetry/live.ts';
import { parseLine } from './line-parser.ts';
import { sampleHour } from './machine-hour-sample.ts';
import { CHANNELS, millPart, START_MS } from './plant-records.ts';
import { milliwattHours } from '../../../protocols/telemetry/unit.ts';

const channels = new Map(CHANNELS.map((channel) => [channel.id, channel]));
const header = {
  site: 'plant',
  epoch: 'epoch0000001',
  clock: { mono: 0, wall: START_MS, state: 'synced' as const },
};

test('one poll is one line a measurement, component and phase, scaled, at the wall time of the reading', () => {
  const { lines, samples } = linesOfPart(millPart(1000, 2), header, channels);
  expect(lines).toEqual([
    `power,site=plant,machine=mill,component=supply,phase=total p_w=1010 ${START_MS + 1000}`,
    `power,site=plant,machine=mill,component=supply,phase=total p_w=1020 ${START_MS + 2000}`,
    `power,site=plant,machine=mill,component=supply,phase=l1 u_v=230.1 ${START_MS + 1000}`,
    `energy,site=plant,machine=mill,component=supply,phase=total import_wh=500100,epoch="epoch0000001" ${START_MS + 1000}`,
    `energy,site=plant,machine=mill,component=supply,phase=total import_wh=500200,epoch="epoch0000001" ${START_MS + 2000}`,
    `status,site=plant,machine=mill execution="ACTIVE" ${START_MS + 1000}`,
    `status,site=plant,machine=mill part_count=0i ${START_MS + 1000}`,
  ]);
  expect(samples).toBe(7);
});

test('bad readings are left out and counted, uncertain ones are written, unknown channels are counted', () => {
  const part = millPart(0, 3);
  part.sampled[0]!.quality.set('mill.supply.activePower', [
    [0, 1, 'uncertain'],
    [1, 1, 'bad'],
  ]);
  part.sampled[0]!.columns.set('mill.supply.torque', [1, 2, 3]);
  const result = linesOfPart(part, header, channels);
  expect(result.bad).toBe(1);
  expect(result.unknown).toBe(3);
  const power = result.lines.filter((line) => line.includes(' p_w='));
  expect(power.map((line) => parseLine(line).timeMs - START_MS)).toEqual([0, 2000]);
});

test('a reading beyond what a float can hold is left out alone', () => {
  const part = millPart(0, 2);
  part.sampled[0]!.columns.set('mill.supply.activePower', [1e308, 101]);
  const { lines, bad } = linesOfPart(part, header, channels);
  expect(bad).toBe(1);
  expect(lines.filter((line) => line.includes('p_w='))).toEqual([
    `power,site=plant,machine=mill,component=supply,phase=total p_w=1010 ${START_MS + 1000}`,
  ]);
  expect(lines.filter((line) => line.includes('import_wh='))).toHaveLength(2);
});

test('a part count is an integer whatever the control calls it; other words of it are left out', () => {
  const part = millPart(0, 1);
  const counts = part.events[1]!;
  counts.timesMs = [0, 1, 2, 3, 4, 5];
  counts.values = [7, '8', ' 9 ', 1.5, 'many', true];
  const { lines } = linesOfPart(part, header, channels);
  const written = lines.filter((line) => line.includes('part_count'));
  expect(written.map((line) => parseLine(line).fields.get('part_count'))).toEqual([7n, 8n, 9n]);
});

test('a program name cannot write a second point', () => {
  const part = millPart(0, 1);
  part.events[0]!.values = ['O1"\npower,machine=mill p_w=0 1'];
  const { lines } = linesOfPart(part, header, channels);
  expect(lines.every((line) => !line.includes('\n'))).toBe(true);
  const word = parseLine(lines.find((line) => line.startsWith('status') && line.includes('execution'))!);
  expect(word.fields.get('execution')).toBe('O1"\uFFFDpower,machine=mill p_w=0 1');
});

test('a machine-hour carries exact energies, times by state, and how sure it is', () => {
  const point = parseLine(lineOfHour(sampleHour(START_MS)));
  expect(point.measurement).toBe('machine_hour');
  expect(Object.fromEntries(point.tags)).toEqual({ site: 'plant', machine: 'mill' });
  expect(point.timeMs).toBe(START_MS);
  expect(Object.fromEntries(point.fields)).toMatchObject({
    energy_wh: 5400.001,
    energy_spindle_wh: 2000,
    energy_residual_wh: 3400.001,
    energy_processing_wh: 4200.001,
    energy_warmUp_wh: 0,
    seconds_processing: 2400,
    seconds_unknown: 720,
    seconds_measured: 2880,
    measured_share: 0.8,
    bridged_wh: 1000,
    revision: 1n,
    final: true,
  });
});

test('an hour without a supply counter has times but no energy, never 0', () => {
  const hour = sampleHour(START_MS);
  hour.energy = {
    ...hour.energy,
    supplyMwh: null,
    residualMwh: null,
    componentMwh: { ready: milliwattHours(5) },
  };
  const { fields } = parseLine(lineOfHour(hour));
  expect([...fields.keys()].filter((name) => name.startsWith('energy'))).toEqual([
    'energy_component_ready_wh',
  ]);
  expect(fields.get('seconds_processing')).toBe(2400);
});

test('health keeps what is known', () => {
  const health: HealthMessage = {
    v: 1,
    at: START_MS,
    version: '0',
    uptimeS: 5,
    host: { cpuLoad: 0.25, memoryUsedShare: null, diskFreeBytes: 1e12, cpuTemperatureDegC: null },
    process: { rssBytes: 9e7, eventLoopDelayMs: 1.5 },
    spool: {
      epoch: 'epoch0000001',
      headSeq: 3,
      records: { sealed: 3, receipted: 1, pending: 2, rejected: 0 },
      samples: { sampled: 33, receipted: 10, pending: 20, rejected: 3, dropped: 0 },
      bytes: 4096,
    },
    sources: [{ id: 'meter', up: false, reason: 'timeout', polls: 5, failures: 5, lastReadingAgeMs: null }],
    clock: { wall: START_MS, state: 'synced' },
  };
  const { tags, fields } = parseLine(lineOfHealth('plant', 'gateway', health));
  expect(tags.get('agent')).toBe('gateway');
  expect(fields.get('samples_pending')).toBe(20n);
  expect(fields.get('samples_rejected')).toBe(3n);
  expect(fields.get('sources_down')).toBe(1n);
  expect(fields.has('memory_used_share')).toBe(false);
});

test('a reading that two records hold is one point, whichever moment each took its clocks at', () => {
  const clock = { mono: 5000, wall: START_MS + 5000, state: 'synced' as const };
  const pointOf = (line: string) => line.split(' ').toSpliced(1, 1).join(' ');
  const [one, other] = [header, { ...header, epoch: 'epoch0000002', clock }].map((by) =>
    linesOfPart(millPart(1000, 2), by, channels).lines.map(pointOf),
  );
  expect(other).toEqual(one);
});
