import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import staticFiles from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const require = createRequire(import.meta.url);

/** The page's own files; nothing else of the folder is served. */
const PAGE_FILES = [
  'dashboard.css',
  'machine-card.css',
  'hours-section.css',
  'hour-panel.css',
  'figures.css',
  'dashboard.js',
  'agents-view.js',
  'budget-bars.js',
  'collector-client.js',
  'day-chart.js',
  'findings-view.js',
  'format.js',
  'hour-chart.js',
  'hour-figures.js',
  'hour-link.js',
  'hour-panel.js',
  'hours-table.js',
  'hours-section.js',
  'machine-card.js',
  'period-detail.js',
  'periods-table.js',
  'reasons.js',
  'sparkline.js',
  'state-ribbon.js',
  'states.js',
  'icon.svg',
];

/** The page at `/` and what it needs below /assets/. It holds no data, so it needs no token. */
export async function addStaticFiles(server: FastifyInstance): Promise<void> {
  const pageFolder = findPageFolder();
  const chartFolder = dirname(require.resolve('uplot'));
  await server.register(staticFiles, { root: pageFolder, serve: false, cacheControl: false });
  const add = (path: string, file: string, folder: string): void => {
    // "no-cache" asks every time whether the file is still the same, so that an update shows at once.
    server.get(path, async (_request, reply) =>
      reply.header('cache-control', 'no-cache').sendFile(file, folder),
    );
  };
  add('/', 'index.html', pageFolder);
  for (const file of PAGE_FILES) add(`/assets/${file}`, file, pageFolder);
  add('/assets/uplot.js', 'uPlot.esm.js', chartFolder);
  add('/assets/uplot.css', 'uPlot.min.css', chartFolder);
}

/** Beside this file, or beside the sources when this file was built into dist/. */
function findPageFolder(): string {
  const beside = fileURLToPath(new URL('./dashboard/', import.meta.url));
  return existsSync(beside)
    ? beside
    : fileURLToPath(new URL('../../../collector/http/dashboard/', import.meta.url));
}
