import { statementOf } from './emission-sections.ts';
import type { Line, Part } from './page-text.ts';
import type { RecordReader } from './record-reader.ts';
import { drawTable, drawText, shareFor, type Cell, type Column, type Section } from './section.ts';

/** Which energy was multiplied with which row of factors, and what was added for losses and upstream. */
export function mixSection(reader: RecordReader): Section {
  const { record, say, has } = reader;
  return {
    id: 'mix',
    title: 'Electricity mix: energy by factor row',
    draw(widthEm, room) {
      if (record.emissions.length === 0) return drawText([['No factor row was used.']], { widthEm, room });
      const figures = (key: string): Line[] =>
        record.emissions.flatMap(({ factors }, index) =>
          factors.map((_, at) => [say(`emissions[${index}].factors[${at}].${key}`)]),
        );
      const [ofKwh, ofKg] = [
        shareFor(figures('energyKwh'), widthEm, [13, 20]),
        shareFor(figures('kgCo2e'), widthEm, [14, 22]),
      ];
      const columns: Column[] = [
        { head: 'Statement', share: 23 },
        { head: 'Factor row', share: 62 - ofKwh - ofKg },
        { head: 'kWh', share: ofKwh, isNumber: true },
        { head: 'kg CO₂e', share: ofKg, isNumber: true },
        { head: 'hours with their own value', share: 15, isNumber: true },
      ];
      const rows = record.emissions.flatMap((statement, index) => {
        const name = statementOf(reader, index);
        const uses = statement.factors.map((_, at): Cell[] => {
          const path = `emissions[${index}].factors[${at}]`;
          const hasOwn = has(`${path}.hourly.hours`);
          return [
            [name],
            [
              [
                say(`${path}.id`),
                ...(has(`${path}.upstream`) ? [', with upstream ', say(`${path}.upstream`)] : []),
              ],
              ...(hasOwn ? [['series ', reader.code(`${path}.hourly.sha256`)]] : []),
            ],
            [[say(`${path}.energyKwh`)]],
            [[say(`${path}.kgCo2e`)]],
            [[hasOwn ? say(`${path}.hourly.hours`) : '–']],
          ];
        });
        return uses;
      });
      return drawTable(columns, rows, { widthEm, room, caption: 'Energy by factor row and statement' });
    },
  };
}

/** Losses, upstream, uncertainty of the factors and remarks of each statement. */
export function statementNotesSection(reader: RecordReader): Section {
  const { record, say, has, list } = reader;
  return {
    id: 'statement-notes',
    title: 'What was added for losses and upstream, uncertainty of the factors, remarks',
    draw(widthEm, room) {
      if (record.emissions.length === 0) return drawText([['No statement.']], { widthEm, room });
      const columns: Column[] = [
        { head: 'Statement', share: 22 },
        { head: 'losses, kg CO₂e', share: 12, isNumber: true },
        { head: 'upstream, kg CO₂e', share: 12, isNumber: true },
        { head: 'Standard uncertainty of the factor; remarks', share: 54 },
      ];
      const rows = record.emissions.map((_, index): Cell[] => {
        const path = `emissions[${index}]`;
        return [
          [statementOf(reader, index)],
          [
            [say(`${path}.lossesKgCo2e`)],
            ...(has(`${path}.lossPercent`) ? [['by ', say(`${path}.lossPercent`), ' %']] : []),
          ],
          [[say(`${path}.upstreamKgCo2e`)]],
          [['Factor: ', say(`${path}.factorUncertainty`)], ...list(`${path}.remarks`)],
        ];
      });
      return drawTable(columns, rows, {
        widthEm,
        room,
        caption: 'Losses, upstream, uncertainty of factors and remarks by statement',
      });
    },
  };
}

/** Every row of factors whole, with source and licence. */
export function factorsSection({ record, say, code, has }: RecordReader): Section {
  return {
    id: 'factors',
    title: 'Emission factors',
    draw(widthEm, room) {
      const { factors } = record.evidence;
      if (factors.length === 0) return drawText([['None.']], { widthEm, room });
      const columns: Column[] = [
        { head: 'Row, with its hash', share: 33 },
        { head: 'g/kWh', share: 7, isNumber: true },
        { head: 'Electricity', share: 21 },
        { head: 'Source and licence', share: 39 },
      ];
      const rows = factors.map((_, index): Cell[] => {
        const of = (key: string): Part => say(`evidence.factors[${index}].${key}`);
        return [
          [[of('id'), ' of ', of('table')], [code(`evidence.factors[${index}].sha256`)]],
          [[of('gCo2ePerKwh')]],
          [
            [
              of('region'),
              ' ',
              of('year'),
              ', ',
              of('basis'),
              ', ',
              of('boundary'),
              ', losses ',
              of('losses'),
              ', ',
              of('gases'),
              ', ',
              has(`evidence.factors[${index}].gwp`) ? of('gwp') : 'GWP not stated',
              ', ',
              ...(factors[index]?.isOfficial ? [of('isOfficial'), ', '] : []),
              ...(factors[index]?.isSupplierSpecific ? [of('isSupplierSpecific'), ', '] : []),
              ...(has(`evidence.factors[${index}].standardPercent`)
                ? ['u = ', of('standardPercent'), ' %']
                : ['u not stated']),
            ],
          ],
          [
            [
              of('source'),
              '. ',
              ...(has(`evidence.factors[${index}].licence`) ? [of('licence')] : ['Licence not told']),
              ', read in: ',
              of('readIn'),
              ...(has(`evidence.factors[${index}].reference`) ? ['; ', of('reference')] : []),
            ],
          ],
        ];
      });
      return drawTable(columns, rows, {
        widthEm,
        room,
        caption: 'Rows of emission factors with source and licence',
      });
    },
  };
}
