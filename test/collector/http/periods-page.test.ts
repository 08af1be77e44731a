import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { plainCalendar } from '../../../collector/energy/calendar/calendar-model.ts';
import type { SitePlan } from '../../../collector/reports/site-plan.ts';
import { explainedParts, explainedPlan, HOUR_MS } from '../reports/explained-plant.ts';
import { chromiumPath, startPlantBrowser, type PlantBrowser } from './plant-browser.ts';
import type { startPlantServer } from './plant-server.ts';

/** To look at the page: a folder that gets pictures of it. */
const PICTURES = process.env['MILLWATT_PICTURES'];

/** Berlin, with a shift from 05:30 to 07:30, when 05:00 UTC is 06:00: it holds half of each hour made by hand. */
const PLAN: SitePlan = {
  ...explainedPlan(),
  calendar: {
    ...plainCalendar('Europe/Berlin'),
    shifts: [
      {
        name: 'early',
        beginsMin: 330,
        endsMin: 450,
        weekdays: [1, 2, 3, 4, 5, 6, 7],
        fromDay: null,
        untilDay: null,
      },
    ],
  },
};

function plant(): Parameters<typeof startPlantServer>[0] {
  return {
    nowMs: () => HOUR_MS + 2 * 3_600_000,
    machines: [{ id: 'mill', name: 'Mill 1', ratedPowerW: 7500 }],
    plan: PLAN,
    ...explainedParts(),
  };
}

describe.skipIf(chromiumPath === undefined)('shifts, days and months on the page', () => {
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

  test('each kind shows what the API tells of it, asked for only when it is chosen', async () => {
    const { server, page } = await browser.open(plant());
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.locator('.open-hour').first().waitFor();
    expect(asked.filter((url) => url.includes('/periods'))).toEqual([]);

    await page.getByRole('button', { name: 'Days' }).click();
    const day = page.locator('#hours tr.period').first();
    await day.waitFor();
    // 2.9 + 3.2 kWh in two hours.
    expect(await day.locator('.when').textContent()).toBe('Sun 22 Nov, so far');
    expect(await day.locator('.energy').textContent()).toMatch(/^6\.10\u00a0kWh/);
    expect(await day.locator('.mean').textContent()).toBe('3.05\u00a0kW');
    const answer = await fetch(
      `${server.url}/api/v1/machines/mill/periods?kind=day&from=${HOUR_MS - 7_200_000}&to=${HOUR_MS + 7_200_000}`,
    );
    const { periods } = (await answer.json()) as {
      periods: { spanMs: number; coverage: { time: number }; energy: { supplyMwh: number } }[];
    };
    const told = periods.find(({ spanMs }) => spanMs > 0);
    expect(told?.energy.supplyMwh).toBe(6_100_000);
    // It is 09:00 in Berlin: of the 9 hours of the day that have passed, 1 h 51 min were measured. Nobody can have
    // measured the other 15.
    expect(told?.coverage.time).toBeCloseTo(111 / (24 * 60), 3);
    expect(await day.locator('.coverage').textContent()).toBe(`${Math.floor((100 * 111) / (9 * 60))}\u00a0%`);
    expect(await day.locator('.status').textContent()).toBe('Provisional');

    // What lies behind it opens below it, and stays open.
    const detail = page.locator('#hours tr.period-detail').first();
    expect(await detail.isVisible()).toBe(false);
    await day.getByRole('button').click();
    await detail.waitFor();
    const said = (await detail.textContent()) ?? '';
    expect(said).toMatch(/Ready.*kWh ± [\d.]+\u00a0%/);
    expect(said).toContain('bridged over gaps');
    expect(said).toContain('2 machine-hours');
    if (PICTURES !== undefined)
      await page.screenshot({ path: join(PICTURES, 'days-1400.png'), fullPage: true });
    await page.getByRole('button', { name: 'Hours' }).click();
    await page.getByRole('button', { name: 'Days' }).click();
    expect(await detail.isVisible()).toBe(true);
    await day.getByRole('button').click();
    expect(await detail.isVisible()).toBe(false);

    await page.getByRole('button', { name: 'Shifts' }).click();
    const shift = page.locator('#hours tr.period', { hasText: 'early' });
    await shift.waitFor();
    expect(await shift.locator('.when').textContent()).toBe('Sun 22 Nov, early, 05:30 – 07:30');
    // All of the first hour, and 30 minutes of the second: 0.42 kWh of ready, and 9 of 30 minutes of processing.
    const energyText = (await shift.locator('.energy').textContent()) ?? '';
    expect(Number.parseFloat(energyText)).toBeGreaterThan(2.9 + 0.42 + 0.6);
    expect(Number.parseFloat(energyText)).toBeLessThan(2.9 + 0.42 + 0.8);
    if (PICTURES !== undefined)
      await page.screenshot({ path: join(PICTURES, 'periods-1400.png'), fullPage: true });

    await page.getByRole('button', { name: 'Months' }).click();
    await page.getByText('November 2026, so far', { exact: true }).waitFor();
    expect(await page.locator('.periods .note').last().textContent()).toContain('Europe/Berlin');
    await page.getByRole('button', { name: 'Hours' }).click();
    await page.locator('.open-hour').first().waitFor();
    expect(browser.complaints).toEqual([]);
  });

  test('what is implausible about the readings stands above them, with what to do', async () => {
    const parts = explainedParts();
    // The counter of the second hour says 2.4 kWh of processing where power says twice that.
    const minutes = parts.minutes.map((minute) =>
      minute.channel === 'mill.supply.activePower' && minute.minuteMs >= HOUR_MS
        ? { ...minute, min: minute.min * 2, max: minute.max * 2, sum: minute.sum * 2, last: minute.last * 2 }
        : minute,
    );
    const { server, page } = await browser.open({ ...plant(), ...parts, minutes });
    const answer = await fetch(
      `${server.url}/api/v1/machines/mill/findings?from=${HOUR_MS - 79_200_000}&to=${HOUR_MS + 7_200_000}`,
    );
    const { findings } = (await answer.json()) as { findings: { saying: string; cure: string }[] };
    expect(findings.length).toBeGreaterThan(0);
    await page.locator('.finding').first().waitFor();
    const shown = await page.locator('.finding').allTextContents();
    expect(shown).toHaveLength(findings.length);
    for (const { saying, cure } of findings) {
      expect(shown.join('\n')).toContain(saying);
      expect(shown.join('\n')).toContain(cure);
    }
    if (PICTURES !== undefined)
      await page.screenshot({ path: join(PICTURES, 'findings-1400.png'), fullPage: true });
    expect(browser.complaints).toEqual([]);
  });

  test('fits a phone', async () => {
    const { page } = await browser.open(plant(), { viewport: { width: 360, height: 800 } });
    await page.getByRole('button', { name: 'Shifts' }).click();
    await page.locator('#hours tr.period').last().getByRole('button').click();
    await page.locator('#hours tr.period-detail').last().waitFor();
    if (PICTURES !== undefined)
      await page.screenshot({ path: join(PICTURES, 'periods-360.png'), fullPage: true });
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    expect(browser.complaints).toEqual([]);
  });
});
