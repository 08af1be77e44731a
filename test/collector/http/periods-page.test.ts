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
    // Of the 2 hours in which the machine was watched, 1 h 51 min were measured; it is 09:00 in Berlin, so that 7 hours of
    // the day went unwatched.
    expect(told?.coverage.time).toBeCloseTo(111 / 120, 3);
    expect(await day.locator('.coverage').textContent()).toBe('92\u00a0% of 2 h 00 min watched');
    expect(await day.locator('.coverage').getAttribute('class')).toContain('low');

    // What the card says of today is of the same day.
    const facts = page.locator('.machine .facts > div');
    expect(await facts.nth(0).textContent()).toBe('Since 00:006.10\u00a0kWh');
    // 6.1 kWh over 2 h 00 min, all of them switched on but for what nobody knows: as the use phase has it.
    const use = (await (
      await fetch(
        `${server.url}/api/v1/machines/mill/use-phase?from=${HOUR_MS - 3_600_000}&to=${HOUR_MS + 1}`,
      )
    ).json()) as { perHour: { powered: { kwhPerHour: number } } };
    expect(await facts.nth(1).textContent()).toBe(
      `Per powered hour${use.perHour.powered.kwhPerHour.toFixed(2)}\u00a0kWh`,
    );
    expect(await page.locator('#total-energy-label').textContent()).toBe('energy since 00:00');
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
    expect(said).toContain('Watched2 h 00 min of 24 h 00 min');
    expect(said).toContain('Measured1 h 51 min, 92\u00a0% of the time watched');
    // The budget comes when it is opened: of the supply, then of each state.
    await detail.locator('.period-budget').first().waitFor();
    expect(asked.filter((url) => url.includes('budget=true'))).toHaveLength(1);
    const budgets = await detail.locator('.period-budget > summary').allTextContents();
    expect(budgets[0]).toMatch(
      /^Uncertainty of supply: 6\.10\u00a0kWh ± [\d.]+\u00a0%( \?)? \(.*by its counter\)$/,
    );
    expect(budgets.some((text) => text.startsWith('Ready: '))).toBe(true);
    await detail.locator('.period-budget > summary').first().click();
    expect(await detail.locator('.budget').first().isVisible()).toBe(true);
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

  test('a day that begins on a half hour is the same day on the card, and a class out of range is marked', async () => {
    const plan = {
      ...PLAN,
      calendar: { ...PLAN.calendar, dayBegins: [{ fromDay: null, untilDay: null, beginsMin: 390 }] },
    };
    const { page } = await browser.open({ ...plant(), plan });
    await page.getByRole('button', { name: 'Days' }).click();
    const day = page.locator('#hours tr.period').first();
    await day.waitFor();
    const energy = (await day.locator('.energy').textContent()) ?? '';
    const fact = await page.locator('.machine .facts > div').first().textContent();
    // 06:30 in Berlin: half of the first hour, and all of the second.
    expect(fact).toBe(`Since 06:30${/^[^ ]*kWh/.exec(energy)?.[0]}`);
    expect(Number.parseFloat(energy)).toBeLessThan(6);
    expect(energy).toMatch(/± [\d.]+\u00a0% \?$/);
    expect(await page.locator('.periods .note').last().textContent()).toContain(
      '?: a class was used outside',
    );
    expect(browser.complaints).toEqual([]);
  });

  test('periods and hours say that they rest on amendments, by name', async () => {
    const parts = explainedParts();
    const hours = parts.hours.map((hour) =>
      hour.hourMs === HOUR_MS ? { ...hour, basis: { ...hour.basis, amendments: ['0a1b2c3d4e5f'] } } : hour,
    );
    const { page } = await browser.open({ ...plant(), ...parts, hours });
    await page.locator('#hours .status', { hasText: 'amended' }).waitFor();
    expect(await page.locator('#hours .status', { hasText: 'amended' }).count()).toBe(1);
    await page.getByRole('button', { name: 'Days' }).click();
    const day = page.locator('#hours tr.period').first();
    expect(await day.locator('.status').textContent()).toContain('amended');
    await day.getByRole('button').click();
    const detail = (await page.locator('#hours tr.period-detail').first().textContent()) ?? '';
    expect(detail).toContain('Amended1 of them, by 0a1b2c3d4e5f');
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

  for (const [width, colorScheme] of [
    [360, 'light'],
    [360, 'dark'],
    [768, 'dark'],
  ] as const)
    test(`fits ${width} px, ${colorScheme}`, async () => {
      const { page } = await browser.open(plant(), { viewport: { width, height: 800 }, colorScheme });
      await page.getByRole('button', { name: 'Shifts' }).click();
      await page.locator('#hours tr.period').last().getByRole('button').click();
      await page.locator('#hours tr.period-detail').last().waitFor();
      await page.locator('#hours .period-budget > summary').first().click();
      if (PICTURES !== undefined)
        await page.screenshot({
          path: join(PICTURES, `periods-${width}-${colorScheme}.png`),
          fullPage: true,
        });
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      expect(browser.complaints).toEqual([]);
    });
});
