import { formatLocal } from '../../../energy/calendar/local-time.ts';
import { openZone } from '../../../energy/calendar/zone.ts';
import { viewWords } from '../record-words.ts';
import { setText, type Line } from './page-text.ts';
import type { RecordReader } from './record-reader.ts';
import { drawFacts, METRICS, type Drawn, type Section } from './section.ts';

const { width } = METRICS.pageEm;

const THIRDS = [33, 33, 33];

/** A box of the head: a name, something large or small below it, and what has to be said of it. */
interface Box {
  name: string;
  value?: Line;
  unit?: string;
  notes: Line[];
  isAlarming?: boolean;
}

/** The top of the page: of what, when, by whom; the figure of the functional unit; complete or not, final or not. */
export function drawHead(reader: RecordReader): Drawn {
  const { record, say } = reader;
  const title = setText([[say('subject.name')]], width / 2.1, { lines: 2, isBold: true });
  const description = setText([[say('subject.description')]], width, { lines: 2 });
  const facts = boxes(
    [
      { name: 'Subject', notes: [[say('subject.kind'), ' ', say('subject.id')]] },
      { name: 'Period', notes: periodLines(reader) },
      { name: 'Company', notes: [[say('issuer.company.name'), ', ', say('issuer.company.country')]] },
      { name: 'Electricity drawn in', notes: placeLines(reader) },
    ],
    [21, 33, 25, 21],
    { lines: 3, valueEm: 1 },
  );
  const figures = boxes(figureBoxes(reader), THIRDS, { lines: 4, valueEm: 1.9 });
  const status = boxes(statusBoxes(reader), THIRDS, { lines: 2, valueEm: 1.2 });
  const view = setText([[viewWords(record)]], width, { lines: 3 });
  const { lineEm } = METRICS;
  // Method and what lacks stand below again, under footprint and coverage.
  const isWhole = [title, description, facts].every((part) => part.isWhole);
  const more = isWhole ? '' : ': <a href="#all-head">names shortened, see appendix</a>';
  return {
    html: [
      '<header>',
      `<p class="kicker"><span>Footprint report${more}</span><span>${record.view === 'use-phase' ? 'Use phase of the machine' : 'Manufacturing'}</span></p>`,
      `<h1>${title.html}</h1>`,
      `<p class="lead">${description.html}</p>`,
      `<div class="boxes who">${facts.html}</div>`,
      `<div class="boxes figures">${figures.html}</div>`,
      `<div class="boxes status">${status.html}</div>`,
      `<p class="view">${view.html}</p>`,
      '</header>',
    ].join('\n'),
    em:
      2 +
      title.lines * 2.1 * 1.15 +
      (description.lines + view.lines) * lineEm +
      facts.em +
      figures.em +
      status.em +
      1.3,
    cut: isWhole ? '' : 'shortened',
  };
}

/** What the head may have to shorten, for the appendix. */
export function headSection({ say, has }: RecordReader): Section {
  return {
    id: 'head',
    title: 'Subject, period and company',
    draw: (widthEm, room) =>
      drawFacts(
        [
          [
            'Subject',
            [
              [say('subject.kind'), ' ', say('subject.id')],
              [say('subject.name')],
              [say('subject.description')],
            ],
          ],
          ['Period', [[say('period.name')], ['on the clocks of ', say('period.zone')]]],
          ['Company', [[say('issuer.company.name'), ', ', say('issuer.company.country')]]],
          [
            'Site',
            [
              [
                say('issuer.site'),
                ', ',
                say('issuer.region.country'),
                ...(has('issuer.region.subdivision') ? [', ', say('issuer.region.subdivision')] : []),
              ],
            ],
          ],
        ],
        { widthEm, room, caption: 'Subject, period and company' },
      ),
  };
}

function periodLines({ record, say }: RecordReader): Line[] {
  const { from, to, zone } = record.period;
  let local: string;
  try {
    const clock = openZone(zone);
    const at = (time: string) =>
      formatLocal(clock, Date.parse(time)).slice(0, 16).replace('T', ' ').replace(' 00:00', '');
    local = `${at(from)} to ${at(to)}`;
  } catch {
    // The clocks of another runtime, or of a year that nobody knows: the evidence has the times of UTC.
    local = `${from.slice(0, 16)}Z to ${to.slice(0, 16)}Z`;
  }
  return [[say('period.name')], ...(local === record.period.name ? [] : [[local]]), [say('period.zone')]];
}

function placeLines({ say, has }: RecordReader): Line[] {
  return [
    [
      say('issuer.region.country'),
      ...(has('issuer.region.subdivision') ? [', ', say('issuer.region.subdivision')] : []),
    ],
    ['site ', say('issuer.site')],
  ];
}

function figureBoxes({ record, say, has }: RecordReader): Box[] {
  const { unit } = record.functionalUnit;
  const [first] = record.emissions;
  const k: Line = [' (k = ', say('uncertainty.k'), ')'];
  const by: Line =
    first === undefined
      ? []
      : [say('emissions[0].method'), '-based, ', say('emissions[0].factorSet'), ' factors'];
  const uOf = (path: string): Line =>
    has(path) ? ['U = ± ', say(path), ' %', ...k] : ['Uncertainty not known'];
  const emitted: Box =
    first === undefined
      ? { name: 'Footprint', notes: [['No emission factor is known: energy only.']] }
      : {
          name: 'Footprint of the electricity',
          value: [say('emissions[0].perUnitKgCo2e')],
          unit: `kg CO₂e per ${unit}`,
          notes: [[...uOf('emissions[0].expandedPercent')], by],
        };
  const energy: Box = {
    name: 'Electricity',
    value: [say('activity.perUnitKwh')],
    unit: `kWh per ${unit}`,
    notes: [
      uOf('uncertainty.expandedPercent'),
      has('functionalUnit.count')
        ? [
            say('functionalUnit.count'),
            ` ${unit === 'kilogram' ? 'kg' : unit === 'hour' ? 'h' : 'pieces'} in the period`,
          ]
        : ['How many there were is not known'],
    ],
  };
  const all: Box = {
    name: 'In the period',
    value: [say('activity.energyKwh')],
    unit: 'kWh',
    notes: [
      first === undefined
        ? ['no emissions known']
        : [say('emissions[0].kgCo2e'), ' kg CO₂e of the electricity'],
    ],
  };
  const [excluding, including] = ['sum.perUnitKgCo2eExcludingUptake', 'sum.perUnitKgCo2eIncludingUptake'];
  if (!has(excluding)) return [emitted, energy, all];
  const whole: Box = {
    name: 'Electricity and declared parts',
    value: [say(excluding)],
    unit: `kg CO₂e per ${unit}`,
    notes: [
      has(including)
        ? ['With biogenic uptake: ', say(including), ' kg']
        : ['No biogenic uptake was declared'],
      ['Of it electricity: ', say('emissions[0].perUnitKgCo2e'), ' kg'],
      [...uOf('emissions[0].expandedPercent'), ' of the electricity'],
      by,
    ],
  };
  return [whole, energy, all];
}

function statusBoxes({ record, say, list, has }: RecordReader): Box[] {
  const { coverage, completeness, evidence } = record;
  return [
    {
      name: 'Coverage',
      value: [say('coverage.isComplete')],
      notes: coverage.isComplete
        ? [
            has('coverage.measuredEnergyPercent')
              ? [
                  say('coverage.measuredEnergyPercent'),
                  ' % of the energy measured; ',
                  say('coverage.watchedPercent'),
                  ' % of the period watched',
                ]
              : [say('coverage.watchedPercent'), ' % of the period watched; no energy was drawn'],
          ]
        : list('coverage.lacks'),
      isAlarming: !coverage.isComplete,
    },
    {
      name: 'Footprint of the unit',
      value: [say('completeness.isPartial')],
      notes: completeness.isPartial ? list('completeness.because') : [['within the boundary that is stated']],
      isAlarming: completeness.isPartial,
    },
    {
      name: 'Figures',
      value: [say('evidence.status')],
      notes: [
        evidence.status === 'final'
          ? ['All readings of the period are in; a later change would be a new version']
          : ['Readings may still come in and change them'],
      ],
      isAlarming: evidence.status !== 'final',
    },
  ];
}

function boxes(
  all: readonly Box[],
  shares: readonly number[],
  { lines, valueEm }: { lines: number; valueEm: number },
): { html: string; em: number; isWhole: boolean } {
  const { gapEm, lineEm } = METRICS;
  const room = width - gapEm * (shares.length - 1);
  let [em, isWhole] = [0, true];
  const html = all.map(({ name, value, unit, notes, isAlarming }, index) => {
    const share = shares[index] ?? 0;
    const inside = (room * share) / 100 - (isAlarming ? 1.3 : 0);
    const set = setText(notes, inside, { lines });
    const large =
      value === undefined ? undefined : setText([value], inside / valueEm, { lines: Infinity, isBold: true });
    isWhole &&= set.isWhole;
    em = Math.max(
      em,
      2.05 + set.lines * lineEm + (large?.lines ?? 0) * valueEm * 1.2 + (unit === undefined ? 0 : lineEm),
    );
    return [
      `<div class="box w${share}${isAlarming ? ' alarm' : ''}"><p class="name">${name}</p>`,
      ...(large === undefined ? [] : [`<p class="value">${large.html}</p>`]),
      ...(unit === undefined ? [] : [`<p class="unit">${unit}</p>`]),
      `<p>${set.html}</p></div>`,
    ].join('');
  });
  return { html: html.join('\n'), em, isWhole };
}
