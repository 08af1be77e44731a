import { drawBars, type Bar } from './bars.ts';
import type { Line, Part } from './page-text.ts';
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

const FIGURES: Readonly<Record<string, string>> = {
  perUnitKgCo2e: 'kg CO₂e of electricity',
  perUnitWholeKgCo2e: 'kg CO₂e with parts',
  perUnitKwh: 'kWh per unit',
  expandedPercent: '% U of energy',
};

const SCORE_KINDS = ['technological', 'geographical', 'temporal'] as const;

/** `location-based, default factors`. */
export const statementOf = ({ say }: RecordReader, index: number): Line => [
  say(`emissions[${index}].method`),
  '-based, ',
  say(`emissions[${index}].factorSet`),
  ' factors',
];

/** Emissions by method and factor set, each with its uncertainty. */
export function statementsSection(reader: RecordReader): Section {
  const { record, say, number } = reader;
  const unit = record.functionalUnit.unit;
  return {
    id: 'statements',
    title: 'Footprint of the electricity, by method and factors',
    draw(widthEm, room) {
      if (record.emissions.length === 0)
        return drawText([['No emission factor is known: the record has energy and no emissions.']], {
          widthEm,
          room,
        });
      const pathOf = (index: number, key: string) => `emissions[${index}].${key}`;
      const kg: Line[] = record.emissions.map((_, index) => [say(pathOf(index, 'kgCo2e'))]);
      const per: Line[] = record.emissions.map((_, index) => [say(pathOf(index, 'perUnitKgCo2e'))]);
      const [ofKg, ofPer] = [
        shareFor(kg, widthEm, [12, 18]),
        shareFor([...per, ['kg CO₂e per piece']], widthEm, [12, 18]),
      ];
      const columns: Column[] = [
        { head: 'Method and factors', share: 27 },
        { head: 'electricity, kg CO₂e', share: 66 - ofKg - ofPer },
        { head: 'kg CO₂e', share: ofKg, isNumber: true },
        { head: `kg CO₂e per ${unit}`, share: ofPer, isNumber: true },
        { head: 'U, %', share: 7, isNumber: true },
      ];
      const bars = drawBars(
        record.emissions.map(({ method, factorSet, kgCo2e, expandedPercent }, index): Bar => {
          const [value, percent] = [
            number(pathOf(index, 'kgCo2e')),
            number(pathOf(index, 'expandedPercent')),
          ];
          return {
            value,
            half: value === null || percent === null ? null : (Math.abs(value) * percent) / 100,
            isHollow: index > 0,
            title: `${method}-based, ${factorSet} factors: ${kgCo2e} kg CO2e${expandedPercent === null ? '' : `, U = ${expandedPercent} %`}`,
          };
        }),
        insideOf(widthEm, columns[1]!),
      );
      columns[1]!.axis = bars.axis;
      const rows = record.emissions.map((_, index): Cell[] => [
        [[...statementOf(reader, index), ...(index === 0 ? [' ◄'] : [])]],
        { svg: bars.bars[index] ?? '' },
        [kg[index] ?? []],
        [per[index] ?? []],
        [[say(pathOf(index, 'expandedPercent'))]],
      ]);
      return stack(
        drawTable(columns, rows, {
          widthEm,
          room,
          caption: 'Emissions of the electricity by method and factor set',
        }),
        drawText(
          [
            [
              '◄ The leading statement, which formats with room for one figure take; the others, in outline, are alternatives: never add them. Lines show U of energy and factor.',
            ],
          ],
          { widthEm, room: { rows: 9, lines: 2 } },
        ),
      );
    },
  };
}

/** What one choice changes, the largest first, to both sides of zero. */
export function sensitivitySection({ record, say, number }: RecordReader): Section {
  const cases = record.sensitivity
    .map((one, index) => ({ one, index, delta: number(`sensitivity[${index}].deltaPercent`) }))
    .sort((a, b) => Math.abs(b.delta ?? 0) - Math.abs(a.delta ?? 0));
  return {
    id: 'sensitivity',
    title: 'Sensitivity: one choice changed at a time',
    draw(widthEm, room) {
      if (cases.length === 0)
        return drawText([['No other choice was possible: nothing was tried.']], { widthEm, room });
      const columns: Column[] = [
        { head: 'Choice', share: 40 },
        { head: 'change of the figure, %', share: 15 },
        { head: 'change, %', share: 9, isNumber: true },
        { head: 'from', share: 10, isNumber: true },
        { head: 'to', share: 10, isNumber: true },
        { head: 'of', share: 16 },
      ];
      const bars = drawBars(
        cases.map(({ one, delta }) => ({
          value: delta,
          half: null,
          title: `${one.change}: ${one.to} instead of ${one.from}${delta === null ? '' : `, ${one.deltaPercent} %`}`,
        })),
        insideOf(widthEm, columns[1]!),
      );
      columns[1]!.axis = bars.axis;
      const rows = cases.map(({ one, index, delta }, at): Cell[] => [
        [[say(`sensitivity[${index}].choice`), ': ', say(`sensitivity[${index}].change`)]],
        { svg: bars.bars[at] ?? '' },
        [delta === null ? ['–'] : [delta > 0 ? '+' : '', say(`sensitivity[${index}].deltaPercent`)]],
        [[say(`sensitivity[${index}].from`)]],
        [[say(`sensitivity[${index}].to`)]],
        [[FIGURES[one.figure] ?? one.figure]],
      ]);
      return drawTable(columns, rows, {
        widthEm,
        room,
        caption: 'Change of a figure where one choice is another',
      });
    },
  };
}

/** What was declared beyond the electricity, per unit; undefined of an hour of use, which has none. */
export function upstreamSection({ record, say, has }: RecordReader): Section | undefined {
  if (record.upstream.length === 0 && record.view === 'use-phase') return undefined;
  const unit = record.functionalUnit.unit;
  return {
    id: 'upstream',
    title: 'Declared parts beyond the electricity',
    draw(widthEm, room) {
      if (record.upstream.length === 0)
        return drawText([['None were declared: this is the electricity alone.']], { widthEm, room });
      const columns: Column[] = [
        { head: 'Part', share: 30 },
        { head: `footprint, kg CO₂e per ${unit}`, share: 18 },
        { head: `kg CO₂e per ${unit}`, share: 12, isNumber: true },
        { head: 'biogenic uptake', share: 10, isNumber: true },
        { head: 'primary, %', share: 8, isNumber: true },
        { head: 'Source; preceding footprint', share: 22 },
      ];
      const bars = drawBars(
        record.upstream.map(({ name, kgCo2ePerUnit }) => ({
          value: Number(kgCo2ePerUnit),
          half: null,
          isHollow: true,
          title: `${name}: ${kgCo2ePerUnit} kg CO2e per ${unit}`,
        })),
        insideOf(widthEm, columns[1]!),
      );
      columns[1]!.axis = bars.axis;
      const saidScores = (index: number): Part[][] => {
        const kinds = SCORE_KINDS.filter((kind) => has(`upstream[${index}].scores.${kind}`));
        if (kinds.length === 0) return [];
        return [
          [
            'scores: ',
            ...kinds.flatMap((kind) => [`${kind} `, say(`upstream[${index}].scores.${kind}`), ' ']),
          ],
        ];
      };
      const rows = record.upstream.map((_, index): Cell[] => {
        const of = (key: string): Part => say(`upstream[${index}].${key}`);
        return [
          [[of('stage'), ': ', of('name')]],
          { svg: bars.bars[index] ?? '' },
          [[of('kgCo2ePerUnit')]],
          [[of('biogenicUptakeKgCo2ePerUnit')]],
          [[of('primaryPercent')]],
          [
            [of('source')],
            ...(has(`upstream[${index}].precedingId`) ? [[of('precedingId')]] : []),
            ...saidScores(index),
          ],
        ];
      });
      return drawTable(columns, rows, { widthEm, room, caption: 'Declared parts of the footprint' });
    },
  };
}
