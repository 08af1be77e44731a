import { afterEach, expect, test } from 'vitest';
import type { InfluxStore } from '../../../collector/influx/influx-store.ts';
import { timeOfLine } from '../../../collector/influx/line-protocol.ts';
import { startProjector } from '../../../collector/influx/projector.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { silentLog } from '../../../protocols/log.ts';
import { createMemoryLedger } from './memory-ledger.ts';
import { createPlant, millPart, START_MS } from './plant-records.ts';

/*
 * A gateway without a battery starts with a clock that was never set. Its readings wait for the first record of that boot
 * whose clock is, as they do for machine-hours, and are written at the time they got by that.
 */

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const UNSET = { mono: 0, wall: 1_000, state: 'unsynced' } as const;
const SET = { mono: 0, wall: START_MS, state: 'synced' } as const;
const DAY_MS = 86_400_000;

function start(memory: ReturnType<typeof createMemoryLedger>, waitingMax?: number) {
  const written = new Set<string>();
  const clock = new SteppedClock(START_MS);
  const store = {
    ensureDatabase: async () => ({ empty: false }),
    write: async (lines: string) => {
      for (const line of lines.split('\n')) written.add(line);
      return { kind: 'ok' as const, expired: 0 };
    },
  } as unknown as InfluxStore;
  const projector = startProjector({
    ...memory,
    store,
    quarantine: { add: () => {} },
    site: 'plant',
    clock,
    log: silentLog,
    waits: { idleMs: 5, retryMs: 1, retryMaxMs: 5, haltMs: 5 },
    ...(waitingMax === undefined ? {} : { waitingMax }),
  });
  closers.push(() => projector.stop());
  const times = () => [...written].map(timeOfLine).sort((a, b) => a - b);
  return { projector, written, times, clock };
}

test.each([false, true])(
  'readings wait for the clock of their boot (restarted meanwhile: %s)',
  async (restarts) => {
    const memory = createMemoryLedger();
    const plant = createPlant();
    memory.append(plant.sealConfig());
    memory.append(plant.sealPart(millPart(0, 10), { boot: 'boot00000002', clock: UNSET }));
    memory.append(plant.sealPart(millPart(10_000, 10), { boot: 'boot00000002', clock: UNSET }));
    let run = start(memory);
    await run.projector.idle();
    expect(run.projector.stats()).toMatchObject({ waitingRecords: 2, samples: 0, cursor: 3 });
    expect(memory.views.cursor('influx-waiting')).toBe(2);
    if (restarts) {
      await run.projector.stop();
      run = start(memory);
    }
    memory.append(plant.sealPart(millPart(20_000, 10), { boot: 'boot00000002', clock: SET }));
    await run.projector.idle();
    expect(run.projector.stats()).toMatchObject({ waitingRecords: 0, samples: 93 });
    expect(new Set(run.times())).toEqual(
      new Set(Array.from({ length: 30 }, (_, row) => START_MS + row * 1000)),
    );
    expect(memory.views.cursor('influx-waiting')).toBe(0);
  },
);

test('a backlog that comes after the clock was set, and after a restart, needs not wait', async () => {
  const memory = createMemoryLedger();
  const plant = createPlant();
  memory.append(plant.sealConfig());
  const early = plant.sealPart(millPart(0, 10), { boot: 'boot00000002', clock: UNSET });
  memory.append(plant.sealPart(millPart(10_000, 10), { boot: 'boot00000002', clock: SET }));
  const first = start(memory);
  await first.projector.idle();
  await first.projector.stop();
  // Another boot has come by then: without what was known before, these would go by their label.
  memory.append(plant.sealPart(millPart(60_000, 10), { boot: 'boot00000003', clock: SET }));
  memory.append(early);
  const second = start(memory);
  await second.projector.idle();
  expect(second.projector.stats()).toMatchObject({ waitingRecords: 0, undatedRecords: 0 });
  expect(second.times()[0]).toBe(START_MS);
});

test('a boot that ends without a clock leaves out what its label cannot tell; when the clock comes to be known, it is written', async () => {
  const memory = createMemoryLedger();
  const plant = createPlant();
  memory.append(plant.sealConfig());
  memory.append(plant.sealPart(millPart(0, 10), { boot: 'boot00000002', clock: UNSET }));
  const late = plant.sealPart(millPart(10_000, 10), { boot: 'boot00000002', clock: SET });
  const run = start(memory);
  await run.projector.idle();
  memory.append(plant.sealPart(millPart(60_000, 10), { boot: 'boot00000003', clock: SET }));
  await run.projector.idle();
  expect(run.projector.stats()).toMatchObject({ waitingRecords: 0, undatedRecords: 1 });
  expect(run.times()[0]).toBe(START_MS + 60_000);
  memory.append(late);
  await run.projector.idle();
  expect(run.times()[0]).toBe(START_MS);
  expect(new Set(run.times()).size).toBe(30);
});

test('after seven days without a clock readings go by their label, though nothing new has come', async () => {
  const memory = createMemoryLedger();
  const plant = createPlant();
  memory.append(plant.sealConfig());
  const label = { mono: 0, wall: START_MS - 5 * DAY_MS, state: 'unsynced' } as const;
  memory.append(plant.sealPart(millPart(0, 10), { boot: 'boot00000002', clock: label }));
  const run = start(memory);
  await run.projector.idle();
  expect(run.written.size).toBe(0);
  run.clock.stepTo(START_MS + 7 * DAY_MS + 1000);
  await run.projector.idle();
  expect(run.times()[0]).toBe(START_MS - 5 * DAY_MS);
  expect(run.projector.stats().waitingRecords).toBe(0);
});

test('more that waits than is remembered is read from the ledger again: none is forgotten', async () => {
  const memory = createMemoryLedger();
  const plant = createPlant();
  const wiring = plant.sealConfig();
  for (let index = 0; index < 25; index++) memory.append(plant.sealPart(millPart(index * 10_000, 10)));
  const run = start(memory, 4);
  await run.projector.idle();
  expect(run.projector.stats()).toMatchObject({ waitingRecords: 4, samples: 0, cursor: 25 });
  memory.append(wiring);
  await run.projector.idle();
  expect(run.projector.stats()).toMatchObject({ waitingRecords: 0, lagRecords: 0, cursor: 26 });
  expect(new Set(run.times()).size).toBe(250);
  expect(memory.views.cursor('influx-waiting')).toBe(0);
});
