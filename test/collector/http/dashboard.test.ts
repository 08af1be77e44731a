import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { plantDay } from './plant-day.ts';
import { chromiumPath, startPlantBrowser, type PlantBrowser } from './plant-browser.ts';
import { liveMessage, type startPlantServer } from './plant-server.ts';

const NOW_MS = Date.UTC(2026, 2, 3, 13, 37);
const MACHINES = [
  { id: 'mill', name: 'Mill <b>1</b>', ratedPowerW: 15_000 },
  { id: 'lathe', name: 'Lathe 2', ratedPowerW: 11_000 },
];
/** To look at the page: a folder that gets pictures of it. */
const PICTURES = process.env['MILLWATT_PICTURES'];

describe.skipIf(chromiumPath === undefined)('the page in a browser', () => {
  let browser: PlantBrowser;
  let complaints: string[];
  beforeAll(async () => {
    browser = await startPlantBrowser();
    ({ complaints } = browser);
  });
  afterAll(async () => {
    await browser?.close();
  });
  afterEach(async () => {
    await browser.reset();
  });

  const open = async (
    options: Partial<Parameters<typeof startPlantServer>[0]> = {},
    context: BrowserContextOptions = {},
  ) => await browser.open({ nowMs: () => NOW_MS, machines: MACHINES, ...options }, context);

  test('shows what the machines do now, their hours and the agents, and complains of nothing', async () => {
    const { server, page } = await open({ ...plantDay(NOW_MS), simulated: true });
    server.board.put('gateway-hall-1', liveMessage('mill', NOW_MS, 4567.8));
    const down = [{ source: 'lathe-supply', reason: 'timeout' }];
    server.board.put('gateway-hall-1', liveMessage('lathe', NOW_MS, null, { down }));

    const mill = page.locator('[data-machine="mill"].machine');
    await mill.getByText('4.57', { exact: true }).waitFor();
    expect(await mill.getByRole('heading').textContent()).toBe('Mill <b>1</b>');
    expect(await mill.locator('.power').textContent()).toBe('4.57kW');
    expect(await mill.locator('.chip').textContent()).toBe('Processing');
    expect(await mill.locator('.chip').getAttribute('title')).toBe(
      'by power bands: from 2000 W, calibration 1',
    );
    expect(await page.locator('#decided-mill').textContent()).toBe(
      'by power bands: from 2000 W, calibration 1',
    );
    expect(await mill.locator('.power-note').textContent()).toBe('now, 30 % of rated power');
    const lathe = page.locator('[data-machine="lathe"].machine');
    await lathe.getByText('lathe-supply: timeout').waitFor();
    expect(await lathe.locator('.chip').textContent()).toBe('Unknown');
    expect(await lathe.locator('.power').textContent()).toBe('–');
    expect(await page.locator('#simulated').textContent()).toContain('Simulated plant.');
    expect(await page.locator('#total-power-label').textContent()).toBe('power now of 1 of 3 machines');

    // 13:37 UTC is 14:37 in Berlin; the running UTC hour began at 14:00 there.
    const rows = page.locator('#hours tbody tr:not(.day)');
    await rows.first().waitFor();
    const running = await rows.first().locator('th, td').allTextContents();
    expect(running).toEqual([
      '14:00 – 15:00',
      expect.stringMatching(/^2\.\d\d\u00a0kWh$/),
      expect.stringMatching(/kW$/),
      '',
      '100\u00a0%',
      'Provisional',
    ]);
    expect(await rows.first().locator('.state-bar').getAttribute('aria-label')).toMatch(
      /^Processing \d+ min, Ready \d+ min$/,
    );
    expect(await page.locator('#hours .day').allTextContents()).toEqual([
      expect.stringMatching(/^Today, Tuesday.*3 March.*kWh in these hours$/),
      expect.stringMatching(/^Monday.*2 March.*kWh in these hours$/),
    ]);
    expect(await rows.nth(1).locator('.status').textContent()).toBe('Final');
    await page.getByRole('button', { name: 'Lathe 2' }).click();
    await page.locator('#hours .coverage.low').first().waitFor();

    const agents = page.locator('.agent');
    expect(await agents.count()).toBe(2);
    expect(await agents.nth(0).textContent()).toContain('2 of 3 up');
    expect(await agents.nth(0).textContent()).toContain('lathe-supply is down: timeout');
    expect(await agents.nth(0).textContent()).toContain('mill-control is read without security');
    expect(await agents.nth(0).textContent()).toContain('mill-control: The server samples Spindle/ActPower');
    expect(await agents.nth(1).textContent()).toContain('Offline');
    expect(await page.locator('#zone').textContent()).toContain('Europe/Berlin');
    expect(await mill.locator('.plot canvas').count()).toBe(1);
    expect(await mill.locator('.plot').getAttribute('aria-label')).toMatch(
      /Last 24 hours: mean .*kW, peak .*kW/,
    );
    expect(await mill.locator('.band').getAttribute('aria-label')).toContain('Ready');
    expect(complaints).toEqual([]);
  });

  test('follows the power, and says so when the collector is gone', async () => {
    const { server, page } = await open();
    server.board.put('gateway', liveMessage('mill', NOW_MS, 60));
    const mill = page.locator('[data-machine="mill"].machine');
    await mill.getByText('60', { exact: true }).waitFor();
    expect(await mill.locator('.chip').textContent()).toBe('Standby');
    server.board.put('gateway', liveMessage('mill', NOW_MS + 1000, 2900));
    await mill.getByText('2.90', { exact: true }).waitFor();
    expect(await page.locator('#link').textContent()).toBe('Live');
    server.board.put('gateway', liveMessage('robot', NOW_MS + 1000, 5));
    await page.locator('[data-machine="robot"].machine').waitFor();
    await server.close();
    await page.getByText(/^Connection lost, values from 14:37:\d\d/).waitFor();
    expect(await page.locator('body').getAttribute('class')).toContain('stale');
  });

  test('an empty collector says what to do', async () => {
    const { page } = await open({ machines: [] });
    await page.getByText('No machine has sent anything yet.').waitFor();
    await page.getByText('No agent has connected yet.').waitFor();
    expect(await page.locator('#machines').textContent()).toContain('millwatt agent -c agent.yaml');
    expect(await page.locator('#simulated').isVisible()).toBe(false);
    expect(complaints).toEqual([]);
  });

  test('asks for the token, refuses a wrong one, and shows the plant with the right one', async () => {
    const token = 'correct-horse-battery-staple-9';
    const { server, page } = await open({ address: { token } });
    server.board.put('gateway', liveMessage('mill', NOW_MS, 60));
    await page.getByLabel('Token').fill('something-else-altogether');
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByText('That is not the token of this collector.').waitFor();
    expect(await page.locator('.machine').count()).toBe(0);
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Open' }).click();
    await page.locator('[data-machine="mill"].machine').getByText('60', { exact: true }).waitFor();
    expect(page.url()).not.toContain(token);
    // A link would be answered with 401: it cannot carry the token.
    expect(await page.getByRole('link', { name: 'Metrics' }).isVisible()).toBe(false);
  });

  test('an agent that is offline is a problem only while it holds records', async () => {
    const [first] = plantDay(NOW_MS).agents;
    if (first === undefined || first.chain === null) throw new Error('The plant has no such agent.');
    const key = { fingerprint: '9904-1234', confirmed: false, standing: 'seen' };
    const offline = { ...first, online: false, lastSeenMs: NOW_MS - 60_000, key };
    const chain = { ...first.chain, headSeq: 1441, contiguousSeq: 1441 };
    const { page } = await open({
      agents: [
        { ...offline, chain },
        { ...offline, id: 'lost' },
      ],
    });
    await page.locator('.agent').nth(1).waitFor();
    expect(await page.getByRole('link', { name: 'Metrics' }).isVisible()).toBe(true);
    const [stopped, lost] = await page.locator('.agent').allTextContents();
    expect(stopped).toContain('Offline since 14:36:00.');
    expect(stopped).not.toContain('gateway on');
    expect(stopped).toContain('Key 9904-1234 was taken on first contact.');
    expect(lost).toContain('It still had one record to send. Is its gateway on, and the network between?');
    const { page: simulated } = await open({ agents: [{ ...offline, chain }], simulated: true });
    await simulated.locator('.agent').waitFor();
    expect(await simulated.locator('.agent').textContent()).not.toContain('first contact');
  });

  test('an agent whose key is strange or revoked says so, and what mends it', async () => {
    const [first] = plantDay(NOW_MS).agents;
    if (!first?.health) throw new Error('The plant has no such agent.');
    const key = { fingerprint: '9904-1234', confirmed: false, standing: 'other' };
    const { page } = await open({
      agents: [
        { ...first, id: 'strange', key },
        {
          ...first,
          id: 'stolen',
          key: { ...key, standing: 'revoked' },
          health: { ...first.health, keyRevoked: 'current' },
        },
        {
          ...first,
          id: 'renewed',
          key: { ...key, confirmed: true, standing: 'confirmed' },
          health: { ...first.health, keyRevoked: 'earlier' },
        },
      ],
    });
    await page.locator('.agent').nth(2).waitFor();
    const [strange, stolen, renewed] = await page.locator('.agent').allTextContents();
    expect(strange).toContain('then: millwatt keys confirm strange 9904-1234');
    expect(stolen).toContain('Its key was revoked: its records are refused and wait in its spool.');
    expect(renewed).toContain(
      'Records that it sealed under an earlier key, which was revoked, wait in its spool',
    );
    for (const text of [strange, stolen, renewed]) expect(text).not.toContain('first contact');
    // Its first record, which may say whose place the key took, is still on its way.
    const { page: early } = await open({
      agents: [{ ...first, key, chain: { ...first.chain!, contiguousSeq: 0 } }],
    });
    await early.locator('.agent').waitFor();
    expect(await early.locator('.agent').textContent()).not.toContain('signs with key');
  });

  test('an agent that is new shows the readings that are here before it tells of them', async () => {
    const [first] = plantDay(NOW_MS).agents;
    if (!first?.health || first.chain === null) throw new Error('The plant has no such agent.');
    const { spool } = first.health;
    const health = { ...first.health, spool: { ...spool, samples: { ...spool.samples, sampled: 0 } } };
    const chain = { ...first.chain, samples: 777 };
    const { page } = await open({
      agents: [
        { ...first, health, chain },
        { ...first, id: 'new', health: null, chain },
      ],
    });
    await page.locator('.agent').nth(1).waitFor();
    for (const text of await page.locator('.agent').allTextContents()) expect(text).toContain('Readings777');
  });

  test('says since when a spool is full, what became of its readings, and what helps', async () => {
    const [first] = plantDay(NOW_MS).agents;
    if (first === undefined || first.health === null) throw new Error('The plant has no such agent.');
    const { health } = first;
    const full = { since: NOW_MS - 25 * 3_600_000, until: null, over: false, thinned: 128_000, dropped: 0 };
    const agentWith = (
      id: string,
      told: typeof full | { since: number; until: number; over: true; thinned: number; dropped: number },
    ) => ({
      ...first,
      id,
      health: {
        ...health,
        spool: { ...health.spool, samples: { ...health.spool.samples, thinned: told.thinned }, full: told },
      },
    });
    const over = {
      since: NOW_MS - 7_200_000,
      until: NOW_MS - 3_600_000,
      over: true as const,
      thinned: 10,
      dropped: 300,
    };
    const { page } = await open({
      agents: [
        agentWith('a', full),
        agentWith('b', over),
        agentWith('c', { ...over, until: NOW_MS - 8 * 86_400_000 }),
      ],
    });
    await page.locator('.agent').nth(2).waitFor();
    const [lasting, past, old] = await page.locator('.agent').allTextContents();
    expect(await page.locator('.agent').nth(0).locator('.problem').allTextContents()).toContain(
      'Its spool is full since Mon 2 Mar, 13:37:00: 128,000 readings were thinned out (the kWh of each hour stay exact, its power curve is coarse). What waits is too much for it: keep the broker and this collector running, or give the agent a larger spool.maxSize.',
    );
    expect(lasting).toContain('Thinned128,000');
    expect(past).toContain(
      'Its spool was full from 12:37:00 to 13:37:00: 10 readings were thinned out (the kWh of each hour stay exact, its power curve is coarse), and the oldest 300 readings were dropped and are lost. For longer outages give the agent a larger spool.maxSize.',
    );
    expect(old).not.toContain('was full');
  });

  test.each([390, 768, 1400])(
    'fits a screen of %i px, light and dark, with enough contrast',
    async (width) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        const { server, page } = await open(plantDay(NOW_MS), {
          viewport: { width, height: 844 },
          colorScheme,
        });
        server.board.put('gateway', liveMessage('mill', NOW_MS, 4567.8));
        await page.locator('[data-machine="mill"].machine').getByText('4.57', { exact: true }).waitFor();
        await page.locator('#hours tbody tr').first().waitFor();
        if (PICTURES !== undefined) {
          await page.locator('.band canvas').first().waitFor();
          await page.screenshot({ path: join(PICTURES, `page-${width}-${colorScheme}.png`), fullPage: true });
        }
        const cut = await page.evaluate(
          `[...document.querySelectorAll('#hours .day th')].some((cell) => cell.scrollWidth > cell.clientWidth)`,
        );
        expect(cut).toBe(false);
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect(overflow).toBeLessThanOrEqual(0);
        for (const [front, back] of [
          ['--text', '--surface'],
          ['--soft', '--surface'],
          ['--soft', '--page'],
          ['--warn', '--surface'],
          ['--warn', '--warn-surface'],
          ['--accent', '--page'],
        ])
          expect(await contrast(page, front ?? '', back ?? ''), `${front} on ${back}`).toBeGreaterThanOrEqual(
            4.5,
          );
        expect(complaints).toEqual([]);
      }
    },
  );
});

/** The contrast ratio of two colours of the page (WCAG 2). */
async function contrast(page: Page, front: string, back: string): Promise<number> {
  const [a, b] = await Promise.all(
    [front, back].map(async (name) => {
      const hex: string = await page.evaluate(
        `getComputedStyle(document.documentElement).getPropertyValue('${name}').trim()`,
      );
      const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
        const level = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
        return level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    }),
  );
  return (Math.max(a ?? 0, b ?? 0) + 0.05) / (Math.min(a ?? 0, b ?? 0) + 0.05);
}
