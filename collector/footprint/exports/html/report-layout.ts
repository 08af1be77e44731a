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

/** Lays a record out on two pages of A4. @param fingerprint of the collector's key */
export function layOut(reader: RecordReader, fingerprint: string): ReportLayout {
  const components = componentsSection(reader);
  const [states, perHour, obtained] = [
    statesSection(reader),
    perHourSection(reader),
    obtainedSection(reader),
  ];
  const head = drawHead(reader);
  const first = fitBands(
    [
      ...(components === undefined
        ? [both([states], [perHour, obtained])]
        : [both([states], [components]), both([perHour], [obtained])]),
      ...whole(unitsSection(reader), statementsSection(reader), upstreamSection(reader)),
      ...whole(sensitivitySection(reader)),
      balanced(qualitySection(reader), uncertaintySection(reader), coverageSection(reader)),
    ],
    pageEm.height - head.em,
  );
  const second = fitBands(
    [
      both([subjectSection(reader)], [methodSection(reader)]),
      ...whole(
        mixSection(reader),
        statementNotesSection(reader),
        factorsSection(reader),
        metersSection(reader),
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
