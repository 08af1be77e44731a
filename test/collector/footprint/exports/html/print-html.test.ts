import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { layOut } from '../../../../../collector/footprint/exports/html/report-layout.ts';
import { readRecord } from '../../../../../collector/footprint/exports/html/record-reader.ts';
import { METRICS } from '../../../../../collector/footprint/exports/html/section.ts';
import { writeHtml } from '../../../../../collector/footprint/exports/html/write-html.ts';
import type { FootprintRecord } from '../../../../../collector/footprint/record/footprint-record.ts';
import { fingerprint } from '../../../../../protocols/evidence/keys.ts';
import { requireTool } from '../../../../support/tools.ts';
import { samplePart, sampleUsePhase } from '../../sample-record.ts';
import { denseRecord } from './dense-record.ts';
import { monthPart, monthRecord } from './month-record.ts';
import { emptyRecord, hostilePart, hostileUsePhase } from './hostile-record.ts';

const chromiumPath = requireTool('chromium');
const ORDINARY: Record<string, () => FootprintRecord> = {
  'a machine-hour': sampleUsePhase,
  'a part': samplePart,
  'nothing known': emptyRecord,
  'an ordinary machine': denseRecord,
  'a month of a machining centre': monthRecord,
  'a part of that month': monthPart,
};
const HOSTILE: Record<string, () => FootprintRecord> = {
  'more of everything': hostileUsePhase,
  'a part with more of everything': hostilePart,
};

describe.skipIf(chromiumPath === undefined)('in print', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: chromiumPath ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
  });
  afterAll(() => browser.close());

  /** The page as it is laid out for paper, and what it complained of or asked for. */
  async function openReport(make: () => FootprintRecord): Promise<{ page: Page; complaints: string[] }> {
    const page = await browser.newPage({ viewport: { width: 695, height: 1040 } });
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('request', (request) => complaints.push(`asked for ${request.url()}`));
    await page.emulateMedia({ media: 'print' });
    await page.setContent(String(writeHtml(make(), { fingerprintOf: fingerprint })[0]?.content));
    return { page, complaints };
  }

  const pagesOf = async (page: Page): Promise<number> => {
    const pdf = await page.pdf({ preferCSSPageSize: true });
    return (pdf.toString('latin1').match(/\/Type \/Page\b/g) ?? []).length;
  };

  test.each(Object.entries(ORDINARY))(
    '%s is two pages of A4',
    async (_, make) => {
      const { page, complaints } = await openReport(make);
      expect(await page.locator('article').count()).toBe(2);
      expect(await pagesOf(page)).toBe(2);
      expect(complaints).toEqual([]);
      await page.close();
    },
    60_000,
  );

  test.each([...Object.entries(ORDINARY), ...Object.entries(HOSTILE)])(
    '%s: nothing is cut off or overlaps, and no part is higher than it was thought to be',
    async (_, make) => {
      const { page, complaints } = await openReport(make);
      const measured = await page.evaluate<Measured>(MEASURE);
      expect(measured.clipped).toEqual([]);
      expect(measured.overlapping).toEqual([]);
      // The first two sheets each fit on a page; what follows is the appendix.
      for (const height of measured.sheets.slice(0, 2))
        expect(height).toBeLessThanOrEqual(METRICS.pageEm.height);
      const { head, pages } = layOut(readRecord(make()), fingerprint(make().issuer.key));
      expect(measured.header).toBeLessThanOrEqual(head.em);
      for (const { section, drawn } of pages.flat(3))
        expect(measured.sections[section.id], section.id).toBeLessThanOrEqual(drawn.em + METRICS.titleEm);
      expect(complaints).toEqual([]);
      await page.close();
    },
    120_000,
  );

  test('what is too long is in the appendix, whole, and the page says where', async () => {
    const { page } = await openReport(hostileUsePhase);
    const meters = page.locator('section#meters');
    expect(await meters.locator('h2 a').innerText()).toMatch(/^\d+ of 40, see appendix$/);
    expect(await page.locator('header .kicker a').innerText()).toBe('names shortened, see appendix');
    expect(await page.locator('section#all-meters tbody tr').count()).toBe(40);
    expect(await page.locator('section#all-factors tbody tr').count()).toBe(200);
    await page.close();
  }, 60_000);

  test('is light on paper whoever prints it, and dark on a dark screen with enough contrast', async () => {
    const { page } = await openReport(sampleUsePhase);
    const colours = async (media: 'print' | 'screen') => {
      await page.emulateMedia({ media, colorScheme: 'dark' });
      return page.evaluate<{ ink: string; soft: string; paper: string }>(COLOURS);
    };
    const [dark, print] = [await colours('screen'), await colours('print')];
    expect(contrast(dark.ink, dark.paper)).toBeGreaterThan(10);
    expect(contrast(dark.soft, dark.paper)).toBeGreaterThan(4.5);
    expect(contrast(print.ink, 'rgb(255, 255, 255)')).toBeGreaterThan(10);
    expect(contrast(print.soft, 'rgb(255, 255, 255)')).toBeGreaterThan(4.5);
    await page.close();
  }, 60_000);

  test('each picture says what it shows, and each table what it is', async () => {
    const { page } = await openReport(sampleUsePhase);
    const silent = await page.locator('svg[role=img]:not(:has(title)), table:not(:has(caption))').count();
    expect(silent).toBe(0);
    expect(
      await page.locator('svg[role=img] title', { hasText: 'processing: 2440 kWh, U = 2.2 %' }).count(),
    ).toBe(1);
    await page.close();
  }, 60_000);

  test('fits on a small screen', async () => {
    const { page } = await openReport(sampleUsePhase);
    await page.emulateMedia({ media: 'screen' });
    await page.setViewportSize({ width: 390, height: 800 });
    const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(wide).toBeLessThanOrEqual(390);
    await page.close();
  }, 60_000);
});

/** Runs in the page: heights in sizes of its font, and what does not fit where it is. */
const MEASURE = `(() => {
  const em = parseFloat(getComputedStyle(document.body).fontSize);
  const heightOf = (element) => element.getBoundingClientRect().height / em;
  const name = (element) => (element.closest('section')?.id ?? 'head') + ': ' + element.textContent.slice(0, 40);
  const pages = [...document.querySelectorAll('article:not(.appendix)')];
  const all = pages.flatMap((page) => [...page.querySelectorAll('th, td, h1, h2, section > p, .box p, .kicker')]);
  const clipped = all
    .filter((element) => element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 2)
    .filter((element) => !element.classList.contains('kicker'))
    .map(name);
  const cells = pages.flatMap((page) => [...page.querySelectorAll('td, th, h2 > *, svg text')]);
  const overlapping = cells.flatMap((a, index) => {
    const next = cells[index + 1];
    if (next === undefined || next.contains(a) || a.contains(next)) return [];
    const [x, y] = [a, next].map((element) => element.getBoundingClientRect());
    const apart = x.right <= y.left + 1 || y.right <= x.left + 1 || x.bottom <= y.top + 1 || y.bottom <= x.top + 1;
    return apart ? [] : [name(a) + ' | ' + name(next)];
  });
  return {
    clipped,
    overlapping,
    sheets: pages.map(heightOf),
    header: heightOf(document.querySelector('header')),
    sections: Object.fromEntries(pages.flatMap((page) => [...page.querySelectorAll('section')]).map((one) => [one.id, heightOf(one)])),
  };
})()`;

interface Measured {
  clipped: string[];
  overlapping: string[];
  sheets: number[];
  header: number;
  sections: Record<string, number>;
}

const COLOURS = `(() => {
  const of = (selector) => getComputedStyle(document.querySelector(selector));
  return { ink: of('h1').color, soft: of('.name').color, paper: of('.sheet').backgroundColor };
})()`;

/** Contrast of two colours as WCAG has it. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string) => {
    const [r = 0, g = 0, blue = 0] = (colour.match(/\d+(?:\.\d+)?/g) ?? []).map((text) => {
      const part = Number(text) / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue;
  };
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}
