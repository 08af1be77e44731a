import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { awaitUntil } from '../../protocols/mqtt/await-until.ts';
import { requireTool } from '../../support/tools.ts';
import { LIBRARIES, startForeign } from './foreign-server.ts';
import { openDriver, sourceOf } from './opcua-source.ts';
import { pollUntil } from './patient-polls.ts';

const tools = { asyncua: requireTool('asyncua'), milo: requireTool('milo') && requireTool('java') };
/** Longer than the keep-alive that is asked for: between two words the server only says that it lives. */
const QUIET_MS = 2600;

// At the same time: nearly all of it is waiting.
describe.concurrent.each(LIBRARIES)('a quiet server of %s', (library) => {
  it.skipIf(tools[library] === undefined)(
    'numbers its reports so that none is thought missing',
    async ({ onTestFinished }) => {
      const folder = mkdtempSync(join(tmpdir(), 'millwatt-interop-quiet-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const server = await startForeign(library, {
        folder: join(folder, library),
        originMs: Date.now() - 60_000,
        machineTool: true,
      });
      onTestFinished(() => server.close());
      const { driver, words } = await openDriver(
        sourceOf({ endpoint: server.endpoint, allowInsecure: true, model: 'machinetool' }),
        { pkiFolder: join(folder, 'pki') },
      );
      onTestFinished(() => driver.close());
      await pollUntil(driver, () => true);
      await awaitUntil('the words are told', () => words.size >= 6);
      for (const parts of [18, 19, 20]) {
        await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
        await driver.poll();
        await server.order({ do: 'tell', words: { parts } });
        await awaitUntil('the word is told', () => words.get('mill.control.partCount') === parts);
      }
      expect(driver.remarks!().filter((remark) => /missing|silent|watch/.test(remark))).toEqual([]);
    },
  );
});
