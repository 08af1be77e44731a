import { describe, expect, it } from 'vitest';
import { formatEnergy, formatPower, formatShare, formatSpan, formatTime } from '../../cli/format.ts';
import { explainLeftOut, renderTable, wrapText } from '../../cli/text-table.ts';

describe('a table', () => {
  const columns = [
    { title: 'channel' },
    { title: 'value', align: 'right' as const },
    { title: 'point', spare: 1 },
    { title: 'note', spare: 2 },
  ];
  const rows = [
    ['power', '412', 'fc3 65', 'as in the menu'],
    ['\u001b[32menergy\u001b[0m', '18339247', 'fc3 801', ''],
  ];

  it('aligns its columns; colours take no room', () => {
    const lines = renderTable(columns, rows);
    expect(lines[0]).toBe('channel     value  point    note');
    expect(lines[2]).toBe('power         412  fc3 65   as in the menu');
    expect(lines[3]).toBe('\u001b[32menergy\u001b[0m   18339247  fc3 801');
  });

  it('leaves out spare columns, the most spare first, and never cuts one', () => {
    const widths = [100, 40, 30, 10].map((width) => renderTable(columns, rows, width)[0]?.trim());
    expect(widths).toEqual([
      'channel     value  point    note',
      'channel     value  note',
      'channel     value',
      'channel     value',
    ]);
  });

  it('breaks cells that may be before it leaves any out, each line in its colour', () => {
    const broken = columns.map((column) => (column.title === 'note' ? { ...column, wrap: 6 } : column));
    const coloured = [['power', '412', 'fc3 65', '\u001b[1mas in the menu\u001b[0m']];
    expect(renderTable(broken, coloured, 32).slice(2)).toEqual([
      'power      412  fc3 65  \u001b[1mas in\u001b[0m',
      '                        \u001b[1mthe menu\u001b[0m',
    ]);
    expect(explainLeftOut(broken, coloured, 32)).toEqual([]);
    expect(explainLeftOut(columns, coloured, 32)).not.toEqual([]);
  });

  it('says which columns it leaves out', () => {
    expect(explainLeftOut(columns, rows, 100)).toEqual([]);
    expect(explainLeftOut(columns, rows, 40).join(' ')).toBe(
      '1 column left out (point): widen the terminal, or --json.',
    );
    expect(explainLeftOut(columns, rows, 60)).toEqual([]);
    expect(explainLeftOut(columns, rows, 25, '--csv').join(' ')).toBe(
      '2 columns left out (point, note): widen the terminal, or --csv.',
    );
  });

  it('breaks text between words only', () => {
    expect(wrapText('nothing listens at 127.0.0.1:502', 18)).toEqual(['nothing listens at', '127.0.0.1:502']);
    expect(wrapText('averyveryverylongword', 5)).toEqual(['averyveryverylongword']);
  });
});

describe('figures for people', () => {
  it('a time has its zone', () => {
    const atMs = Date.UTC(2026, 10, 22, 23, 0, 5);
    expect(formatTime(atMs, 330)).toBe('2026-11-23 04:30:05 +05:30');
    expect(formatTime(atMs, 0)).toBe('2026-11-22 23:00:05 +00:00');
    expect(formatTime(atMs, -210)).toBe('2026-11-22 19:30:05 -03:30');
  });

  it('powers, energies, spans and shares', () => {
    expect([0, 0.3, 412, 7061, 120_400, null].map(formatPower)).toEqual([
      '0 W',
      '0.30 W',
      '412 W',
      '7.06 kW',
      '120 kW',
      '-',
    ]);
    expect([412_000, 18_339_247, null].map(formatEnergy)).toEqual(['412.0 Wh', '18.339 kWh', '-']);
    expect([42_000, 720_000, 11_520_000, 432_000_000].map(formatSpan)).toEqual([
      '42 s',
      '12 min',
      '3.2 h',
      '5 d',
    ]);
    expect([1, 0.9997, 0.85, null].map(formatShare)).toEqual(['100 %', '99.9 %', '85 %', '-']);
  });
});
