import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { requireTool } from '../../support/tools.ts';
import { startPlantServer, type PlantServer } from './plant-server.ts';

type Plant = Parameters<typeof startPlantServer>[0];

/** A real browser that opens the page of plants, and what it complained of. */
export interface PlantBrowser {
  /** Errors and warnings of the page since `reset`, and whatever it asked of anybody else. */
  complaints: string[];
  open(
    plant: Plant,
    context?: BrowserContextOptions,
    path?: string,
  ): Promise<{ server: PlantServer; page: Page }>;
  /** Ends pages and servers. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Where chromium is; undefined (said loudly) where there is none. */
export const chromiumPath = requireTool('chromium');

/** Starts a browser whose pages lie in Berlin and read English. */
export async function startPlantBrowser(): Promise<PlantBrowser> {
  const browser: Browser = await chromium.launch({
    executablePath: chromiumPath ?? '',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  const servers: PlantServer[] = [];
  const complaints: string[] = [];
  const reset = async (): Promise<void> => {
    for (const context of browser.contexts()) await context.close();
    for (const server of servers.splice(0)) await server.stop();
    complaints.length = 0;
  };
  return {
    complaints,
    reset,
    async open(plant, context = {}, path = '/') {
      const server = await startPlantServer(plant);
      servers.push(server);
      const page = await browser.newPage({
        viewport: { width: 1400, height: 900 },
        timezoneId: 'Europe/Berlin',
        locale: 'en-GB',
        ...context,
      });
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('request', (request) => {
        if (!request.url().startsWith(server.url)) complaints.push(`asked elsewhere: ${request.url()}`);
      });
      await page.goto(server.url + path);
      return { server, page };
    },
    async close() {
      await reset();
      await browser.close();
    },
  };
}
