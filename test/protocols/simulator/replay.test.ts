import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadProfile } from '../../../config/library/profile-library.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { makeDecoder } from '../../../protocols/modbus/profile/decode.ts';
import { functionCodeOf, pointName, registerCount } from '../../../protocols/modbus/profile/profile.ts';
import { parseField, parseRecording, scaleDecimal } from '../../../protocols/simulator/recording.ts';
import { createReplay, type ReplayColumn } from '../../../protocols/simulator/replay.ts';
import { sharedFile } from '../../support/shared-files.ts';

const CSV = `time,kW,kWh,note
2023-05-04 21:06:25,1.184034824371338,1.8163374662399288,start
2023-05-04 21:06:26,1.5,1.8166667222976685,
2023-05-04 21:06:28,,1.9,no power
2023-05-04 21:10:00,2,2.5,after a gap
`;
const COLUMNS: readonly ReplayColumn[] = [
  { column: 'kW', quantity: 'activePower', phase: 'total', unit: 'kW' },
  { column: 'kWh', quantity: 'activeEnergyImport', phase: 'total', unit: 'kWh' },
];
const START = Date.UTC(2023, 4, 4, 13, 6, 25);
const { profile } = loadProfile('siemens/pac3200');

describe('a replayed recording', () => {
  const recording = parseRecording(CSV, { timeColumn: 'time', zoneOffset: '+08:00' });

  test('shows the row in force, the exact decimal in the unit of the register', () => {
    const clock = new SteppedClock(START - 1000);
    const replay = createReplay({ recording, columns: COLUMNS }, clock);
    const read = readerOf(replay.bank(profile));
    expect(replay.rowTimesMs).toEqual([START, START + 1000, START + 3000, START + 215_000]);
    expect(read('activeEnergyImport')).toBe('silent');
    clock.stepTo(START);
    expect(read('activeEnergyImport')).toBe(Number('1816.3374662399288'));
    expect(read('activePower')).toBe(1184.0348);
    clock.stepTo(START + 2999);
    expect(read('activePower')).toBe(1500);
    expect(read('voltage.l1')).toBeNull();
    clock.stepTo(START + 3000);
    expect(read('activePower')).toBeNull();
    expect(read('activeEnergyImport')).toBe(1900);
  });

  test('does not answer in a gap', () => {
    const clock = new SteppedClock(START + 5000);
    const read = readerOf(createReplay({ recording, columns: COLUMNS }, clock).bank(profile));
    expect(read('activeEnergyImport')).toBe(1900);
    clock.stepTo(START + 5001);
    expect(read('activeEnergyImport')).toBe('silent');
    clock.stepTo(START + 214_999);
    expect(read('activeEnergyImport')).toBe('silent');
    clock.stepTo(START + 215_000);
    expect(read('activeEnergyImport')).toBe(2500);
    clock.stepTo(START + 999_000);
    expect(read('activeEnergyImport')).toBe('silent');
  });

  test('names a column that is missing', () => {
    const columns = [{ ...COLUMNS[0]!, column: 'KW' }];
    expect(() => createReplay({ recording, columns }, new SteppedClock(START))).toThrow(/no column KW/);
  });
});

describe('parseRecording', () => {
  test.each([
    ['a line with too few fields', 'time,a\n2023-05-04T00:00:00Z\n', /Line 2/],
    ['times that go back', 'time,a\n2023-05-04T00:00:01Z,1\n2023-05-04T00:00:00Z,1\n', /Line 3/],
    ['local times without a zone', 'time,a\n2023-05-04 00:00:00,1\n', /Line 2/],
    ['no time column', 'when,a\n2023-05-04T00:00:00Z,1\n', /no column time/],
    ['no rows', 'time,a\n', /only one/],
  ])('refuses %s', (_, csv, message) => {
    expect(() => parseRecording(csv, { timeColumn: 'time' })).toThrow(message);
  });

  test('reads times with zones, a byte order mark and Windows line ends', () => {
    const csv = '\uFEFFtime,a\r\n2023-05-04 21:06:25+08:00,1\r\n2023-05-04T13:06:26.500Z,2\r\n';
    expect(parseRecording(csv, { timeColumn: 'time' }).rowTimesMs).toEqual([START, START + 1500]);
  });

  test('fields are exact decimals, or nothing', () => {
    expect(['1.50', '-2e3', '.5', '7.', ' 3 '].map(parseField)).toEqual([
      { mantissa: 150n, exponent: -2 },
      { mantissa: -2000n, exponent: 0 },
      { mantissa: 5n, exponent: -1 },
      { mantissa: 7n, exponent: 0 },
      { mantissa: 3n, exponent: 0 },
    ]);
    for (const field of ['', ' ', '-', '.', 'nan', '1,5', '0x10']) expect(parseField(field)).toBeNull();
    expect(scaleDecimal({ mantissa: 1n, exponent: -1 }, 3n, 1n)).toBe(0.3); // 0.1 * 3 is 0.30000000000000004
    expect(scaleDecimal({ mantissa: 1n, exponent: 0 }, 1n, 3n)).toBe(1 / 3);
  });
});

const RECORDING = sharedFile('data/cnc-power-ntust/data.csv');

describe.skipIf(!existsSync(RECORDING))(
  'the recording of a real machine (../shared/data/cnc-power-ntust)',
  () => {
    const readRecording = () =>
      parseRecording(readFileSync(RECORDING, 'utf8'), { timeColumn: 'time', zoneOffset: '+08:00' });

    test.each(['machine', 'spindle'])('comes out of a PAC3200 as it was written: %s', (part) => {
      const recording = readRecording();
      const clock = new SteppedClock(recording.rowTimesMs[0]!);
      const columns: ReplayColumn[] = [
        { column: `kW_${part}`, quantity: 'activePower', phase: 'total', unit: 'kW' },
        { column: `kWh_${part}`, quantity: 'activeEnergyImport', phase: 'total', unit: 'kWh' },
      ];
      const read = readerOf(createReplay({ recording, columns }, clock).bank(profile));
      for (const [row, timeMs] of recording.rowTimesMs.entries()) {
        clock.stepTo(timeMs);
        // A decimal is moved by three places in its text: no arithmetic of ours is in the expectation.
        expect(read('activeEnergyImport')).toBe(Number(`${recording.column(`kWh_${part}`)![row]}e3`));
        expect(read('activePower')).toBeCloseTo(Number(`${recording.column(`kW_${part}`)![row]}e3`), 2);
      }
      expect(recording.rowTimesMs).toHaveLength(1214);
    });

    test('is silent in its seven gaps and nowhere else', () => {
      const recording = readRecording();
      const firstMs = recording.rowTimesMs[0]!;
      const clock = new SteppedClock(firstMs);
      const replay = createReplay({ recording, columns: [] }, clock);
      const seconds = (recording.rowTimesMs.at(-1)! - firstMs) / 1000;
      let shown = 0;
      for (let second = 0; second < seconds; second++) {
        clock.stepTo(firstMs + second * 1000);
        if (replay.rowNow() !== null) shown++;
      }
      expect(seconds).toBe(59_394);
      // 1,276 s lie between rows at most 2 s apart; each gap shows its first row at 0, 1 and 2 s.
      expect(shown).toBe(1276 + 7 * 3);
    });
  },
);

function readerOf(bank: ReturnType<ReturnType<typeof createReplay>['bank']>) {
  return (name: string) => {
    const point = profile.points.find((one) => pointName(one) === name)!;
    const registers = bank.read(functionCodeOf(profile, point), point.address, registerCount(point.type));
    if (!(registers instanceof Uint16Array)) return registers;
    return makeDecoder(profile, point)(registers, 0);
  };
}
