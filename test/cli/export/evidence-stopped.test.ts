import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BenchMachine, START_MS } from '../../../bench/derive-machine.ts';
import { startDerivation } from '../../../collector/derivation/deriver.ts';
import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import { loadCollectorConfig } from '../../../config/load.ts';
import { writeWhole } from '../../../cli/export/write-file.ts';
import { machineModelsOf } from '../../../cli/machine-model-of.ts';
import { systemClock } from '../../../protocols/clock.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { silentLog } from '../../../protocols/log.ts';
import { requireTool } from '../../support/tools.ts';
import { makeLedgerSite, type EvidenceSite } from '../verify/evidence-site.ts';

const HOUR_MS = 3_600_000;
const HOURS = 48;
const MILLWATT = join(import.meta.dirname, '../../../cli/millwatt.ts');
const script = requireTool('script');
const machine = new BenchMachine();
let site: EvidenceSite;

beforeAll(async () => {
  const records = [machine.config()];
  for (let second = 0; second < HOURS * 3600; second += 60)
    records.push(machine.seal(second, second + 60, false).record);
  site = await makeLedgerSite({
    machine: 'm',
    batches: [records],
    fromMs: START_MS,
    toMs: START_MS + HOURS * HOUR_MS,
  });
}, 60_000);
afterAll(() => site.close());

/** `millwatt ARGS` on a terminal; Ctrl-C is typed as soon as its output matches. Its exit code and what was seen. */
async function typedCtrlC(at: RegExp, ...args: string[]): Promise<{ code: number; seen: string }> {
  // A shell that stays in between dies of the same key, and its exit code hides ours.
  const quoted = `exec ${[process.execPath, MILLWATT, ...args].map((word) => `'${word}'`).join(' ')}`;
  const child: ChildProcess = spawn(script ?? '', ['-qec', quoted, '/dev/null'], {
    cwd: site.folder,
    env: { ...process.env, TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let seen = '';
  let isTyped = false;
  child.stdout?.on('data', (chunk: Buffer) => {
    seen += chunk.toString('utf8');
    if (isTyped || !at.test(seen)) return;
    isTyped = true;
    child.stdin?.write('\u0003');
  });
  const [code] = (await once(child, 'close')) as [number];
  expect(isTyped, seen).toBe(true);
  return { code, seen };
}

const leftBehind = () => readdirSync(site.folder).filter((name) => name.includes('.part-'));

describe('Ctrl-C', () => {
  test.skipIf(script === undefined)(
    'ends an export, and what stood there stays',
    async () => {
      const path = join(site.folder, 'm.evidence.zip');
      writeFileSync(path, 'what was there');
      const args = [...site.asked, '-o', 'm.evidence.zip', '--force'];
      const { code, seen } = await typedCtrlC(/█.*%  computing all hours anew/, ...args);
      expect(seen).toContain('Stopped; nothing was written.');
      expect(code).toBe(1);
      expect(readFileSync(path, 'utf8')).toBe('what was there');
      expect(leftBehind()).toEqual([]);
    },
    60_000,
  );

  test('ends the writing of a file between two pieces, and while it is looked at', async () => {
    const path = join(site.folder, 'pieces');
    const stopping = new AbortController();
    const pieces = Readable.from(
      (function* () {
        yield Buffer.alloc(100_000);
        stopping.abort('SIGINT');
        yield Buffer.alloc(100_000);
      })(),
    );
    await expect(writeWhole(path, pieces, { signal: stopping.signal })).rejects.toMatchObject({
      code: 'stopped',
    });
    const looking = new AbortController();
    const check = async (part: string) => {
      expect(readFileSync(part, 'utf8')).toBe('whole');
      looking.abort('SIGINT');
    };
    const written = writeWhole(path, 'whole', { signal: looking.signal, check });
    await expect(written).rejects.toMatchObject({ code: 'stopped' });
    expect(existsSync(path)).toBe(false);
    expect(leftBehind()).toEqual([]);
  });

  test.skipIf(script === undefined)(
    'ends a verification that has a bar, and no report is begun: 2, not 1',
    async () => {
      await site.exported('whole.evidence.zip', '--no-check');
      const args = ['verify', 'whole.evidence.zip', '--report', 'stopped.html'];
      const { code, seen } = await typedCtrlC(/█.*%  computing all hours anew/, ...args);
      expect(seen).toContain('Stopped; nothing was decided.');
      expect(code).toBe(2);
      expect(existsSync(join(site.folder, 'stopped.html'))).toBe(false);
      expect(leftBehind()).toEqual([]);
    },
    60_000,
  );
});

test('a package is of one moment, though the collector goes on taking records in and deriving', async () => {
  const { config, folder } = loadCollectorConfig(join(site.folder, 'collector.yaml'));
  const ledger = await openLedger({ folder: join(folder, 'ledger'), log: silentLog, clock: systemClock });
  const views = openViews({ folder });
  const machines = machineModelsOf(config, folder);
  const derivation = startDerivation({
    ledger,
    views,
    machines,
    site: 'plant',
    clock: systemClock,
    log: silentLog,
  });
  const collector = { isDone: false, records: 0 };
  const running = (async () => {
    for (let second = HOURS * 3600; !collector.isDone; second += 60) {
      const sealed: SealedRecord = machine.seal(second, second + 60, false).record;
      await ledger.append({ ...sealed, receivedMs: START_MS + second * 1000 });
      await derivation.idle();
      collector.records++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  try {
    const told = await site.exported('meanwhile.evidence.zip');
    expect(told).toMatchObject({ checked: true, hours: HOURS });
    expect(collector.records).toBeGreaterThan(10);
    const trusted = ['--trust', String(told['collectorFingerprint'])];
    expect((await site.millwatt('verify', 'meanwhile.evidence.zip', ...trusted)).code).toBe(0);
  } finally {
    collector.isDone = true;
    await running;
    await derivation.stop();
    views.close();
    await ledger.close();
  }
}, 60_000);
