import { expect, onTestFinished, test } from 'vitest';
import { readFullness } from '../../agent/spool-fullness.ts';
import { examineSpool } from '../../cli/doctor/doctor-spool.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { makeTempFolder } from '../collector/ledger/temp-folder.ts';
import { addReading, openSealer, openSpool } from './spool-rig.ts';

const BEGAN_MS = Date.UTC(2026, 2, 2, 9, 0);

test('a spool remembers since when it was full and until when, over a restart', () => {
  const folder = makeTempFolder();
  const clock = new SteppedClock(BEGAN_MS);
  expect(examineSpool(folder).message).toBe('there is none yet');
  let spool = openSpool(folder, { maxBytes: 150_000 });
  onTestFinished(() => spool.close());
  let sealer = openSealer(spool, clock, ['mill-1']);
  const run = (minutes: number) => {
    for (let minute = 0; minute < minutes; minute++) {
      clock.stepTo(clock.wallMs() + 60_000);
      addReading(sealer, clock, 'mill-1', Math.random());
      sealer.sealAll();
    }
  };
  run(5);
  expect(spool.fullness.read()).toBeUndefined();
  expect(examineSpool(folder)).toMatchObject({ result: 'good', message: 'it never was full' });
  run(100);
  const known = spool.fullness.read();
  const dropped = spool.accounts().samples.dropped['spool-full'] ?? 0;
  expect(dropped).toBeGreaterThan(10);
  expect(known).toMatchObject({ untilMs: null, isOver: false, thinned: 0, dropped });
  expect(known?.sinceMs).toBeGreaterThan(BEGAN_MS + 5 * 60_000);
  // The agent may be running.
  expect(readFullness(folder)).toEqual(known);
  expect(examineSpool(folder)).toMatchObject({
    result: 'warning',
    message: expect.stringMatching(/^it is full since 2026-03-02 .*readings were dropped and are lost$/),
    cure: expect.stringContaining('spool.maxSize'),
  });

  spool.close();
  spool = openSpool(folder, { maxBytes: 150_000 });
  sealer = openSealer(spool, clock, ['mill-1']);
  run(1);
  expect(spool.fullness.read()).toMatchObject({ sinceMs: known?.sinceMs, isOver: false });
  const { epoch, seq } = spool.head;
  spool.markReceipted(epoch, [{ from: 1, to: seq }]);
  run(3);
  const over = spool.fullness.read();
  expect(over).toMatchObject({ sinceMs: known?.sinceMs, isOver: true });
  expect(Math.abs((over?.untilMs ?? 0) - clock.wallMs())).toBeLessThanOrEqual(180_000);
  expect(examineSpool(folder)).toMatchObject({ result: 'good', cure: '' });

  // The next time is another.
  run(120);
  expect(spool.fullness.read()).toMatchObject({ isOver: false });
  expect(spool.fullness.read()?.sinceMs).toBeGreaterThan(over?.untilMs ?? Infinity);
});
