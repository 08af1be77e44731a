import { sensitivitySection, statementsSection, upstreamSection } from './emission-sections.ts';
import { componentsSection, statesSection } from './energy-sections.ts';
import { obtainedSection, perHourSection } from './unit-energy-sections.ts';
import {
  keysSection,
  methodSection,
  recordSection,
  remarksSection,
  subjectSection,
} from './fact-sections.ts';
import { factorsSection, mixSection, statementNotesSection } from './factor-sections.ts';
import { fitBands, type Band, type Placed } from './fit-page.ts';
import { drawHead, headSection } from './head.ts';
import {
  coverageSection,
  mediaSection,
  metersSection,
  qualitySection,
  uncertaintySection,
} from './quality-sections.ts';
import { unitsSection } from './model-section.ts';
import type { RecordReader } from './record-reader.ts';
import { ALL, METRICS, type Drawn, type Section } from './section.ts';

/** What stands where: two pages, and what was too long for them. */
export interface ReportLayout {
  head: Drawn;
  /** By page, band and column. */
  pages: [Placed[][][], Placed[][][]];
  /** Drawn whole behind the pages. */
  appendix: Section[];
}

const { pageEm, gapEm, kickerEm } = METRICS;

/**
 * What may stand on the second page, over all of its width, where the first one is too full for it; `exchanged`: the budget
 * does, and the mix comes to the first page in its place; `raised`: none does, and the budget stands below the states.
 */
type Moved = 'nothing' | 'coverage' | 'budget' | 'sensitivity' | 'raised' | 'exchanged';

/**
 * Lays a record out on two pages of A4, so that the appendix has as few parts as can be. @param fingerprint of the collector's
 * key
 */
export function layOut(reader: RecordReader, fingerprint: string): ReportLayout {
  let best = arrange(reader, fingerprint, 'nothing');
  for (const moved of ['budget', 'coverage', 'sensitivity', 'raised', 'exchanged'] as const) {
    if (best.appendix.length === 0) break;
    const other = arrange(reader, fingerprint, moved);
    if (other.appendix.length < best.appendix.length) best = other;
  }
  return best;
}

function arrange(reader: RecordReader, fingerprint: string, moved: Moved): ReportLayout {
  const components = componentsSection(reader);
  const measured = components === undefined ? [] : [components];
  const [states, perHour, obtained] = [
    statesSection(reader),
    perHourSection(reader),
    obtainedSection(reader),
  ];
  const [quality, coverage, budget] = [
    qualitySection(reader),
    coverageSection(reader),
    uncertaintySection(reader),
  ];
  const [mix, sensitivity] = [mixSection(reader), sensitivitySection(reader)];
  const isExchanged = moved === 'exchanged';
  const head = drawHead(reader);
  const first = fitBands(
    [
      ...(isExchanged
        ? [both([states, perHour], [...measured, obtained, coverage])]
        : moved === 'raised'
          ? [both([states, budget], [...measured, perHour, obtained])]
          : components === undefined
            ? [both([states], [perHour, obtained])]
            : [both([states], [components]), both([perHour], [obtained])]),
      ...whole(unitsSection(reader), statementsSection(reader), upstreamSection(reader)),
      ...whole(moved === 'sensitivity' ? undefined : sensitivity),
      {
        nothing: balanced(quality, budget, coverage),
        sensitivity: balanced(quality, budget, coverage),
        coverage: both([quality], [budget]),
        budget: both([quality], [coverage]),
        raised: both([quality], [coverage]),
        exchanged: both([quality], [mix]),
      }[moved],
    ],
    pageEm.height - head.em,
  );
  const second = fitBands(
    [
      both([subjectSection(reader)], [methodSection(reader)]),
      ...whole(
        isExchanged ? undefined : mix,
        statementNotesSection(reader),
        factorsSection(reader),
        metersSection(reader),
        { nothing: undefined, raised: undefined, coverage, budget, sensitivity, exchanged: budget }[moved],
        mediaSection(reader),
        remarksSection(reader),
      ),
      both([recordSection(reader)], [keysSection(reader, fingerprint)]),
    ],
    pageEm.height - kickerEm,
  );
  const cut = [...first, ...second]
    .flat(2)
    .filter(({ drawn }) => drawn.cut !== '')
    .map(({ section }) => section);
  return {
    head,
    pages: [first, second],
    appendix: [...(head.cut === '' ? [] : [headSection(reader)]), ...cut],
  };
}

const both = (left: Section[], right: Section[]): Band => [
  { share: 50, sections: left },
  { share: 50, sections: right },
];

/** Two sections side by side, and a third one below the lower of them. */
function balanced(left: Section, right: Section, third: Section): Band {
  const emOf = ({ draw }: Section) => draw((pageEm.width - gapEm) / 2, ALL).em;
  return emOf(left) <= emOf(right) ? both([left, third], [right]) : both([left], [right, third]);
}

const whole = (...sections: (Section | undefined)[]): Band[] =>
  sections.flatMap((section) => (section === undefined ? [] : [[{ share: 100, sections: [section] }]]));
