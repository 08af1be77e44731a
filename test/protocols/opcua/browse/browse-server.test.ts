import { expect, test } from 'vitest';
import { silentLog } from '../../../../protocols/log.ts';
import { browseServer } from '../../../../protocols/opcua/browse/browse-server.ts';
import { makeFolder, startMachine } from '../opcua-rig.ts';

test('whoever ends it at a slow server does not wait for all its answers', async () => {
  const machine = await startMachine({ security: { policies: ['None'], modes: [] } });
  const ended = new AbortController();
  let endedAtMs = Infinity;
  const browsing = browseServer(
    {
      endpoint: machine.endpoint,
      securityPolicy: 'best',
      securityMode: 'SignAndEncrypt',
      allowInsecure: true,
      timeout: 20_000,
    },
    {
      depth: 5,
      isAll: false,
      signal: ended.signal,
      onProgress: () => {
        if (ended.signal.aborted) return;
        // From now on each answer takes longer than one would wait for all of them.
        machine.faults.answerAfterMs = 8000;
        endedAtMs = performance.now();
        ended.abort();
      },
    },
    { pkiFolder: makeFolder(), log: silentLog, wallMs: () => Date.now() },
  );
  await expect(browsing).rejects.toMatchObject({ remedy: 'retry', code: 'stopped' });
  expect(performance.now() - endedAtMs).toBeLessThan(8000);
  machine.faults.answerAfterMs = 0;
});
