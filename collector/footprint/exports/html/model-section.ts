import { drawBars } from './bars.ts';
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

/** Of a model: each unit's kWh per hour, and how much they differ; undefined for any other subject. */
export function unitsSection({ record, say, has, number }: RecordReader): Section | undefined {
  const { scatter } = record;
  if (scatter === undefined) return undefined;
  const percentOf = (key: string): Line =>
    has(`scatter.${key}`) ? [say(`scatter.${key}`), ' %'] : ['not known'];
  return {
    id: 'units',
    title: 'Units of the model, and how they differ',
    draw(widthEm, room) {
      const of = (index: number, key: string) => say(`scatter.units[${index}].${key}`);
      const columns: Column[] = [
        {
          head: 'Machine',
          share: shareFor(
            scatter.units.map(({ machine }) => [machine]),
            widthEm,
            [14, 30],
          ),
        },
        { head: 'energy per hour, kWh/h', share: 0 },
        { head: 'kWh/h', share: 14, isNumber: true },
        { head: 'h', share: 14, isNumber: true },
        { head: 'kWh', share: 14, isNumber: true },
      ];
      columns[1]!.share = 58 - columns[0]!.share;
      const bars = drawBars(
        scatter.units.map(({ machine, kwhPerHour }, index) => ({
          value: number(`scatter.units[${index}].kwhPerHour`),
          half: null,
          title: `${machine}: ${kwhPerHour} kWh per hour`,
        })),
        insideOf(widthEm, columns[1]!),
      );
      columns[1]!.axis = bars.axis;
      const rows = scatter.units.map((_, index): Cell[] => [
        [[of(index, 'machine')]],
        { svg: bars.bars[index] ?? '' },
        [[of(index, 'kwhPerHour')]],
        [[of(index, 'hours')]],
        [[of(index, 'energyKwh')]],
      ]);
      return stack(
        drawTable(columns, rows, { widthEm, room, caption: 'Energy per hour of each unit of the model' }),
        drawText(
          [
            [
              'n = ',
              say('scatter.count'),
              '; mean ',
              say('scatter.meanKwhPerHour'),
              ' kWh/h, from ',
              say('scatter.leastKwhPerHour'),
              ' to ',
              say('scatter.mostKwhPerHour'),
              ...(scatter.standardDeviationKwhPerHour === null
                ? ['; one unit tells no scatter.']
                : [
                    '; standard deviation ',
                    say('scatter.standardDeviationKwhPerHour'),
                    ', × ',
                    say('scatter.smallSampleFactor'),
                    ' for few units.',
                  ]),
            ],
            [
              'Of the weighted mean: u by scatter ',
              ...percentOf('standardPercent'),
              '; U by the meters alone ',
              ...percentOf('measuredExpandedPercent'),
              '; U of a unit that was not metered ',
              ...percentOf('singleExpandedPercent'),
              '.',
            ],
          ],
          { widthEm, room: { ...room, lines: 4 } },
        ),
      );
    },
  };
}
