import { expect, test } from 'vitest';
import { Poller } from '../../agent/poller.ts';
import { systemClock } from '../../protocols/clock.ts';
import type { Driver } from '../../protocols/driver.ts';
import { silentLog } from '../../protocols/log.ts';
import { scriptedDriver } from './scripted-driver.ts';

function pollerOf(driver: Driver, log = silentLog): Poller {
  return new Poller(driver, {
    clock: systemClock,
    log,
    events: { onPoll: () => {}, onLink: () => {} },
  });
}

test('a source that failed is left in peace for a moment, and its turns are not counted as skipped', async () => {
  const driver = scriptedDriver({ clock: systemClock, machine: 'mill' });
  const poller = pollerOf(driver);
  driver.fail('timeout');
  await poller.poll();
  expect(poller.begin()).toBe(true);
  await poller.settle();
  expect(driver.polls()).toBe(1);
  expect(poller.state()).toMatchObject({ up: false, reason: 'timeout', failures: 1 });
});

test('a driver that keeps pauses of its own is asked for them at each turn, and no other pause is made', async () => {
  const driver = scriptedDriver({ clock: systemClock, machine: 'mill' });
  let pausedMs = 40_000;
  const poller = pollerOf({ ...driver, pausedMs: () => pausedMs });
  driver.fail('timeout');
  await poller.poll();
  expect(poller.begin()).toBe(true);
  await poller.settle();
  expect(driver.polls()).toBe(1);
  pausedMs = 0;
  expect(poller.begin()).toBe(true);
  await poller.settle();
  expect(driver.polls()).toBe(2);
});

test('only a source that was up before is up again', async () => {
  const driver = scriptedDriver({ clock: systemClock, machine: 'mill' });
  const said: string[] = [];
  const poller = pollerOf(driver, { ...silentLog, info: (_, message) => said.push(message) });
  driver.fail('timeout');
  await poller.poll();
  driver.fail(undefined);
  await poller.poll();
  driver.fail('timeout');
  await poller.poll();
  driver.fail(undefined);
  await poller.poll();
  const { id } = driver.description;
  expect(said).toEqual([`source ${id} is up`, `source ${id} is up again`]);
});
