import type { FootprintRecord } from '../../record/footprint-record.ts';
import type { ExportFile } from '../export-file.ts';
import type { Placed } from './fit-page.ts';
import { escapeHtml } from './page-text.ts';
import { readRecord } from './record-reader.ts';
import { layOut } from './report-layout.ts';
import { printable } from './report-leaves.ts';
import { POLICY, STYLE } from './report-style.ts';
import { ALL, METRICS, type Section } from './section.ts';
import { beginningOf, widthOf } from './text-measure.ts';

/** What the page needs of others. */
export interface HtmlPorts {
  /** Fingerprint of a public key, as people compare it. */
  fingerprintOf: (key: string) => string;
}

/**
 * The record as one page of HTML for people: two pages of A4 in print, and behind them an appendix with every list and text
 * that was too long for these. It has no script and asks nobody for anything. Each text of the record stands in an element
 * with its place (`data-of="activity.energyKwh"`), letter by letter.
 */
export function writeHtml(record: FootprintRecord, { fingerprintOf }: HtmlPorts): ExportFile[] {
  const { head, pages, appendix } = layOut(readRecord(record), fingerprintOf(record.issuer.key));
  const name = printable(`${record.subject.name}, ${record.period.name}`);
  const content = [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="referrer" content="no-referrer">',
    `<title>Footprint of ${escapeHtml(name)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    '<main>',
    '<article class="sheet">',
    head.html,
    ...pages[0].map(bandHtml),
    '</article>',
    '<article class="sheet">',
    runningHead(record),
    ...pages[1].map(bandHtml),
    '</article>',
    ...appendixHtml(appendix, record),
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
  return [{ path: `${record.id}.html`, content }];
}

function runningHead({ subject, period }: FootprintRecord): string {
  const name = printable(`${subject.name}, ${period.name}`);
  const short = widthOf(name) > 36 ? `${beginningOf(name, 36, 1)}…` : name;
  return `<p class="kicker"><span>Footprint report</span><span><bdi>${escapeHtml(short)}</bdi></span></p>`;
}

function bandHtml(columns: readonly (readonly Placed[])[]): string {
  return [
    '<div class="band">',
    ...columns.map(
      (column) =>
        `<div class="column w${column[0]?.share ?? 100}">${column.map(sectionHtml).join('\n')}</div>`,
    ),
    '</div>',
  ].join('\n');
}

function sectionHtml({ section: { id, title }, drawn }: Placed): string {
  const more = drawn.cut === '' ? '' : ` <a href="#all-${id}">${drawn.cut}, see appendix</a>`;
  return `<section id="${id}"><h2><span>${escapeHtml(title)}</span>${more}</h2>\n${drawn.html}</section>`;
}

function appendixHtml(sections: readonly Section[], record: FootprintRecord): string[] {
  if (sections.length === 0) return [];
  return [
    '<article class="sheet appendix">',
    runningHead(record),
    '<h1>Appendix</h1>',
    '<p class="lead">Lists and texts that were too long for the two pages, whole.</p>',
    ...sections.map(
      ({ id, title, draw }) =>
        `<section id="all-${id}"><h2><span>${escapeHtml(title)}</span></h2>\n${draw(METRICS.pageEm.width, ALL).html}</section>`,
    ),
    '</article>',
  ];
}
