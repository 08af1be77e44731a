import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { drawBars } from '../../../../../collector/footprint/exports/html/bars.ts';
import { checkHtml } from '../../../../../collector/footprint/exports/html/check-html.ts';
import { POLICY, STYLE } from '../../../../../collector/footprint/exports/html/report-style.ts';
import { mixSection } from '../../../../../collector/footprint/exports/html/factor-sections.ts';
import { readRecord } from '../../../../../collector/footprint/exports/html/record-reader.ts';
import { ALL, insideOf, METRICS } from '../../../../../collector/footprint/exports/html/section.ts';
import { widthOf } from '../../../../../collector/footprint/exports/html/text-measure.ts';
import { writeHtml } from '../../../../../collector/footprint/exports/html/write-html.ts';
import { monthRecord } from './month-record.ts';
import type { FootprintRecord } from '../../../../../collector/footprint/record/footprint-record.ts';
import { fingerprint } from '../../../../../protocols/evidence/keys.ts';
import { d, samplePart, sampleUsePhase } from '../../sample-record.ts';
import { emptyRecord, hostilePart, hostileUsePhase } from './hostile-record.ts';

const PORTS = { fingerprintOf: fingerprint };
const RECORDS: Record<string, () => FootprintRecord> = {
  'a machine-hour': sampleUsePhase,
  'a part': samplePart,
  'nothing known': emptyRecord,
  'more of everything': hostileUsePhase,
  'a part with more of everything': hostilePart,
};

const contentOf = (record: FootprintRecord): string => String(writeHtml(record, PORTS)[0]?.content);
const faultsOf = (content: string, record: FootprintRecord): string =>
  checkHtml([{ path: 'report.html', content }], record, PORTS).join('\n');

describe.each(Object.entries(RECORDS))('%s', (_, make) => {
  const record = make();
  const content = contentOf(record);

  test('passes its own check, and is the same page each time', () => {
    expect(faultsOf(content, record)).toBe('');
    expect(contentOf(make())).toBe(content);
  });

  test('has nothing that runs or asks anybody, whatever the names are', () => {
    const tags = content.replaceAll(/="[^"]*"/g, '=""');
    expect(/<(?:script|img|link|iframe|object|embed|form|base)\b/i.exec(tags)).toBeNull();
    expect(/<[^>]*\s(?:src|on\w+|style|srcset|xlink:href)=/i.exec(tags)).toBeNull();
    expect(content.replaceAll(/ href="#[a-z-]+"/g, '').includes('href=')).toBe(false);
    expect(STYLE).not.toMatch(/url\(|@import/);
    // What turns the direction of the rest of a line would make a page read as something else.
    expect(/[\u202a-\u202e\u2066-\u2069]/.exec(content)).toBeNull();
  });

  test('has no exponent', () => {
    for (const [, text = ''] of content.matchAll(/data-of="[^"]+">([^<]*)</g))
      expect(text).not.toMatch(/^-?\d+(?:\.\d+)?e/i);
  });
});

test('the policy allows the one style that is there', () => {
  const hash = createHash('sha256').update(STYLE).digest('base64');
  expect(POLICY, 'STYLE_SHA256 of report-style.ts').toContain(`'sha256-${hash}'`);
  expect(contentOf(sampleUsePhase())).toContain(`content="${POLICY}"`);
});

describe('the check', () => {
  const record = samplePart();
  const content = contentOf(record);
  const places = [...new Set([...content.matchAll(/data-of="([^"]+)"/g)].map(([, place = '']) => place))];

  test('finds each text that was changed or left out, by its place', () => {
    expect(places.length).toBeGreaterThan(150);
    for (const place of places) {
      const all = new RegExp(
        `data-of="${place.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}">[^<]*<`,
        'g',
      );
      const first = content.replace(new RegExp(all.source), `data-of="${place}">0.000001<`);
      expect(faultsOf(first, record)).toContain(`${place} is shown as "0.000001", not `);
      expect(faultsOf(content.replaceAll(all, 'class="code">7<'), record)).toContain(`${place} is not shown`);
    }
  });

  test('finds a figure of another record, and a place that none has', () => {
    const other = { ...record, activity: { ...record.activity, energyKwh: d('2626.000001') } };
    expect(faultsOf(content, other)).toContain('activity.energyKwh is shown as "2626", not "2626.000001"');
    expect(faultsOf(content.replace('data-of="version"', 'data-of="versions"'), record)).toContain(
      'the record has no such place',
    );
  });

  test.each([
    ['a script', '<p>x</p><script>1</script>', '<script> is no element'],
    ['a picture from elsewhere', '<img src="http://example.com/a.png">', '<img> is no element'],
    ['a link away', '<a href="http://example.com/">x</a>', 'has href="http://example.com/"'],
    ['a link to nothing', '<a href="#nowhere">x</a>', 'leads nowhere'],
    ['a style of its own', '<p style="color:red">x</p>', 'has style'],
    ['a second style sheet', '<style>p{color:red}</style>', 'the style is not'],
    ['an event', '<p onclick="1">x</p>', 'has onclick'],
    [
      'a refresh',
      '<meta http-equiv="refresh" content="0;url=http://example.com/">',
      'the content security policy is not',
    ],
    ['an unclosed element', '<div>', 'closes'],
    ['a half tag', '<p>a < b</p>', 'is no tag'],
    ['an entity', '<p>&nbsp;</p>', 'is no entity'],
    ['an id twice', '<section id="states"></section>', 'is the id of two'],
    ['a comment', '<!-- x -->', 'is no tag'],
    [
      'a fill from elsewhere',
      '<svg viewBox="0 0 1 1"><rect class="url(http://example.com)" x="1"/></svg>',
      'has class=',
    ],
  ])('refuses %s', (_, added, fault) => {
    expect(faultsOf(content.replace('</main>', `${added}</main>`), record)).toContain(fault);
  });

  test('refuses a page of another style or policy', () => {
    expect(faultsOf(content.replace("default-src 'none'", 'default-src *'), record)).toContain(
      'policy is not',
    );
    expect(faultsOf(content.replace('--paper:#fff', '--paper:#fee'), record)).toContain('the style is not');
  });
});

test('a sum with biogenic uptake is told both ways, as other formats have it', () => {
  const part = samplePart();
  const [steel] = part.upstream;
  const record: FootprintRecord = {
    ...part,
    upstream: [
      steel!,
      { ...steel!, name: 'pallet', kgCo2ePerUnit: d('-0.2'), biogenicUptakeKgCo2ePerUnit: d('-0.3') },
    ],
  };
  const content = contentOf(record);
  expect(content).toContain('data-of="sum.perUnitKgCo2eExcludingUptake">5.789798<');
  expect(content).toContain('data-of="sum.perUnitKgCo2eIncludingUptake">5.489798<');
  expect(faultsOf(content, record)).toBe('');
});

test('says plainly what is partial, incomplete and provisional, and that views are never added', () => {
  const text = contentOf(hostileUsePhase()).replaceAll(/<[^>]+>/g, ' ');
  for (const words of ['INCOMPLETE', 'PARTIAL', 'provisional', 'never add both', 'k = '])
    expect(text).toContain(words);
});

test('many lacks that stand on the first page, whole, need no appendix', () => {
  const use = sampleUsePhase();
  const lacks = Array.from(
    { length: 6 },
    (_, n) => `for ${n + 1} h nobody measured the supply: that energy is in no figure`,
  );
  const record: FootprintRecord = {
    ...use,
    coverage: { ...use.coverage, isComplete: false, lacks },
    completeness: { isPartial: true, because: lacks },
  };
  const content = contentOf(record);
  expect(faultsOf(content, record)).toBe('');
  expect(content).not.toMatch(/see appendix|class="sheet appendix"/);
});

test.each(Object.entries(RECORDS))('each axis of %s has a quantity with its unit above it', (_, make) => {
  const axes = [
    ...contentOf(make()).matchAll(
      /<th scope="col"[^>]*>([^<]*)<svg class="axis(?: wide)?"[^>]*>(.*?)<\/svg>/g,
    ),
  ];
  expect(axes.length).toBe(contentOf(make()).split('class="axis').length - 1);
  for (const [, head, marks] of axes) {
    expect(head).toMatch(/^[a-z ]+, (?:kWh(?:\/h)?|kg CO₂e(?: per \w+)?|%)$/);
    expect(marks).toMatch(/>0<\/text>/);
  }
});

test('a narrow axis has a mark beside zero', () => {
  const { axis } = drawBars([{ value: 3921.113, half: 85.9, title: '' }], 6.2);
  expect([...axis.matchAll(/>([^<]+)<\/text>/g)].map(([, mark]) => mark)).toEqual(['0', '2000']);
});

test('an hour of use has no mass, a part has one', () => {
  const textOf = (record: FootprintRecord) => contentOf(record).replaceAll(/<[^>]+>/g, '');
  expect(textOf(sampleUsePhase())).toContain('no mass (0 kg), no fossil carbon (0 kg): a service');
  expect(textOf(sampleUsePhase())).not.toContain('kg a unit');
  expect(textOf(samplePart())).toContain(' kg a unit');
});

test('a long budget goes whole over the second page rather than cut on the first', () => {
  const use = sampleUsePhase();
  const note = Array.from({ length: 14 }, (_, n) => `state ${n} u 1.13 %, its largest [1.8 % of 100 A]`).join(
    '; ',
  );
  const sources = ['meter', 'ct', 'ctPhase'].map((source) => ({ source, standardPercent: d('0.5'), note }));
  const record = { ...use, uncertainty: { ...use.uncertainty, sources } };
  const content = contentOf(record);
  expect(content).not.toContain('see appendix');
  expect(content.indexOf('id="uncertainty"')).toBeGreaterThan(content.indexOf('id="subject"'));
  expect(faultsOf(content, record)).toBe('');
});

test('says of the facts of meters which were entered and which the signed wiring tells', () => {
  expect(contentOf(sampleUsePhase())).toContain('Class: as entered, else of the wiring.');
});

test('figures of the mix stand on one line where it has half of the width', () => {
  const widthEm = (METRICS.pageEm.width - METRICS.gapEm) / 2;
  const { html } = mixSection(readRecord(monthRecord())).draw(widthEm, ALL);
  const shares = Array.from(html.matchAll(/<col class="w(\d+)">/g), ([, share]) => Number(share));
  for (const [column, figure] of [
    [2, '4225.719'],
    [3, '1946.788743'],
  ] as const)
    expect(insideOf(widthEm, { share: shares[column] ?? 0 })).toBeGreaterThan(
      widthOf(figure) * METRICS.smallEm,
    );
});
