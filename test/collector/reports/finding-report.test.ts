import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import type { Views } from '../../../collector/ledger/views.ts';
import { reportFindings } from '../../../collector/reports/finding-report.ts';
import { keepPlant } from '../diagnostics/plant-views.ts';
import { MINUTE_MS, momentsOf, START_MS } from '../diagnostics/plant-minutes.ts';

const DAY_MS = 86_400_000;
const RATED = { machine: 'mill', ratedPowerW: 15_000, componentRatedPowerW: {} };
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function openPlant(moments: Parameters<typeof keepPlant>[1]): Views {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-findings-'));
  const views = openViews({ folder });
  closers.push(() => {
    views.close();
    rmSync(folder, { recursive: true, force: true });
  });
  keepPlant(views, moments);
  return views;
}

describe('the report of findings', () => {
  it('says what it looked at, and finds nothing in a plausible plant', async () => {
    const views = openPlant(momentsOf(7, 180));
    const report = await reportFindings(views, RATED, START_MS, START_MS + 3 * 3_600_000);
    expect(report.findings).toEqual([]);
    expect(report.basis).toEqual({
      algorithm: 'millwatt-plausibility/1',
      minutes: 180,
      hours: 3,
      configs: ['snapshot-1'],
    });
  });

  it('finds a turned transformer and says the figures; an earlier range is left alone by it', async () => {
    const turnedMs = START_MS + 90 * MINUTE_MS;
    const views = openPlant(
      [...momentsOf(7, 180)].map((moment) => {
        if (moment.atMs < turnedMs) return moment;
        const powerW = moment.powerW.map((value, index) => (index === 1 ? -value : value));
        return { ...moment, powerW, totalW: powerW.reduce((sum, value) => sum + value, 0) };
      }),
    );
    const all = await reportFindings(views, RATED, START_MS, START_MS + DAY_MS);
    expect(all.findings).toHaveLength(1);
    expect(all.findings[0]).toMatchObject({
      code: 'transformer-turned',
      severity: 'error',
      component: 'supply',
      fromMs: turnedMs,
      saying: expect.stringMatching(/of l2 seems turned round: l1 \d.* W, l2 -\d.* W, l3 \d.* W/),
      cure: expect.stringContaining('S1 and S2'),
    });
    expect((await reportFindings(views, RATED, START_MS, turnedMs)).findings).toEqual([]);
    // A stretch that began before the time asked for is told with its begin.
    const late = await reportFindings(views, RATED, START_MS + 150 * MINUTE_MS, START_MS + 180 * MINUTE_MS);
    expect(late.findings[0]?.fromMs).toBe(turnedMs);
    expect(late.basis.minutes).toBe(30);
  });
});
