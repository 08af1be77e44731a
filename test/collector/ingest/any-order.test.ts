import { rmSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { startDerivation } from '../../../collector/derivation/deriver.ts';
import { unconfiguredMachine } from '../../../collector/energy/machine-model.ts';
import { Admission } from '../../../collector/ingest/admission.ts';
import { Findings } from '../../../collector/ingest/findings.ts';
import { KeyWatch } from '../../../collector/ingest/key-watch.ts';
import { AgentKeys } from '../../../collector/ingest/keys.ts';
import { Quarantine } from '../../../collector/ingest/quarantine.ts';
import { ReceiptIssuer } from '../../../collector/ingest/receipts.ts';
import { WantedRecords } from '../../../collector/ingest/wanted-records.ts';
import type { RowWriter } from '../../../collector/ledger/ledger-writer.ts';
import type { LedgerWorkerData } from '../../../collector/ledger/ledger-worker.ts';
import { MonthWriter } from '../../../collector/ledger/month-writer.ts';
import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { generateSigningKey } from '../../../protocols/evidence/keys.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { silentLog } from '../../../protocols/log.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { figures } from '../derivation/derivation-bench.ts';
import { CHANNELS, MACHINE, PlantFeed, START_MS, type Saying } from '../derivation/plant-feed.ts';
import { makeMemoryFolder } from '../../support/memory-folder.ts';

const SEED = process.env['MILLWATT_TEST_SEED'];
const PATH = process.env['MILLWATT_TEST_PATH'];
const RUNS = Number(process.env['RUNS'] ?? (process.env['MILLWATT_TEST_LONG'] === '1' ? 20_000 : 1000));
const HOUR_MS = 3_600_000;
const RECORDS = 14;

/** A machine's records: power and counter every 30 s, ten minutes a record, with an outage and a restart. */
function plant(): SealedRecord[] {
  const feed = new PlantFeed({ channels: CHANNELS.slice(0, 2) });
  const records = [feed.config()];
  for (let index = 0; records.length < RECORDS; index++) {
    const fromMs = START_MS + index * 600_000;
    if (index === 5) continue;
    if (index === 8) feed.reboot('dddddddddddd', fromMs - 1000);
    const timesMs = Array.from({ length: 20 }, (_, row) => fromMs + row * 30_000 + 7);
    const saying: Saying = {
      rows: [
        {
          source: 'meter',
          everyMs: 30_000,
          timesMs,
          columns: {
            [`${MACHINE}.supply.activePower`]: timesMs.map(
              (atMs) => 2000 + (Math.floor(atMs / 90_000) % 5) * 700,
            ),
            [`${MACHINE}.supply.activeEnergyImport`]: timesMs.map((atMs) =>
              BigInt(Math.floor((atMs - START_MS) * 0.9)),
            ),
          },
        },
      ],
      sealedToMs: fromMs + 600_000,
    };
    records.push(feed.say(saying));
  }
  return records;
}

/** Writes each group in this thread: a worker a run would cost more than the run. */
function inProcess(data: LedgerWorkerData): RowWriter {
  const writer = new MonthWriter(data);
  let id = 0;
  return {
    pending: () => 0,
    write: async (row) => {
      await Promise.resolve();
      const [outcome] = writer.write([{ ...row, id: ++id }]);
      if (outcome === undefined || !('ordinal' in outcome)) throw new Error('not written');
      return outcome;
    },
    close: async () => writer.close(),
  };
}

/** What a collector has of records that arrive so: what is stored, what was receipted, and what is derived. */
async function collect(folder: string, arrivals: readonly (readonly SealedRecord[])[]): Promise<object> {
  const clock = new SteppedClock(START_MS + 40 * HOUR_MS);
  const ledger = await openLedger({
    folder: join(folder, 'ledger'),
    log: silentLog,
    clock,
    startWriter: inProcess,
  });
  const receipted = new Set<string>();
  const receipts = new ReceiptIssuer({
    site: 'plant',
    collector: 'collector',
    key: generateSigningKey(),
    wallMs: () => clock.wallMs(),
    publish: async () => {},
    timers: { after: () => () => {} },
  });
  const accept = receipts.accept.bind(receipts);
  receipts.accept = (record) => {
    expect(ledger.hashOf(record.agent, record.epoch, record.seq)).toBe(record.hash);
    receipted.add(record.hash);
    accept(record);
  };
  const realMs = () => 0;
  const keys = new AgentKeys([]);
  const findings = new Findings(silentLog);
  const admission = new Admission({
    site: 'plant',
    ledger,
    receipts,
    quarantine: new Quarantine({ folder: join(folder, 'quarantine'), log: silentLog, realMs }),
    keys,
    keyWatch: new KeyWatch({ keys, findings, wallMs: () => clock.wallMs(), realMs, log: silentLog }),
    findings,
    wanted: new WantedRecords({ path: join(folder, 'wanted-records.json'), realMs, log: silentLog }),
    wallMs: () => clock.wallMs(),
    realMs,
    log: silentLog,
    onAdmitted: () => {},
    onCrash: (error) => {
      throw error;
    },
  });
  const views = openViews({ folder });
  const derivation = startDerivation({
    ledger,
    views,
    machines: [{ ...unconfiguredMachine(MACHINE), ratedPowerW: watts(15_000) }],
    site: 'plant',
    clock,
    log: silentLog,
  });
  for (const [index, group] of arrivals.entries()) {
    await Promise.all(group.map(({ header, bytes }) => admission.admit(header.agent, bytes)));
    if (index % 3 === 2) await derivation.idle();
  }
  await derivation.idle();
  const all = [MACHINE, 0, Number.MAX_SAFE_INTEGER] as const;
  const stored = ledger
    .readAfter(0, 1000)
    .map(({ hash, bytes }) => `${hash} ${Buffer.from(bytes).toString('base64')}`);
  const outcome = {
    stored: stored.sort(),
    receipted: [...receipted].sort(),
    hours: figures(views.hours(...all)),
    bases: [...views.bases(...all)],
    spans: views.states(...all, 1000),
  };
  await derivation.stop();
  views.close();
  await ledger.close();
  rmSync(folder, { recursive: true });
  return outcome;
}

it('whatever order records come in, twice or together: what is stored and the hours are those of the order they were sealed in', async () => {
  const records = plant();
  const folder = makeMemoryFolder('any-order');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const inOrder = await collect(
    join(folder, 'in-order'),
    records.map((record) => [record]),
  );
  expect((inOrder as { hours: unknown[] }).hours.length).toBeGreaterThan(1);
  const numbers = records.map((_, index) => index);
  let run = 0;
  let duplicates = 0;
  await fc.assert(
    fc.asyncProperty(
      // 30 % of the records come again, and so do some that are on their way at the same moment.
      fc
        .array(fc.nat(RECORDS - 1), {
          minLength: Math.ceil(RECORDS * 0.3),
          maxLength: Math.ceil(RECORDS * 0.3),
        })
        .chain((again) => {
          const arrivals = [...numbers, ...again];
          return fc
            .shuffledSubarray(
              arrivals.map((_, index) => index),
              { minLength: arrivals.length },
            )
            .map((order) => order.map((index) => arrivals[index] ?? 0));
        }),
      // How many messages are handled at a time.
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 20, maxLength: 20 }),
      async (order, sizes) => {
        duplicates += order.length - new Set(order).size;
        const left = order.map((index) => records[index]).filter((one) => one !== undefined);
        const arrivals: SealedRecord[][] = [];
        for (const size of sizes) if (left.length > 0) arrivals.push(left.splice(0, size));
        arrivals.push(left);
        expect(await collect(join(folder, `run-${++run}`), arrivals)).toEqual(inOrder);
      },
    ),
    {
      numRuns: RUNS,
      ...(SEED === undefined ? {} : { seed: Number(SEED) }),
      ...(PATH === undefined ? {} : { path: PATH }),
      reporter: ({ failed, seed, counterexamplePath, errorInstance }) => {
        if (!failed) return;
        const replay = `MILLWATT_TEST_SEED=${seed} MILLWATT_TEST_PATH=${counterexamplePath} npx vitest run test/collector/ingest/any-order.test.ts`;
        throw new Error(
          `${replay}\n${errorInstance instanceof Error ? errorInstance.message : String(errorInstance)}`,
        );
      },
    },
  );
  if (SEED === undefined) expect(duplicates).toBeGreaterThan(RUNS * RECORDS * 0.25);
}, 600_000);
