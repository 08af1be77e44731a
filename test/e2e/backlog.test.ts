import { describe, expect, it } from 'vitest';
import { drainBacklog } from '../../bench/backlog-run.ts';
import { tellLongRun } from '../long/tell.ts';
import { requireTool } from '../support/tools.ts';

/*
 * T13: an outage of 50 meters read once a second, drained while polling goes on. An hour with 12 quantities; in the long run seven
 * days with one (30 million readings). How fast it goes is for `node bench/backlog.ts`; here it is what does not depend on that.
 */
const DAYS = Number(process.env['MILLWATT_BACKLOG_DAYS'] ?? 0);
const METERS = 50;
/** Records that may be under way without a receipt. */
const WINDOW_RECORDS = 20;
const SHAPE = DAYS > 0 ? { quantities: 1, seconds: DAYS * 86_400 } : { quantities: 12, seconds: 3600 };
const tools = requireTool('mosquitto') !== undefined;

describe.skipIf(!tools)(`a backlog of ${SHAPE.seconds} s`, () => {
  it('goes oldest first, behind what is new, whole and in bounded memory', async () => {
    const figures = await drainBacklog({ meters: METERS, ...SHAPE });
    console.log(JSON.stringify(figures));
    tellLongRun({
      done: DAYS,
      readings: figures.readings,
      drainSeconds: figures.drainSeconds,
      grownRssMbMax: figures.grownRssMb,
      liveAgeMsMax: figures.liveAgeMsMax,
      freshBehindMax: figures.freshBehindMax,
    });
    expect(figures.readings).toBe(METERS * SHAPE.quantities * SHAPE.seconds);
    expect(figures.stored).toBe(figures.sampled);
    expect(figures.backlogOutOfOrder).toBe(0);
    expect(figures.freshOutOfOrder).toBe(0);
    expect(figures.freshRecords).toBeGreaterThan(0);
    // What is new waits for what is under way, never for the backlog; for how long is a matter of the computer.
    expect(figures.freshBehindMax).toBeLessThanOrEqual(2 * WINDOW_RECORDS);
    expect(figures.liveAgeMsMax).toBeLessThan(3000);
    expect(figures.grownRssMb).toBeLessThanOrEqual(50);
    expect(figures.timesRealTime).toBeGreaterThanOrEqual(20);
  }, 1_800_000);
});
