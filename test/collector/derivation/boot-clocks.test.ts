import { expect, test } from 'vitest';
import { BootClocks } from '../../../collector/derivation/boot-clocks.ts';
import type { LedgerRecord } from '../../../collector/ledger/ledger.ts';
import type { ClockState } from '../../../protocols/telemetry/record.ts';

const WEEK_MS = 7 * 86_400_000;

let ordinal = 0;
function record(
  boot: string,
  seq: number,
  clock: { mono: number; wall: number; state: ClockState },
  epoch = 'aaaaaaaaaaaa',
): LedgerRecord {
  const header = {
    kind: 'readings',
    agent: 'gw',
    boot,
    epoch,
    seq,
    clock,
    parts: [{ machine: 'mill', sha256: '', bytes: 1 }],
  };
  return {
    ordinal: ++ordinal,
    receivedMs: 5000,
    hash: '',
    bytes: new Uint8Array(),
    header: header as unknown as LedgerRecord['header'],
  };
}
const unset = (boot: string, seq: number, mono: number) =>
  record(boot, seq, { mono, wall: 1_000_000 + mono, state: 'unsynced' });
const set = (boot: string, seq: number, mono: number, offsetMs: number) =>
  record(boot, seq, { mono, wall: offsetMs + mono, state: 'synced' });

test('readings get the time of the first record of their boot whose clock was set, and keep it', () => {
  const clocks = new BootClocks();
  const [first, second] = [unset('b1', 1, 10), unset('b1', 2, 500)];
  expect(clocks.note(first)).toEqual({ settled: false, misread: null });
  clocks.note(second);
  expect(clocks.dated(first)).toBeUndefined();
  expect(clocks.note(set('b1', 3, 900, 70_000_000))).toEqual({ settled: true, misread: null });
  expect(clocks.dated(second)?.header.clock).toEqual({ mono: 0, wall: 70_000_000, state: 'synced' });
  // The bytes and the label are as they came, and a clock that runs a little apart changes nothing.
  expect(second.header.clock.state).toBe('unsynced');
  expect(clocks.note(set('b1', 4, 9900, 70_000_400)).settled).toBe(false);
  const again = new BootClocks(JSON.parse(JSON.stringify(clocks.save())) as ReturnType<BootClocks['save']>);
  expect(again.dated(first)?.header.clock.wall).toBe(70_000_000);
  // The ledger knows them by their label: 1,000,000 + mono.
  expect([...again.labelled('mill', 70_000_010, 70_000_500)]).toEqual([
    { agent: 'gw', boot: 'b1', fromMs: 1_000_010, toMs: 1_000_500 },
  ]);
  expect([...again.labelled('lathe', 0, Infinity)]).toEqual([]);
});

test('a boot is over with a later record of another one, not with one that was sealed before', () => {
  const clocks = new BootClocks();
  const waiting = unset('b2', 10, 10);
  clocks.note(waiting);
  expect(clocks.note(set('b1', 9, 900, 5)).settled).toBe(false);
  expect(clocks.dated(waiting)).toBeUndefined();
  expect(clocks.note(unset('b3', 11, 1)).settled).toBe(true);
  expect(clocks.dated(waiting)).toBe(waiting);
  // What was taken by its label is told when its time is known after all; once.
  clocks.noteTaken(waiting, 40, 60);
  clocks.noteTaken(waiting, 30, 50);
  expect(clocks.note(set('b2', 12, 20, 8000)).misread).toEqual({
    agent: 'gw',
    machines: ['mill'],
    boot: 'b2',
    ordinals: [[waiting.ordinal, waiting.ordinal]],
    fromMs: 30,
    toMs: 60,
  });
  expect(clocks.note(set('b2', 13, 20, 8000))).toEqual({ settled: false, misread: null });
});

test('no boot is waited for beyond a week', () => {
  const clocks = new BootClocks();
  const waiting = unset('b1', 1, 10);
  clocks.note(waiting);
  expect(clocks.expire(5000 + WEEK_MS - 1)).toBe(false);
  expect(clocks.expire(5000 + WEEK_MS)).toBe(true);
  expect(clocks.expire(5000 + WEEK_MS)).toBe(false);
  expect(clocks.dated(waiting)).toBe(waiting);
});

test('a clock that moved by more than two seconds beyond drift is a step, of that record alone', () => {
  const clocks = new BootClocks();
  const records = [
    set('b1', 1, 0, 1000),
    set('b1', 2, 60_000, 2990),
    set('b1', 3, 120_000, 9000),
    set('b1', 4, 180_000, 9000),
    // Two hours on, by 0.2 per mille each.
    set('b1', 5, 7_380_000, 9000 + 2000 + 1440),
    // Another boot has another zero.
    set('b2', 6, 0, 900_000),
  ];
  for (const one of records) clocks.note(one);
  expect(records.map(({ header }) => clocks.isStep(header))).toEqual([
    false,
    false,
    true,
    false,
    false,
    false,
  ]);
});
