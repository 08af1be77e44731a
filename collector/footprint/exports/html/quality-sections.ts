import { drawScore } from './bars.ts';
import type { Line, Part } from './page-text.ts';
import type { RecordReader } from './record-reader.ts';
import {
  drawFacts,
  drawTable,
  drawText,
  shareFor,
  stack,
  type Cell,
  type Column,
  type Section,
} from './section.ts';

const SCORES = [
  'technological',
  'geographical',
  'temporal',
  'completeness',
  'reliability',
  'precision',
] as const;

/** The six scores with their reasons. */
export function qualitySection({ record, say }: RecordReader): Section {
  return {
    id: 'quality',
    title: 'Data quality, from 1 (best) to 5',
    draw(widthEm, room) {
      const columns: Column[] = [
        { head: 'Aspect', share: 22 },
        { head: '1 … 5', share: 15 },
        { head: '', share: 5, isBold: true },
        { head: 'Because', share: 58 },
      ];
      const rows = SCORES.map((name): Cell[] => [
        [[name]],
        {
          svg: drawScore(
            Number(record.dataQuality[name].score),
            `${name}: ${record.dataQuality[name].score} of 5, 1 is best`,
          ),
        },
        [[say(`dataQuality.${name}.score`)]],
        [[say(`dataQuality.${name}.because`)]],
      ]);
      return drawTable(columns, rows, {
        widthEm,
        room: { ...room, rows: Infinity },
        caption: 'Data quality scores',
      });
    },
  };
}

/** How much was watched and measured, and what lacks. */
export function coverageSection({ record, say, has, list }: RecordReader): Section {
  return {
    id: 'coverage',
    title: 'Coverage and gaps',
    draw(widthEm, room) {
      const lacks = list('coverage.lacks');
      const because = list('completeness.because');
      return drawFacts(
        [
          [
            'Coverage',
            [
              [
                record.view === 'manufacturing' ? 'Of the machines in whole windows: ' : '',
                say('coverage.isComplete'),
                ': ',
                say('coverage.watchedPercent'),
                ' % of the period watched, of that time ',
                say('coverage.measuredTimePercent'),
                ' % measured, ',
                has('coverage.measuredEnergyPercent')
                  ? say('coverage.measuredEnergyPercent')
                  : 'no energy and no',
                has('coverage.measuredEnergyPercent')
                  ? ' % of the energy measured. 95 % are asked for.'
                  : ' share of it measured.',
              ],
              ...lacks,
            ],
          ],
          ['Footprint', [[say('completeness.isPartial'), ' within the boundary that is stated'], ...because]],
        ],
        { widthEm, room, caption: 'Coverage and gaps', share: 15 },
      );
    },
  };
}

/** U of the energy with every source, or what has to be entered before it can be told. */
export function uncertaintySection({ record, say, list }: RecordReader): Section {
  return {
    id: 'uncertainty',
    title: 'Uncertainty of the energy',
    draw(widthEm, room) {
      const { sources, expandedPercent } = record.uncertainty;
      const total: Line =
        expandedPercent === null
          ? ['Not known (', say('uncertainty.model'), ', k = ', say('uncertainty.k'), '). Missing:']
          : [
              'U = ',
              say('uncertainty.expandedPercent'),
              ' % with k = ',
              say('uncertainty.k'),
              ', about 95 % (',
              say('uncertainty.model'),
              ').',
            ];
      const text = drawText([total, ...list('uncertainty.missing')], { widthEm, room });
      if (sources.length === 0) return text;
      const sayNothing = (indexes: readonly number[]): Line =>
        indexes.flatMap((index, at): Part[] => [
          at === 0 ? 'Adding nothing: ' : '; ',
          say(`uncertainty.sources[${index}].source`),
          ' ',
          say(`uncertainty.sources[${index}].standardPercent`),
          ' % (',
          say(`uncertainty.sources[${index}].note`),
          ')',
        ]);
      const isWide = widthEm > 50;
      const columns: Column[] = [
        { head: 'Source', share: isWide ? 8 : 21 },
        { head: 'u, %', share: isWide ? 6 : 11, isNumber: true },
        { head: 'Note', share: isWide ? 86 : 68 },
      ];
      // The largest first: where the list is cut, those that add nothing go.
      const sorted = sources
        .map(({ standardPercent }, index) => ({ index, percent: Number(standardPercent) }))
        .sort((a, b) => b.percent - a.percent);
      const nothing = sorted.filter(({ percent }) => percent === 0);
      const rows = sorted
        .slice(0, sorted.length - nothing.length)
        .map(({ index }): Cell[] => [
          [[say(`uncertainty.sources[${index}].source`)]],
          [[say(`uncertainty.sources[${index}].standardPercent`)]],
          [[say(`uncertainty.sources[${index}].note`)]],
        ]);
      return stack(
        text,
        rows.length === 0
          ? drawText([], { widthEm, room })
          : drawTable(columns, rows, { widthEm, room, caption: 'Standard uncertainty of each source' }),
        drawText(nothing.length === 0 ? [] : [sayNothing(nothing.map(({ index }) => index))], {
          widthEm,
          room,
        }),
      );
    },
  };
}

/** Where the facts of a meter are from: what was entered may differ from what the wiring says, which evidence has. */
const METER_FACTS =
  'Meter, serial, ratio: signed wiring. Class: as entered, else of the wiring. Class of transformers, calibration, certificate: entered.';

/** The meters, with class, transformers and calibration. */
export function metersSection({ record, say, has }: RecordReader): Section {
  return {
    id: 'meters',
    title: 'Meters',
    draw(widthEm, room) {
      const { meters } = record;
      if (meters.length === 0)
        return drawText([['The wiring of these hours names no meter.']], { widthEm, room });
      const columns: Column[] = [
        { head: 'Measures', share: 23 },
        { head: 'Meter', share: 22 },
        { head: 'Class; transformers', share: 19 },
        { head: 'Calibrated, valid until', share: 15 },
        { head: 'Certificate', share: 13 },
        { head: 'Energy by', share: 8 },
      ];
      const rows = meters.map((_, index): Cell[] => {
        const of = (key: string): Part => say(`meters[${index}].${key}`);
        const told = (key: string, words: string): Part => (has(`meters[${index}].${key}`) ? of(key) : words);
        return [
          [[of('machine'), ', ', of('component')], [of('channel')]],
          [
            [of('device')],
            [has(`meters[${index}].serial`) ? 'serial ' : '', told('serial', 'serial not told')],
          ],
          [
            [has(`meters[${index}].accuracyClass`) ? 'class ' : '', told('accuracyClass', 'class not told')],
            [told('transformers', 'connection not told')],
          ],
          [[told('calibrated', 'not told')], [told('calibrationValidUntil', 'no end told')]],
          [[told('certificate', 'none told')]],
          [[of('basis')]],
        ];
      });
      return stack(
        drawTable(columns, rows, { widthEm, room, caption: 'Meters with class and calibration' }),
        drawText([[METER_FACTS]], { widthEm, room }),
      );
    },
  };
}

/** Other media and energy that was fed back, which are in no figure; undefined where there was neither. */
export function mediaSection({ record, say, has }: RecordReader): Section | undefined {
  const { media, exportKwh } = record.activity;
  if (media.length === 0 && exportKwh === '0') return undefined;
  return {
    id: 'media',
    title: 'In no figure: other media, energy fed back',
    draw(widthEm, room) {
      const fed = drawText(
        exportKwh === '0' ? [] : [['Fed back, not subtracted: ', say('activity.exportKwh'), ' kWh.']],
        { widthEm, room },
      );
      if (media.length === 0) return fed;
      const rows = media.map((_, index): Cell[] => {
        const of = (key: string): Part => say(`activity.media[${index}].${key}`);
        return [
          [[of('component')]],
          [[of('normLitres')]],
          [[has(`activity.media[${index}].declaredKwh`) ? of('declaredKwh') : '–']],
          [[has(`activity.media[${index}].source`) ? of('source') : '–']],
        ];
      });
      const kwh: Line[] = [['declared kWh']];
      const ofKwh = shareFor(kwh, widthEm, [14, 24]);
      const columns: Column[] = [
        { head: 'Component', share: 30 },
        { head: 'norm litres', share: 18, isNumber: true },
        { head: 'declared kWh', share: ofKwh, isNumber: true },
        { head: 'Source of the declaration', share: 52 - ofKwh },
      ];
      return stack(drawTable(columns, rows, { widthEm, room, caption: 'Other media' }), fed);
    },
  };
}
