import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readDevices } from '../../../protocols/simulator/mtconnect-devices.ts';
import { beginningOf, moveLog, readRecordedLog } from '../../../protocols/simulator/mtconnect-log.ts';
import { sharedFile } from '../../support/shared-files.ts';

const DATA = sharedFile('data');
const devices = (inner: string) =>
  readDevices(`<MTConnectDevices xmlns="urn:mtconnect.org:MTConnectDevices:2.0">${inner}</MTConnectDevices>`);
const MILL = `<Device id="m" name="Mill" uuid="u"><DataItems>
  <DataItem id="e" name="execution" category="EVENT" type="EXECUTION"/>
  <DataItem id='l' name='load &amp; more' category='SAMPLE' type='LOAD'/></DataItems></Device>`;

describe('a recorded log', () => {
  test('keeps the order of the file, its lines and its times', () => {
    const text =
      '2026-01-01T00:00:02.1234567Z|execution|ACTIVE|l|5\r\n\r\n* adapterVersion: 2\n2026-01-01T00:00:01Z|e|READY\n';
    const { told, undeclared } = readRecordedLog(text, devices(MILL));
    expect(
      told.map(({ line, time, timeMs, item, value }) => [line, time, timeMs % 10_000, item.id, value]),
    ).toEqual([
      [1, '2026-01-01T00:00:02.1234567Z', 2123, 'e', 'ACTIVE'],
      [1, '2026-01-01T00:00:02.1234567Z', 2123, 'l', '5'],
      [4, '2026-01-01T00:00:01Z', 1000, 'e', 'READY'],
    ]);
    expect(undeclared).toBe(0);
  });

  test('an empty sample has no value, an empty event is empty', () => {
    const { told } = readRecordedLog('2026-01-01T00:00:02Z|l||e|', devices(MILL));
    expect(told.map(({ value }) => value)).toEqual(['UNAVAILABLE', '']);
  });

  test('passes over what cannot be read, and says where it is', () => {
    const text = '2026-01-01T00:00:02|l|1\nyesterday|l|2\n2026-01-01T00:00:03.5Z|l|3\n2026-01-01T00:';
    const { told, unreadable } = readRecordedLog(text, devices(MILL));
    expect(told.map(({ time, value }) => [time, value])).toEqual([
      ['2026-01-01T00:00:02Z', '1'],
      ['2026-01-01T00:00:03.5Z', '3'],
    ]);
    expect(unreadable).toEqual([2, 4]);
    expect(() => readRecordedLog('\nyesterday|l|1', devices(MILL))).toThrow('Line 2 of the MTConnect log');
  });

  test('needs to know whose log it is', () => {
    const two = devices(`${MILL}<Device id="n" name="Lathe" uuid="v"/>`);
    expect(two.devices.map(({ name }) => name)).toEqual(['Mill', 'Lathe']);
    expect(() => readRecordedLog('', two)).toThrow('several devices');
    expect(() => readRecordedLog('', two, 'Saw')).toThrow('no device Saw');
    expect(readRecordedLog('2026-01-01T00:00:02Z|e|READY', two, 'Lathe')).toEqual({
      told: [],
      undeclared: 1,
      unreadable: [],
    });
    expect(() => devices('')).toThrow('declares no MTConnect device');
  });

  test.skipIf(!existsSync(`${DATA}/mtconnect-okuma`))('of another maker can be read', () => {
    const model = readDevices(readFileSync(`${DATA}/mtconnect-okuma/Devices.xml`, 'utf8'));
    const text = gunzipSync(readFileSync(`${DATA}/mtconnect-okuma/okuma.txt.gz`)).toString();
    const { told, undeclared } = readRecordedLog(text, model, 'OKUMA');
    expect(model.version).toBe('2.7');
    expect(told.length).toBeGreaterThan(10_000);
    expect(undeclared).toBeLessThan(told.length / 100);
    const words = new Set(told.filter(({ item }) => item.type === 'EXECUTION').map(({ value }) => value));
    expect(words).toContain('ACTIVE');
  });
});

describe('a moved log', () => {
  test('keeps its digits, and begins with the first line of its last 36 hours', () => {
    const model = devices(MILL);
    const lines = [
      '2018-12-01T00:00:00Z|e|READY',
      '2018-12-31T23:59:58.123456Z|e|ACTIVE',
      '2018-12-31T20:00:00.5Z|l|1',
    ];
    const log = readRecordedLog(`${lines.join('\n')}\n2019-01-01T23:00:00Z|e|READY`, model);
    expect(beginningOf(log)).toBe(Date.parse('2018-12-31T23:59:58.123Z'));
    const moved = moveLog(log, 365 * 86_400);
    expect(moved.told.map(({ time }) => time)).toEqual([
      '2019-12-01T00:00:00Z',
      '2019-12-31T23:59:58.123456Z',
      '2019-12-31T20:00:00.5Z',
      '2020-01-01T23:00:00Z',
    ]);
    expect(moved.told[1]!.timeMs).toBe(Date.parse('2019-12-31T23:59:58.123Z'));
  });
});
