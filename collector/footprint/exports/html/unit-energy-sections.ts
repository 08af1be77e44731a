import { HOUR_BASES } from '../../../energy/use-phase/hour-basis.ts';
import { drawBars } from './bars.ts';
import { barOf, orDash, sayOf } from './energy-sections.ts';
import type { Line } from './page-text.ts';
import type { RecordReader } from './record-reader.ts';
import {
  drawTable,
  drawText,
  insideOf,
  shareFor,
  stack,
  type Cell,
  type Column,
  type Section,
} from './section.ts';

/** kWh per machine-hour on each basis with its uncertainty; in manufacturing what was drawn for the jobs, and what was divided among them. */
export function perHourSection(reader: RecordReader): Section {
  const { record, say, number } = reader;
  const { perHour } = record.activity;
  if (perHour === null) return allocatedSection(reader);
  const percent = number('uncertainty.expandedPercent');
  return {
    id: 'per-hour',
    title: 'Electricity per machine-hour, by which hours count',
    draw(widthEm, room) {
      const pathOf = (basis: string) => `activity.perHour.${basis}.kwhPerHour`;
      const ofKwh = shareFor(
        HOUR_BASES.map((basis) => [say(pathOf(basis))]),
        widthEm,
        [17, 26],
      );
      const columns: Column[] = [
        { head: 'Hours', share: 21 },
        { head: 'energy per hour, kWh/h', share: 79 - ofKwh - 17 },
        { head: 'kWh/h', share: ofKwh, isNumber: true },
        { head: 'h', share: 17, isNumber: true },
      ];
      const bars = drawBars(
        HOUR_BASES.map((basis) => {
          const value = perHour[basis].kwhPerHour;
          const isTaken = basis === record.functionalUnit.basis;
          const title = `${basis}: ${value === null ? 'no such hours' : `${sayOf(value, percent)} per hour`}${isTaken ? ', the functional unit' : ''}`;
          return barOf(number(pathOf(basis)), percent, title, !isTaken);
        }),
        insideOf(widthEm, columns[1]!),
      );
      columns[1]!.axis = bars.axis;
      const rows = HOUR_BASES.map((basis, index): Cell[] => [
        [[basis === record.functionalUnit.basis ? `${basis} ◄` : basis]],
        { svg: bars.bars[index] ?? '' },
        [[orDash(perHour[basis].kwhPerHour, say(pathOf(basis)))]],
        [[say(`activity.perHour.${basis}.hours`)]],
      ]);
      const whole = { ...room, rows: Infinity };
      return stack(
        drawTable(columns, rows, {
          widthEm,
          room: whole,
          caption: 'Electricity per machine-hour on each basis of hours',
        }),
        drawText(
          [
            [
              `◄ The functional unit, others in outline; the energy is the same. Calendar: hours watched.${percent === null ? ' Its uncertainty is not known.' : ' Lines show U.'}`,
            ],
          ],
          { widthEm, room: whole },
        ),
      );
    },
  };
}

function allocatedSection({ record, say, number }: RecordReader): Section {
  const percent = number('uncertainty.expandedPercent');
  const parts = [
    ['drawn while it ran', 'activity.allocated.directKwh'],
    ['divided among jobs', 'activity.allocated.dividedKwh'],
    ['both', 'activity.energyKwh'],
  ] as const;
  return {
    id: 'allocated',
    title: 'Energy of its own, and energy that was divided',
    draw(widthEm, room) {
      const kwh: Line[] = parts.map(([, path]) => [say(path)]);
      const ofKwh = shareFor(kwh, widthEm, [16, 30]);
      const columns: Column[] = [
        { head: 'Energy', share: 32 },
        { head: 'energy, kWh', share: 68 - ofKwh },
        { head: 'kWh', share: ofKwh, isNumber: true },
      ];
      const shown = record.activity.allocated === null ? parts.slice(2) : parts;
      const bars = drawBars(
        shown.map(([name, path]) =>
          barOf(
            number(path),
            name === 'both' ? percent : null,
            `${name}: ${number(path)} kWh`,
            name === 'divided among jobs',
          ),
        ),
        insideOf(widthEm, columns[1]!),
      );
      columns[1]!.axis = bars.axis;
      const rows = shown.map(([name, path], index): Cell[] => [
        [[name]],
        { svg: bars.bars[index] ?? '' },
        [[say(path)]],
      ]);
      return drawTable(columns, rows, {
        widthEm,
        room: { ...room, rows: Infinity },
        caption: 'Energy that was allocated',
      });
    },
  };
}

/** The energy by how it was obtained: counters, integrated, bridged. */
export function obtainedSection({ record, say, number }: RecordReader): Section {
  const ways = [
    ['energy counters', 'counterKwh', false],
    ['integrated power', 'integratedKwh', false],
    ['bridged over gaps', 'bridgedKwh', true],
    // How it was bridged, as far as it was.
    ...(
      [
        ['· by mean of the state', 'bridgedByKwh.stateMean', true],
        ['· by a straight line', 'bridgedByKwh.linear', true],
        ['· by a profile', 'bridgedByKwh.profile', true],
      ] as const
    ).filter(([, key]) => number(`coverage.obtained.${key}`) !== 0),
  ] as const;
  return {
    id: 'obtained',
    title:
      record.view === 'manufacturing'
        ? 'How the energy of the machines in whole windows was obtained'
        : 'How the energy was obtained',
    draw(widthEm, room) {
      const pathOf = (key: string) => `coverage.obtained.${key}`;
      const kwh: Line[] = ways.map(([, key]) => [say(pathOf(key))]);
      const ofKwh = shareFor(kwh, widthEm, [16, 30]);
      const columns: Column[] = [
        { head: 'From', share: 34 },
        { head: 'energy, kWh', share: 66 - ofKwh },
        { head: 'kWh', share: ofKwh, isNumber: true },
      ];
      const bars = drawBars(
        ways.map(([name, key, isHollow]) =>
          barOf(number(pathOf(key)), null, `${name}: ${number(pathOf(key))} kWh`, isHollow),
        ),
        insideOf(widthEm, columns[1]!),
      );
      columns[1]!.axis = bars.axis;
      const rows = ways.map(([name, key], index): Cell[] => [
        [[name]],
        { svg: bars.bars[index] ?? '' },
        [[say(pathOf(key))]],
      ]);
      return drawTable(columns, rows, {
        widthEm,
        room: { ...room, rows: Infinity },
        caption: 'Energy of the machines by how it was obtained',
      });
    },
  };
}
