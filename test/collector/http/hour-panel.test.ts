import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ExplainedHour, Figure } from '../../../collector/reports/explained-hour.ts';
import { milliwattHours } from '../../../protocols/telemetry/unit.ts';
import { explainedParts, explainedPlan, HOUR_MS } from '../reports/explained-plant.ts';
import { chromiumPath, startPlantBrowser, type PlantBrowser } from './plant-browser.ts';
import type { PlantServer, startPlantServer } from './plant-server.ts';

/** To look at the page: a folder that gets pictures of it. */
const PICTURES = process.env['MILLWATT_PICTURES'];
const LINK = '#mill/2026-11-22T06:00Z';
const WHOLE_LINK = '#mill/2026-11-22T05:00Z';

type Plant = Parameters<typeof startPlantServer>[0];

function plant(change: Partial<Plant> = {}): Plant {
  return {
    nowMs: () => HOUR_MS + 2 * 3_600_000,
    machines: [{ id: 'mill', name: 'Mill <b>1</b>', ratedPowerW: 7500 }],
    plan: explainedPlan(),
    ...explainedParts(),
    ...change,
  };
}

async function explanationOf(server: PlantServer, hourMs = HOUR_MS): Promise<ExplainedHour> {
  const answer = await fetch(`${server.url}/api/v1/machines/mill/hours/${hourMs}/explanation`);
  return (await answer.json()) as ExplainedHour;
}

/** What a section shows: labels and what stands beside them. */
async function shownIn(page: Page, name: string): Promise<Record<string, string>> {
  return await page.evaluate(
    `Object.fromEntries([...document.querySelectorAll('[data-section="${name}"] .pairs > div')].map((pair) =>
      [pair.querySelector('dt').textContent, pair.querySelector('dd').firstChild.textContent.replaceAll('\\u00a0', ' ')]))`,
  );
}

const sayingsOf = (figures: readonly Figure[]): string[] => figures.map(({ saying }) => saying);

describe.skipIf(chromiumPath === undefined)('the panel of an hour, in a browser', () => {
  let browser: PlantBrowser;
  beforeAll(async () => {
    browser = await startPlantBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });
  afterEach(async () => {
    await browser.reset();
  });

  test('an hour whose minutes do not fit its record says so, and what to do', async () => {
    const parts = explainedParts();
    const hours = parts.hours.map((hour) => {
      const stateMwh = { ...hour.energy.stateMwh, ready: milliwattHours(hour.energy.stateMwh.ready + 1) };
      return { ...hour, energy: { ...hour.energy, stateMwh } };
    });
    const { page } = await browser.open(plant({ ...parts, hours }), {}, `/${LINK}`);
    const problem = page.locator('.hour-panel .problem');
    await problem.waitFor();
    const said = (await problem.textContent()) ?? '';
    expect(said).toContain('The minutes kept of the hour of mill at 2026-11-22T06:00:00.000Z do not sum');
    expect(said).toContain('delete views.db');
  });

  test('shows every figure of the hour as the API tells it, and asks for it only then', async () => {
    const { server, page } = await browser.open(plant());
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.locator('.open-hour').first().waitFor();
    expect(asked.filter((url) => url.includes('explanation'))).toEqual([]);
    await page.locator('#hours tbody tr:not(.day)').first().locator('.state-bar').click();
    await page.locator('[data-section="energy"]').waitFor();

    const told = await explanationOf(server);
    expect(await page.locator('#hour-title').textContent()).toBe('Mill <b>1</b>, 07:00 – 08:00');
    expect(await page.locator('.hour-head .note').textContent()).toContain(
      '06:00 to 07:00 UTC · final, revision 2',
    );
    expect(Object.values(await shownIn(page, 'energy'))).toEqual([
      ...sayingsOf(told.energy),
      ...sayingsOf(told.time),
    ]);
    expect(Object.values(await shownIn(page, 'counter'))).toEqual(sayingsOf(told.counters[0]?.figures ?? []));
    expect(Object.values(await shownIn(page, 'closure'))).toEqual(sayingsOf(told.closure));
    expect(Object.values(await shownIn(page, 'components'))).toEqual(sayingsOf(told.components));
    const states = await shownIn(page, 'states');
    expect(states).toEqual({
      Ready: '0.42 kWh / 0.35 h = 1.2 kW',
      Processing: '2.3 kWh / 0.5 h = 4.6 kW',
      Unknown: '0.48 kWh / 0.15 h = 3.2 kW',
      ...Object.fromEntries(told.sums.map(({ label, saying }) => [label, saying])),
    });
    // The same as the record that the table is made of.
    const { hours } = (await (
      await fetch(`${server.url}/api/v1/machines/mill/hours?from=${HOUR_MS}&to=${HOUR_MS + 1}`)
    ).json()) as { hours: [ExplainedHour['hour']] };
    expect(told.hour).toEqual(hours[0]);
    const [supply] = told.energy;
    expect(supply?.value).toBe(hours[0].energy.supplyMwh);
    for (const { state, energyMwh, timeMs } of told.states)
      expect([energyMwh, timeMs]).toEqual([hours[0].energy.stateMwh[state], hours[0].timeMs[state]]);

    // Times are those of the browser: Berlin is an hour ahead.
    expect(Object.keys(await shownIn(page, 'counter')).slice(0, 2)).toEqual([
      'before the hour, 06:59:59',
      'last in the hour, 07:59:59',
    ]);
    expect(await shownIn(page, 'gaps')).toEqual({
      '07:51 – 08:00':
        '540 s without readings; 0.38 kWh bridged: 0.38 kWh / 0.15 h = 2.533 kW (a gap in the readings, a source was down)',
    });
    expect(Object.keys(await shownIn(page, 'decisions'))).toEqual(['07:30:00, supply: glitch']);
    expect(Object.values(await shownIn(page, 'meters')).join()).toContain('serial LQN/123, class 0.5S');
    expect(Object.values(await shownIn(page, 'basis'))).toContain('snapshot-1');
    expect(await page.locator('.hour-chart canvas').count()).toBe(3 - 1);
    expect(await page.locator('.hour-chart .legend').textContent()).toBe(
      'ProcessingReadyUnknownNot measuredCounterPower x time',
    );
    expect(browser.complaints).toEqual([]);
  });

  test('the uncertainty: each statement with its arithmetic, and the budget as bars', async () => {
    const { server, page } = await browser.open(plant(), {}, `/${WHOLE_LINK}`);
    await page.locator('.budget li').first().waitFor();
    const { uncertainty } = await explanationOf(server, HOUR_MS - 3_600_000);
    if (uncertainty.kind !== 'assessed' || uncertainty.total?.kind !== 'known')
      throw new Error('not assessed');
    expect(await shownIn(page, 'uncertainty')).toEqual(
      Object.fromEntries([
        ...uncertainty.figures.map(({ label, saying }) => [label, saying]),
        ...uncertainty.notes.map((note) => ['note', note]),
      ]),
    );
    // In words, not as the record names them.
    expect(await page.locator('.budget-source').allTextContents()).toContain('Current transformers, phase');
    const shares = await page.locator('.budget-share').allTextContents();
    const rows = uncertainty.total.rows.filter(({ sharePercent }) => sharePercent >= 0.05);
    expect(shares).toEqual(
      rows
        .map(({ sharePercent }) => sharePercent)
        .sort((a, b) => b - a)
        .map((share) => `${share.toFixed(1)} %`),
    );
    const widths: number[] = await page.evaluate(
      `[...document.querySelectorAll('.budget-bar')].map((bar) => 100 * bar.firstChild.getBoundingClientRect().width / bar.getBoundingClientRect().width)`,
    );
    for (const [index, width] of widths.entries())
      expect(width).toBeCloseTo(Number.parseFloat(shares[index] ?? ''), 0);
    expect(browser.complaints).toEqual([]);
  });

  test('goes by keyboard alone: opens, goes on, closes with Escape, and the focus comes back', async () => {
    const { page } = await browser.open(plant());
    const button = page.locator('.open-hour').first();
    await button.focus();
    await page.keyboard.press('Enter');
    await page.locator('[data-section="uncertainty"]').waitFor();
    expect(page.url()).toContain(LINK);
    // Inside the dialog there is nothing behind it to reach.
    for (let presses = 0; presses < 6; presses++) {
      await page.keyboard.press('Tab');
      const isInside = await page.evaluate(
        `document.activeElement === document.body || document.activeElement.closest('dialog') !== null`,
      );
      expect(isInside).toBe(true);
    }
    await page.getByRole('button', { name: 'The hour after' }).click();
    await page.locator('.hour-body .problem').waitFor();
    expect(await page.locator('.hour-body .problem').textContent()).toBe(
      'Machine mill has no machine-hour at 2026-11-22T07:00Z. Take an hourMs from its /hours.',
    );
    await page.getByRole('button', { name: 'The hour before' }).click();
    await page.locator('[data-section="energy"]').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    await expect.poll(() => new URL(page.url()).hash).toBe('');
    expect(await page.evaluate('document.activeElement.dataset.hour')).toBe(String(HOUR_MS));
    // A 404 is said in the panel; the browser notes it, too.
    expect(browser.complaints.filter((text) => !text.includes('404'))).toEqual([]);
  });

  test('a link opens its hour, also behind the token, and a strange one opens nothing', async () => {
    const token = 'correct-horse-battery-staple-9';
    const { server, page } = await browser.open(plant({ address: { token } }), {}, `/${LINK}`);
    await page.getByLabel('Token').fill(token);
    expect(await page.locator('dialog[open]').count()).toBe(0);
    await page.getByRole('button', { name: 'Open' }).click();
    await page.locator('[data-section="energy"]').waitFor();
    expect(page.url()).not.toContain(token);
    expect(await page.evaluate('document.cookie')).toBe('');
    const { headers } = await fetch(server.url);
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers.get('set-cookie')).toBeNull();
    await page.evaluate(`location.hash = '#saw/2026-11-22T06:00Z'`);
    await page.evaluate(`location.hash = '#machines'`);
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
  });

  test.each([360, 768, 1400])('fits a screen of %i px, light and dark', async (width) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await browser.open(
        plant(),
        { viewport: { width, height: 900 }, colorScheme },
        `/${LINK}`,
      );
      await page.locator('.hour-chart canvas').nth(1).waitFor();
      if (PICTURES !== undefined) {
        await page
          .locator('.hour-panel')
          .screenshot({ path: join(PICTURES, `hour-${width}-${colorScheme}.png`) });
        await page.evaluate(`document.querySelector('.hour-panel').scrollTop = 700`);
        await page
          .locator('.hour-panel')
          .screenshot({ path: join(PICTURES, `hour-${width}-${colorScheme}-2.png`) });
      }
      const overflow = await page.evaluate(
        `(() => { const panel = document.querySelector('.hour-panel'); return panel.scrollWidth - panel.clientWidth; })()`,
      );
      expect(overflow, String(width)).toBeLessThanOrEqual(0);
      const cut = await page.evaluate(
        `[...document.querySelectorAll('.hour-panel dd, .hour-panel dt, .hour-panel h4, .hour-panel button')].filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0).map((one) => one.textContent)`,
      );
      expect(cut).toEqual([]);
      expect(browser.complaints).toEqual([]);
    }
  });
});
