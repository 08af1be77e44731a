import { afterEach, expect, it, vi } from 'vitest';
import { Rerunner } from '../../../collector/derivation/rerunner.ts';

afterEach(() => void vi.useRealTimers());

it('looks again after a call that came while it ran, and never runs twice at a time', async () => {
  let under = 0;
  let passes = 0;
  const runner = new Rerunner(
    async () => {
      expect(++under).toBe(1);
      passes++;
      if (passes === 1) runner.wake();
      await new Promise((resolve) => setImmediate(resolve));
      under--;
    },
    () => expect.unreachable(),
  );
  await Promise.all([runner.start(), runner.start()]);
  expect(passes).toBe(2);
});

it('says that a pass failed, and tries again by itself until it is stopped', async () => {
  vi.useFakeTimers();
  const failures: unknown[] = [];
  let passes = 0;
  const runner = new Rerunner(
    async () => {
      passes++;
      await Promise.resolve();
      throw new Error(`pass ${passes}`);
    },
    (error) => failures.push(error),
  );
  await expect(runner.start()).rejects.toThrow('pass 1');
  await vi.advanceTimersByTimeAsync(2000);
  expect(failures).toHaveLength(2);
  await runner.stop();
  expect(runner.stopped).toBe(true);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(passes).toBe(2);
});
