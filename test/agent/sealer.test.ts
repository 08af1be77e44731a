import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import type { SealerOptions } from '../../agent/sealer.ts';
import { SteppedClock, type Clock } from '../../protocols/clock.ts';
import { sha256 } from '../../protocols/evidence/keys.ts';
import { decodeAgentLog } from '../../protocols/telemetry/agent-log.ts';
import type { SealedRecord } from '../../protocols/evidence/seal.ts';
import { unfoldPart } from '../../protocols/evidence/seal.ts';
import { parseRecord, RECORD_BYTES_MAX, wallTimeMs } from '../../protocols/telemetry/record.ts';
import { checkChain } from './chain-check.ts';
import { partsOf } from './receipting-collector.ts';
import { addReading, holds, openSealer, openSpool, recordsOf } from './spool-rig.ts';

const START_MS = Date.UTC(2026, 2, 2, 6);
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'millwatt-sealer-'));
  closers.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function rig(machines: string[], options: Partial<SealerOptions> & { path?: string; clock?: Clock } = {}) {
  const stepped = new SteppedClock(START_MS);
  const clock = options.clock ?? stepped;
  const spool = openSpool(options.path ?? folder());
  closers.push(() => spool.close());
  const sealed: SealedRecord[] = [];
  const sealer = openSealer(spool, clock, machines, {
    ...options,
    onSealed: (records) => void sealed.push(...records),
  });
  const pass = (ms: number) => stepped.stepTo(stepped.wallMs() + ms);
  const read = (machine: string, value = 1) => addReading(sealer, clock, machine, value);
  return { clock: stepped, spool, sealer, sealed, pass, read };
}

const machinesIn = (record: SealedRecord | undefined) => record?.header.parts.map(({ machine }) => machine);

test('the config snapshot comes first, and its hash is the one the readings name', () => {
  const { sealer, sealed, read } = rig(['mill']);
  read('mill');
  sealer.sealAll();
  const frame = parseRecord(sealed[0]?.bytes ?? new Uint8Array());
  expect(frame.header).toMatchObject({ kind: 'config', seq: 1, samples: 0 });
  const text = unfoldPart(frame.parts[0] ?? new Uint8Array());
  expect(sealed[1]?.header.config).toBe(sha256(text));
});

test('a machine is sealed at its number of samples; one that is nearly due goes along, another stays', () => {
  const { sealer, sealed, pass, read } = rig(['mill', 'lathe', 'press'], { batchSamples: 100 });
  for (let step = 0; step < 100; step++) {
    pass(100);
    read('mill');
    if (step % 5 !== 0) read('lathe');
    if (step % 10 === 0) read('press');
    sealer.sealDue();
  }
  expect(sealed.map(machinesIn)).toEqual([[null], ['mill', 'lathe']]);
  // The first reading of the press is older than all the others, and still open.
  expect(sealed[1]?.header.sealedTo).toBe(100);
  pass(100);
  sealer.sealAll();
  expect(machinesIn(sealed[2])).toEqual(['press']);
  expect(sealed[2]?.header.sealedTo).toBe(10_100);
});

test('a machine is sealed at its age, and an idle agent moves its watermark every minute', () => {
  const { sealer, sealed, pass, read } = rig(['mill'], { batchAgeMs: 30_000 });
  pass(1000);
  read('mill');
  pass(29_999);
  sealer.sealDue();
  expect(sealed).toHaveLength(1);
  pass(1);
  sealer.sealDue();
  expect(sealed).toHaveLength(2);
  pass(59_999);
  sealer.sealDue();
  expect(sealed).toHaveLength(2);
  pass(1);
  sealer.sealDue();
  expect(sealed[2]?.header).toMatchObject({
    samples: 0,
    parts: [],
    first: 91_000,
    last: 91_000,
    sealedTo: 91_000,
  });
});

test('no promise is made over readings that a running poll may still give', () => {
  let runningSinceMs: number | undefined;
  const { sealer, sealed, pass, read } = rig(['mill', 'lathe'], { oldestRunningMs: () => runningSinceMs });
  pass(1000);
  read('mill');
  runningSinceMs = 500;
  pass(1000);
  sealer.sealAll();
  expect(sealed[1]?.header.sealedTo).toBe(500);
});

test('a clock that stands still gives one reading, and one that is late is not dated back', () => {
  const { sealer, sealed, pass, read } = rig(['mill']);
  pass(1000);
  read('mill');
  read('mill');
  expect(sealer.repeated).toBe(1);
  sealer.sealAll();
  sealer.addStatus('mill-meter', { channel: 'mill.supply.activePower', atMs: 10, value: 'LATE' });
  pass(1000);
  sealer.sealAll();
  const frame = parseRecord(sealed[2]?.bytes ?? new Uint8Array());
  expect(partsOf({ frame })[0]?.events).toMatchObject([{ timesMs: [1000], values: ['LATE'] }]);
});

test('what is not a number becomes "no value" of bad quality, and long words are cut', () => {
  const { sealer, sealed, pass, read } = rig(['mill']);
  for (const value of [1, Number.NaN, Number.POSITIVE_INFINITY, 2]) {
    pass(1000);
    read('mill', value);
  }
  sealer.addStatus('mill-meter', {
    channel: 'mill.supply.activePower',
    atMs: 4000,
    value: 'x'.repeat(1_000_000),
  });
  sealer.sealAll();
  const [part] = partsOf({ frame: parseRecord(sealed[1]?.bytes ?? new Uint8Array()) });
  expect(part?.sampled[0]?.columns.get('mill.supply.activePower')).toEqual([1, null, null, 2]);
  expect(part?.sampled[0]?.quality.get('mill.supply.activePower')).toEqual([[1, 2, 'bad']]);
  expect(String(part?.events[0]?.values[0]).length).toBeLessThan(1000);
});

test('readings that do not fit one record are divided, and every promise holds', () => {
  const machines = Array.from({ length: 6 }, (_, index) => `machine${index}`);
  const { sealer, spool, sealed, pass, read } = rig(machines, { batchSamples: 1e9, batchAgeMs: 1e12 });
  for (let step = 0; step < 24_000; step++) {
    pass(100);
    // Noise that does not compress: a few machines' worth of it passes 128 KiB.
    for (const machine of machines)
      if (machine === 'machine0' || step % 10 === 0) read(machine, Math.random() * 1e6);
  }
  sealer.sealAll();
  expect(sealed.length).toBeGreaterThan(3);
  for (const { bytes } of sealed) expect(bytes.length).toBeLessThanOrEqual(RECORD_BYTES_MAX);
  const headers = checkChain(recordsOf(spool));
  expect(headers.reduce((sum, { samples }) => sum + samples, 0)).toBe(24_000 + 5 * 2400);
  expect(headers.at(-1)?.sealedTo).toBe(2_400_000);
  expect(holds(spool)).toBe(true);
});

test('readings of a run that ended without warning keep their run, clock and config, before the new config', () => {
  const path = folder();
  const first = rig(['mill', 'lathe'], { path });
  for (let step = 0; step < 10; step++) {
    first.pass(1000);
    first.read('mill', step);
    if (step % 2 === 0) first.read('lathe', step);
  }
  first.sealer.flush();
  const boot = first.sealed[0]?.header.boot;
  const config = first.sealed[0]?.header.config;
  // The process dies here: nothing is sealed, nothing closed in order.
  const clock = new SteppedClock(START_MS + 3_600_000);
  const second = openSpool(path);
  closers.push(() => second.close());
  openSealer(second, clock, ['mill'], { version: '0.2.0' });
  const records = recordsOf(second);
  const headers = checkChain(records);
  expect(headers.map(({ kind }) => kind)).toEqual(['config', 'readings', 'config']);
  expect(headers[1]).toMatchObject({
    boot,
    config,
    samples: 15,
    first: 1000,
    last: 10_000,
    sealedTo: 10_000,
  });
  expect(headers[2]?.boot).not.toBe(boot);
  if (headers[1] !== undefined) expect(wallTimeMs(headers[1], 1000)).toBe(START_MS + 1000);
  const parts = partsOf({ frame: parseRecord(records[1] ?? new Uint8Array()) });
  expect(
    parts
      .find(({ machine }) => machine === 'mill')
      ?.sampled[0]?.columns.values()
      .next().value,
  ).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(second.leftovers('none00000000').length).toBe(0);
  expect(holds(second)).toBe(true);
});

/** A sealer on a clock whose wall time can be set by hand. */
function rigWithSettableClock() {
  const stepped = new SteppedClock(START_MS);
  let offsetMs = 0;
  const clock: Clock = {
    wallMs: () => stepped.wallMs() + offsetMs,
    monotonicMs: () => stepped.monotonicMs(),
    speed: () => 0,
  };
  const { sealer, sealed, spool } = rig(['mill'], { clock });
  const read = () => {
    stepped.stepTo(stepped.wallMs() + 1000);
    addReading(sealer, clock, 'mill');
    sealer.flush();
  };
  const set = (ms: number) => {
    offsetMs = ms;
  };
  return { sealer, sealed, spool, read, set };
}

test('a wall clock that is set is told in the chain', () => {
  const { sealer, sealed, read, set } = rigWithSettableClock();
  for (const offsetMs of [0, 60_000, 60_000, -START_MS]) {
    set(offsetMs);
    read();
    sealer.sealAll();
  }
  expect(sealed.slice(1).map(({ header: { kind, clock } }) => `${kind} ${clock.state}`)).toEqual([
    'readings synced',
    'log stepped',
    'readings synced',
    'readings synced',
    'readings unsynced',
  ]);
  const [text] = parseRecord(sealed[2]?.bytes ?? new Uint8Array()).parts.map(unfoldPart);
  expect(decodeAgentLog(text ?? '')).toMatchObject([{ event: 'clock-stepped', detail: { byMs: 60_000 } }]);
});

test.each([3_600_000, -3_600_000, 6 * 3_600_000])(
  'what was read before the wall clock moved by %i ms keeps the time it was read at',
  (byMs) => {
    const { sealer, sealed, spool, read, set } = rigWithSettableClock();
    for (let reading = 0; reading < 30; reading++) read();
    set(byMs);
    for (let reading = 0; reading < 30; reading++) read();
    sealer.sealAll();
    const times = sealed.flatMap(({ bytes, header }) =>
      partsOf({ frame: parseRecord(bytes) }).flatMap(({ sampled }) =>
        sampled.flatMap(({ timesMs }) => timesMs.map((atMs) => wallTimeMs(header, atMs) - START_MS)),
      ),
    );
    expect(times.slice(0, 30)).toEqual(Array.from({ length: 30 }, (_, index) => (index + 1) * 1000));
    // The step is noticed with the next group commit: what was read in between may be on either side of it.
    expect(times.slice(31)).toEqual(Array.from({ length: 29 }, (_, index) => (index + 32) * 1000 + byMs));
    checkChain(recordsOf(spool));
    expect(holds(spool)).toBe(true);
  },
);

test('a disk that refuses loses nothing once it takes again', () => {
  const { sealer, spool, sealed, pass, read } = rig(['mill']);
  pass(1000);
  read('mill');
  const append = spool.append.bind(spool);
  const seal = spool.seal.bind(spool);
  const refuse = () => {
    throw new Error('database or disk is full');
  };
  spool.append = refuse;
  spool.seal = refuse;
  sealer.flush();
  pass(1000);
  read('mill');
  sealer.sealAll();
  expect(sealed).toHaveLength(1);
  expect(spool.accounts().samples.sampled).toBe(0);
  spool.append = append;
  spool.seal = seal;
  pass(1000);
  read('mill');
  sealer.flush();
  expect(spool.accounts().samples).toMatchObject({ sampled: 3, pending: 3 });
  sealer.sealAll();
  expect(sealed[1]?.header.samples).toBe(3);
  expect(holds(spool)).toBe(true);
});

test('a new wiring waits while the disk refuses: what was read before is sealed under the old one', () => {
  const { sealer, spool, sealed, pass, read } = rig(['mill']);
  pass(1000);
  read('mill');
  const seal = spool.seal.bind(spool);
  const append = spool.append.bind(spool);
  const refuse = () => {
    throw new Error('database or disk is full');
  };
  spool.seal = refuse;
  spool.append = refuse;
  const old = sealed[0]?.header.config;
  const wiring = {
    snapshot: sealed[0] === undefined ? '' : JSON.stringify({ other: true }),
    channelOf: new Map([['mill.supply.activePower', { machine: 'mill', source: 'mill-meter' }]]),
    machinesOf: new Map([['mill-meter', ['mill']]]),
  };
  expect(sealer.rewire(wiring)).toBe(false);
  // What rests on the new wiring is left out, and counted.
  sealer.leaveOut(2);
  spool.seal = seal;
  spool.append = append;
  sealer.flush();
  expect(sealer.rewire(wiring)).toBe(true);
  pass(1000);
  read('mill');
  sealer.sealAll();
  const readings = sealed.filter(({ header }) => header.kind === 'readings');
  expect(readings.map(({ header }) => header.config === old)).toEqual([true, false]);
  expect(sealed.map(({ header }) => header.kind)).toEqual([
    'config',
    'readings',
    'log',
    'config',
    'readings',
  ]);
  expect(spool.accounts().samples.dropped['disk-failed']).toBe(2);
  expect(holds(spool)).toBe(true);
});

test('what is left out between the return of the disk and the new wiring is counted, too', () => {
  const { sealer, spool, pass, read } = rig(['mill']);
  sealer.leaveOut(3);
  sealer.flush();
  expect(spool.accounts().samples.dropped['disk-failed']).toBe(3);
  sealer.leaveOut(2);
  pass(1000);
  read('mill');
  sealer.flush();
  expect(spool.accounts().samples.dropped['disk-failed']).toBe(5);
  expect(holds(spool)).toBe(true);
});

test('damage that shows while the agent runs stops it, and the next start begins anew', () => {
  const path = folder();
  const { sealer, spool, pass, read } = rig(['mill'], { path });
  const { epoch } = spool.head;
  for (let step = 0; step < 200; step++) {
    pass(1000);
    read('mill', step);
    sealer.sealAll();
  }
  // The root of a table goes astray under the running agent.
  const file = join(path, 'spool.sqlite');
  const stranger = new DatabaseSync(file, { defensive: false });
  stranger.exec(`PRAGMA writable_schema=ON; UPDATE sqlite_schema SET rootpage = 9999 WHERE name = 'records'`);
  stranger.exec('PRAGMA schema_version = 99');
  stranger.close();
  pass(1000);
  read('mill');
  expect(() => sealer.sealAll()).toThrow(/damaged/);
  expect(existsSync(`${file}.suspect`)).toBe(true);
  spool.close();
  const next = openSpool(path);
  expect(next.head.epoch).not.toBe(epoch);
  expect(existsSync(`${file}.suspect`)).toBe(false);
  next.close();
});

test('one moment that is too much for a record is divided, too, and stops no later start', () => {
  const path = folder();
  const { sealer, spool, sealed, pass, read } = rig(['mill'], { path });
  // A hostile control: thousands of long words that do not compress, all at one time.
  const noise = () => Array.from({ length: 40 }, () => Math.random().toString(36).slice(2)).join('');
  pass(1000);
  for (let word = 0; word < 2000; word++)
    sealer.addStatus('mill-meter', {
      channel: 'mill.supply.activePower',
      atMs: 1000,
      value: `${word} ${noise()}`,
    });
  sealer.flush();
  sealer.sealAll();
  pass(1000);
  read('mill');
  sealer.sealAll();
  for (const { bytes } of sealed) expect(bytes.length).toBeLessThanOrEqual(RECORD_BYTES_MAX);
  const words = sealed
    .flatMap(({ bytes }) => partsOf({ frame: parseRecord(bytes) }))
    .flatMap(({ events }) => events.flatMap(({ values }) => values));
  expect(words.map((word) => Number(String(word).split(' ')[0]))).toEqual(
    Array.from({ length: 2000 }, (_, word) => word),
  );
  checkChain(recordsOf(spool));
  expect(spool.accounts().samples).toMatchObject({ sampled: 2001, pending: 2001 });
  expect(holds(spool)).toBe(true);
});

test('while the disk refuses, what is held has a bound, and nothing is packed for nothing', () => {
  const { sealer, spool, sealed, pass } = rig(['mill'], { batchSamples: 100 });
  const append = spool.append.bind(spool);
  const seal = spool.seal.bind(spool);
  let packed = 0;
  spool.append = () => {
    throw new Error('database or disk is full');
  };
  spool.seal = () => {
    packed += 1;
    throw new Error('database or disk is full');
  };
  const words = 250_000;
  for (let word = 0; word < words; word++) {
    if (word % 1000 === 0) {
      pass(1000);
      sealer.flush();
      sealer.sealDue();
    }
    sealer.addStatus('mill-meter', { channel: 'mill.supply.activePower', atMs: 0, value: word });
  }
  expect(packed).toBe(0);
  spool.append = append;
  spool.seal = seal;
  sealer.flush();
  sealer.sealAll();
  const { sampled, dropped } = spool.accounts().samples;
  expect(sampled).toBe(words);
  expect(dropped['disk-failed']).toBeGreaterThan(10_000);
  expect(sealed.reduce((sum, { header }) => sum + header.samples, 0)).toBe(
    words - (dropped['disk-failed'] ?? 0),
  );
  expect(holds(spool)).toBe(true);
});
