import { expect, test } from 'vitest';
import { SilentRequests } from '../../../../protocols/modbus/device/device-silence.ts';

const read = (address: number) => ({ functionCode: 3 as const, address, count: 2 });

test('a request that stays without an answer three times, while others are answered, is taken for refused', () => {
  const silent = new SilentRequests();
  expect([1, 2, 3].map(() => silent.strike(read(1), true))).toEqual([false, false, true]);
});

test('silence of a device that answers nothing else never counts', () => {
  const silent = new SilentRequests();
  for (let poll = 0; poll < 10; poll++) expect(silent.strike(read(1), false)).toBe(false);
});

test('one answer takes back what came before', () => {
  const silent = new SilentRequests();
  silent.strike(read(1), true);
  silent.strike(read(1), true);
  silent.answered(read(1));
  expect([1, 2, 3].map(() => silent.strike(read(1), true))).toEqual([false, false, true]);
});

test('those that were silent come last, the latest at the end, so that each shows once whether the device lives', () => {
  const silent = new SilentRequests();
  const reads = [read(1), read(5), read(9)];
  expect(silent.inOrder(reads)).toEqual(reads);
  silent.strike(read(1), false);
  silent.strike(read(5), false);
  expect(silent.inOrder(reads)).toEqual([read(9), read(1), read(5)]);
});

test('parts of a silent request are taken for refused at their first silence', () => {
  const silent = new SilentRequests();
  silent.suspect([read(1)]);
  expect(silent.isSuspect(read(1))).toBe(true);
  expect(silent.strike(read(1), true)).toBe(true);
  silent.forget(read(1));
  expect(silent.isSuspect(read(1))).toBe(false);
});
